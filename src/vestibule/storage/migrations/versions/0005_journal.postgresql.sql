DROP INDEX ix_events_account_id_occurred_at

ALTER TABLE events RENAME TO events_0004

ALTER TABLE events_0004 RENAME CONSTRAINT pk_events TO pk_events_0004

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
    session_mac BYTEA,
    sign_in_mac BYTEA,
    method TEXT,
    source TEXT,
    user_agent TEXT,
    request_id TEXT,
    version TEXT NOT NULL,
    details TEXT NOT NULL,
    prev_digest BYTEA NOT NULL,
    link_digest BYTEA NOT NULL,
    link_mac BYTEA NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (chain, seq)
)

CREATE INDEX ix_events_occurred_at ON events (occurred_at)

CREATE TABLE journal_heads (
    chain TEXT NOT NULL,
    base_seq BIGINT NOT NULL,
    base_digest BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    link_digest BYTEA NOT NULL,
    moved_at BIGINT NOT NULL,
    head_mac BYTEA NOT NULL,
    CONSTRAINT pk_journal_heads PRIMARY KEY (chain)
)

CREATE FUNCTION journal_is_only_appended_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is only appended to' USING ERRCODE = 'check_violation';
END $$

CREATE FUNCTION journal_keeps_its_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM journal_heads h
    WHERE h.chain = OLD.chain AND h.base_seq >= OLD.seq) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the journal is only appended to' USING ERRCODE = 'check_violation';
END $$

CREATE FUNCTION journal_prune(of_chain text, until_seq bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM events WHERE chain = of_chain AND seq <= until_seq
        AND occurred_at <= (extract(epoch FROM clock_timestamp()) - 400 * 86400) * 1000000;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$

CREATE TRIGGER events_are_not_changed
BEFORE UPDATE ON events
FOR EACH ROW EXECUTE FUNCTION journal_is_only_appended_to()

CREATE TRIGGER events_are_not_deleted
BEFORE DELETE ON events
FOR EACH ROW EXECUTE FUNCTION journal_keeps_its_rows()

CREATE TRIGGER events_are_not_emptied
BEFORE TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION journal_is_only_appended_to()

CREATE TRIGGER journal_heads_do_not_go_back
BEFORE UPDATE ON journal_heads
FOR EACH ROW WHEN (NEW.chain <> OLD.chain OR NEW.seq < OLD.seq OR NEW.base_seq < OLD.base_seq) EXECUTE FUNCTION journal_is_only_appended_to()

CREATE TRIGGER journal_heads_are_not_deleted
BEFORE DELETE ON journal_heads
FOR EACH ROW EXECUTE FUNCTION journal_is_only_appended_to()

CREATE TRIGGER journal_heads_are_not_emptied
BEFORE TRUNCATE ON journal_heads
FOR EACH STATEMENT EXECUTE FUNCTION journal_is_only_appended_to()
