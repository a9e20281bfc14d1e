-- The columns of a table as the catalog has them (documentation: "SVV_REDSHIFT_COLUMNS").
SELECT column_name, data_type, is_nullable, encoding, column_default
FROM svv_redshift_columns
WHERE database_name = :database
    AND schema_name = 'public'
    AND table_name = :table
ORDER BY ordinal_position
