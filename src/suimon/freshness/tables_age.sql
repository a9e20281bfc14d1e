-- How many day boundaries, in UTC, lie between the newest value and the time given. NULL: the table is empty.
-- Table and column are filled in from the compiled contract, checked; the time is a parameter.
SELECT DATEDIFF(day, MAX({column}), CAST(:as_of AS timestamp)) AS age_days
FROM {table}
