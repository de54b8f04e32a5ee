"""What a person sees of their own journal, and the copy that they can check without us (AU-06).

Only the chain of the session's own account is ever read. Changes nothing.
"""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from vestibule.crypto import signature
from vestibule.crypto.keyring import Keyring, Purpose
from vestibule.domain.journal import Entry, Head, JournalBroken
from vestibule.domain.journal_copy import FORM, Place, Statement, signature_line
from vestibule.domain.session import Session
from vestibule.flows.journal import is_ours
from vestibule.flows.work import Caller, Means, Work, look
from vestibule.storage import events, journal_heads

SEEN_FOR = timedelta(days=90)
"""How far back a person sees; the journal itself is kept for longer."""
PAGE = 20
"""Entries on one page."""
LINES = 500
"""Rows of a copy that are in memory at once."""
NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry, as the person may see it: the keyed marks stay in the copy."""

    seq: int
    name: str
    at: datetime
    has_failed: bool
    method: str | None
    details: Mapping[str, object]
    source: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A page of entries, newest first; `older` is the number the next page begins before."""

    entries: list[Happened]
    older: int | None


async def view(means: Means, caller: Caller, session: Session, *, before: int = NEWEST) -> Seen:
    """The account's entries of the last 90 days before this number, a page of them."""

    async def unit(work: Work) -> Seen:
        found = await events.latest(
            work.tx,
            session.account_id,
            before_seq=before,
            since=work.now - SEEN_FOR,
            limit=PAGE + 1,
        )
        entries = [_happened(row.entry) for row in found[:PAGE]]
        return Seen(entries, entries[-1].seq if len(found) > PAGE else None)

    return await look(means, caller, unit)


def _happened(entry: Entry) -> Happened:
    return Happened(
        seq=entry.seq,
        name=entry.name,
        at=entry.occurred_at,
        has_failed=entry.outcome == "failure",
        method=entry.method,
        details=json.loads(entry.details),
        source=entry.source or "",
        user_agent=entry.user_agent or "",
    )


async def copy(means: Means, caller: Caller, session: Session) -> AsyncIterator[str]:
    """The lines of a copy of the last 90 days: statement, signature, and the rows, oldest first.

    Raises `JournalBroken`, before anything is signed, where the chain's head is not ours.
    """

    async def begin(work: Work) -> tuple[Head, Place]:
        held = await journal_heads.get(work.tx, session.account_id)
        if held is None or not is_ours(means.keyring, held):
            raise JournalBroken(session.account_id, "the head does not bear our mark")
        head = held.head
        first = await events.first_after(work.tx, head.chain, work.now - SEEN_FOR)
        if first is None or first.entry.seq > head.seq:
            return head, Place(head.seq, head.link_digest)
        return head, Place(first.entry.seq - 1, first.prev_digest)

    head, after = await look(means, caller, begin)
    statement = Statement(
        account_id=session.account_id,
        after=after,
        head=Place(head.seq, head.link_digest),
        rows=head.seq - after.seq,
        made_at=means.clock(),
        issuer=means.policy.origin,
    )
    return _lines(means, statement)


async def _lines(means: Means, statement: Statement) -> AsyncIterator[str]:
    yield statement.line + "\n"
    yield _signed(means.keyring, statement) + "\n"
    at, end = statement.after.seq, statement.head.seq
    while at < end:
        found = await means.database.read(
            partial(events.following, chain=statement.account_id, after_seq=at, limit=LINES)
        )
        due = [row.entry for row in found if row.entry.seq <= end]
        if not due:
            # The file then has fewer rows than was signed, so its check fails, as it must.
            return
        yield "".join(entry.line + "\n" for entry in due)
        at = due[-1].seq


def _signed(keyring: Keyring, statement: Statement) -> str:
    seed = keyring.key(Purpose.JOURNAL_SIGNATURE)
    return signature_line(
        keyring.current,
        signature.public_key(seed),
        signature.sign(seed, statement.line.encode()),
    )


def public_keys(means: Means) -> dict[str, object]:
    """The keys that copies are checked with, by id: safe to publish."""
    ids = means.keyring.ids(Purpose.JOURNAL_SIGNATURE)
    return {"form": FORM, "keys": [_told(means.keyring, key_id) for key_id in ids]}


def _told(keyring: Keyring, key_id: str) -> dict[str, str]:
    public = signature.public_key(keyring.key(Purpose.JOURNAL_SIGNATURE, key_id))
    return {"algorithm": "Ed25519", "id": key_id, "public_key": signature.text_of(public)}
