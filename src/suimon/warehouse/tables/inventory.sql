-- Small, changed seldom and joined to everything by sku: a copy on every node, sorted for that join.
CREATE TABLE IF NOT EXISTS inventory (
    sku VARCHAR(128) NOT NULL,
    warehouse VARCHAR(128) NOT NULL,
    quantity INTEGER NOT NULL,
    updated_at TIMESTAMP NOT NULL
)
DISTSTYLE ALL
SORTKEY (sku, warehouse)
