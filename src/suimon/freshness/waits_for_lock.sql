-- Whether a statement's process waits for a lock. Users see their own transactions here, and the statement is ours.
-- :pid is the number of the process, as the Data API told it.
SELECT COUNT(*) AS waiting
FROM svv_transactions
WHERE pid = CAST(:pid AS INTEGER) AND NOT granted
