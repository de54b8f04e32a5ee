"""Closing at the same moment as keeping, signing in, asking again, or being asked by others."""

import asyncio
from dataclasses import replace

import httpx
import pytest

from tests.answers import ADA, NOT_ME, link, told
from tests.attack import all_at_once, journal
from tests.databases import Store
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.promises.between import Between
from tests.promises.closers import CLOSE, KEEP, ask, at_the_proof, come
from tests.promises.states import ask_reset, cookie, member, rows, snapshot
from tests.waiting import open_transaction, until_waiting
from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import sign_in
from vestibule.flows.closing_day import close_due
from vestibule.flows.housekeeping import purge
from vestibule.flows.work import Caller
from vestibule.storage import closing
from vestibule.storage.closing import GONE

pytestmark = pytest.mark.anyio

DAY = 24 * 3600
A_MINUTE_BEFORE = 7 * DAY - 60


CALLER = Caller("203.0.113.7", "test", "", "en")


async def is_closed(house: FrontDoor) -> bool:
    (safe,) = await rows(house, "safeguards")
    return safe["closed_at"] is not None


@pytest.mark.parametrize("turn", range(2))
async def test_keep_beside_the_closing(either_house: FrontDoor, turn: int) -> None:
    """SE-09: pressed in the moment of the closing, "Keep" keeps all of it or comes too late;
    three workers close it once at most."""
    house = either_house
    ada = await member(house)
    await ask(house, ada)
    house.clock.advance(seconds=A_MINUTE_BEFORE)
    person = await ada.sign_in()
    action, data = person.filled(KEEP)
    house.clock.advance(seconds=60)
    means = house.built.means

    presses = [person.client.post(action, data=data)]
    workers = [close_due(means) for _ in range(3)]
    done = await asyncio.gather(*(workers + presses if turn % 2 else presses + workers))

    closed = await journal(house, EventName.ACCOUNT_CLOSED)
    kept = await journal(house, EventName.ACCOUNT_CLOSING_CANCELLED)
    assert len(closed) + len(kept) == 1
    assert sum(one for one in done if isinstance(one, int)) == len(closed)
    held = await snapshot(house)
    assert bool(closed) == await is_closed(house)
    assert (held["accounts"][0]["email"] == ADA) == bool(kept)
    assert (held["passwords"] == []) == bool(closed)


@pytest.mark.parametrize("turn", range(2))
async def test_sign_in_beside_the_closing(either_house: FrontDoor, turn: int) -> None:
    """SE-09: a right code, a wrong one, a password and a reset in the moment of the closing leave
    no session behind, no row and nobody told, whatever came first."""
    house = either_house
    ada = await member(house)
    await ask(house, ada)
    house.clock.advance(seconds=A_MINUTE_BEFORE - 120)
    right, wrong, early, forgotten = (house.browser() for _ in range(4))
    await house.password(right)
    await house.password(wrong)
    await early.get("/sign-in")
    await forgotten.get("/forgot-password")
    posts = [
        right.filled("Verify", code=ada.next_code()),
        wrong.filled("Verify", code="000000"),
        early.filled("Sign in", email=ADA, password=PASSWORD),
        forgotten.filled("Send code", email=ADA),
    ]
    house.clock.advance(seconds=120)
    who = (right, wrong, early, forgotten)
    means = house.built.means

    presses = [
        one.client.post(path, data=data) for one, (path, data) in zip(who, posts, strict=True)
    ]
    if turn % 2:
        done = await asyncio.gather(close_due(means), *presses, return_exceptions=True)
    else:
        done = await asyncio.gather(*presses, close_due(means), return_exceptions=True)
    await come(house, days=1 / 24)
    await purge(means)

    assert [one for one in done if isinstance(one, BaseException)] == []
    answers = [one.status_code for one in done if isinstance(one, httpx.Response)]
    assert answers == [303] * 4
    assert await is_closed(house)
    held = await snapshot(house)
    for table in GONE:
        assert held[table] == [], table
    await right.get("/")
    assert right.path == "/sign-in"


async def test_closing_waits_for_a_sign_in_under_way(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SE-09: a sign-in that has made its session and not committed yet is closed with the rest,
    at once and not by a later sweep."""
    async with front_door(store.open(), tmp_path_factory.mktemp("house")) as house:
        ada = await member(house)
        await ask(house, ada)
        house.clock.advance(seconds=A_MINUTE_BEFORE - 60)
        person = house.browser()
        await house.password(person)
        path, data = person.filled("Verify", code=ada.next_code())
        account_id = (await rows(house, "accounts"))[0]["id"]
        if store.dialect == "sqlite":
            # One writer at a time: it has committed before the closing begins.
            posting = asyncio.create_task(person.client.post(path, data=data))
            await posting
            house.clock.advance(seconds=60)
            await close_due(house.built.means)
        else:
            # The journal is the last thing that a sign-in writes.
            head = f"SELECT * FROM journal_heads WHERE chain = '{account_id}' FOR UPDATE"  # noqa: S608 - our own id
            async with open_transaction(store, head) as onlooker:
                posting = asyncio.create_task(person.client.post(path, data=data))
                await until_waiting(onlooker, posting)
                house.clock.advance(seconds=60)
                closing_now = asyncio.create_task(close_due(house.built.means))
                await until_waiting(onlooker, posting, closing_now)
            await asyncio.gather(posting, closing_now)

        assert posting.result().headers["location"] == "/"
        assert await is_closed(house)
        held = await snapshot(house)
        for table in GONE:
            left = [one for one in held[table] if one["account_id"] == account_id]
            assert left == [], table


async def test_code_that_is_compared_after_the_closing_tells_nobody(
    either_house: FrontDoor,
) -> None:
    """SE-09: where the account closes between a code's try and its comparison, the sign-in has
    expired; nothing is told, counted or noted of somebody who is gone."""
    house = either_house
    ada = await member(house)
    await ask(house, ada)
    house.clock.advance(seconds=A_MINUTE_BEFORE - 60)
    person = house.browser()
    await house.password(person)
    pending = await sign_in.find_pending(house.built.means, CALLER, cookie(person, "pending") or "")
    assert pending is not None

    async def close() -> None:
        house.clock.advance(seconds=121)
        assert await close_due(house.built.means) == 1

    means = replace(house.built.means, database=Between(house.database, close))
    said = await sign_in.submit_code(means, CALLER, sign_in_id=pending.id, typed="000000")

    assert said == Refused(Reason.SIGN_IN_EXPIRED)
    assert await journal(house, EventName.SECOND_FACTOR_FAILED) == []
    assert (await told(house))["wrong_second_factor"] == 0
    assert [one["kind"] for one in await rows(house, "outbox") if one["account_id"]] == []


async def test_eight_askings_close_once(either_house: FrontDoor) -> None:
    """SE-09: of eight presses with one code, one asks for the closing, and it is told once."""
    house = either_house
    ada = await member(house)
    person = await at_the_proof(house, ada)
    code = ada.next_code()

    await all_at_once(person, CLOSE, [{"password": PASSWORD, "code": code}] * 5)

    assert len(await journal(house, EventName.ACCOUNT_CLOSING_ASKED)) == 1
    assert (await told(house))["closing_asked"] == 1


async def test_two_houses_close_once(
    store: Store,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """SE-09: of two processes and eight workers one closes the account; twenty others' too."""
    folder = tmp_path_factory.mktemp("house")
    async with front_door(store.open(), folder) as house:
        ada = await member(house)
        await ask(house, ada)
        house.clock.advance(seconds=7 * DAY)
        other = store.open()
        account_id = (await rows(house, "accounts"))[0]["id"]

        won = await asyncio.gather(
            *(
                one.transact(lambda tx: closing.close_due(tx, account_id, house.clock()))
                for one in (house.database, other) * 8
            )
        )

        assert sorted(won) == [False] * 15 + [True]


async def test_not_me_beside_the_closing(either_house: FrontDoor) -> None:
    """R8: the mail's answer in the moment of the closing keeps it all or comes too late."""
    house = either_house
    ada = await member(house)
    await ask(house, ada)
    reader = house.browser(source="192.0.2.50")
    await reader.get(await link(house, "closing_asked"))
    action, data = reader.filled(NOT_ME)
    # The answer is good for as long as the wait, to the second.
    house.clock.advance(seconds=7 * DAY - 1)
    await ask_reset(house.browser(), ADA)
    await house.database.transact(
        lambda tx: tx.execute("UPDATE safeguards SET closes_at = closes_at - 1000000")
    )

    await asyncio.gather(
        *(close_due(house.built.means) for _ in range(2)), reader.client.post(action, data=data)
    )

    closed = await journal(house, EventName.ACCOUNT_CLOSED)
    kept = await journal(house, EventName.ACCOUNT_CLOSING_CANCELLED)
    assert len(closed) + len(kept) == 1
    assert await is_closed(house) == bool(closed)
