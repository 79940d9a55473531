-- Which samples of a period are held.
SELECT resource_id, metric, ts
FROM samples
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND ts >= toDateTime({from:UInt32}, 'UTC')
  AND ts <= toDateTime({to:UInt32}, 'UTC')
SETTINGS optimize_use_projections = 0
