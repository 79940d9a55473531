-- How many rows a slice has, and how many of them came with one append.
SELECT count(), countIf(seen_at = fromUnixTimestamp64Micro({seen_at:Int64}, 'UTC'))
FROM charges
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND source = {source:String}
  AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC')
  AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC')
SETTINGS optimize_use_projections = 0, max_threads = 1
