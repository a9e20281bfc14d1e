-- Empty cells come as NULL, and NULL passes every other rule.
SELECT count(*), [
    ('order_id', 'required-error', count(*) - count(order_id)),
    ('order_id', 'max-length-error', count(*) FILTER (length(order_id) > 32)),
    ('order_id', 'unique-error', count(order_id) - count(DISTINCT order_id)),
    ('order_date', 'required-error', count(*) - count(order_date)),
    ('order_date', 'type-error', count(order_date) FILTER (
        NOT regexp_full_match(order_date, '[0-9]{4}-[0-9]{2}-[0-9]{2}') OR TRY_CAST(order_date AS DATE) IS NULL)),
    ('order_date', 'partition-error', count(*) FILTER (
        TRY_CAST(order_date AS DATE) <> getvariable('partition')::DATE)),
    ('customer_id', 'required-error', count(*) - count(customer_id)),
    ('customer_id', 'max-length-error', count(*) FILTER (length(customer_id) > 32)),
    ('product_name', 'required-error', count(*) - count(product_name)),
    ('product_name', 'max-length-error', count(*) FILTER (length(product_name) > 400)),
    ('quantity', 'required-error', count(*) - count(quantity)),
    ('quantity', 'type-error', count(quantity) FILTER (
        NOT regexp_full_match(quantity, '[+-]?[0-9]+') OR TRY_CAST(quantity AS INTEGER) IS NULL)),
    ('quantity', 'minimum-error', count(*) FILTER (TRY_CAST(quantity AS INTEGER) < 1)),
    ('unit_price', 'required-error', count(*) - count(unit_price)),
    ('unit_price', 'type-error', count(*) FILTER (
        NOT regexp_full_match(unit_price, '[+-]?0*[0-9]{1,10}(\.[0-9]{1,2})?'))),
    ('unit_price', 'minimum-error', count(*) FILTER (TRY_CAST(unit_price AS DECIMAL(12, 2)) < 0)),
    ('amount', 'required-error', count(*) - count(amount)),
    ('amount', 'type-error', count(*) FILTER (
        NOT regexp_full_match(amount, '[+-]?0*[0-9]{1,12}(\.[0-9]{1,2})?'))),
    ('amount', 'minimum-error', count(*) FILTER (TRY_CAST(amount AS DECIMAL(14, 2)) < 0))
]::JSON
FROM file
