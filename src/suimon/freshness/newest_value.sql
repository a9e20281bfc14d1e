-- The newest value, and the number of rows: a table whose rows have no value is not an empty one.
-- Table, column and the filter, if any, are filled in from the compiled contract, checked.
SELECT MAX({column}) AS newest, COUNT(*) AS row_count
FROM {table}{where}
