-- When the newest whole snapshot of each of some connections was taken.
SELECT connection_id, max(at)
FROM syncs
WHERE tenant_id = {tenant:String}
  AND connection_id IN {connections:Array(String)}
  AND complete
GROUP BY connection_id
SETTINGS max_threads = 1
