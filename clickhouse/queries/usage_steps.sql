-- The samples of a resource in steps.
SELECT metric, toDateTime(intDiv(toUnixTimestamp(ts), {step:UInt32}) * {step:UInt32}, 'UTC') AS at, avg(value), max(value)
FROM samples
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND resource_id = {resource:String}
  AND (empty({metrics:Array(String)}) OR has({metrics:Array(String)}, metric))
  AND ts >= toDateTime({from:UInt32}, 'UTC')
  AND ts < toDateTime({to:UInt32}, 'UTC')
GROUP BY metric, at
ORDER BY toString(metric), at
