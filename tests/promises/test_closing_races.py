"""Closing at the same moment as keeping, signing in, asking again, or being asked by others."""

import asyncio

import httpx
import pytest

from tests.answers import ADA, NOT_ME, link, told
from tests.attack import all_at_once, journal
from tests.databases import Store
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.promises.closers import CLOSE, KEEP, ask, at_the_proof, come
from tests.promises.states import ask_reset, member, rows, snapshot
from vestibule.domain.event import EventName
from vestibule.flows.closing_day import close_due
from vestibule.flows.housekeeping import purge
from vestibule.storage import closing
from vestibule.storage.closing import GONE

pytestmark = pytest.mark.anyio

DAY = 24 * 3600
A_MINUTE_BEFORE = 7 * DAY - 60


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
