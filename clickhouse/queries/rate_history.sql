-- The states first seen after an instant, and of each resource the last one before it.
SELECT {{state}}
FROM resource_states
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND (seen_at > fromUnixTimestamp64Micro({from:Int64}, 'UTC') OR (resource_id, seen_at) IN (
        SELECT resource_id, max(seen_at)
        FROM resource_states
        WHERE tenant_id = {tenant:String}
          AND connection_id = {connection:String}
          AND seen_at <= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
        GROUP BY resource_id))
ORDER BY resource_id, seen_at
SETTINGS max_threads = 1
