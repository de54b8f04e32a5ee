DROP INDEX ix_recovery_codes_account_id

DROP INDEX ix_recovery_codes_one_acknowledged

DROP INDEX ix_recovery_codes_one_unacknowledged

ALTER TABLE recovery_code_views RENAME TO recovery_code_views_0004

ALTER TABLE recovery_codes RENAME TO recovery_codes_0004

CREATE TABLE recovery_codes (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    code_mac BLOB NOT NULL,
    label TEXT NOT NULL,
    is_provisional BOOLEAN NOT NULL,
    made_at BIGINT NOT NULL,
    acknowledged_at BIGINT,
    ended_at BIGINT,
    ended_by TEXT,
    CONSTRAINT pk_recovery_codes PRIMARY KEY (id),
    CONSTRAINT ck_recovery_codes_ended CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT ck_recovery_codes_ended_by CHECK (ended_by IS NULL OR ended_by IN ('use', 'replacement', 'recovery', 'not_me', 'restore')),
    CONSTRAINT fk_recovery_codes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT uq_recovery_codes_code_mac UNIQUE (code_mac)
)

CREATE INDEX ix_recovery_codes_account_id ON recovery_codes (account_id)

CREATE UNIQUE INDEX ix_recovery_codes_one_acknowledged ON recovery_codes (account_id) WHERE ended_at IS NULL AND acknowledged_at IS NOT NULL

CREATE UNIQUE INDEX ix_recovery_codes_one_unacknowledged ON recovery_codes (account_id) WHERE ended_at IS NULL AND acknowledged_at IS NULL

CREATE TABLE recovery_code_views (
    recovery_code_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    code_sealed BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_recovery_code_views PRIMARY KEY (recovery_code_id),
    CONSTRAINT fk_recovery_code_views_recovery_code_id FOREIGN KEY(recovery_code_id) REFERENCES recovery_codes (id) ON DELETE CASCADE
)

INSERT INTO recovery_codes (id, account_id, code_mac, label, is_provisional, made_at, acknowledged_at, ended_at, ended_by)
SELECT id, account_id, code_mac, label, is_provisional, made_at, acknowledged_at, ended_at, ended_by FROM recovery_codes_0004

INSERT INTO recovery_code_views (recovery_code_id, owner_id, code_sealed, expires_at)
SELECT recovery_code_id, owner_id, code_sealed, expires_at FROM recovery_code_views_0004

DROP TABLE recovery_code_views_0004

DROP TABLE recovery_codes_0004

CREATE TABLE pulse (
    name TEXT NOT NULL,
    database_id TEXT NOT NULL,
    epoch BIGINT DEFAULT 1 NOT NULL,
    beats BIGINT DEFAULT 1 NOT NULL,
    beat_at BIGINT NOT NULL,
    CONSTRAINT pk_pulse PRIMARY KEY (name),
    CONSTRAINT ck_pulse_one CHECK (name = 'database')
)
