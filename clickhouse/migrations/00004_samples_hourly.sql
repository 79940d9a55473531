-- One row for each metric and hour, made again from the samples whenever some of the hour arrive; the newest counts.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE TABLE IF NOT EXISTS {{local "samples_hourly"}} (
    tenant_id LowCardinality(String) CODEC(ZSTD(1)),
    connection_id LowCardinality(String) CODEC(ZSTD(1)),
    resource_id LowCardinality(String) CODEC(ZSTD(1)),
    metric LowCardinality(String) CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    samples UInt32 CODEC(T64, ZSTD(1)),
    total Float64 CODEC(ZSTD(1)),
    greatest Float64 CODEC(ZSTD(1)),
    least Float64 CODEC(ZSTD(1))
) ENGINE = {{engine "samples_hourly" "ReplacingMergeTree" "samples"}}
PARTITION BY toYear(hour)
ORDER BY (tenant_id, connection_id, resource_id, metric, hour)
TTL hour + INTERVAL 13 MONTH
-- +goose StatementEnd
