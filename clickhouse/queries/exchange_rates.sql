-- The rates that begin to hold in a period, as known at an instant. They are the same for all tenants.
SELECT currency, date, (argMax((nominal, value, source, seen_at), seen_at) AS held).1, held.2, held.3, held.4
FROM exchange_rates
WHERE date >= toDate({from:UInt16})
  AND date < toDate({to:UInt16})
  AND (empty({currencies:Array(String)}) OR currency IN {currencies:Array(String)})
  AND seen_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
GROUP BY currency, date
ORDER BY date, currency
