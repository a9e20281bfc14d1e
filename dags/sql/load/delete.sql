-- Not TRUNCATE, which would commit the transaction.
DELETE FROM $table
WHERE $partition_column = CAST(:partition AS DATE)
