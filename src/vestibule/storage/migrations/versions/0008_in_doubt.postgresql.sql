ALTER TABLE outbox ADD COLUMN doubts BIGINT DEFAULT 0 NOT NULL

ALTER TABLE outbox ADD COLUMN copies BIGINT DEFAULT 0 NOT NULL

ALTER TABLE outbox ADD COLUMN number_mac BYTEA

ALTER TABLE delivery_attempts DROP CONSTRAINT ck_delivery_attempts_outcome

ALTER TABLE delivery_attempts ADD CONSTRAINT ck_delivery_attempts_outcome CHECK (outcome IN ('accepted', 'temporary', 'throttled', 'permanent', 'in_doubt', 'not_this_way'))
