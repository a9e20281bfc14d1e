-- Columns in the order of the readings contract: COPY of Parquet loads by position.
-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.
-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.
-- meter differs from record to record, so rows spread evenly, and those that are joined by it meet.
-- Sorted by read_on, the business date: a load deletes by it, checks and most questions select by it.
CREATE TABLE IF NOT EXISTS readings (
    meter VARCHAR(48) NOT NULL,
    read_on DATE NOT NULL,
    kwh DECIMAL(10, 1),
    tariff VARCHAR(2),
    reader VARCHAR(80)
)
DISTSTYLE KEY
DISTKEY (meter)
SORTKEY (read_on)
