-- Makes the hourly rows of a period again where samples have been added to the hour. Of several rows of an hour the one
-- with the most samples counts, so doing it twice does no harm.
INSERT INTO samples_hourly (tenant_id, connection_id, resource_id, metric, hour, samples, total, greatest, least)
SELECT
    tenant_id,
    connection_id,
    resource_id,
    metric,
    toStartOfHour(ts, 'UTC') AS hour,
    toUInt32(count()) AS samples,
    sum(value) AS total,
    max(value) AS greatest,
    min(value) AS least
FROM samples
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND ts >= toDateTime({from:UInt32}, 'UTC')
  AND ts < toDateTime({to:UInt32}, 'UTC')
GROUP BY tenant_id, connection_id, resource_id, metric, hour
HAVING (resource_id, metric, hour, samples) NOT IN (
    SELECT resource_id, metric, hour, max(samples)
    FROM samples_hourly
    WHERE tenant_id = {tenant:String}
      AND connection_id = {connection:String}
      AND hour >= toDateTime({from:UInt32}, 'UTC')
      AND hour < toDateTime({to:UInt32}, 'UTC')
    GROUP BY resource_id, metric, hour)
SETTINGS optimize_use_projections = 0
