-- How many rows a slice has: it grows with every append and tells one state of the slice from another.
SELECT count()
FROM charges
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND source = {source:String}
  AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC')
  AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC')
