INSERT INTO $table ($into)
SELECT $selected
FROM ${table}_staging
