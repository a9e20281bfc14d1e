-- Which loads of $table were committed, and when: what fences off a load that comes after a later write of its partition.
-- A log for each table: Redshift finds conflicts table by table, and the lock that a load takes on its table guards this
-- one too.
-- Never cleared by Suimon: without its rows an older drop could overwrite a newer one. `written` sorts, as text, as the
-- writes do.
CREATE TABLE IF NOT EXISTS ${table}_loads (
    partition_key VARCHAR(256) NOT NULL,
    drop_id VARCHAR(16) NOT NULL,
    attempt INTEGER NOT NULL,
    written VARCHAR(64) NOT NULL,
    row_count BIGINT NOT NULL,
    loaded_at TIMESTAMP NOT NULL
)
DISTSTYLE ALL
SORTKEY (partition_key, written)
