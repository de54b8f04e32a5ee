"""Deleting what is past its time."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from vestibule.crypto.keyring import Keyring
from vestibule.domain.journal import JournalBroken
from vestibule.flows.journal import is_marked, is_ours, mark
from vestibule.flows.journal_verify import alarm_of
from vestibule.flows.work import Caller, Means
from vestibule.observability.logging import log_failure
from vestibule.storage import closing, events, journal_heads, retention, routes
from vestibule.storage.database import Transaction

HOUSEKEEPING = Caller(source="", user_agent="vestibule", request_id="", locale="en")
CHAINS_AT_ONCE = 500
"""Of the journal, in one run; the next run goes on."""


async def purge(means: Means) -> int:
    """Apply the retention table once; how many rows went."""

    async def unit(tx: Transaction) -> int:
        now = means.clock()
        # Before they go: what was counted is counted for good.
        await routes.fold(tx, now - retention.KEPT["route_hours"][1])
        for account_id in await closing.closed_since(tx, now - closing.SWEPT_FOR):
            # What a request left that was under way when its account was closed.
            await closing.erase(tx, account_id, now)
        return await retention.purge(tx, now)

    return await means.database.transact(unit) + await _prune_journal(means)


async def _prune_journal(means: Means) -> int:
    """The oldest rows of every chain that has some past their time (AU-06)."""
    until, gone = means.clock() - retention.KEPT[retention.JOURNAL][1], 0
    chains = await means.database.read(
        partial(events.chains_with_rows_before, until=until, limit=CHAINS_AT_ONCE)
    )
    for chain in chains:
        try:
            gone += await means.database.transact(
                partial(_prune, keyring=means.keyring, chain=chain, until=until)
            )
        except JournalBroken as error:
            # What is broken stays as it was found.
            log_failure("journal_broken", error, chain=chain)
            await alarm_of(means, HOUSEKEEPING, error)
    return gone


async def _prune(tx: Transaction, keyring: Keyring, chain: str, until: datetime) -> int:
    """Move the base past what goes, under a new mark of the head, and delete up to it."""
    held = await journal_heads.hold(tx, chain)
    if held is None or not is_ours(keyring, held):
        raise JournalBroken(chain, "the head does not bear our mark")
    head = held.head
    kept = await events.first_after(tx, chain, until)
    base_seq = head.seq if kept is None else kept.entry.seq - 1
    if base_seq > head.base_seq:
        base = await events.get(tx, chain, base_seq)
        if base is None or not base.is_whole or is_marked(keyring, base) is False:
            raise JournalBroken(chain, f"row {base_seq} is not what was written")
        head = replace(head, base_seq=base_seq, base_digest=base.link_digest)
        await journal_heads.move(tx, head, mark(keyring, head))
    return await events.prune(tx, chain, head.base_seq)
