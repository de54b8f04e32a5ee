PRAGMA writable_schema = ON

UPDATE sqlite_schema SET sql = replace(sql, 'IN (''sms'', ''voice'', ''totp'')', 'IN (''sms'', ''voice'', ''totp'', ''passkey'')')
WHERE type = 'table' AND name IN ('accounts', 'sessions')

UPDATE sqlite_schema SET sql = replace(sql, 'IN (''phone'', ''totp'')', 'IN (''phone'', ''totp'', ''passkey'')')
WHERE type = 'table' AND name IN ('authenticators', 'enrollments')

PRAGMA writable_schema = RESET

ALTER TABLE accounts ADD COLUMN passkey_offered_at BIGINT

CREATE TABLE passkeys (
    authenticator_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    credential_digest BLOB NOT NULL,
    sign_count BIGINT NOT NULL,
    is_copyable BOOLEAN NOT NULL,
    is_copied BOOLEAN NOT NULL,
    CONSTRAINT pk_passkeys PRIMARY KEY (authenticator_id),
    CONSTRAINT fk_passkeys_authenticator_id FOREIGN KEY(authenticator_id) REFERENCES authenticators (id) ON DELETE CASCADE,
    CONSTRAINT fk_passkeys_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT uq_passkeys_credential_digest UNIQUE (credential_digest)
)

CREATE INDEX ix_passkeys_account_id ON passkeys (account_id)

CREATE TABLE passkey_users (
    account_id TEXT NOT NULL,
    handle_sealed BLOB NOT NULL,
    CONSTRAINT pk_passkey_users PRIMARY KEY (account_id),
    CONSTRAINT fk_passkey_users_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE TABLE passkey_questions (
    owner_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    challenge_digest BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_passkey_questions PRIMARY KEY (owner_id, purpose)
)
