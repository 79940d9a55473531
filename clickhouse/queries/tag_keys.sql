-- The keys of the tags that charges have had since a day, without those that are ours.
SELECT DISTINCT arrayJoin(arrayFilter(k -> NOT startsWith(k, {reserved:String}), JSONExtractKeys(Tags))) AS key
FROM (
    SELECT toString(Tags) AS Tags
    FROM charges
    WHERE tenant_id = {tenant:String}
      AND day >= toDate({since:UInt16})
      AND Tags != ''
    GROUP BY Tags
    HAVING sum(line_count) > 0
)
ORDER BY key
