-- Columns in the order of the receipts contract: COPY of Parquet loads by position.
-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.
-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.
-- receipt_no differs from record to record, so rows spread evenly, and those that are joined by it meet.
-- Sorted by sold_on, the business date: a load deletes by it, checks and most questions select by it.
CREATE TABLE IF NOT EXISTS receipts (
    receipt_no VARCHAR(64) NOT NULL,
    sold_on DATE NOT NULL,
    shop VARCHAR(32) NOT NULL,
    amount DECIMAL(12, 2) NOT NULL
)
DISTSTYLE KEY
DISTKEY (receipt_no)
SORTKEY (sold_on)
