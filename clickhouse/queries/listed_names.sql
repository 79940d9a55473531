-- The latest names of resources in inventories.
SELECT resource_id, argMax(name, seen_at)
FROM resource_states
WHERE tenant_id = {tenant:String}
  AND resource_id IN {ids:Array(String)}
GROUP BY resource_id
