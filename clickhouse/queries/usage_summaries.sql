-- The load of a tenant's resources over a period.
SELECT
    connection_id,
    resource_id,
    metric,
    count() AS n,
    avg(value),
    quantileExactLow(0.95)(value),
    max(value),
    argMax(value, ts),
    max(ts)
FROM samples
WHERE tenant_id = {tenant:String}
  AND (empty({connections:Array(String)}) OR has({connections:Array(String)}, connection_id))
  AND (empty({metrics:Array(String)}) OR has({metrics:Array(String)}, metric))
  AND ts >= toDateTime({from:UInt32}, 'UTC')
  AND ts < toDateTime({to:UInt32}, 'UTC')
GROUP BY connection_id, resource_id, metric
ORDER BY toString(connection_id), toString(resource_id), toString(metric)
