-- Not TRUNCATE, which would commit the transaction: not even where the file replaces the whole table.
DELETE FROM $table$where
