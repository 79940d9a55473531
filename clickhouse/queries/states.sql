-- The latest state of every resource of connections, deleted ones included.
SELECT {{state}}
FROM resource_states
WHERE tenant_id = {tenant:String}
  AND connection_id IN {connections:Array(String)}
ORDER BY connection_id, resource_id, seen_at DESC
LIMIT 1 BY connection_id, resource_id
SETTINGS max_threads = 1
