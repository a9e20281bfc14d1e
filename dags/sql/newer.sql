-- The last load of the partition, if it is later than this one: what fence.sql looks for.
SELECT
    drop_id,
    attempt
FROM ${table}_loads
WHERE partition_key = :partition
    AND (written > :written OR (drop_id = :drop_id AND attempt > CAST(:attempt AS INTEGER)))
ORDER BY written DESC, attempt DESC
LIMIT 1
