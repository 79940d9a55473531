-- Living resources of types that are not among ours, by connection and type.
WITH arraySlice(arraySort(groupArray((name, resource_id))), 1, 3) AS some
SELECT connection_id, toString(type), count(), arrayMap(r -> r.1, some), arrayMap(r -> r.2, some)
FROM (
    SELECT connection_id, resource_id, type, name, deleted_at
    FROM resource_states
    WHERE tenant_id = {tenant:String}
    ORDER BY connection_id, resource_id, seen_at DESC
    LIMIT 1 BY connection_id, resource_id
)
WHERE toUnixTimestamp64Micro(deleted_at) = 0
  AND NOT has({types:Array(String)}, type)
GROUP BY connection_id, type
ORDER BY connection_id, type
LIMIT 1000
