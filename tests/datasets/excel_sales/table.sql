-- Columns in the order of the excel_sales contract: COPY of Parquet loads by position.
-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.
-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.
-- Nothing is known to differ in every record: spread in turns. Joined by one column, take that: DISTKEY.
-- Sorted by sold_on, the business date: a load deletes by it, checks and most questions select by it.
CREATE TABLE IF NOT EXISTS excel_sales (
    sold_on DATE NOT NULL,
    shop VARCHAR(64) NOT NULL,
    pieces INTEGER NOT NULL,
    amount BIGINT NOT NULL
)
DISTSTYLE EVEN
SORTKEY (sold_on)
