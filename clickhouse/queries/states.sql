-- The latest state of every resource of a connection, deleted ones included.
SELECT {{state}}
FROM resource_states
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
ORDER BY resource_id, seen_at DESC
LIMIT 1 BY resource_id
SETTINGS max_threads = 1
