-- The ledger of charges: an append-only list of differences whose plain sum is the truth. See docs/decisions/0003-ledger-schema.md.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE TABLE IF NOT EXISTS {{local "charges"}} (
    tenant_id LowCardinality(String) CODEC(ZSTD(1)),
    connection_id LowCardinality(String) CODEC(ZSTD(1)),
    source LowCardinality(String) CODEC(ZSTD(1)),
    seen_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    line_key LowCardinality(FixedString(16)) CODEC(ZSTD(1)),
    ChargePeriodStart DateTime('UTC') CODEC(Delta, ZSTD(1)),
    ChargePeriodEnd DateTime('UTC') CODEC(Delta, ZSTD(1)),
    BillingPeriodStart DateTime('UTC') CODEC(Delta, ZSTD(1)),
    -- The day in UTC+3, which is Moscow's; the key of the projection by day.
    day Date MATERIALIZED toDate(ChargePeriodStart + 10800, 'UTC') CODEC(Delta, ZSTD(1)),
    ProviderName LowCardinality(String) CODEC(ZSTD(1)),
    PublisherName LowCardinality(String) CODEC(ZSTD(1)),
    InvoiceIssuerName LowCardinality(String) CODEC(ZSTD(1)),
    BillingAccountId LowCardinality(String) CODEC(ZSTD(1)),
    BillingAccountName LowCardinality(String) CODEC(ZSTD(1)),
    BillingCurrency LowCardinality(String) CODEC(ZSTD(1)),
    SubAccountId LowCardinality(String) CODEC(ZSTD(1)),
    SubAccountName LowCardinality(String) CODEC(ZSTD(1)),
    ServiceCategory LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceId LowCardinality(String) CODEC(ZSTD(1)),
    ResourceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceType LowCardinality(String) CODEC(ZSTD(1)),
    RegionId LowCardinality(String) CODEC(ZSTD(1)),
    RegionName LowCardinality(String) CODEC(ZSTD(1)),
    AvailabilityZone LowCardinality(String) CODEC(ZSTD(1)),
    SkuId LowCardinality(String) CODEC(ZSTD(1)),
    SkuPriceId LowCardinality(String) CODEC(ZSTD(1)),
    ChargeCategory LowCardinality(String) CODEC(ZSTD(1)),
    ChargeClass LowCardinality(String) CODEC(ZSTD(1)),
    ChargeDescription LowCardinality(String) CODEC(ZSTD(1)),
    ChargeFrequency LowCardinality(String) CODEC(ZSTD(1)),
    PricingCategory LowCardinality(String) CODEC(ZSTD(1)),
    PricingUnit LowCardinality(String) CODEC(ZSTD(1)),
    ConsumedUnit LowCardinality(String) CODEC(ZSTD(1)),
    CommitmentDiscountId LowCardinality(String) CODEC(ZSTD(1)),
    CommitmentDiscountName LowCardinality(String) CODEC(ZSTD(1)),
    CommitmentDiscountType LowCardinality(String) CODEC(ZSTD(1)),
    CommitmentDiscountCategory LowCardinality(String) CODEC(ZSTD(1)),
    CommitmentDiscountStatus LowCardinality(String) CODEC(ZSTD(1)),
    ListUnitPrice LowCardinality(String) CODEC(ZSTD(1)),
    ContractedUnitPrice LowCardinality(String) CODEC(ZSTD(1)),
    cost_status LowCardinality(String) CODEC(ZSTD(1)),
    Tags LowCardinality(String) CODEC(ZSTD(1)),
    unrecognised Bool CODEC(ZSTD(1)),
    line_count Int64 CODEC(T64, ZSTD(1)),
    unpriced_count Int64 CODEC(T64, ZSTD(1)),
    BilledCost Decimal(38, 18) CODEC(ZSTD(1)) SETTINGS (min_compress_block_size = 1048576, max_compress_block_size = 4194304),
    ConsumedQuantity Decimal(38, 18) CODEC(ZSTD(1)) SETTINGS (min_compress_block_size = 1048576, max_compress_block_size = 4194304),
    effective_over_billed Decimal(38, 18) CODEC(ZSTD(1)),
    list_over_billed Decimal(38, 18) CODEC(ZSTD(1)),
    contracted_over_billed Decimal(38, 18) CODEC(ZSTD(1)),
    pricing_over_consumed Decimal(38, 18) CODEC(ZSTD(1)),
    EffectiveCost Decimal(38, 18) ALIAS BilledCost + effective_over_billed,
    ListCost Decimal(38, 18) ALIAS BilledCost + list_over_billed,
    ContractedCost Decimal(38, 18) ALIAS BilledCost + contracted_over_billed,
    PricingQuantity Decimal(38, 18) ALIAS ConsumedQuantity + pricing_over_consumed,
    PROJECTION by_hour (
        SELECT tenant_id, connection_id, ChargePeriodStart, ProviderName, ServiceCategory, ServiceName, RegionId, SubAccountId, SubAccountName, BillingCurrency, cost_status,
            sum(line_count), sum(unpriced_count), sum(BilledCost), sum(effective_over_billed), sum(list_over_billed), sum(contracted_over_billed)
        GROUP BY tenant_id, connection_id, ChargePeriodStart, ProviderName, ServiceCategory, ServiceName, RegionId, SubAccountId, SubAccountName, BillingCurrency, cost_status
    ),
    PROJECTION by_day (
        SELECT tenant_id, connection_id, day, ResourceId, ResourceName, ResourceType, ProviderName, ServiceCategory, ServiceName, RegionId,
            AvailabilityZone, SubAccountId, SubAccountName, BillingAccountId, SkuId, ChargeCategory, BillingCurrency, cost_status,
            unrecognised, source, Tags,
            sum(line_count), sum(unpriced_count), sum(BilledCost), sum(effective_over_billed), sum(list_over_billed), sum(contracted_over_billed)
        GROUP BY tenant_id, connection_id, day, ResourceId, ResourceName, ResourceType, ProviderName, ServiceCategory, ServiceName, RegionId,
            AvailabilityZone, SubAccountId, SubAccountName, BillingAccountId, SkuId, ChargeCategory, BillingCurrency, cost_status,
            unrecognised, source, Tags
    )
) ENGINE = {{engine "charges" "MergeTree"}}
PARTITION BY toYYYYMM(ChargePeriodStart)
ORDER BY (tenant_id, connection_id, ChargePeriodStart, ResourceId, line_key)
SETTINGS {{dedup}} = 10000, min_compress_block_size = 262144, max_compress_block_size = 1048576
-- +goose StatementEnd
