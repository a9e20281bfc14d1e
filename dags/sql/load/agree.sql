-- Twice in a batch: of what COPY has staged, before anything is deleted, and of the partition as it would be committed.
-- Redshift has no RAISE outside procedures. A sentence that cannot become a number ends the transaction, and the error
-- quotes the sentence with its figures; a division by zero would say nothing.
SELECT CAST(
    CASE
        WHEN count(*) = CAST(:rows AS BIGINT)$agree
        THEN '1'
        ELSE '$where ' || CAST(count(*) AS VARCHAR) || ' rows'$found || '; the file has ' || CAST(:rows AS VARCHAR)
            || ' rows'$wanted
    END AS INTEGER
) AS agreed
FROM $source
