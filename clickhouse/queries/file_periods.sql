-- The periods that lines of files have or once had: whether any is held, and whether the sources asked about have to do with it.
SELECT
    connection_id,
    ChargePeriodStart,
    ChargePeriodEnd,
    sum(line_count) > 0 AS held,
    max(has({sources:Array(String)}, source)) > 0 AS touched
FROM charges
WHERE tenant_id = {tenant:String}
  AND connection_id IN {connections:Array(String)}
  AND startsWith(source, {prefix:String})
GROUP BY connection_id, ChargePeriodStart, ChargePeriodEnd
SETTINGS optimize_use_projections = 0, max_threads = 1
