ALTER TABLE outbox ADD COLUMN country TEXT, ADD COLUMN converted_at BIGINT

DROP INDEX ix_outbox_due_at

CREATE INDEX ix_outbox_due_at ON outbox (due_at) WHERE handed_over_at IS NULL AND refused_at IS NULL

CREATE INDEX ix_outbox_handed_over_at ON outbox (handed_over_at)

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
    token_digest BYTEA NOT NULL,
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
    fingerprint_mac BYTEA NOT NULL,
    source TEXT NOT NULL,
    opted_out_at BIGINT NOT NULL,
    CONSTRAINT pk_opt_outs PRIMARY KEY (fingerprint_mac)
)

CREATE TABLE prefix_days (
    prefix_mac BYTEA NOT NULL,
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
