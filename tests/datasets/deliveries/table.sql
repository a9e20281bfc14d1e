-- Columns in the order of the deliveries contract: COPY of Parquet loads by position.
-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.
-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.
-- delivery differs from record to record, so rows spread evenly, and those that are joined by it meet.
-- Sorted by delivered_on: questions ask for days, and a load replaces one.
CREATE TABLE IF NOT EXISTS deliveries (
    delivery VARCHAR(40) NOT NULL,
    delivered_on DATE NOT NULL,
    boxes INTEGER NOT NULL
)
DISTSTYLE KEY
DISTKEY (delivery)
SORTKEY (delivered_on)
