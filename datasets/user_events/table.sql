-- Columns in the order of the user_events contract, for COPY of Parquet loads by position, and last the partition.
-- Event ids spread evenly; user ids would put a busy user on one slice.
-- Sorted by time: read by range, and freshness takes the maximum. Loads delete by partition_date, which runs along.
-- event_timestamp comes with a zone, each event with its own, and lands here in UTC: which file an event came in can not
-- be told from it. So the load writes the partition beside it, the date that the file was dropped for.
CREATE TABLE IF NOT EXISTS user_events (
    event_id VARCHAR(128) NOT NULL,
    user_id VARCHAR(128),
    event_type VARCHAR(256) NOT NULL,
    event_timestamp TIMESTAMP NOT NULL,
    partition_date DATE NOT NULL
)
DISTSTYLE KEY
DISTKEY (event_id)
SORTKEY (event_timestamp)
