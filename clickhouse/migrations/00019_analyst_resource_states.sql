-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE VIEW {{analyst}}.resource_states {{onCluster}} AS
SELECT
    tenant_id AS x_tenant_id,
    connection_id AS x_connection_id,
    resource_id AS ResourceId,
    name AS ResourceName,
    toString(type) AS ResourceType,
    seen_at,
    if(toUnixTimestamp64Micro(deleted_at) = 0, NULL, deleted_at) AS deleted_at,
    toString(change) AS change,
    toString(status) AS status,
    nullIf(toString(project_id), '') AS SubAccountId,
    nullIf(toString(project_name), '') AS SubAccountName,
    nullIf(toString(region_id), '') AS RegionId,
    nullIf(toString(region_name), '') AS RegionName,
    nullIf(toString(zone_id), '') AS AvailabilityZone,
    vcpu,
    memory_bytes,
    disk_bytes,
    JSONExtract(tags, 'Map(String, String)') AS Tags
FROM {{database}}.resource_states
-- +goose StatementEnd
