-- Every state that an account was seen to change to.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE TABLE IF NOT EXISTS {{local "accounts"}} (
    tenant_id LowCardinality(String),
    connection_id LowCardinality(String),
    observed_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    currency LowCardinality(String),
    balance Nullable(Decimal(38, 18)) CODEC(ZSTD(1)),
    bonus Nullable(Decimal(38, 18)) CODEC(ZSTD(1)),
    daily_rate Nullable(Decimal(38, 18)) CODEC(ZSTD(1)),
    days_to_suspension Nullable(Int64) CODEC(ZSTD(1)),
    attributes String CODEC(ZSTD(3))
) ENGINE = {{engine "accounts" "MergeTree"}}
ORDER BY (tenant_id, connection_id, observed_at)
SETTINGS {{dedup}} = 10000
-- +goose StatementEnd
