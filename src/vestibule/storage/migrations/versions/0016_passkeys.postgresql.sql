ALTER TABLE accounts DROP CONSTRAINT ck_accounts_channel, ADD CONSTRAINT ck_accounts_channel
CHECK (default_channel IS NULL OR default_channel IN ('sms', 'voice', 'totp', 'passkey'))

ALTER TABLE authenticators DROP CONSTRAINT ck_authenticators_kind, ADD CONSTRAINT ck_authenticators_kind
CHECK (kind IN ('phone', 'totp', 'passkey'))

ALTER TABLE enrollments DROP CONSTRAINT ck_enrollments_kind, ADD CONSTRAINT ck_enrollments_kind
CHECK (kind IN ('phone', 'totp', 'passkey'))

ALTER TABLE sessions DROP CONSTRAINT ck_sessions_two_proofs, ADD CONSTRAINT ck_sessions_two_proofs
CHECK (password_at IS NOT NULL AND second_factor_at IS NOT NULL AND second_factor_method IS NOT NULL
AND second_factor_method IN ('sms', 'voice', 'totp', 'passkey'))

ALTER TABLE accounts ADD COLUMN passkey_offered_at BIGINT

CREATE TABLE passkeys (
    authenticator_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    credential_digest BYTEA NOT NULL,
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
    handle_sealed BYTEA NOT NULL,
    CONSTRAINT pk_passkey_users PRIMARY KEY (account_id),
    CONSTRAINT fk_passkey_users_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE TABLE passkey_questions (
    owner_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    challenge_digest BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_passkey_questions PRIMARY KEY (owner_id, purpose)
)
