-- The prices of currencies in roubles, the same for all tenants. A corrected rate is one more row: the last seen holds.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE TABLE IF NOT EXISTS {{local "exchange_rates"}} (
    currency LowCardinality(String),
    -- The day from which the rate holds.
    date Date CODEC(Delta, ZSTD(1)),
    seen_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    source LowCardinality(String),
    nominal Int64 CODEC(T64, ZSTD(1)),
    -- Roubles for so many units.
    value Decimal(38, 18) CODEC(ZSTD(1))
) ENGINE = {{engine "exchange_rates" "MergeTree"}}
ORDER BY (currency, date, seen_at)
SETTINGS {{dedup}} = 10000
-- +goose StatementEnd
