-- The same load again, after an answer that was lost or by an operator: the log keeps one row of it.
DELETE FROM ${table}_loads
WHERE drop_id = :drop_id
    AND attempt = CAST(:attempt AS INTEGER)
