SELECT
    count(*) AS row_count,
    count(DISTINCT order_id) AS order_ids,
    sum(amount) AS total_amount
FROM sales_fact
WHERE order_date = CAST(:partition AS DATE)
