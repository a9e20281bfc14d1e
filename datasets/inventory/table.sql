-- Columns in the order of the inventory contract: COPY of Parquet loads by position.
-- Small, changed seldom and joined to everything by sku: a copy on every node, sorted for that join.
-- counted_on is the partition that a load replaces. updated_at is in UTC, as the file has it.
CREATE TABLE IF NOT EXISTS inventory (
    sku VARCHAR(128) NOT NULL,
    warehouse VARCHAR(128) NOT NULL,
    counted_on DATE NOT NULL,
    quantity INTEGER NOT NULL,
    updated_at TIMESTAMP NOT NULL
)
DISTSTYLE ALL
SORTKEY (sku, warehouse)
