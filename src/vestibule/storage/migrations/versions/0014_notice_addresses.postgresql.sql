ALTER TABLE disavowals ADD COLUMN notice_address_id TEXT

CREATE TABLE notice_addresses (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    address_sealed BYTEA NOT NULL,
    act_id TEXT NOT NULL,
    proven_at BIGINT NOT NULL,
    ended_by TEXT,
    told_until_at BIGINT,
    CONSTRAINT pk_notice_addresses PRIMARY KEY (id),
    CONSTRAINT ck_notice_addresses_ended_by CHECK (ended_by IN ('removal', 'not_me')),
    CONSTRAINT ck_notice_addresses_ended CHECK ((ended_by IS NULL) = (told_until_at IS NULL)),
    CONSTRAINT fk_notice_addresses_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_notice_addresses_account_id ON notice_addresses (account_id)

CREATE INDEX ix_notice_addresses_told_until_at ON notice_addresses (told_until_at)

CREATE UNIQUE INDEX uq_notice_addresses_standing ON notice_addresses (account_id) WHERE told_until_at IS NULL
