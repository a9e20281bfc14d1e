INSERT INTO sales_fact (order_id, order_date, customer_id, product_name, quantity, unit_price, amount)
SELECT
    order_id,
    order_date,
    customer_id,
    product_name,
    quantity,
    unit_price,
    amount
FROM sales_fact_staging
