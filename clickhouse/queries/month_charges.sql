-- What is held of a billing month by currency, category and status, now and as of an instant. A charge with a billing period belongs to
-- the month of that, which may be cut in another zone by some hours; another to the month that it starts in.
SELECT
    BillingCurrency,
    ChargeCategory,
    cost_status,
    sum(BilledCost) AS cost,
    sum(line_count) AS lines,
    sum(unpriced_count) AS unpriced,
    sumIf(BilledCost, seen_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')) AS cost_then,
    sumIf(line_count, seen_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')) AS lines_then,
    min(ChargePeriodStart) AS first
FROM charges
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND ({account:String} = '' OR BillingAccountId = {account:String})
  AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC') - INTERVAL 100 DAY
  AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC') + INTERVAL 35 DAY
  AND if(toUnixTimestamp(BillingPeriodStart) = 0,
         ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC') AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC'),
         BillingPeriodStart >= toDateTime({from:UInt32}, 'UTC') - INTERVAL 1 DAY AND BillingPeriodStart < toDateTime({from:UInt32}, 'UTC') + INTERVAL 1 DAY)
GROUP BY BillingCurrency, ChargeCategory, cost_status
HAVING cost != 0 OR lines != 0 OR unpriced != 0 OR cost_then != 0 OR lines_then != 0
ORDER BY BillingCurrency, ChargeCategory, cost_status
