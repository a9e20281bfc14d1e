CREATE TEMP TABLE sales_fact_staging (LIKE sales_fact)
