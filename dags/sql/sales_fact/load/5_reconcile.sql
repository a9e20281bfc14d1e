-- Redshift has no RAISE outside procedures. A sentence that cannot become a number ends the transaction, and the error
-- quotes the sentence with its figures; a division by zero would say nothing.
SELECT CAST(
    CASE
        WHEN count(*) = CAST(:rows AS BIGINT)
            AND count(DISTINCT order_id) = count(*)
            AND count(CASE WHEN order_date = CAST(:partition AS DATE) THEN 1 END) = count(*)
        THEN '1'
        ELSE 'staged ' || CAST(count(*) AS VARCHAR) || ' rows with '
            || CAST(count(DISTINCT order_id) AS VARCHAR) || ' order ids, '
            || CAST(count(CASE WHEN order_date = CAST(:partition AS DATE) THEN 1 END) AS VARCHAR)
            || ' of the partition; the file has ' || CAST(:rows AS VARCHAR)
    END AS INTEGER
) AS reconciled
FROM sales_fact_staging
