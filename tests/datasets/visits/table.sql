-- Columns in the order of the visits contract: COPY of Parquet loads by position.
-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.
-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.
-- Nothing is known to differ in every record: spread in turns. Joined by one column, take that: DISTKEY.
-- Sorted by partition_date, partition_hour, store, the partition: a load deletes by it, checks and most questions select by it.
CREATE TABLE IF NOT EXISTS visits (
    visited_at TIMESTAMP NOT NULL,
    store VARCHAR(32) NOT NULL,
    visitors INTEGER NOT NULL,
    partition_date DATE NOT NULL,
    partition_hour INTEGER NOT NULL
)
DISTSTYLE EVEN
SORTKEY (partition_date, partition_hour, store)
