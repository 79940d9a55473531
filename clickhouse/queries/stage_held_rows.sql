-- How many rows the ledger has in a part of a slice.
SELECT count()
FROM charges
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND source = {source:String}
  AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC')
  AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC')
  AND hex(substring(line_key, 1, 1)) BETWEEN upper({low:String}) AND upper({high:String})
