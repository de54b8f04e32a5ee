ALTER TABLE recovery_codes DROP CONSTRAINT ck_recovery_codes_ended_by

ALTER TABLE recovery_codes ADD CONSTRAINT ck_recovery_codes_ended_by CHECK (ended_by IS NULL OR ended_by IN ('use', 'replacement', 'recovery', 'not_me', 'restore'))

CREATE TABLE pulse (
    name TEXT NOT NULL,
    database_id TEXT NOT NULL,
    epoch BIGINT DEFAULT 1 NOT NULL,
    beats BIGINT DEFAULT 1 NOT NULL,
    beat_at BIGINT NOT NULL,
    CONSTRAINT pk_pulse PRIMARY KEY (name),
    CONSTRAINT ck_pulse_one CHECK (name = 'database')
)
