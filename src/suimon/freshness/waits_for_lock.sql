-- Whether a statement's process waits for a lock. Users see their own transactions here, and the statement is ours.
-- The number of the process is filled in as the Data API told it.
SELECT COUNT(*) AS waiting
FROM svv_transactions
WHERE pid = {pid} AND NOT granted
