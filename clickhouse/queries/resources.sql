-- A page of the latest states of a tenant's resources. Text is looked for in names, ids, tags and what else is known of them,
-- addresses among it.
SELECT {{state}}
FROM (
    SELECT *
    FROM resource_states
    WHERE tenant_id = {tenant:String}
      AND (empty({connections:Array(String)}) OR has({connections:Array(String)}, connection_id))
    ORDER BY connection_id, resource_id, seen_at DESC
    LIMIT 1 BY connection_id, resource_id
)
WHERE ({deleted:Bool} OR toUnixTimestamp64Micro(deleted_at) = 0)
  AND (empty({types:Array(String)}) OR has({types:Array(String)}, type))
  AND (empty({conditions:Array(String)}) OR has({conditions:Array(String)}, JSONExtractString(attributes, {condition:String})))
  AND ({pattern:String} = '' OR arrayExists(text -> match(text, {pattern:String}), arrayConcat(
        [name, resource_id],
        arrayMap(tag -> concat(tag.1, '=', tag.2), JSONExtractKeysAndValues(tags, 'String')),
        arrayMap(attribute -> attribute.2, JSONExtractKeysAndValues(attributes, 'String')))))
  AND (NOT {behind:Bool} OR (toString(connection_id), toString(type), name, resource_id)
        > ({after_connection:String}, {after_type:String}, {after_name:String}, {after_id:String}))
ORDER BY toString(connection_id), toString(type), name, resource_id
LIMIT {limit:UInt64}
