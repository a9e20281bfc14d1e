-- Columns in the order of the parcels contract: COPY of Parquet loads by position.
-- VARCHAR counts bytes, the contract characters: a Japanese one takes three bytes, some take four.
-- No PRIMARY KEY: Redshift does not enforce it, but plans as if it held, and duplicates would hide.
-- parcel differs from record to record, so rows spread evenly, and those that are joined by it meet.
-- Sorted by sent_on, the business date: a load deletes by it, checks and most questions select by it.
CREATE TABLE IF NOT EXISTS parcels (
    parcel VARCHAR(64) NOT NULL,
    sent_on DATE NOT NULL,
    weight DECIMAL(8, 3)
)
DISTSTYLE KEY
DISTKEY (parcel)
SORTKEY (sent_on)
