-- Every state that a resource was seen to change to.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE TABLE IF NOT EXISTS {{local "resource_states"}} (
    tenant_id LowCardinality(String),
    connection_id LowCardinality(String),
    resource_id String CODEC(ZSTD(1)),
    seen_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    deleted_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    change LowCardinality(String),
    changes String CODEC(ZSTD(3)),
    type LowCardinality(String),
    name String CODEC(ZSTD(1)),
    status LowCardinality(String),
    scope LowCardinality(String),
    parent_id String CODEC(ZSTD(1)),
    project_id LowCardinality(String),
    project_name LowCardinality(String),
    region_id LowCardinality(String),
    region_name LowCardinality(String),
    zone_id LowCardinality(String),
    vcpu Int64 CODEC(ZSTD(1)),
    memory_bytes Int64 CODEC(ZSTD(1)),
    disk_bytes Int64 CODEC(ZSTD(1)),
    created_at DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    tags String CODEC(ZSTD(3)),
    attributes String CODEC(ZSTD(3)),
    volatile String CODEC(ZSTD(3)),
    rates String CODEC(ZSTD(3)),
    events String CODEC(ZSTD(3))
) ENGINE = {{engine "resource_states" "MergeTree"}}
ORDER BY (tenant_id, connection_id, resource_id, seen_at)
SETTINGS {{dedup}} = 10000
-- +goose StatementEnd
