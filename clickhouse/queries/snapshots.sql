-- What the snapshots of a connection before an instant saw, newest first.
SELECT at, created, updated, deleted, unchanged, complete, scopes
FROM syncs
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND at < fromUnixTimestamp64Micro({before:Int64}, 'UTC')
ORDER BY at DESC
LIMIT {limit:UInt64}
