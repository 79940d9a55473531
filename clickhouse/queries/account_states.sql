-- The states of a connection's account within a period, and the last one before it.
SELECT connection_id, observed_at, currency, balance, bonus, daily_rate, days_to_suspension, attributes
FROM accounts
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND observed_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND observed_at >= (
        SELECT if(countIf(observed_at < fromUnixTimestamp64Micro({from:Int64}, 'UTC')) = 0, fromUnixTimestamp64Micro({from:Int64}, 'UTC'),
                  maxIf(observed_at, observed_at < fromUnixTimestamp64Micro({from:Int64}, 'UTC')))
        FROM accounts
        WHERE tenant_id = {tenant:String}
          AND connection_id = {connection:String})
ORDER BY observed_at
