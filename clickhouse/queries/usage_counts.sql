-- How many samples each metric of a resource has in a period.
SELECT metric, count()
FROM samples
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND resource_id = {resource:String}
  AND (empty({metrics:Array(String)}) OR has({metrics:Array(String)}, metric))
  AND ts >= toDateTime({from:UInt32}, 'UTC')
  AND ts < toDateTime({to:UInt32}, 'UTC')
GROUP BY metric
