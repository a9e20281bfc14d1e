-- Not TRUNCATE, which would commit the transaction.
DELETE FROM sales_fact
WHERE order_date = CAST(:partition AS DATE)
