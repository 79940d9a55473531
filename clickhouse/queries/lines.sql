-- What identifies the lines of these keys. The columns of a line stand for {line}.
SELECT line_key, {{line}}
FROM charges
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND source = {source:String}
  AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC')
  AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC')
  AND line_key IN (SELECT toFixedString(unhex(arrayJoin({keys:Array(String)})), 16))
GROUP BY line_key
SETTINGS optimize_use_projections = 0
