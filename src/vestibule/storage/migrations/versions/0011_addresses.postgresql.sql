ALTER TABLE safeguards ADD COLUMN address_suspended_at BIGINT

ALTER TABLE waiting_resets ADD COLUMN address_id TEXT

CREATE TABLE former_addresses (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    address_sealed BYTEA NOT NULL,
    address_mac BYTEA NOT NULL,
    act_id TEXT,
    is_returnable BOOLEAN NOT NULL,
    replaced_at BIGINT NOT NULL,
    held_until_at BIGINT NOT NULL,
    CONSTRAINT pk_former_addresses PRIMARY KEY (id),
    CONSTRAINT fk_former_addresses_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)

CREATE INDEX ix_former_addresses_account_id ON former_addresses (account_id)

CREATE INDEX ix_former_addresses_address_mac ON former_addresses (address_mac)

CREATE INDEX ix_former_addresses_held_until_at ON former_addresses (held_until_at)
