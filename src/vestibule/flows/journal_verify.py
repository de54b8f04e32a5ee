"""Whether the journal is what was written: every chain walked, the first break of each named.

Reads page by page, so that memory stays the same; appends and retention may go on meanwhile.
Changes nothing, except that a break raises an alarm (AU-05).
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from functools import partial

from vestibule.domain.identifier import parse_email
from vestibule.domain.journal import HOUSE_CHAINS, JournalBroken, is_same
from vestibule.domain.journal_check import Break, Kind, Walk
from vestibule.flows.alarms import raise_alarm
from vestibule.flows.journal import is_marked, is_ours, knows
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.observability.logging import log_failure
from vestibule.storage import accounts, journal_heads
from vestibule.storage import events as rows
from vestibule.storage.database import StorageError, Transaction
from vestibule.storage.journal_heads import Held

PAGE = 500
"""Rows, or heads, that are in memory at once."""
WALKS_MORE = 3
"""Retention may move a base while its chain is walked; then the walk begins anew."""


@dataclass(slots=True)
class Report:
    """What was looked at, and how much of it is broken."""

    chains: int = 0
    rows: int = 0
    breaks: int = 0
    first: Break | None = field(default=None)

    def note(self, found: Break) -> Break:
        self.breaks += 1
        self.first = self.first or found
        return found


@dataclass(frozen=True, slots=True)
class Copied:
    """A row as a log or a download that was kept elsewhere has it."""

    chain: str
    seq: int
    link_digest: bytes


async def verify(means: Means, report: Report, *, page: int = PAGE) -> AsyncIterator[Break]:
    """Every chain; yields the first break of each, and counts in the report.

    `page` is how many rows, or heads, are in memory at once.
    """
    after = ""
    while heads := await means.database.read(
        partial(journal_heads.following, after_chain=after, limit=page)
    ):
        for held in heads:
            if (found := await _walk(means, held, report, page)) is not None:
                yield report.note(found)
        after = heads[-1].head.chain
    async for found in _lost_heads(means):
        yield report.note(found)


async def verify_chain(means: Means, chain: str, report: Report) -> AsyncIterator[Break]:
    """The same of one chain."""
    held = await _head(means, chain)
    if held is None:
        yield report.note(Break(chain, 0, Kind.HEAD_DELETED))
    elif (found := await _walk(means, held, report, PAGE)) is not None:
        yield report.note(found)


async def chain_named(means: Means, text: str) -> str | None:
    """The chain of an address or of an id; None where there is no such account or chain."""

    async def unit(tx: Transaction) -> str | None:
        if (email := parse_email(text)) is not None:
            account = await accounts.find_by_email(tx, email.key)
        else:
            account = await accounts.get(tx, text)
        if account is not None:
            return account.id
        is_chain = await journal_heads.get(tx, text) or await rows.has_rows(tx, text)
        return text if is_chain else None

    return await means.database.read(unit)


async def compare(means: Means, copies: Iterable[Copied], report: Report) -> AsyncIterator[Break]:
    """Each row of a copy that was kept elsewhere; what retention removed is not missed.

    Finds what no chain can show by itself: a database that was set back as a whole.
    """
    for copy in copies:
        report.rows += 1
        held = await _head(means, copy.chain)
        if held is not None and copy.seq <= held.head.base_seq:
            continue
        row = await means.database.read(partial(rows.get, chain=copy.chain, seq=copy.seq))
        if row is None or not is_same(row.link_digest, copy.link_digest):
            yield report.note(Break(copy.chain, copy.seq, Kind.OTHER_THAN_COPY))


async def alarm_of(means: Means, caller: Caller, met: JournalBroken) -> None:
    """Tell the operators of a head that nothing could be appended after."""
    report = Report()
    report.note(Break(met.chain, 0, Kind.WRONG_HEAD))
    await alarm(means, caller, report)


async def alarm(means: Means, caller: Caller, report: Report) -> None:
    """Tell the operators of a break, once a day for the same; never fails."""
    first = report.first
    if first is None:
        return

    async def unit(one: Work) -> None:
        day = one.now.replace(hour=0, minute=0, second=0, microsecond=0)
        facts = {"where": first.chain, "row": str(first.seq), "kind": first.kind.value}
        await raise_alarm(one, "journal_broken", day, **facts)

    try:
        await work(means, caller, unit)
    except (JournalBroken, StorageError) as error:
        # The chain that the alarm itself belongs to: nothing can be put after the break.
        log_failure("journal_broken", error, chain=first.chain, kind=first.kind.value)


async def _walk(means: Means, held: Held, report: Report, page: int) -> Break | None:
    report.chains += 1
    found = await _walk_once(means, held, report, page)
    for _ in range(WALKS_MORE):
        again = await _head(means, held.head.chain)
        if found is None or again is None or again.head.base_seq == held.head.base_seq:
            break
        held = again
        found = await _walk_once(means, held, report, page)
    return found


async def _walk_once(means: Means, held: Held, report: Report, page: int) -> Break | None:
    head, keyring = held.head, means.keyring
    walk = Walk(head)
    while walk.seq < head.seq:
        found_rows = await means.database.read(
            partial(rows.following, chain=head.chain, after_seq=walk.seq, limit=page)
        )
        due = [row for row in found_rows if row.entry.seq <= head.seq]
        for row in due:
            report.rows += 1
            if (found := walk.step(row, is_marked=is_marked(keyring, row))) is not None:
                return found
        if not due:
            break
    return walk.end() or await _wrong_head(means, held)


async def _wrong_head(means: Means, held: Held) -> Break | None:
    head = held.head
    if not is_ours(means.keyring, held):
        is_known = knows(means.keyring, held.head_mac)
        return Break(head.chain, head.seq, Kind.WRONG_HEAD if is_known else Kind.UNKNOWN_KEY)
    past = await means.database.read(lambda tx: journal_heads.row_past_head(tx, head.chain))
    if past is None:
        return None
    row = await means.database.read(lambda tx: rows.get(tx, head.chain, past))
    is_true = row is not None and row.is_whole and is_marked(means.keyring, row) is True
    return Break(head.chain, past, Kind.WRONG_HEAD if is_true else Kind.ADDED)


async def _lost_heads(means: Means) -> AsyncIterator[Break]:
    """Chains that must be there and have no head."""
    for chain in await means.database.read(lambda tx: journal_heads.without_head(tx, PAGE)):
        yield Break(chain, 0, Kind.HEAD_DELETED)
    if await means.database.read(journal_heads.is_any):
        for chain in HOUSE_CHAINS:
            has_rows = await means.database.read(partial(rows.has_rows, chain=chain))
            # With rows it was named above.
            if not has_rows and await _head(means, chain) is None:
                yield Break(chain, 0, Kind.HEAD_DELETED)


async def _head(means: Means, chain: str) -> Held | None:
    return await means.database.read(partial(journal_heads.get, chain=chain))
