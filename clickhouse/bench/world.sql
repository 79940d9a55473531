-- One charge for each line and hour, seen ten minutes after the hour had ended.
INSERT INTO charges (tenant_id, connection_id, source, seen_at, line_key, ChargePeriodStart, ChargePeriodEnd, BillingPeriodStart,
    ProviderName, PublisherName, InvoiceIssuerName, BillingAccountId, BillingCurrency, SubAccountId, SubAccountName,
    ServiceCategory, ServiceName, ResourceId, ResourceName, ResourceType, RegionId, RegionName, AvailabilityZone, SkuId,
    ChargeCategory, ChargeDescription, ChargeFrequency, PricingCategory, PricingUnit, ConsumedUnit,
    ListUnitPrice, ContractedUnitPrice, cost_status, Tags, line_count, unpriced_count, BilledCost, ConsumedQuantity)
WITH
    toDateTime({from:UInt32}, 'UTC') + 3600 * hour AS start,
    if(variable, toDecimal128(cityHash64(line_key, hour) % 100000, 18) / 1000, toDecimal128(1, 18)) AS quantity
SELECT
    tenant_id, connection_id, source, toDateTime64(start + 4200, 6, 'UTC'), line_key, start, start + 3600, toDateTime({from:UInt32}, 'UTC'),
    ProviderName, ProviderName, ProviderName, BillingAccountId, 'RUB', SubAccountId, SubAccountName,
    ServiceCategory, ServiceName, ResourceId, ResourceName, ResourceType, RegionId, RegionName, AvailabilityZone, SkuId,
    'Usage', ChargeDescription, 'Usage-Based', 'Standard', 'hour', 'hour',
    unit_price, unit_price, cost_status, Tags, 1, 0, quantity * price, quantity
FROM bench_lines
ARRAY JOIN range({hours:UInt32}) AS hour
WHERE tenant >= {first:UInt32}
  AND tenant < {last:UInt32}
