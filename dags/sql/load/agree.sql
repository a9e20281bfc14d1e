-- Twice in a batch: of what COPY has staged, before anything is deleted, and of the partition as it would be committed.
-- Redshift has no RAISE outside procedures. A sentence that cannot become a number ends the transaction, and the error
-- quotes the sentence, maybe no more than its first 100 bytes: so the rows come first, then only the figures that do not
-- agree. A division by zero would say nothing. CAST stands around CASE: Redshift may compute a cast within one for rows
-- that never come there.
SELECT CAST(
    CASE
        WHEN count(*) = CAST(:rows AS BIGINT)$agree
        THEN '1'
        ELSE '$said ' || CAST(count(*) AS VARCHAR) || ' rows of ' || CAST(:rows AS VARCHAR)$told
    END AS INTEGER
) AS agreed
FROM $source
