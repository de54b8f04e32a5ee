"""The tables of the journal, and the triggers that keep it as it was written (AU-04).

A part of `schema`. The triggers stop mistakes and whoever may only read and write rows; whoever
may drop a trigger is found by the chain.
"""

from sqlalchemy import Column, Index, MetaData, PrimaryKeyConstraint, Table, Text

from vestibule.storage.schema_columns import at_column, number_column, secret_column, text_column


def add_tables(metadata: MetaData) -> None:
    Table(
        "events",
        metadata,
        text_column("chain"),
        number_column("seq"),
        number_column("format"),
        text_column("id"),
        at_column("occurred_at"),
        Column("account_id", Text, nullable=True),
        text_column("name"),
        text_column("outcome"),
        text_column("reason", optional=True),
        text_column("actor_id", optional=True),
        secret_column("session_mac", optional=True),
        secret_column("sign_in_mac", optional=True),
        text_column("method", optional=True),
        text_column("source", optional=True),
        text_column("user_agent", optional=True),
        text_column("request_id", optional=True),
        text_column("version"),
        text_column("details"),
        secret_column("prev_digest"),
        secret_column("link_digest"),
        secret_column("link_mac"),
        PrimaryKeyConstraint("chain", "seq"),
        Index("ix_events_occurred_at", "occurred_at"),
    )
    Table(
        "journal_heads",
        metadata,
        Column("chain", Text, primary_key=True),
        number_column("base_seq"),
        secret_column("base_digest"),
        number_column("seq"),
        secret_column("link_digest"),
        at_column("moved_at"),
        secret_column("head_mac"),
    )


_REFUSED = "the journal is only appended to"
_GOES_BACK = "NEW.chain <> OLD.chain OR NEW.seq < OLD.seq OR NEW.base_seq < OLD.base_seq"
_IS_PAST = """EXISTS (SELECT 1 FROM journal_heads h
    WHERE h.chain = OLD.chain AND h.base_seq >= OLD.seq)"""


def _sqlite(name: str, event: str, when: str = "") -> str:
    condition = f"\nWHEN {when}" if when else ""
    return f"""CREATE TRIGGER {name}
BEFORE {event}{condition}
BEGIN
    SELECT RAISE(ABORT, '{_REFUSED}');
END"""


def _postgresql(name: str, event: str, how: str = "") -> str:
    each = "STATEMENT" if event.startswith("TRUNCATE") else "ROW"
    condition = f" WHEN ({how})" if how else ""
    return f"""CREATE TRIGGER {name}
BEFORE {event}
FOR EACH {each}{condition} EXECUTE FUNCTION journal_is_only_appended_to()"""


TRIGGERS: dict[str, list[str]] = {
    "sqlite": [
        _sqlite("events_are_not_changed", "UPDATE ON events"),
        _sqlite("events_are_not_deleted", "DELETE ON events", f"NOT {_IS_PAST}"),
        _sqlite("journal_heads_do_not_go_back", "UPDATE ON journal_heads", _GOES_BACK),
        _sqlite("journal_heads_are_not_deleted", "DELETE ON journal_heads"),
    ],
    "postgresql": [
        f"""CREATE FUNCTION journal_is_only_appended_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'check_violation';
END $$""",
        f"""CREATE FUNCTION journal_keeps_its_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {_IS_PAST} THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'check_violation';
END $$""",
        """CREATE FUNCTION journal_prune(of_chain text, until_seq bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM events WHERE chain = of_chain AND seq <= until_seq
        AND occurred_at <= (extract(epoch FROM clock_timestamp()) - 400 * 86400) * 1000000;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$""",
        _postgresql("events_are_not_changed", "UPDATE ON events"),
        """CREATE TRIGGER events_are_not_deleted
BEFORE DELETE ON events
FOR EACH ROW EXECUTE FUNCTION journal_keeps_its_rows()""",
        _postgresql("events_are_not_emptied", "TRUNCATE ON events"),
        _postgresql("journal_heads_do_not_go_back", "UPDATE ON journal_heads", _GOES_BACK),
        _postgresql("journal_heads_are_not_deleted", "DELETE ON journal_heads"),
        _postgresql("journal_heads_are_not_emptied", "TRUNCATE ON journal_heads"),
    ],
}
"""Rows up to a head's base may go, and nothing else; a moved base breaks the head's mark. On
PostgreSQL `journal_prune` lets a role without DELETE prune what is older than 400 days.
"""
