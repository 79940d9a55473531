-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE VIEW {{analyst}}.samples {{onCluster}} AS
SELECT
    tenant_id AS x_tenant_id,
    connection_id AS x_connection_id,
    toString(resource_id) AS ResourceId,
    toString(metric) AS metric,
    ts,
    value
FROM {{database}}.samples
-- +goose StatementEnd
