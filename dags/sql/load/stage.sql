-- Not LIKE the table, which may have the partition beside the columns of the Parquet: COPY wants as many as that has.
CREATE TEMP TABLE ${table}_staging (
    $declarations
)
$distribution
