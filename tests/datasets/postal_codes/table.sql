-- Columns in the order of the postal_codes contract: COPY of Parquet loads by position.
-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.
-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.
-- Nothing is known to differ in every record: spread in turns. Joined by one column, take that: DISTKEY.
-- Sorted by partition_date, the partition: a load deletes by it, checks and most questions select by it.
CREATE TABLE IF NOT EXISTS postal_codes (
    area_code VARCHAR(20) NOT NULL,
    old_code VARCHAR(20) NOT NULL,
    postal_code VARCHAR(28) NOT NULL,
    prefecture_kana VARCHAR(64) NOT NULL,
    prefecture VARCHAR(32) NOT NULL,
    town VARCHAR(256) NOT NULL,
    is_split BOOLEAN NOT NULL,
    partition_date DATE NOT NULL
)
DISTSTYLE EVEN
SORTKEY (partition_date)
