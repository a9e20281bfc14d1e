-- How many day boundaries, in UTC, lie between the newest value and :now. NULL: the table is empty.
-- Table and column are filled in from the compiled contract, checked; every value is a parameter.
SELECT DATEDIFF(day, MAX({column}), CAST(:now AS timestamp)) AS age_days
FROM {table}
