-- Columns in the order of the rates contract: COPY of Parquet loads by position.
-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.
-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.
-- Nothing is known to differ in every record: spread in turns. Joined by one column, take that: DISTKEY.
-- Sorted by day, the business date: a load deletes by it, checks and most questions select by it.
CREATE TABLE IF NOT EXISTS rates (
    currency VARCHAR(12) NOT NULL,
    day DATE NOT NULL,
    rate DECIMAL(12, 4) NOT NULL
)
DISTSTYLE EVEN
SORTKEY (day)
