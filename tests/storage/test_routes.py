"""What is known of a route: its figures, its breaker, and the lease of the messages it carries."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.databases import Store
from vestibule.domain.challenge import Channel
from vestibule.domain.routing import Breaker, Figures, Route, Score
from vestibule.storage import outbox, routes
from vestibule.storage.database import Database, Transaction
from vestibule.storage.outbox import Waiting

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, 10, 42, tzinfo=UTC)
LEASE = timedelta(seconds=30)
ROUTE = Route("twilio", "sms", "GB")


def _message(name: str, *, challenge: str | None = None, channel: Channel = Channel.SMS) -> Waiting:
    return Waiting(
        id=name,
        challenge_id=challenge,
        account_id=None,
        kind="test",
        channel=channel,
        locale="en",
        destination_sealed=b"sealed",
        body_sealed=b"sealed",
        written_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
        attempts=0,
        country="GB",
    )


async def _claimed(database: Database, now: datetime = NOW) -> Waiting:
    found = await database.transact(lambda tx: outbox.claim(tx, now=now, lease=LEASE))
    assert found is not None
    return found


async def _sent(tx: Transaction, name: str, at: datetime, *, provider: str = "twilio") -> None:
    """A code's message that was handed over then."""
    message = _message(name, challenge=f"challenge-{name}")
    await outbox.put(tx, replace(message, written_at=at))
    claimed = await outbox.claim(tx, now=at, lease=LEASE)
    assert claimed is not None
    await outbox.hand_over(tx, claimed, provider=provider, reference=name, now=at)
    await routes.count(tx, Route(provider, "sms", "GB"), Figures(accepted=1, codes=1), at)


async def test_lost_claim_writes_nothing(database: Database) -> None:
    """Whoever lost the lease of a message cannot hand it over, refuse it or put it back."""
    await database.transact(lambda tx: outbox.put(tx, _message("one")))
    late = await _claimed(database)
    later = NOW + timedelta(seconds=31)
    owner = await _claimed(database, later)

    async def unit(tx: Transaction) -> list[bool]:
        return [
            await outbox.is_still_ours(tx, late, later),
            await outbox.hand_over(tx, late, provider="a", reference="1", now=later),
            await outbox.refuse(tx, late, provider="a", reason="no", now=later),
            await outbox.retry_at(tx, late, later),
            await outbox.is_still_ours(tx, owner, later),
            await outbox.hand_over(tx, owner, provider="b", reference="2", now=later),
        ]

    assert await database.transact(unit) == [False, False, False, False, True, True]


async def test_claim_ends_with_its_lease(database: Database) -> None:
    """A claim whose lease is over is not ours even before somebody else takes the message."""
    await database.transact(lambda tx: outbox.put(tx, _message("one")))
    claimed = await _claimed(database)

    holds = [
        await database.transact(partial(outbox.is_still_ours, claimed=claimed, now=NOW + after))
        for after in (timedelta(), LEASE - timedelta(seconds=1), LEASE)
    ]

    assert holds == [True, True, False]


async def test_what_is_done_is_not_done_again(database: Database) -> None:
    """A message that was handed over is not handed over as another, refused or due again."""
    await database.transact(lambda tx: outbox.put(tx, _message("one")))
    claimed = await _claimed(database)

    async def unit(tx: Transaction) -> list[bool]:
        return [
            await outbox.hand_over(tx, claimed, provider="a", reference="1", now=NOW),
            await outbox.hand_over(tx, claimed, provider="a", reference="2", now=NOW),
            await outbox.refuse(tx, claimed, provider="a", reason="no", now=NOW),
            await outbox.retry_at(tx, claimed, NOW),
        ]

    assert await database.transact(unit) == [True, False, False, False]


async def test_codes_are_claimed_before_notices_and_by_lane(database: Database) -> None:
    """Codes go first; a full lane is left out; a message of another lane is found all the same."""

    async def put(tx: Transaction) -> None:
        await outbox.put(tx, replace(_message("notice"), written_at=NOW - LEASE))
        await outbox.put(tx, _message("mail", challenge="c", channel=Channel.EMAIL))
        await outbox.put(tx, _message("text", challenge="d"))

    await database.transact(put)
    lanes = [["email", "notice"], ["email", "notice"], ["sms"], ["sms", "notice"]]
    found = [
        await database.transact(partial(outbox.claim, now=NOW, lease=LEASE, lanes=open_lanes))
        for open_lanes in lanes
    ]

    assert [one.id if one else None for one in found] == ["mail", "notice", "text", None]


async def test_score_leaves_out_what_may_still_be_typed(database: Database) -> None:
    """A code that was sent a minute ago counts neither for nor against its route."""

    async def unit(tx: Transaction) -> dict[str, Score]:
        await _sent(tx, "old", NOW - timedelta(minutes=6))
        await _sent(tx, "came", NOW - timedelta(minutes=6))
        await _sent(tx, "young", NOW - timedelta(minutes=4))
        route_and_time = await outbox.convert(tx, "challenge-came", NOW)
        assert route_and_time == (ROUTE, NOW - timedelta(minutes=6))
        await routes.count(tx, ROUTE, Figures(converted=1), NOW)
        return await routes.scores(tx, channel="sms", country="GB", now=NOW)

    assert await database.transact(unit) == {"twilio": Score(codes=2, converted=1)}


async def test_score_is_of_one_channel_country_and_day(database: Database) -> None:
    """Yesterday's figures, another country's and another channel's do not count."""

    async def unit(tx: Transaction) -> dict[str, Score]:
        await routes.count(tx, ROUTE, Figures(codes=3, converted=1), NOW - timedelta(hours=25))
        await routes.count(tx, Route("twilio", "sms", "FR"), Figures(codes=9), NOW)
        await routes.count(tx, Route("twilio", "voice", "GB"), Figures(codes=9), NOW)
        await routes.count(tx, ROUTE, Figures(codes=2), NOW)
        await routes.count(tx, ROUTE, Figures(codes=2, converted=1), NOW - timedelta(hours=2))
        return await routes.scores(tx, channel="sms", country="GB", now=NOW)

    assert await database.transact(unit) == {"twilio": Score(codes=4, converted=1)}


async def test_code_converts_once(database: Database) -> None:
    """The newest message of a challenge converts, once; one that never left converts nothing."""

    async def unit(tx: Transaction) -> list[object]:
        await _sent(tx, "a", NOW)
        await outbox.put(tx, _message("waits", challenge="challenge-b"))
        asked = ("challenge-a", "challenge-a", "challenge-b", "challenge-c")
        return [await outbox.convert(tx, one, NOW) for one in asked]

    assert await database.transact(unit) == [(ROUTE, NOW), None, None, None]


async def test_receipts_count_in_the_hour_of_the_hand_over(database: Database) -> None:
    """A receipt that comes after the hour counts where its send did, with the time it took."""

    async def unit(tx: Transaction) -> dict[Route, Figures]:
        late, early = NOW + timedelta(hours=2), NOW
        for is_delivered in (True, False):
            await routes.count_receipt(
                tx, ROUTE, is_delivered=is_delivered, handed_over_at=early, now=late
            )
        assert await routes.figures_since(tx, NOW + timedelta(hours=1)) == {}
        return await routes.figures_since(tx, NOW - timedelta(hours=1))

    assert await database.transact(unit) == {
        ROUTE: Figures(delivered=1, undelivered=1, receipt_milliseconds=7_200_000)
    }


async def test_counters_never_fall(database: Database) -> None:
    """Hours that are purged go on in the totals, once, so no counter falls."""
    day, week = timedelta(days=1), timedelta(days=7)

    async def count(tx: Transaction) -> dict[Route, Figures]:
        for ago in (week + day, week + 2 * day, day):
            await routes.count(tx, ROUTE, Figures(accepted=1, milliseconds=5), NOW - ago)
        return await routes.figures_ever(tx)

    before = await database.transact(count)
    gone = [await database.transact(lambda tx: routes.fold(tx, NOW - week)) for _ in range(2)]

    assert gone == [2, 0]
    assert await database.read(routes.figures_ever) == before
    assert before == {ROUTE: Figures(accepted=3, milliseconds=15)}


async def test_breaker_opens_rests_and_closes(database: Database) -> None:
    """Five failures in a row open it, further ones for longer; a success closes it at once."""
    fails = [await database.transact(lambda tx: _fail(tx, ROUTE)) for _ in range(7)]
    seconds = [(one.open_until - NOW).total_seconds() for one in fails if one.open_until]
    await database.transact(lambda tx: routes.close_breaker(tx, ROUTE))

    assert seconds == [0, 0, 0, 0, 30, 60, 120]
    assert await database.read(routes.all_breakers) == {}


async def _fail(tx: Transaction, route: Route) -> Breaker:
    await routes.count_failure(tx, route, NOW)
    return (await routes.breakers(tx, channel=route.channel, country=route.country))[route.provider]


async def test_throttled_route_rests_as_long_as_it_asked(database: Database) -> None:
    """A shorter wait does not cut a longer one; a success of before does not end it."""

    async def unit(tx: Transaction) -> Breaker:
        for seconds in (40, 20):
            until = NOW + timedelta(seconds=seconds)
            await routes.let_rest(tx, ROUTE, now=NOW, until=until)
        await routes.close_breaker(tx, ROUTE)
        return (await routes.all_breakers(tx))[ROUTE]

    assert await database.transact(unit) == Breaker(0, NOW + timedelta(seconds=40))


async def test_rested_route_is_tried_by_one(store: Store) -> None:
    """Of sixteen that want to try a rested route one may, and again one after its trial ran out."""
    first, second = store.open(), store.open()
    for _ in range(5):
        await first.transact(lambda tx: routes.count_failure(tx, ROUTE, NOW))
    later = NOW + timedelta(seconds=31)

    async def race(now: datetime) -> int:
        async def one(database: Database) -> bool:
            return await database.transact(
                lambda tx: routes.take_trial(tx, ROUTE, now=now, until=now + LEASE)
            )

        return sum(await asyncio.gather(*(one(first if n % 2 else second) for n in range(16))))

    assert [await race(at) for at in (NOW, later, later, later + LEASE)] == [0, 1, 0, 1]


async def test_parallel_counts_are_all_counted(store: Store) -> None:
    """Two processes that count the same routes in parallel lose nothing and do not lock up."""
    first, second = store.open(), store.open()
    names = ("a", "b", "c")

    async def unit(tx: Transaction) -> None:
        for name in names:
            await routes.count(tx, Route(name, "sms", "GB"), Figures(failed=1), NOW)
            await routes.count_failure(tx, Route(name, "sms", "GB"), NOW)

    await asyncio.gather(*((first if n % 2 else second).transact(unit) for n in range(40)))
    found = await first.read(routes.figures_ever)

    assert {route.provider: one.failed for route, one in found.items()} == dict.fromkeys(names, 40)
    breakers = await first.read(routes.all_breakers)
    assert Counter(one.failures for one in breakers.values()) == {40: 3}


async def test_depth_tells_what_waits(database: Database) -> None:
    """Codes and notices that may still be sent are counted apart, with the age of the oldest."""

    async def unit(tx: Transaction) -> list[outbox.Depth]:
        await _sent(tx, "gone", NOW - timedelta(minutes=9))
        await outbox.put(tx, _message("a", challenge="c"))
        await outbox.put(tx, _message("b"))
        await outbox.put(tx, replace(_message("c"), written_at=NOW - LEASE))
        await outbox.put(tx, replace(_message("over", challenge="d"), expires_at=NOW))
        return await outbox.depth(tx, NOW)

    found = await database.transact(unit)

    assert {one.kind: (one.waiting, one.oldest_at) for one in found} == {
        "code": (1, NOW),
        "notice": (2, NOW - LEASE),
    }
