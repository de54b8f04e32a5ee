DROP INDEX ix_outbox_due_at

DROP INDEX ix_outbox_challenge_id

DROP INDEX ix_outbox_account_id

ALTER TABLE outbox RENAME TO outbox_0001

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
    country TEXT,
    converted_at BIGINT,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT fk_outbox_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_outbox_account_id ON outbox (account_id)

CREATE INDEX ix_outbox_challenge_id ON outbox (challenge_id)

CREATE INDEX ix_outbox_due_at ON outbox (due_at) WHERE handed_over_at IS NULL AND refused_at IS NULL

CREATE INDEX ix_outbox_handed_over_at ON outbox (handed_over_at)

INSERT INTO outbox (
    id, challenge_id, account_id, kind, channel, locale, destination_sealed, body_sealed,
    written_at, due_at, expires_at, attempts, handed_over_at, delivered_at, refused_at, reason, provider, reference
)
SELECT
    id, challenge_id, account_id, kind, channel, locale, destination_sealed, body_sealed,
    written_at, due_at, expires_at, attempts, handed_over_at, delivered_at, refused_at, reason, provider, reference
FROM outbox_0001

DROP TABLE outbox_0001

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
    CONSTRAINT ck_delivery_attempts_outcome CHECK (outcome IN ('accepted', 'temporary', 'throttled', 'permanent'))
)

CREATE INDEX ix_delivery_attempts_message_id ON delivery_attempts (message_id)

CREATE INDEX ix_delivery_attempts_started_at ON delivery_attempts (started_at)

CREATE TABLE route_hours (
    provider TEXT NOT NULL,
    channel TEXT NOT NULL,
    country TEXT NOT NULL,
    hour_at BIGINT NOT NULL,
    accepted BIGINT DEFAULT 0 NOT NULL,
    failed BIGINT DEFAULT 0 NOT NULL,
    refused BIGINT DEFAULT 0 NOT NULL,
    delivered BIGINT DEFAULT 0 NOT NULL,
    undelivered BIGINT DEFAULT 0 NOT NULL,
    codes BIGINT DEFAULT 0 NOT NULL,
    converted BIGINT DEFAULT 0 NOT NULL,
    milliseconds BIGINT DEFAULT 0 NOT NULL,
    handover_milliseconds BIGINT DEFAULT 0 NOT NULL,
    receipt_milliseconds BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_route_hours PRIMARY KEY (provider, channel, country, hour_at)
)

CREATE INDEX ix_route_hours_hour_at ON route_hours (hour_at)

CREATE TABLE route_totals (
    provider TEXT NOT NULL,
    channel TEXT NOT NULL,
    country TEXT NOT NULL,
    accepted BIGINT DEFAULT 0 NOT NULL,
    failed BIGINT DEFAULT 0 NOT NULL,
    refused BIGINT DEFAULT 0 NOT NULL,
    delivered BIGINT DEFAULT 0 NOT NULL,
    undelivered BIGINT DEFAULT 0 NOT NULL,
    codes BIGINT DEFAULT 0 NOT NULL,
    converted BIGINT DEFAULT 0 NOT NULL,
    milliseconds BIGINT DEFAULT 0 NOT NULL,
    handover_milliseconds BIGINT DEFAULT 0 NOT NULL,
    receipt_milliseconds BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_route_totals PRIMARY KEY (provider, channel, country)
)

CREATE TABLE route_breakers (
    provider TEXT NOT NULL,
    channel TEXT NOT NULL,
    country TEXT NOT NULL,
    failures BIGINT DEFAULT 0 NOT NULL,
    open_until_at BIGINT NOT NULL,
    CONSTRAINT pk_route_breakers PRIMARY KEY (provider, channel, country)
)

CREATE TABLE calls (
    id TEXT NOT NULL,
    token_digest BLOB NOT NULL,
    message_id TEXT NOT NULL,
    challenge_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    rounds BIGINT DEFAULT 0 NOT NULL,
    placed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_calls PRIMARY KEY (id),
    CONSTRAINT ck_calls_stage CHECK (stage IN ('placed', 'answered', 'heard', 'denied', 'over')),
    CONSTRAINT uq_calls_token_digest UNIQUE (token_digest)
)

CREATE INDEX ix_calls_message_id ON calls (message_id)

CREATE TABLE opt_outs (
    fingerprint_mac BLOB NOT NULL,
    source TEXT NOT NULL,
    opted_out_at BIGINT NOT NULL,
    CONSTRAINT pk_opt_outs PRIMARY KEY (fingerprint_mac)
)

CREATE TABLE prefix_days (
    prefix_mac BLOB NOT NULL,
    day_at BIGINT NOT NULL,
    country TEXT NOT NULL,
    sent BIGINT DEFAULT 0 NOT NULL,
    converted BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_prefix_days PRIMARY KEY (prefix_mac, day_at)
)

CREATE INDEX ix_prefix_days_country_day_at ON prefix_days (country, day_at)

CREATE INDEX ix_prefix_days_day_at ON prefix_days (day_at)

CREATE TABLE reservations (
    period TEXT NOT NULL,
    period_at BIGINT NOT NULL,
    amount BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_reservations PRIMARY KEY (period, period_at),
    CONSTRAINT ck_reservations_period CHECK (period IN ('hour', 'day'))
)

CREATE TABLE spending (
    hour_at BIGINT NOT NULL,
    country TEXT NOT NULL,
    channel TEXT NOT NULL,
    provider TEXT NOT NULL,
    messages BIGINT DEFAULT 0 NOT NULL,
    amount BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_spending PRIMARY KEY (hour_at, country, channel, provider)
)

CREATE TABLE alarms (
    name TEXT NOT NULL,
    period_at BIGINT NOT NULL,
    raised_at BIGINT NOT NULL,
    CONSTRAINT pk_alarms PRIMARY KEY (name, period_at)
)

CREATE INDEX ix_strikes_made_at ON strikes (made_at)
