-- The states of a resource, newest first.
SELECT {{state}}
FROM resource_states
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND resource_id = {id:String}
ORDER BY seen_at DESC
LIMIT {limit:UInt64}
