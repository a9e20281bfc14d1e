-- Columns in the order of the user_events contract: COPY of Parquet loads by position.
-- Event ids spread evenly; user ids would put a busy user on one slice.
-- Sorted by time: read by range, and freshness takes the maximum.
-- event_timestamp comes with a zone and lands here in UTC: a day of the file is no calendar day of this column.
CREATE TABLE IF NOT EXISTS user_events (
    event_id VARCHAR(128) NOT NULL,
    user_id VARCHAR(128),
    event_type VARCHAR(256) NOT NULL,
    event_timestamp TIMESTAMP NOT NULL
)
DISTSTYLE KEY
DISTKEY (event_id)
SORTKEY (event_timestamp)
