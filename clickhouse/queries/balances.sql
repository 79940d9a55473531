-- The latest state of each connection's account.
SELECT connection_id, observed_at, currency, balance, bonus, daily_rate, days_to_suspension, attributes
FROM accounts
WHERE tenant_id = {tenant:String}
ORDER BY connection_id, observed_at DESC
LIMIT 1 BY connection_id
