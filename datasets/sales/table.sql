-- Columns in the order of the sales contract: COPY of Parquet loads by position. VARCHAR counts bytes, the contract
-- characters, of which one takes up to four.
-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, so that count(DISTINCT order_id) might not
-- count at all, and duplicates would hide from the very check that looks for them.
-- Order ids are unique, so they spread evenly, and counting distinct ones needs no exchange between nodes.
-- Sorted by the date that a load deletes, a check selects and freshness takes the maximum of.
CREATE TABLE IF NOT EXISTS sales_fact (
    order_id VARCHAR(128) NOT NULL,
    order_date DATE NOT NULL,
    customer_id VARCHAR(128) NOT NULL,
    product_name VARCHAR(1600) NOT NULL,
    quantity INTEGER NOT NULL,
    unit_price DECIMAL(12, 2) NOT NULL,
    amount DECIMAL(14, 2) NOT NULL
)
DISTSTYLE KEY
DISTKEY (order_id)
SORTKEY (order_date)
