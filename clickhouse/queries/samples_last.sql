-- The newest sample of each resource.
SELECT resource_id, max(ts)
FROM samples
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
GROUP BY resource_id
