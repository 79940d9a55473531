-- The names that these have on the last day of a period on which they have lines that hold; served by the projection by_day.
SELECT value, argMax(name, (day, name))
FROM (
    SELECT toString(SubAccountId) AS value, toString(SubAccountName) AS name, day, sum(line_count) AS lines
    FROM charges
    WHERE tenant_id = {tenant:String}
      AND day >= toDate({from:UInt16})
      AND day <= toDate({to:UInt16})
      AND ({all:Bool} OR SubAccountId IN {values:Array(String)})
    GROUP BY value, name, day
    HAVING lines > 0 AND name != ''
)
GROUP BY value
