-- The latest state of the account of each of some connections.
SELECT connection_id, observed_at, currency, balance, bonus, daily_rate, days_to_suspension, attributes
FROM accounts
WHERE tenant_id = {tenant:String}
  AND connection_id IN {connections:Array(String)}
ORDER BY connection_id, observed_at DESC
LIMIT 1 BY connection_id
SETTINGS max_threads = 1
