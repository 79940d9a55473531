-- How many lines of a part of a slice differ between the stage and the ledger, and a hash of how.
SELECT
    count(),
    sum(sipHash64(ChargePeriodStart, ChargePeriodEnd, line_key, lines, unpriced, billed, consumed, effective, list, contracted, pricing))
FROM (
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
    FROM (
        SELECT ChargePeriodStart, ChargePeriodEnd, line_key, line_count, unpriced_count, BilledCost, ConsumedQuantity,
            effective_over_billed, list_over_billed, contracted_over_billed, pricing_over_consumed
        FROM charges_staged
        WHERE tenant_id = {tenant:String}
          AND stage_id = {stage:String}
          AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC')
          AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC')
          AND hex(substring(line_key, 1, 1)) BETWEEN upper({low:String}) AND upper({high:String})
        UNION ALL
        SELECT ChargePeriodStart, ChargePeriodEnd, line_key, -line_count, -unpriced_count, -BilledCost, -ConsumedQuantity,
            -effective_over_billed, -list_over_billed, -contracted_over_billed, -pricing_over_consumed
        FROM charges
        WHERE tenant_id = {tenant:String}
          AND connection_id = {connection:String}
          AND source = {source:String}
          AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC')
          AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC')
          AND hex(substring(line_key, 1, 1)) BETWEEN upper({low:String}) AND upper({high:String})
    )
    GROUP BY ChargePeriodStart, ChargePeriodEnd, line_key
    HAVING lines != 0 OR unpriced != 0 OR billed != 0 OR consumed != 0
        OR effective != 0 OR list != 0 OR contracted != 0 OR pricing != 0
)
SETTINGS optimize_use_projections = 0
