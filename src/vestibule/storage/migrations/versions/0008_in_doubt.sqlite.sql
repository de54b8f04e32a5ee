ALTER TABLE outbox ADD COLUMN doubts BIGINT DEFAULT 0 NOT NULL

ALTER TABLE outbox ADD COLUMN copies BIGINT DEFAULT 0 NOT NULL

ALTER TABLE outbox ADD COLUMN number_mac BLOB

DROP INDEX ix_delivery_attempts_message_id

DROP INDEX ix_delivery_attempts_started_at

ALTER TABLE delivery_attempts RENAME TO delivery_attempts_0007

CREATE TABLE delivery_attempts (
    id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    country TEXT,
    provider TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    reference TEXT,
    started_at BIGINT NOT NULL,
    milliseconds BIGINT NOT NULL,
    CONSTRAINT pk_delivery_attempts PRIMARY KEY (id),
    CONSTRAINT ck_delivery_attempts_outcome CHECK (outcome IN ('accepted', 'temporary', 'throttled', 'permanent', 'in_doubt', 'not_this_way'))
)

INSERT INTO delivery_attempts (id, message_id, channel, country, provider, outcome, reason, reference, started_at, milliseconds)
SELECT id, message_id, channel, country, provider, outcome, reason, reference, started_at, milliseconds FROM delivery_attempts_0007

DROP TABLE delivery_attempts_0007

CREATE INDEX ix_delivery_attempts_message_id ON delivery_attempts (message_id)

CREATE INDEX ix_delivery_attempts_started_at ON delivery_attempts (started_at)
