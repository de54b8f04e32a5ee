"""A receipt that races its own hand-over is settled by one of the two, in every order."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.databases import Store
from vestibule.domain.challenge import Channel
from vestibule.storage import outbox, receipts
from vestibule.storage.database import Transaction
from vestibule.storage.receipts import Undelivered

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ROUNDS = 30
BUSY = Undelivered("twilio", "busy", "CA1")


def _waiting(turn: int) -> outbox.Waiting:
    return outbox.Waiting(
        id=f"message-{turn}",
        challenge_id=None,
        account_id=None,
        kind="notice",
        channel=Channel.VOICE,
        locale="en",
        destination_sealed=None,
        body_sealed=None,
        written_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        attempts=1,
    )


async def _prepare(turn: int, tx: Transaction) -> None:
    await outbox.put(tx, _waiting(turn))
    await outbox.claim(tx, now=NOW, lease=timedelta(seconds=30))


async def _hand_over(turn: int, tx: Transaction) -> None:
    assert await outbox.hand_over(tx, _waiting(turn), provider="twilio", reference="CA1", now=NOW)
    early = await receipts.early(tx, f"message-{turn}")
    if early is not None:
        assert await receipts.note_undelivered(tx, f"message-{turn}", early, now=NOW)


async def _receive(turn: int, tx: Transaction) -> None:
    if not await receipts.keep_early(tx, f"message-{turn}", BUSY):
        assert await receipts.note_undelivered(tx, f"message-{turn}", BUSY, now=NOW)


async def test_receipt_that_races_its_hand_over_is_not_lost(store: Store) -> None:
    """WH-03: whichever commits first, the message ends as handed over and as not delivered."""
    ours, theirs = store.open(), store.open()

    for turn in range(ROUNDS):
        await ours.transact(partial(_prepare, turn))
        racers = [
            ours.transact(partial(_hand_over, turn)),
            theirs.transact(partial(_receive, turn)),
        ]
        await asyncio.gather(*(racers if turn % 2 else reversed(racers)))

    rows = await ours.read(lambda tx: tx.fetch_all("SELECT reason, reference FROM outbox"))
    assert [dict(row) for row in rows] == [{"reason": "busy", "reference": "CA1"}] * ROUNDS


async def test_word_of_a_message_that_was_never_tried_is_not_kept(store: Store) -> None:
    """Nobody carries a message that waits for its first try, so nobody can have lost it."""
    database = store.open()
    await database.transact(lambda tx: outbox.put(tx, _waiting(0)))

    kept = await database.transact(lambda tx: receipts.keep_early(tx, "message-0", BUSY))

    assert not kept
