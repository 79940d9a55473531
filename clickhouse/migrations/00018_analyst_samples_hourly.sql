-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE VIEW {{analyst}}.samples_hourly {{onCluster}} AS
SELECT
    tenant_id AS x_tenant_id,
    connection_id AS x_connection_id,
    toString(resource_id) AS ResourceId,
    toString(metric) AS metric,
    hour,
    samples,
    total / samples AS average,
    greatest,
    least
FROM {{database}}.samples_hourly FINAL
-- +goose StatementEnd
