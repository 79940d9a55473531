-- The states first seen after an instant, and of each resource the last one before it, of connections.
SELECT {{state}}
FROM resource_states
WHERE tenant_id = {tenant:String}
  AND connection_id IN {connections:Array(String)}
  AND (seen_at > fromUnixTimestamp64Micro({from:Int64}, 'UTC') OR (connection_id, resource_id, seen_at) IN (
        SELECT connection_id, resource_id, max(seen_at)
        FROM resource_states
        WHERE tenant_id = {tenant:String}
          AND connection_id IN {connections:Array(String)}
          AND seen_at <= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
        GROUP BY connection_id, resource_id))
ORDER BY connection_id, resource_id, seen_at
SETTINGS max_threads = 1
