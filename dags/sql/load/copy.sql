-- Redshift binds no parameters here, so suimon_etl.load checks and quotes the two literals.
-- Parquet loads by position. The Glue job writes the columns in the order of the contract, which is that of the table.
COPY ${table}_staging
FROM $target_uri
IAM_ROLE $copy_role_arn
FORMAT AS PARQUET
