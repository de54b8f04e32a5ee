"""The journal's chain: what a row is byte for byte, how rows are linked, and what a head says.

The bytes are documented in `docs/reference/journal.md`; they may never change under one format.
Knows no key: marks and signatures are made and checked by the flows.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from vestibule.domain.event import Event

FORMAT = 1
"""The form of rows written now; a row names the one it was written in."""
NOTHING = bytes(32)
"""The link before the first row of a chain."""
_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
HOUSE_CHAINS = tuple(f"house/{number:02}" for number in range(16))
"""For what happens to no account; several, so that strangers do not wait for one another."""


class JournalBroken(Exception):
    """A chain cannot be continued, because what is stored of it is not what was written.

    Whatever wanted to append is rolled back (AU-07).
    """

    def __init__(self, chain: str, fault: str) -> None:
        super().__init__(f"{chain}: {fault}")
        self.chain = chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row as it is stored. `details` is the text of a JSON object, kept byte for byte."""

    chain: str
    seq: int
    format: int
    id: str
    occurred_at: datetime
    account_id: str | None
    name: str
    outcome: str
    reason: str | None
    actor_id: str | None
    session_mac: bytes | None
    sign_in_mac: bytes | None
    method: str | None
    source: str | None
    user_agent: str | None
    request_id: str | None
    version: str
    details: str

    @property
    def line(self) -> str:
        """The canonical form: a JSON object in ASCII, no white space, keys in this order."""
        told = _ENCODER.encode(
            {
                "account": self.account_id,
                "actor": self.actor_id,
                "at": self.occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "chain": self.chain,
                "event": self.name,
                "id": self.id,
                "method": self.method,
                "outcome": self.outcome,
                "reason": self.reason,
                "request": self.request_id,
                "seq": self.seq,
                "session": _hex(self.session_mac),
                "sign_in": _hex(self.sign_in_mac),
                "source": self.source,
                "user_agent": self.user_agent,
                "v": self.format,
                "version": self.version,
            }
        )
        # Verbatim, so that no two stored texts have one form.
        return f'{told[:-1]},"details":{self.details}}}'


def _hex(octets: bytes | None) -> str | None:
    return None if octets is None else octets.hex()


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with its link to the row before it, and the keyed mark of the link."""

    entry: Entry
    prev_digest: bytes
    link_digest: bytes
    link_mac: bytes

    @property
    def is_whole(self) -> bool:
        """Whether the link is that of this content after that row."""
        return is_same(self.link_digest, link(self.prev_digest, self.entry.line))


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a chain begins and ends: after the base, which retention moves, up to `seq`.

    `base_digest` is the link of the last row that was removed, `link_digest` that of the last one.
    """

    chain: str
    base_seq: int = 0
    base_digest: bytes = NOTHING
    seq: int = 0
    link_digest: bytes = NOTHING
    moved_at: datetime

    @property
    def statement(self) -> Sequence[str | bytes]:
        """What the head's keyed mark is over."""
        moved = self.moved_at.astimezone(UTC).isoformat(timespec="microseconds")
        return (
            "head",
            self.chain,
            str(self.base_seq),
            self.base_digest,
            str(self.seq),
            self.link_digest,
            moved,
        )


def link(prev_digest: bytes, line: str) -> bytes:
    """SHA-256 over the link before it in hexadecimal, a newline, and the canonical form."""
    return hashlib.sha256(f"{prev_digest.hex()}\n{line}".encode()).digest()


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two links are one."""
    return hmac.compare_digest(one, other)


def chain_of(event: Event) -> str:
    """The account's own chain, or one of the house's, chosen by the event's id."""
    if event.account_id is not None:
        return event.account_id
    chosen = hashlib.sha256(event.id.encode()).digest()[0] % len(HOUSE_CHAINS)
    return HOUSE_CHAINS[chosen]


def entry_of(event: Event, *, chain: str, seq: int) -> Entry:
    """The row that an event becomes at this place of a chain."""
    return Entry(
        chain=chain,
        seq=seq,
        format=FORMAT,
        id=event.id,
        occurred_at=event.occurred_at,
        account_id=event.account_id,
        name=event.name.value,
        outcome=event.outcome.value,
        reason=event.reason,
        actor_id=event.actor_id,
        session_mac=event.session_mac,
        sign_in_mac=event.sign_in_mac,
        method=event.method,
        source=event.source,
        user_agent=event.user_agent,
        request_id=event.request_id,
        version=event.version,
        details=json.dumps(dict(event.details), sort_keys=True, default=str, separators=(",", ":")),
    )
