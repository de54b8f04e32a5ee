DROP INDEX ix_events_account_id_occurred_at

ALTER TABLE events RENAME TO events_0004

CREATE TABLE events (
    chain TEXT NOT NULL,
    seq BIGINT NOT NULL,
    format BIGINT NOT NULL,
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
    prev_digest BLOB NOT NULL,
    link_digest BLOB NOT NULL,
    link_mac BLOB NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (chain, seq)
)

CREATE INDEX ix_events_occurred_at ON events (occurred_at)

CREATE TABLE journal_heads (
    chain TEXT NOT NULL,
    base_seq BIGINT NOT NULL,
    base_digest BLOB NOT NULL,
    seq BIGINT NOT NULL,
    link_digest BLOB NOT NULL,
    moved_at BIGINT NOT NULL,
    head_mac BLOB NOT NULL,
    CONSTRAINT pk_journal_heads PRIMARY KEY (chain)
)

CREATE TRIGGER events_are_not_changed
BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'the journal is only appended to');
END

CREATE TRIGGER events_are_not_deleted
BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM journal_heads h
    WHERE h.chain = OLD.chain AND h.base_seq >= OLD.seq)
BEGIN
    SELECT RAISE(ABORT, 'the journal is only appended to');
END

CREATE TRIGGER journal_heads_do_not_go_back
BEFORE UPDATE ON journal_heads
WHEN NEW.chain <> OLD.chain OR NEW.seq < OLD.seq OR NEW.base_seq < OLD.base_seq
BEGIN
    SELECT RAISE(ABORT, 'the journal is only appended to');
END

CREATE TRIGGER journal_heads_are_not_deleted
BEFORE DELETE ON journal_heads
BEGIN
    SELECT RAISE(ABORT, 'the journal is only appended to');
END
