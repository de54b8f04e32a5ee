"""The journal becomes chains. Each database's own DDL stands beside this file; a blank line parts
two statements. Rows from before are linked as they are found, in the order of their time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from alembic import context, op
from sqlalchemy import Connection, column, table, text

from vestibule.crypto.keyring import Keyring, Purpose
from vestibule.domain.journal import FORMAT, HOUSE_CHAINS, Entry, Head, link
from vestibule.storage.statements import from_microseconds, to_microseconds

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OLD = """SELECT id, occurred_at, account_id, name, outcome, reason, actor_id, session_mac,
    sign_in_mac, method, source, user_agent, request_id, version, details FROM events_0004
    ORDER BY account_id, occurred_at, id"""
_ENTRY = [one.name for one in fields(Entry)]
_LINK = ("prev_digest", "link_digest", "link_mac")
_HEAD = [one.name for one in fields(Head)]
_EVENTS = table("events", *(column(name) for name in [*_ENTRY, *_LINK]))
_HEADS = table("journal_heads", *(column(name) for name in [*_HEAD, "head_mac"]))


def upgrade() -> None:
    connection = op.get_bind()
    script = Path(__file__).with_suffix(f".{connection.dialect.name}.sql")
    for statement in script.read_text(encoding="utf-8").strip().split("\n\n"):
        connection.exec_driver_sql(statement)
    accounts = connection.execute(text("SELECT id FROM accounts ORDER BY id")).scalars().all()
    is_used = accounts or connection.execute(text("SELECT 1 FROM events_0004 LIMIT 1")).first()
    if is_used:
        keyring = context.config.attributes.get("keyring")
        if not isinstance(keyring, Keyring):
            raise ValueError("the journal's rows are linked with the root key: it is needed here")
        _link_all(connection, keyring, accounts)
    connection.exec_driver_sql("DROP TABLE events_0004")


def _link_all(connection: Connection, keyring: Keyring, accounts: Sequence[str]) -> None:
    at = from_microseconds(0)
    heads = {chain: Head(chain=chain, moved_at=at) for chain in [*accounts, *HOUSE_CHAINS]}
    for old in _old(connection):
        chain = old["account_id"] or HOUSE_CHAINS[0]
        head = heads.get(chain) or Head(chain=chain, moved_at=at)
        entry = Entry(chain=chain, seq=head.seq + 1, format=FORMAT, **old)
        digest = link(head.link_digest, entry.line)
        row = {name: getattr(entry, name) for name in _ENTRY}
        row["occurred_at"] = to_microseconds(entry.occurred_at)
        row["prev_digest"], row["link_digest"] = head.link_digest, digest
        row["link_mac"] = keyring.mac(Purpose.JOURNAL, "row", digest)
        connection.execute(_EVENTS.insert(), row)
        heads[chain] = replace(head, seq=entry.seq, link_digest=digest, moved_at=entry.occurred_at)
    for head in heads.values():
        values = {name: getattr(head, name) for name in _HEAD}
        values["moved_at"] = to_microseconds(head.moved_at)
        values["head_mac"] = keyring.mac(Purpose.JOURNAL, *head.statement)
        connection.execute(_HEADS.insert(), values)


def _old(connection: Connection) -> Iterator[dict[str, Any]]:
    for row in connection.execute(text(_OLD)).mappings():
        at = from_microseconds(row["occurred_at"])
        marks = {
            name: None if row[name] is None else bytes(row[name])
            for name in ("session_mac", "sign_in_mac")
        }
        yield {**row, **marks, "occurred_at": at}
