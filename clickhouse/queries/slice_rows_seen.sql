-- How many rows the slices of connections have, and how many of them came with one append each.
SELECT
    connection_id,
    count(),
    countIf(toUnixTimestamp64Micro(seen_at) = transform(connection_id, {connections:Array(String)}, {seen_at:Array(Int64)}, toInt64(-1)))
FROM charges
WHERE tenant_id = {tenant:String}
  AND connection_id IN {connections:Array(String)}
  AND source = {source:String}
  AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC')
  AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC')
GROUP BY connection_id
SETTINGS optimize_use_projections = 0, max_threads = 1
