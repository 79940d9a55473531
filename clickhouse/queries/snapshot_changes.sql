-- The states that a snapshot brought: those seen from its instant on, before that of the next.
SELECT {{state}}
FROM resource_states
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND seen_at >= fromUnixTimestamp64Micro({at:Int64}, 'UTC')
  AND seen_at < ifNull((
        SELECT minOrNull(at) FROM syncs
        WHERE tenant_id = {tenant:String} AND connection_id = {connection:String} AND at > fromUnixTimestamp64Micro({at:Int64}, 'UTC')
    ), toDateTime64('2200-01-01 00:00:00', 6, 'UTC'))
  AND (empty({kinds:Array(String)}) OR has({kinds:Array(String)}, change))
ORDER BY toString(change), toString(type), name, resource_id, seen_at
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
