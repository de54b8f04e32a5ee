DROP INDEX ix_recovery_codes_account_id

DROP INDEX ix_recovery_codes_one_acknowledged

DROP INDEX ix_recovery_codes_one_unacknowledged

ALTER TABLE recovery_code_views RENAME TO recovery_code_views_0002

ALTER TABLE recovery_codes RENAME TO recovery_codes_0002

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
    CONSTRAINT ck_recovery_codes_ended_by CHECK (ended_by IS NULL OR ended_by IN ('use', 'replacement', 'recovery', 'not_me')),
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
SELECT id, account_id, code_mac, label, is_provisional, made_at, acknowledged_at, ended_at, ended_by FROM recovery_codes_0002

INSERT INTO recovery_code_views (recovery_code_id, owner_id, code_sealed, expires_at)
SELECT recovery_code_id, owner_id, code_sealed, expires_at FROM recovery_code_views_0002

DROP TABLE recovery_code_views_0002

DROP TABLE recovery_codes_0002

CREATE TABLE acts (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    browser_digest BLOB,
    user_agent TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    CONSTRAINT pk_acts PRIMARY KEY (id),
    CONSTRAINT ck_acts_kind CHECK (kind IN ('set_up', 'session', 'recovery', 'reset', 'barrier')),
    CONSTRAINT fk_acts_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_acts_account_id ON acts (account_id)

CREATE INDEX ix_acts_made_at ON acts (made_at)

CREATE TABLE act_causes (
    act_id TEXT NOT NULL,
    cause_id TEXT NOT NULL,
    CONSTRAINT pk_act_causes PRIMARY KEY (act_id, cause_id),
    CONSTRAINT fk_act_causes_act_id FOREIGN KEY(act_id) REFERENCES acts (id) ON DELETE CASCADE
)

CREATE TABLE made (
    kind TEXT NOT NULL,
    thing_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    act_id TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    CONSTRAINT pk_made PRIMARY KEY (kind, thing_id),
    CONSTRAINT ck_made_kind CHECK (kind IN ('authenticator', 'recovery_code', 'password')),
    CONSTRAINT fk_made_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_made_account_id ON made (account_id)

CREATE INDEX ix_made_made_at ON made (made_at)

CREATE TABLE ended_authenticators (
    authenticator_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    ended_by TEXT NOT NULL,
    CONSTRAINT pk_ended_authenticators PRIMARY KEY (authenticator_id),
    CONSTRAINT fk_ended_authenticators_authenticator FOREIGN KEY(account_id, authenticator_id) REFERENCES authenticators (account_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_ended_authenticators_ended_by CHECK (ended_by IN ('removal', 'lost', 'not_me')),
    CONSTRAINT fk_ended_authenticators_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_ended_authenticators_account_id ON ended_authenticators (account_id)

CREATE TABLE safeguards (
    account_id TEXT NOT NULL,
    reset_required_at BIGINT,
    review_from_at BIGINT,
    frozen_until_at BIGINT,
    frozen_act_id TEXT,
    quiet_until_at BIGINT,
    CONSTRAINT pk_safeguards PRIMARY KEY (account_id),
    CONSTRAINT ck_safeguards_frozen CHECK ((frozen_until_at IS NULL) = (frozen_act_id IS NULL)),
    CONSTRAINT fk_safeguards_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE TABLE waiting_resets (
    account_id TEXT NOT NULL,
    reset_id TEXT NOT NULL,
    password_mac TEXT NOT NULL,
    authenticator_id TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    CONSTRAINT pk_waiting_resets PRIMARY KEY (account_id),
    CONSTRAINT fk_waiting_resets_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_waiting_resets_due_at ON waiting_resets (due_at)

CREATE TABLE disavowals (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    act_id TEXT NOT NULL,
    notice TEXT NOT NULL,
    token_digest BLOB,
    code_mac BLOB,
    source TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    CONSTRAINT pk_disavowals PRIMARY KEY (id),
    CONSTRAINT ck_disavowals_one_way CHECK ((token_digest IS NULL) <> (code_mac IS NULL)),
    CONSTRAINT fk_disavowals_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT uq_disavowals_token_digest UNIQUE (token_digest),
    CONSTRAINT uq_disavowals_code_mac UNIQUE (code_mac)
)

CREATE INDEX ix_disavowals_account_id ON disavowals (account_id)

CREATE INDEX ix_disavowals_expires_at ON disavowals (expires_at)

CREATE TABLE digests (
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    hits BIGINT DEFAULT 0 NOT NULL,
    act_id TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    sent_at BIGINT,
    CONSTRAINT pk_digests PRIMARY KEY (account_id, kind),
    CONSTRAINT fk_digests_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_digests_due_at ON digests (due_at)

CREATE TRIGGER default_stays_usable_insert_ended_authenticators
AFTER INSERT ON ended_authenticators
WHEN EXISTS (SELECT 1 FROM accounts a
        JOIN ended_authenticators e ON e.authenticator_id = a.default_authenticator_id
        LEFT JOIN safeguards s ON s.account_id = a.id
        WHERE a.id = NEW.account_id AND s.reset_required_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'the method that is asked first must prove something');
END

CREATE TRIGGER default_stays_usable_update_accounts
AFTER UPDATE OF default_authenticator_id ON accounts
WHEN EXISTS (SELECT 1 FROM accounts a
        JOIN ended_authenticators e ON e.authenticator_id = a.default_authenticator_id
        LEFT JOIN safeguards s ON s.account_id = a.id
        WHERE a.id = NEW.id AND s.reset_required_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'the method that is asked first must prove something');
END

CREATE TRIGGER default_stays_usable_update_safeguards
AFTER UPDATE OF reset_required_at ON safeguards
WHEN EXISTS (SELECT 1 FROM accounts a
        JOIN ended_authenticators e ON e.authenticator_id = a.default_authenticator_id
        LEFT JOIN safeguards s ON s.account_id = a.id
        WHERE a.id = NEW.account_id AND s.reset_required_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'the method that is asked first must prove something');
END

CREATE TRIGGER default_stays_usable_delete_safeguards
AFTER DELETE ON safeguards
WHEN EXISTS (SELECT 1 FROM accounts a
        JOIN ended_authenticators e ON e.authenticator_id = a.default_authenticator_id
        LEFT JOIN safeguards s ON s.account_id = a.id
        WHERE a.id = OLD.account_id AND s.reset_required_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'the method that is asked first must prove something');
END
