SELECT
    $figures
FROM $table$where
