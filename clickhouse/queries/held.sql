-- The net of every line of a slice, without those that cancelled out.
SELECT
    ChargePeriodStart,
    ChargePeriodEnd,
    line_key,
    sum(line_count) AS lines,
    sum(unpriced_count) AS unpriced,
    sum(BilledCost) AS billed,
    sum(ConsumedQuantity) AS consumed,
    sum(effective_over_billed) AS effective,
    sum(list_over_billed) AS list,
    sum(contracted_over_billed) AS contracted,
    sum(pricing_over_consumed) AS pricing
FROM charges
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND source = {source:String}
  AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC')
  AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC')
GROUP BY ChargePeriodStart, ChargePeriodEnd, line_key
HAVING lines != 0 OR unpriced != 0 OR billed != 0 OR consumed != 0
    OR effective != 0 OR list != 0 OR contracted != 0 OR pricing != 0
SETTINGS optimize_use_projections = 0, max_bytes_before_external_group_by = 1000000000, max_threads = 1
