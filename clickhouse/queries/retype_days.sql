-- The days of sources on which a connection holds lines that nobody recognised, or that a mapping has given a type.
SELECT source, toUInt16(day)
FROM charges
WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
  AND (unrecognised OR position(Tags, {mark:String}) > 0)
GROUP BY day, source
ORDER BY day, source
