-- Measurements as the clouds gave them. The value is a float of 64 bits, kept to the last bit.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE TABLE IF NOT EXISTS {{local "samples"}} (
    tenant_id LowCardinality(String) CODEC(ZSTD(1)),
    connection_id LowCardinality(String) CODEC(ZSTD(1)),
    resource_id LowCardinality(String) CODEC(ZSTD(1)),
    metric LowCardinality(String) CODEC(ZSTD(1)),
    ts DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    value Float64 CODEC(ZSTD(1)),
    PROJECTION newest (
        SELECT tenant_id, connection_id, resource_id, max(ts)
        GROUP BY tenant_id, connection_id, resource_id
    )
) ENGINE = {{engine "samples" "MergeTree"}}
PARTITION BY toMonday(ts)
ORDER BY (tenant_id, connection_id, resource_id, metric, ts)
TTL ts + toIntervalDay(90)
SETTINGS {{dedup}} = 10000, min_compress_block_size = 262144, max_compress_block_size = 1048576,
    ttl_only_drop_parts = 1
-- +goose StatementEnd
