-- The days on which a stage or the ledger's slice has lines, with how many rows to compare.
SELECT toDate(ChargePeriodStart) AS day, sum(n) AS n
FROM (
    SELECT ChargePeriodStart, count() AS n
    FROM charges_staged
    WHERE tenant_id = {tenant:String}
      AND stage_id = {stage:String}
    GROUP BY ChargePeriodStart
    UNION ALL
    SELECT ChargePeriodStart, count() AS n
    FROM charges
    WHERE tenant_id = {tenant:String}
      AND connection_id = {connection:String}
      AND source = {source:String}
      AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC')
      AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC')
    GROUP BY ChargePeriodStart
)
GROUP BY day
ORDER BY day
