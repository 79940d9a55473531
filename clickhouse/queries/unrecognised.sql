-- Charges of a period that nobody recognised, by what the cloud calls them, with the dearest of their resources. The columns that
-- tell more of a line stand for {fields}.
WITH arraySlice(arrayReverseSort(e -> e.1, groupArray((cost, toString(ResourceId), fields))), 1, 3) AS dearest
SELECT connection_id, toString(ProviderName), toString(ResourceType), toString(ServiceName), toString(ServiceCategory), toString(SkuId), toString(BillingCurrency),
    sum(cost) AS total, sum(estimated), sum(unpriced), sum(lines), uniqExact(ResourceId) AS resources,
    arrayMap(e -> e.2, dearest), arrayMap(e -> e.3, dearest), any(first_start), any(first_seen)
FROM (
    SELECT connection_id, ProviderName, ResourceType, ServiceName, ServiceCategory, SkuId, BillingCurrency, ResourceId,
        sum(BilledCost) AS cost, sumIf(BilledCost, cost_status = 'estimated') AS estimated, sum(unpriced_count) AS unpriced, sum(line_count) AS lines,
        argMax({{fields}}, (line_count > 0, ChargePeriodStart, seen_at)) AS fields
    FROM charges
    WHERE tenant_id = {tenant:String}
      AND unrecognised
      AND ChargePeriodStart >= toDateTime({from:UInt32}, 'UTC')
      AND ChargePeriodStart < toDateTime({to:UInt32}, 'UTC')
    GROUP BY connection_id, ProviderName, ResourceType, ServiceName, ServiceCategory, SkuId, BillingCurrency, ResourceId
    HAVING cost != 0 OR unpriced != 0 OR lines != 0
) AS now
LEFT JOIN (
    SELECT connection_id, ResourceType, ServiceName, SkuId, min(ChargePeriodStart) AS first_start, min(seen_at) AS first_seen
    FROM charges
    WHERE tenant_id = {tenant:String}
      AND unrecognised
    GROUP BY connection_id, ResourceType, ServiceName, SkuId
) AS ever USING (connection_id, ResourceType, ServiceName, SkuId)
GROUP BY connection_id, ProviderName, ResourceType, ServiceName, ServiceCategory, SkuId, BillingCurrency
ORDER BY total DESC, connection_id, ResourceType, ServiceName, SkuId, BillingCurrency
LIMIT {limit:UInt64}
SETTINGS optimize_use_projections = 0
