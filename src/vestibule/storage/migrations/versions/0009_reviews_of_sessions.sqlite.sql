ALTER TABLE sessions ADD COLUMN reviewed_at BIGINT
