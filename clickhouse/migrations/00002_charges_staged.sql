-- Lines of slices too large to compare in memory wait here; they are no charges yet. What a dead process left is dropped by age.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE TABLE IF NOT EXISTS {{local "charges_staged"}} (
    tenant_id LowCardinality(String),
    stage_id String,
    staged_at DateTime('UTC'),
    line_key FixedString(16),
    ChargePeriodStart DateTime('UTC'),
    ChargePeriodEnd DateTime('UTC'),
    BillingPeriodStart DateTime('UTC'),
    ProviderName LowCardinality(String),
    PublisherName LowCardinality(String),
    InvoiceIssuerName LowCardinality(String),
    BillingAccountId LowCardinality(String),
    BillingAccountName LowCardinality(String),
    BillingCurrency LowCardinality(String),
    SubAccountId LowCardinality(String),
    SubAccountName LowCardinality(String),
    ServiceCategory LowCardinality(String),
    ServiceName LowCardinality(String),
    ResourceId LowCardinality(String),
    ResourceName LowCardinality(String),
    ResourceType LowCardinality(String),
    RegionId LowCardinality(String),
    RegionName LowCardinality(String),
    AvailabilityZone LowCardinality(String),
    SkuId LowCardinality(String),
    SkuPriceId LowCardinality(String),
    ChargeCategory LowCardinality(String),
    ChargeClass LowCardinality(String),
    ChargeDescription LowCardinality(String),
    ChargeFrequency LowCardinality(String),
    PricingCategory LowCardinality(String),
    PricingUnit LowCardinality(String),
    ConsumedUnit LowCardinality(String),
    CommitmentDiscountId LowCardinality(String),
    CommitmentDiscountName LowCardinality(String),
    CommitmentDiscountType LowCardinality(String),
    CommitmentDiscountCategory LowCardinality(String),
    CommitmentDiscountStatus LowCardinality(String),
    ListUnitPrice LowCardinality(String),
    ContractedUnitPrice LowCardinality(String),
    cost_status LowCardinality(String),
    Tags LowCardinality(String),
    unrecognised Bool,
    line_count Int64,
    unpriced_count Int64,
    BilledCost Decimal(38, 18),
    ConsumedQuantity Decimal(38, 18),
    effective_over_billed Decimal(38, 18),
    list_over_billed Decimal(38, 18),
    contracted_over_billed Decimal(38, 18),
    pricing_over_consumed Decimal(38, 18)
) ENGINE = {{engine "charges_staged" "MergeTree"}}
PARTITION BY stage_id
ORDER BY (tenant_id, stage_id, toDate(ChargePeriodStart), line_key, ChargePeriodStart)
TTL staged_at + INTERVAL 2 DAY
SETTINGS {{dedup}} = 10000, ttl_only_drop_parts = 1
-- +goose StatementEnd
