-- Columns in the order of the shops contract: COPY of Parquet loads by position.
-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.
-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.
-- shop differs from record to record, so rows spread evenly, and those that are joined by it meet.
-- Sorted by shop; a load replaces all of it, so take the column that most questions select by.
CREATE TABLE IF NOT EXISTS shops (
    shop VARCHAR(32) NOT NULL,
    opened_on DATE,
    area INTEGER
)
DISTSTYLE KEY
DISTKEY (shop)
SORTKEY (shop)
