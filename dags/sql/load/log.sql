INSERT INTO ${table}_loads (partition_key, drop_id, attempt, written, row_count, loaded_at)
VALUES (:partition, :drop_id, CAST(:attempt AS INTEGER), :written, CAST(:rows AS BIGINT), GETDATE())
