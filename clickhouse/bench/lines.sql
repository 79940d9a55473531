-- The lines of the world: as many tenants with as many resources as asked for. One in ten resources is billed by what it
-- used, which differs every hour; the others cost the same every hour. Names, tags and prices differ from one to the next.
CREATE TABLE bench_lines ENGINE = MergeTree ORDER BY (tenant, resource) AS
WITH
    intDiv(number, {resources:UInt32}) AS tenant,
    number % {resources:UInt32} AS resource,
    cityHash64(tenant, resource) AS h,
    [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 3, 3, 4, 4, 4, 4, 5, 2, 6][h % 20 + 1] AS service,
    ['web', 'db', 'api', 'cache', 'worker', 'queue', 'batch', 'gw'][intDiv(h, 100) % 8 + 1] AS role,
    ['ru-1', 'ru-2', 'ru-3'][intDiv(h, 7) % 3 + 1] AS region,
    intDiv(h, 21) % 4 AS project,
    ['Virtual servers', 'Block storage', 'Object storage', 'Managed PostgreSQL', 'Floating IP', 'Load balancer', 'Network traffic'][service + 1] AS title,
    service IN (2, 6) AS variable
SELECT
    tenant,
    resource,
    variable,
    concat('00000000-0000-4000-8000-', leftPad(toString(tenant), 12, '0')) AS tenant_id,
    concat('00000000-0000-4000-9000-', leftPad(toString(tenant), 12, '0')) AS connection_id,
    if(variable, 'consumption', 'accrual') AS source,
    toFixedString(sipHash128(tenant, resource), 16) AS line_key,
    ['Beget', 'Selectel', 'Yandex Cloud', 'VK Cloud'][tenant % 4 + 1] AS ProviderName,
    concat('account-', toString(tenant)) AS BillingAccountId,
    lower(hex(sipHash128(tenant, project, 1))) AS SubAccountId,
    ['shop', 'crm', 'analytics', 'internal'][project + 1] AS SubAccountName,
    ['Compute', 'Storage', 'Storage', 'Databases', 'Networking', 'Networking', 'Networking'][service + 1] AS ServiceCategory,
    title AS ServiceName,
    lower(hex(sipHash128(tenant, resource, 2))) AS ResourceId,
    concat(role, '-', toString(resource)) AS ResourceName,
    ['server', 'volume', 'bucket', 'database', 'floating_ip', 'load_balancer', 'network'][service + 1] AS ResourceType,
    region AS RegionId,
    transform(region, ['ru-1', 'ru-2', 'ru-3'], ['Москва', 'Санкт-Петербург', 'Новосибирск'], '') AS RegionName,
    concat(region, ['a', 'b'][h % 2 + 1]) AS AvailabilityZone,
    concat('sku-', toString(service), '-', toString(intDiv(h, 1000) % 40)) AS SkuId,
    concat(title, ' ', ResourceName) AS ChargeDescription,
    if(variable, 'billed', 'estimated') AS cost_status,
    toJSONString(mapFilter((k, v) -> v != '', map(
        'cost_center', if(h % 5 = 0, concat('cc-', toString(h % 90)), ''),
        'env', ['prod', 'stage', 'dev'][h % 3 + 1],
        'owner', concat('user', toString(intDiv(h, 77) % 40)),
        'role', role,
        'team', if(h % 7 = 0, '', ['alpha', 'beta', 'gamma', 'delta', 'omega'][intDiv(h, 3) % 5 + 1])))) AS Tags,
    if(variable, toDecimal128(intDiv(h, 1000) % 200 + 1, 18) / 10000, toDecimal128(intDiv(h, 1000) % 20000 + 50, 18) / 720) AS price
FROM numbers({tenants:UInt64} * {resources:UInt64})
