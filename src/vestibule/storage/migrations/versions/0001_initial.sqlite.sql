CREATE TABLE accounts (
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    enrolled_at BIGINT,
    default_authenticator_id TEXT,
    default_channel TEXT,
    new_password_required_at BIGINT,
    guard BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_accounts PRIMARY KEY (id),
    CONSTRAINT ck_accounts_enrolled_has_factor CHECK ((enrolled_at IS NULL) = (default_authenticator_id IS NULL)),
    CONSTRAINT ck_accounts_factor_has_channel CHECK ((default_authenticator_id IS NULL) = (default_channel IS NULL)),
    CONSTRAINT ck_accounts_channel CHECK (default_channel IS NULL OR default_channel IN ('sms', 'voice', 'totp')),
    CONSTRAINT fk_accounts_default_authenticator FOREIGN KEY(id, default_authenticator_id) REFERENCES authenticators (account_id, id),
    CONSTRAINT uq_accounts_email_key UNIQUE (email_key)
)

CREATE TABLE sign_ups (
    id TEXT NOT NULL,
    token_digest BLOB NOT NULL,
    visit_digest BLOB NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    password_mac TEXT NOT NULL,
    is_decoy BOOLEAN NOT NULL,
    return_to TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_sign_ups PRIMARY KEY (id),
    CONSTRAINT uq_sign_ups_token_digest UNIQUE (token_digest)
)

CREATE TABLE throttles (
    bucket_mac BLOB NOT NULL,
    kind TEXT NOT NULL,
    hits BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    CONSTRAINT pk_throttles PRIMARY KEY (bucket_mac)
)

CREATE INDEX ix_throttles_until_at ON throttles (until_at)

CREATE TABLE events (
    id TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    account_id TEXT,
    name TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    actor_id TEXT,
    session_mac BLOB,
    sign_in_mac BLOB,
    method TEXT,
    source TEXT,
    user_agent TEXT,
    request_id TEXT,
    version TEXT NOT NULL,
    details TEXT NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (id)
)

CREATE INDEX ix_events_account_id_occurred_at ON events (account_id, occurred_at)

CREATE TABLE passwords (
    account_id TEXT NOT NULL,
    password_mac TEXT NOT NULL,
    epoch BIGINT DEFAULT 1 NOT NULL,
    changed_at BIGINT NOT NULL,
    CONSTRAINT pk_passwords PRIMARY KEY (account_id),
    CONSTRAINT fk_passwords_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE TABLE authenticators (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    fingerprint_mac BLOB,
    last_step BIGINT DEFAULT 0 NOT NULL,
    step_offset BIGINT DEFAULT 0 NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    approves_changes_at BIGINT NOT NULL,
    CONSTRAINT pk_authenticators PRIMARY KEY (id),
    CONSTRAINT uq_authenticators_account_id_id UNIQUE (account_id, id),
    CONSTRAINT ck_authenticators_kind CHECK (kind IN ('phone', 'totp')),
    CONSTRAINT ck_authenticators_phone_fingerprint CHECK ((kind = 'phone') = (fingerprint_mac IS NOT NULL)),
    CONSTRAINT fk_authenticators_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_authenticators_fingerprint_mac ON authenticators (fingerprint_mac)

CREATE INDEX ix_authenticators_account_id ON authenticators (account_id)

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
    CONSTRAINT ck_recovery_codes_ended_by CHECK (ended_by IS NULL OR ended_by IN ('use', 'replacement', 'recovery')),
    CONSTRAINT fk_recovery_codes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT uq_recovery_codes_code_mac UNIQUE (code_mac)
)

CREATE INDEX ix_recovery_codes_account_id ON recovery_codes (account_id)

CREATE UNIQUE INDEX ix_recovery_codes_one_acknowledged ON recovery_codes (account_id) WHERE ended_at IS NULL AND acknowledged_at IS NOT NULL

CREATE UNIQUE INDEX ix_recovery_codes_one_unacknowledged ON recovery_codes (account_id) WHERE ended_at IS NULL AND acknowledged_at IS NULL

CREATE TABLE sign_ins (
    id TEXT NOT NULL,
    token_digest BLOB NOT NULL,
    visit_digest BLOB NOT NULL,
    account_id TEXT NOT NULL,
    state TEXT NOT NULL,
    is_known_browser BOOLEAN NOT NULL,
    authenticator_id TEXT,
    channel TEXT,
    password_at BIGINT NOT NULL,
    email_confirmed_at BIGINT,
    recovered_at BIGINT,
    return_to TEXT,
    source TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_sign_ins PRIMARY KEY (id),
    CONSTRAINT ck_sign_ins_state CHECK (state IN ('second_factor', 'enrollment', 'replacement')),
    CONSTRAINT ck_sign_ins_replacement_recovered CHECK (state <> 'replacement' OR recovered_at IS NOT NULL),
    CONSTRAINT uq_sign_ins_token_digest UNIQUE (token_digest),
    CONSTRAINT fk_sign_ins_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_sign_ins_account_id ON sign_ins (account_id)

CREATE TABLE enrollments (
    id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    fingerprint_mac BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_enrollments PRIMARY KEY (id),
    CONSTRAINT ck_enrollments_kind CHECK (kind IN ('phone', 'totp')),
    CONSTRAINT uq_enrollments_owner_id UNIQUE (owner_id),
    CONSTRAINT fk_enrollments_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_enrollments_account_id ON enrollments (account_id)

CREATE TABLE resets (
    id TEXT NOT NULL,
    token_digest BLOB NOT NULL,
    account_id TEXT,
    email TEXT NOT NULL,
    stage TEXT NOT NULL,
    authenticator_id TEXT,
    channel TEXT,
    is_known_browser BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_resets PRIMARY KEY (id),
    CONSTRAINT ck_resets_stage CHECK (stage IN ('code', 'second_factor', 'password')),
    CONSTRAINT uq_resets_token_digest UNIQUE (token_digest),
    CONSTRAINT fk_resets_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_resets_account_id ON resets (account_id)

CREATE TABLE challenges (
    id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    binding_id TEXT NOT NULL,
    account_id TEXT,
    authenticator_id TEXT,
    channel TEXT NOT NULL,
    destination_sealed BLOB NOT NULL,
    digits BIGINT NOT NULL,
    code_mac BLOB,
    code_sealed BLOB,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT DEFAULT 0 NOT NULL,
    max_tries BIGINT NOT NULL,
    sends BIGINT DEFAULT 0 NOT NULL,
    last_sent_at BIGINT,
    number BIGINT DEFAULT 1 NOT NULL,
    is_decoy BOOLEAN NOT NULL,
    used_at BIGINT,
    ended_at BIGINT,
    CONSTRAINT pk_challenges PRIMARY KEY (id),
    CONSTRAINT ck_challenges_used_is_ended CHECK (used_at IS NULL OR ended_at IS NOT NULL),
    CONSTRAINT ck_challenges_tries CHECK (tries <= max_tries),
    CONSTRAINT ck_challenges_erased_when_ended CHECK (ended_at IS NULL OR code_sealed IS NULL),
    CONSTRAINT fk_challenges_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_challenges_account_id ON challenges (account_id)

CREATE UNIQUE INDEX ix_challenges_one_live ON challenges (binding_id, purpose) WHERE ended_at IS NULL

CREATE TABLE sessions (
    id TEXT NOT NULL,
    token_digest BLOB NOT NULL,
    account_id TEXT NOT NULL,
    password_at BIGINT,
    second_factor_at BIGINT,
    second_factor_method TEXT,
    authenticator_id TEXT,
    signed_in_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    gate_opened_at BIGINT,
    gate_used_at BIGINT,
    gate_failures BIGINT DEFAULT 0 NOT NULL,
    step_up_authenticator_id TEXT,
    step_up_channel TEXT,
    source TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT ck_sessions_two_proofs CHECK (password_at IS NOT NULL AND second_factor_at IS NOT NULL AND second_factor_method IS NOT NULL AND second_factor_method IN ('sms', 'voice', 'totp')),
    CONSTRAINT uq_sessions_token_digest UNIQUE (token_digest),
    CONSTRAINT fk_sessions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_sessions_account_id ON sessions (account_id)

CREATE TABLE known_browsers (
    token_digest BLOB NOT NULL,
    account_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    CONSTRAINT pk_known_browsers PRIMARY KEY (token_digest, account_id),
    CONSTRAINT fk_known_browsers_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_known_browsers_account_id ON known_browsers (account_id)

CREATE TABLE strikes (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    sign_in_id TEXT NOT NULL,
    password_epoch BIGINT NOT NULL,
    digits BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    CONSTRAINT pk_strikes PRIMARY KEY (id),
    CONSTRAINT fk_strikes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_strikes_account_id_made_at ON strikes (account_id, made_at)

CREATE TABLE outbox (
    id TEXT NOT NULL,
    challenge_id TEXT,
    account_id TEXT,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    locale TEXT NOT NULL,
    destination_sealed BLOB,
    body_sealed BLOB,
    written_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    attempts BIGINT DEFAULT 0 NOT NULL,
    handed_over_at BIGINT,
    delivered_at BIGINT,
    refused_at BIGINT,
    reason TEXT,
    provider TEXT,
    reference TEXT,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT fk_outbox_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_outbox_account_id ON outbox (account_id)

CREATE INDEX ix_outbox_challenge_id ON outbox (challenge_id)

CREATE INDEX ix_outbox_due_at ON outbox (due_at)

CREATE TABLE recovery_code_views (
    recovery_code_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    code_sealed BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_recovery_code_views PRIMARY KEY (recovery_code_id),
    CONSTRAINT fk_recovery_code_views_recovery_code_id FOREIGN KEY(recovery_code_id) REFERENCES recovery_codes (id) ON DELETE CASCADE
)

CREATE TRIGGER accounts_stay_enrolled
BEFORE UPDATE OF enrolled_at ON accounts
WHEN OLD.enrolled_at IS NOT NULL AND NEW.enrolled_at IS NULL
BEGIN
    SELECT RAISE(ABORT, 'two-factor authentication cannot be switched off');
END
