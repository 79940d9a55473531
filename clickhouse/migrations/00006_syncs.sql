-- What each snapshot of a connection saw.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE TABLE IF NOT EXISTS {{local "syncs"}} (
    tenant_id LowCardinality(String),
    connection_id LowCardinality(String),
    at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    created Int64 CODEC(ZSTD(1)),
    updated Int64 CODEC(ZSTD(1)),
    deleted Int64 CODEC(ZSTD(1)),
    unchanged Int64 CODEC(ZSTD(1)),
    complete Bool,
    scopes String CODEC(ZSTD(3))
) ENGINE = {{engine "syncs" "MergeTree"}}
ORDER BY (tenant_id, connection_id, at)
SETTINGS {{dedup}} = 10000
-- +goose StatementEnd
