"""Many requests for one account wait for each other, and for nobody else's connections."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.attack import wrong
from tests.databases import Store
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.person import Person
from tests.postgresql import Cluster
from tests.waiting import open_transaction, until_waiting
from vestibule.flows.passwords import Busy
from vestibule.storage.database import connect
from vestibule.web.turns import AT_ONCE, Turns

pytestmark = pytest.mark.anyio

ADA, EVE = "ada@example.com", "eve@example.com"


async def _asked(house: FrontDoor, email: str, phone: str) -> tuple[Person, Person, str]:
    """A browser inside, one of the same account that stands before its code, and the code."""
    inside, _ = await house.member(email, phone=phone)
    person = house.browser()
    await house.password(person, email)
    return inside, person, await house.code("sms")


@pytest.fixture
async def postgresql(postgresql_cluster: Cluster) -> AsyncIterator[Store]:
    """A database whose rows are locked one by one; SQLite's writer has no such waiting."""
    name = await postgresql_cluster.create()
    yield Store(postgresql_cluster.url(name))
    await postgresql_cluster.drop(name)


async def test_one_account_leaves_connections_to_others(postgresql: Store, tmp_path: Path) -> None:
    """RL-07: while thirty codes wait for one account, another's opens, readiness holds,
    and its own person inside signs out."""
    database = connect(postgresql.url)
    async with front_door(database, tmp_path) as house:
        inside, eve, of_eve = await _asked(house, EVE, "07400 123457")
        _, ada, of_ada = await _asked(house, ADA, "07400 123456")
        action, data = eve.filled("Verify")
        codes = [wrong(of_eve, by=turn) for turn in range(1, 31)]
        hold = f"UPDATE accounts SET guard = guard + 1 WHERE email = '{EVE}'"  # noqa: S608 - ours
        async with open_transaction(postgresql, hold) as onlooker:
            many = [
                asyncio.create_task(eve.client.post(action, data={**data, "code": code}))
                for code in codes
            ]
            await until_waiting(onlooker, *many[:AT_ONCE])
            ready = await house.browser().get("/readyz")
            await inside.press("Sign out")
            answer = await ada.press("Verify", code=of_ada)
        answers = await asyncio.gather(*many)

        assert inside.path == "/sign-in", inside.text
        assert (ready.status_code, answer.status_code, ada.path) == (200, 200, "/"), ada.text
        assert {one.status_code for one in answers} <= {303, 503}
    await database.close()


async def test_one_address_leaves_connections_to_others(postgresql: Store, tmp_path: Path) -> None:
    """RL-07: nor do thirty right passwords of one account keep another's code waiting."""
    database = connect(postgresql.url)
    async with front_door(database, tmp_path) as house:
        await house.member(EVE, phone="07400 123457")
        _, ada, of_ada = await _asked(house, ADA, "07400 123456")
        eve = house.browser()
        await eve.get("/sign-in")
        action, data = eve.filled("Sign in", email=EVE, password=PASSWORD)
        hold = f"UPDATE accounts SET guard = guard + 1 WHERE email = '{EVE}'"  # noqa: S608 - ours
        async with open_transaction(postgresql, hold) as onlooker:
            many = [asyncio.create_task(eve.client.post(action, data=data)) for _ in range(30)]
            await until_waiting(onlooker, *many[:AT_ONCE])
            ready = await house.browser().get("/readyz")
            answer = await ada.press("Verify", code=of_ada)
        await asyncio.gather(*many)

        assert (ready.status_code, answer.status_code, ada.path) == (200, 200, "/"), ada.text
    await database.close()


async def test_known_browser_stands_behind_no_stranger(postgresql: Store, tmp_path: Path) -> None:
    """RL-03: with thirty strangers in an address's line, its owner's known browser is at work at
    once; so is its code, once the password was right."""
    database = connect(postgresql.url)
    async with front_door(database, tmp_path) as house:
        owner, _ = await house.member(EVE, phone="07400 123457")
        await owner.press("Sign out")
        await owner.get("/sign-in")
        # A browser that completed sign-ins too, of another account.
        stranger, _ = await house.member(ADA, phone="07400 123456")
        await stranger.press("Sign out")
        await stranger.get("/sign-in")
        action, data = stranger.filled("Sign in", email=EVE, password=PASSWORD)
        hold = f"UPDATE accounts SET guard = guard + 1 WHERE email = '{EVE}'"  # noqa: S608 - ours
        for button, values in (
            ("Sign in", {"email": EVE, "password": PASSWORD}),
            ("Verify", {"code": "000000"}),
        ):
            async with open_transaction(postgresql, hold) as onlooker:
                many = [
                    asyncio.create_task(stranger.client.post(action, data=data)) for _ in range(30)
                ]
                await until_waiting(onlooker, *many[:AT_ONCE])
                own = asyncio.create_task(owner.press(button, **values))
                await until_waiting(onlooker, *many[:AT_ONCE], own)
            await asyncio.gather(own, *many)
            assert owner.path == "/sign-in/code", owner.text
    await database.close()


async def test_line_of_one_account_ends() -> None:
    """RL-07: of one account two are at work, others wait, and nobody's line stays behind; whoever
    is nobody yet waits for nobody."""
    lines, at_work, most = Turns(), 0, 0
    go_on = asyncio.Event()

    async def one(account_id: str) -> None:
        nonlocal at_work, most
        async with lines.of(account_id):
            at_work += 1
            most = max(most, at_work)
            await go_on.wait()
            at_work -= 1

    tasks = [asyncio.create_task(one("eve")) for _ in range(10)]
    await asyncio.sleep(0)
    async with lines.of("ada"), lines.of(""), lines.of(""), lines.of(""):
        assert at_work == AT_ONCE
    tasks.pop().cancel()
    go_on.set()
    await asyncio.gather(*tasks)

    assert (at_work, most, lines.count) == (0, AT_ONCE, 0)


async def test_line_that_does_not_move_says_so() -> None:
    """RL-07: whoever waits too long for an account's turn is told to come back."""
    lines = Turns(patience=0.01)
    async with lines.of("eve"), lines.of("eve"):
        with pytest.raises(Busy):
            async with lines.of("eve"):
                pytest.fail("a third one is at work")

    async with lines.of("eve"):
        assert lines.count == 1
