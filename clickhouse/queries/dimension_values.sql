-- The values that a dimension has had since a day, with the label of the last day.
SELECT value, latest
FROM (
    SELECT value, argMax(label, (label != '', day, label)) AS latest
    FROM (
        SELECT toString({{value}}) AS value, toString({{label}}) AS label, day, sum(line_count) AS lines
        FROM charges
        WHERE tenant_id = {tenant:String}
          AND day >= toDate({since:UInt16})
        GROUP BY value, label, day
        HAVING lines > 0 AND value != ''
    )
    GROUP BY value
)
WHERE {pattern:String} = '' OR match(value, {pattern:String}) OR match(latest, {pattern:String})
ORDER BY value
LIMIT {limit:UInt64}
