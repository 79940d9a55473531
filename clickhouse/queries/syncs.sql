-- What the latest snapshots of a connection saw.
SELECT at, created, updated, deleted, unchanged, complete
FROM syncs
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
ORDER BY at DESC
LIMIT {limit:UInt64}
SETTINGS max_threads = 1
