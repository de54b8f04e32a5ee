"""Whose line a request waits in: nobody has several before one account, and none tells of one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.attack import wrong
from tests.databases import Store
from tests.front_door import FrontDoor, front_door
from tests.person import Person
from tests.postgresql import Cluster
from tests.promises.addresses import ask_reset
from tests.promises.states import put_cookie
from tests.waiting import open_transaction, until_waiting, waiting
from vestibule.storage.database import Database, connect
from vestibule.web.turns import AT_ONCE

pytestmark = pytest.mark.anyio

EVE, NOBODY = "eve@example.com", "nobody@example.com"
OTHERS = ("ada@example.com", "ben@example.com", "cy@example.com")

Post = tuple[Person, str, dict[str, str]]


@pytest.fixture
async def store(postgresql_cluster: Cluster) -> AsyncIterator[Store]:
    """A database whose rows are locked one by one; SQLite's writer has no such waiting."""
    name = await postgresql_cluster.create()
    yield Store(postgresql_cluster.url(name))
    await postgresql_cluster.drop(name)


@pytest.fixture
async def house(store: Store, tmp_path: Path) -> AsyncIterator[FrontDoor]:
    over = connect(store.url)
    async with front_door(over, tmp_path) as built:
        yield built
    await over.close()


async def _at_work(
    house: FrontDoor, onlooker: Any, posts: list[Post]
) -> tuple[int, list[asyncio.Task[httpx.Response]]]:
    """How many of the posts have come as far as the row that somebody holds, and all of them."""
    many = [
        asyncio.create_task(person.client.post(path, data=data)) for person, path, data in posts
    ]
    await until_waiting(onlooker, *many[:AT_ONCE])
    # As long as all the others would need to come there too.
    for _ in range(5):
        await house.browser().get("/sign-in")
    return await waiting(onlooker), many


# --- one account, many names for it -------------------------------------------------------------


async def _spelled_differently(house: FrontDoor) -> list[Post]:
    person = house.browser()
    await person.get("/sign-in")
    spelled = [EVE, *(EVE.replace(at, chr(ord(at) + 0xFEE0)) for at in "xampl")]
    return [(person, *_typed(person, email)) for email in spelled]


async def _beside_sign_ins_of_ones_own(house: FrontDoor) -> list[Post]:
    posts: list[Post] = []
    for number, email in enumerate(OTHERS):
        await house.member(email, phone=f"07400 12345{number}")
        person = house.browser(source=f"198.51.{number}.1")
        await house.password(person, email)
        assert person.path == "/sign-in/code", person.text
        await person.get("/sign-in")
        posts += [(person, *_typed(person, EVE))] * 2
    return posts


def _typed(person: Person, email: str) -> tuple[str, dict[str, str]]:
    return person.filled("Sign in", email=email, password="not the lantern")


@pytest.mark.parametrize(
    "posts_of",
    [_spelled_differently, _beside_sign_ins_of_ones_own],
    ids=lambda given: given.__name__[1:],
)
async def test_one_account_has_one_line_at_the_first_door(
    house: FrontDoor, store: Store, posts_of: Callable[[FrontDoor], Awaitable[list[Post]]]
) -> None:
    """RL-07: two tries at an address are at work at once, however it is spelled and whatever else
    the browsers that ask have open, so that the others keep their connections."""
    await house.member(EVE, phone="07400 123459")
    person = house.browser(source="192.0.2.1")
    await house.password(person, EVE, password="not the lantern")
    posts = await posts_of(house)
    hold = "UPDATE throttles SET hits = hits WHERE kind = 'password'"

    async with open_transaction(store, hold) as onlooker:
        found, many = await _at_work(house, onlooker, posts)
    answers = await asyncio.gather(*many)

    assert found == AT_ONCE
    assert {one.status_code for one in answers} == {303}


@pytest.mark.parametrize("email", [EVE, NOBODY], ids=["an-account", "none"])
async def test_line_of_a_reset_tells_of_no_account(
    house: FrontDoor, store: Store, email: str
) -> None:
    """EN-01: of wrong codes for a reset two are looked at at once, whether there is an account or
    not: else the sixth answer of six would come later where there is one."""
    await house.member(EVE, phone="07400 123459")
    person = house.browser(source="192.0.2.1")
    await ask_reset(person, email)
    posts = [(person, *person.filled("Verify", code=wrong("0000000000", by=by))) for by in range(6)]
    hold = "UPDATE challenges SET tries = tries WHERE purpose = 'reset'"

    async with open_transaction(store, hold) as onlooker:
        found, many = await _at_work(house, onlooker, posts)
    await asyncio.gather(*many)

    assert found == AT_ONCE


async def test_code_of_a_reset_waits_for_no_stranger(house: FrontDoor, store: Store) -> None:
    """R4, RL-03: while the line of an address does not move, its owner in a new browser proves the
    mailbox, which is the way past whoever fills it."""
    await house.member(EVE, phone="07400 123459")
    owner = await ask_reset(house.browser(source="192.0.2.1"), EVE)
    code = await house.code("email", to=EVE)
    await house.password(house.browser(), EVE, password="not the lantern")
    posts = await _spelled_differently(house)
    hold = "UPDATE throttles SET hits = hits WHERE kind = 'password'"

    async with open_transaction(store, hold) as onlooker:
        _, many = await _at_work(house, onlooker, posts)
        await owner.press("Verify", code=code)
    await asyncio.gather(*many)

    assert owner.path == "/forgot-password/second-factor", owner.text


# --- ways to the database -----------------------------------------------------------------------


class Read:
    """A database, and the statements that ran in it."""

    def __init__(self, over: Database) -> None:
        self._over = over
        self.ran: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._over, name)

    async def transact(self, unit: Callable[[Any], Awaitable[Any]], **how: bool) -> Any:
        return await self._over.transact(lambda tx: unit(ReadTransaction(tx, self.ran)), **how)

    async def read(self, unit: Callable[[Any], Awaitable[Any]]) -> Any:
        return await self._over.read(lambda tx: unit(ReadTransaction(tx, self.ran)))


class ReadTransaction:
    def __init__(self, tx: Any, ran: list[str]) -> None:
        self._tx, self._ran = tx, ran

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._tx, name)
        if name not in {"fetch_one", "fetch_all", "execute"}:
            return found

        def statement(sql: str, /, **params: object) -> Any:
            self._ran.append(sql)
            return found(sql, **params)

        return statement


@pytest.mark.parametrize(
    ("path", "button", "typed"),
    [
        ("/sign-in", "Sign in", {"password": "not the lantern"}),
        ("/forgot-password", "Send code", {}),
        (
            "/sign-up",
            "Create account",
            {"name": "Mallory", "password": "a heron on the weathervane"},
        ),
    ],
    ids=["sign-in", "reset", "sign-up"],
)
async def test_no_more_is_asked_of_the_database_where_there_is_an_account(
    store: Store, tmp_path: Path, path: str, button: str, typed: dict[str, str]
) -> None:
    """EN-03: as many statements run for an address without an account, also where the browser
    brings a made-up mark, since each is a way to a database that may be some milliseconds away."""
    read = Read(connect(store.url))
    async with front_door(read, tmp_path) as house:
        await house.member(EVE)
        stranger = house.browser(source="198.51.100.1")
        put_cookie(stranger, "browser", "m" * 43)
        counts = {}
        # The first has none of the stranger's own to look for, a reset say.
        for email in ("first@example.com", EVE, NOBODY):
            house.clock.advance(seconds=24 * 3600)
            await stranger.get(path)
            action, data = stranger.filled(button, email=email, **typed)
            read.ran.clear()
            await stranger.client.post(action, data=data)
            counts[email] = len(read.ran)

        assert counts[EVE] > 10
        assert counts[EVE] == counts[NOBODY]
    await read.close()
