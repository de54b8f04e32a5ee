"""Appending to the journal: at the end of each unit, every chain in turn, linked and marked.

At the end, because a held head makes whoever appends to the same chain wait; and in one order,
so that two units never wait for each other. Must not decide what is noted: units do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from vestibule.crypto.keyring import Keyring, Purpose, UnknownKey
from vestibule.domain.event import Event, EventName
from vestibule.domain.journal import (
    HOUSE_CHAINS,
    Head,
    JournalBroken,
    Row,
    chain_of,
    entry_of,
    link,
)
from vestibule.storage import events as rows
from vestibule.storage import journal_heads
from vestibule.storage.database import Transaction
from vestibule.storage.journal_heads import Held


async def append(
    tx: Transaction, keyring: Keyring, told: Sequence[Event], now: datetime
) -> list[Row]:
    """Put the events into their chains; the rows, in the order of the events.

    Raises `JournalBroken` where a chain's head is not what was written: nothing is committed.
    """
    by_chain = _by_chain(told)
    written: dict[str, Row] = {}
    for chain in sorted(by_chain, key=lambda one: (one not in HOUSE_CHAINS, one)):
        for row in await _extend(tx, keyring, chain, by_chain[chain], now):
            written[row.entry.id] = row
    return [written[event.id] for event in told]


def _by_chain(told: Iterable[Event]) -> dict[str, list[Event]]:
    """The events by chain; one chain of the house takes all that a unit has for it."""
    found: dict[str, list[Event]] = {}
    house: str | None = None
    for event in told:
        chain = chain_of(event)
        if chain in HOUSE_CHAINS:
            house = house or chain
            chain = house
        found.setdefault(chain, []).append(event)
    return found


async def _extend(
    tx: Transaction, keyring: Keyring, chain: str, told: Sequence[Event], now: datetime
) -> list[Row]:
    held = await journal_heads.hold(tx, chain) or await _open(tx, keyring, chain, told[0], now)
    if not is_ours(keyring, held):
        # Going on would put our mark on what somebody else wrote.
        raise JournalBroken(chain, "the head does not bear our mark")
    head, written = held.head, []
    for event in told:
        row = linked(keyring, head, event)
        await rows.add(tx, row)
        written.append(row)
        head = replace(head, seq=row.entry.seq, link_digest=row.link_digest)
    head = replace(head, moved_at=now)
    await journal_heads.move(tx, head, mark(keyring, head))
    return written


async def _open(tx: Transaction, keyring: Keyring, chain: str, first: Event, now: datetime) -> Held:
    """The head of a chain that begins now; a lost one is not replaced."""
    is_house = chain in HOUSE_CHAINS
    if not is_house and first.name is not EventName.SIGN_UP_VERIFIED:
        raise JournalBroken(chain, "the account has no head")
    # All of the house's at once: so a single one that is missing is a lost one.
    chains = HOUSE_CHAINS if is_house else (chain,)
    made = 0
    for one in chains:
        head = Head(chain=one, moved_at=now)
        if await journal_heads.add(tx, head, mark(keyring, head)):
            made += 1
            if await rows.has_rows(tx, one):
                raise JournalBroken(one, "there are rows, but no head")
    if made not in (0, len(chains)):
        raise JournalBroken(chain, "the house has lost heads")
    held = await journal_heads.hold(tx, chain)
    if held is None:
        raise JournalBroken(chain, "the head cannot be made")
    return held


def linked(keyring: Keyring, head: Head, event: Event) -> Row:
    """The row that comes after the head."""
    entry = entry_of(event, chain=head.chain, seq=head.seq + 1)
    digest = link(head.link_digest, entry.line)
    return Row(entry, head.link_digest, digest, keyring.mac(Purpose.JOURNAL, "row", digest))


def mark(keyring: Keyring, head: Head) -> bytes:
    """The head's keyed mark."""
    return keyring.mac(Purpose.JOURNAL, *head.statement)


def is_ours(keyring: Keyring, held: Held) -> bool:
    """Whether a head bears our mark, by a key that is on the ring."""
    return keyring.matches(held.head_mac, Purpose.JOURNAL, *held.head.statement)


def is_marked(keyring: Keyring, row: Row) -> bool | None:
    """Whether a row bears our mark; None where its key is not on the ring."""
    if keyring.matches(row.link_mac, Purpose.JOURNAL, "row", row.link_digest):
        return True
    return False if knows(keyring, row.link_mac) else None


def knows(keyring: Keyring, stored_mac: bytes) -> bool:
    """Whether the key that a mark names is on the ring: its id, a dot, 32 bytes."""
    try:
        keyring.key(Purpose.JOURNAL, stored_mac[:-33].decode("ascii", "replace"))
    except UnknownKey:
        return False
    return True
