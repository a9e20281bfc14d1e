-- Ends the transaction when a later write of the partition is loaded, or a later attempt at this one, as a sentence that
-- cannot become a number: Redshift has no RAISE outside procedures, and its error quotes the sentence (maybe no more than
-- its first 100 bytes).
-- Where the log knows nothing later, max() is NULL and so is the number. `written` is padded, so that text sorts as
-- the writes do.
SELECT CAST(
    'loaded is ' || max(written || ' by run ' || drop_id || '.' || CAST(attempt AS VARCHAR))
    || ', later than ' || :written AS INTEGER
) AS fenced
FROM ${table}_loads
WHERE partition_key = :partition
    AND (written > :written OR (drop_id = :drop_id AND attempt > CAST(:attempt AS INTEGER)))
