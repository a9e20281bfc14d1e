SELECT
    $figures
FROM $table
WHERE $partition_column = CAST(:partition AS DATE)
