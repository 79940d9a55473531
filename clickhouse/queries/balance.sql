-- The latest state of a connection's account.
SELECT connection_id, observed_at, currency, balance, bonus, daily_rate, days_to_suspension, attributes
FROM accounts
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
ORDER BY observed_at DESC
LIMIT 1
SETTINGS max_threads = 1
