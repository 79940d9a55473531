-- The samples of a resource in steps of whole hours, from the hourly sums. Of several rows of an hour that with the most
-- samples counts.
SELECT metric, toDateTime(intDiv(toUnixTimestamp(hour), {step:UInt32}) * {step:UInt32}, 'UTC') AS at, sum(total) / sum(samples), max(greatest)
FROM samples_hourly FINAL
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND resource_id = {resource:String}
  AND (empty({metrics:Array(String)}) OR has({metrics:Array(String)}, metric))
  AND hour >= toStartOfHour(toDateTime({from:UInt32}, 'UTC'))
  AND hour < toDateTime({to:UInt32}, 'UTC')
GROUP BY metric, at
ORDER BY toString(metric), at
