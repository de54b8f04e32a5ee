ALTER TABLE sessions ADD COLUMN stale_since_at BIGINT
