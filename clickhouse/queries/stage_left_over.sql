-- Stages that were opened before an instant. They belong to no tenant any more.
SELECT DISTINCT stage_id
FROM charges_staged
WHERE staged_at < toDateTime({before:UInt32}, 'UTC')
