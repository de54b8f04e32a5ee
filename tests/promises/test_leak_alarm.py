"""The alarm that searches every house for secrets rings for a leak at each place it watches."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.databases import sqlite_database
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.leaks import LeakAlarm, Secrets, Watched
from tests.promises.walk import walk
from vestibule.storage.database import Database, Dialect
from vestibule.storage.transaction import Unit

pytestmark = pytest.mark.anyio

T = TypeVar("T")


@pytest.fixture
async def leaky(house: FrontDoor) -> FrontDoor:
    """A house with an account, in which the test leaks something."""
    house.alarm.is_rung_on_purpose = True
    await house.member()
    house.alarm.receive(house.inbox())
    return house


def _secret(house: FrontDoor, kind: str) -> str:
    return next(secret for secret, one in house.alarm.kinds.items() if one == kind)


# The journal takes no UPDATE, so a leak comes as a row of its own.
_EVENT = """INSERT INTO events (chain, seq, format, id, occurred_at, name, outcome, version,
    source, details, prev_digest, link_digest, link_mac)
    SELECT chain, seq + 1000, format, id, occurred_at, name, outcome, version, {source}, {details},
    prev_digest, link_digest, link_mac FROM events LIMIT 1"""
ROWS = [
    ("a code", _EVENT.format(source="source", details="'~'"), "events.details"),
    ("a session token", "UPDATE sessions SET user_agent = '~'", "sessions.user_agent"),
    ("a number", "UPDATE authenticators SET name = 'tel ~'", "authenticators.name"),
    ("an address", _EVENT.format(source="'~'", details="details"), "events.source"),
    ("a typed password", "UPDATE accounts SET email = '~'", "accounts.email"),
    ("a recovery code", "UPDATE recovery_codes SET label = '~'", "recovery_codes.label"),
    ("a session token", "UPDATE sessions SET token_digest = CAST('~' AS BLOB)",
     "sessions.token_digest"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sql", "place"), ROWS)
async def test_alarm_rings_for_a_row(leaky: FrontDoor, kind: str, sql: str, place: str) -> None:
    """AU-02: a secret in any column, text or bytes, is found and its place named."""
    leak = sql.replace("~", _secret(leaky, kind))

    await leaky.database.transact(lambda tx: tx.execute(leak))

    assert f"{place}: {kind}" in await leaky.leaks()


async def test_alarm_rings_for_a_line_of_the_log(leaky: FrontDoor) -> None:
    """AU-02: a secret in a line of the log is found."""
    leaky.alarm.register("a code", "482915")

    await leaky.password(leaky.browser(agent="Mozilla 482915"), "a@example.com")

    assert "the log: a code" in await leaky.leaks()


async def test_alarm_rings_for_a_metric(leaky: FrontDoor) -> None:
    """AU-02: a secret in a label of a metric is found."""
    number = _secret(leaky, "a number")

    await leaky.database.transact(
        lambda tx: tx.execute(f"UPDATE route_hours SET provider = '{number}'")  # noqa: S608 - ours
    )

    assert "the metrics: a number" in await leaky.leaks()


async def test_alarm_rings_for_a_message(leaky: FrontDoor) -> None:
    """AU-02: a full number in a message that should mask it is found."""
    number, mail = _secret(leaky, "a number"), leaky.inbox()[0]

    leaky.alarm.receive([replace(mail, text=f"Your number {number}.")])

    assert "a message: a number" in await leaky.leaks()


class _Telling(httpx.AsyncBaseTransport):
    """Answers with the form that it was sent: as an error's page, or as where to go."""

    def __init__(self, status: int) -> None:
        self._status = status

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        told = request.content.decode()
        return httpx.Response(self._status, headers={"location": f"/?{told}"}, text=told)


@pytest.mark.parametrize(("status", "place"), [(500, "an error page"), (303, "a redirect")])
async def test_alarm_rings_for_an_answer(leaky: FrontDoor, status: int, place: str) -> None:
    """AU-02: a secret on an error's page or in an address that is gone to is found."""
    through = Watched(_Telling(status), leaky.alarm)
    async with httpx.AsyncClient(transport=through, base_url="http://localhost") as client:
        await client.post("/sign-in", data={"password": "alantern"})

    assert f"{place}: a typed password" in await leaky.leaks()


def test_alarm_rings_for_what_a_process_wrote() -> None:
    """AU-02: a secret on a server's outputs is found, inside a traceback too."""
    secrets = Secrets()
    secrets.register("a typed password", PASSWORD)

    found = secrets.hits("the servers' log", f'  File "x.py"\nValueError: {PASSWORD!r} is wrong')

    assert found == ["the servers' log: a typed password"]


class _Talkative:
    """A database whose errors say what was to be kept, as the text of a driver's error may."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.units: int | None = None
        """How many more units succeed; all do where it is None."""
        self.text = ""

    @property
    def dialect(self) -> Dialect:
        return self._inner.dialect

    def _count(self) -> None:
        if self.units is None:
            return
        self.units -= 1
        if self.units < 0:
            raise RuntimeError(f"failed with the values {self.text}")

    async def transact(self, unit: Unit[T], *, single_statement: bool = False) -> T:
        self._count()
        return await self._inner.transact(unit, single_statement=single_statement)

    async def read(self, unit: Unit[T]) -> T:
        self._count()
        return await self._inner.read(unit)

    def listening(
        self, channel: str, on_notice: Callable[[], None]
    ) -> AbstractAsyncContextManager[None]:
        return self._inner.listening(channel, on_notice)

    async def close(self) -> None:
        await self._inner.close()


FORMS = [
    ("/sign-up", "Create account", {"name": "Eve", "email": "eve@example.com"}),
    ("/sign-in", "Sign in", {"email": "ada@example.com"}),
]


@pytest.mark.parametrize(("path", "button", "typed"), FORMS)
async def test_errors_keep_their_values_to_themselves(
    tmp_path: Path, path: str, button: str, typed: dict[str, str]
) -> None:
    """AU-02: whichever unit of a form fails, neither page nor log repeats what the error says."""
    database = _Talkative(sqlite_database(tmp_path / "house.db"))
    async with front_door(database, tmp_path) as house:
        await house.member()
        answers = []
        for units in range(6):
            person = house.browser()
            await person.get(path)
            database.units, database.text = units, f"{typed['email']} {PASSWORD}"
            await person.press(button, **typed, password=PASSWORD)
            database.units = None
            answers.append(person.status)

        assert answers.count(500) >= 2, answers
        assert "request_failed" in house.alarm.log.getvalue()
        assert await house.leaks() == []
    await database.close()


class _Failing:
    """An app whose every request fails first at each unit of the database in turn, as often as it
    has units; the answer is that of the try at which nothing failed."""

    def __init__(self, inner: ASGIApp, database: _Talkative, alarm: LeakAlarm) -> None:
        self._inner = inner
        self._database = database
        self._alarm = alarm
        self.failed: set[str] = set()
        """Method and path of what failed at least once."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked, is_whole = {"type": "http.request", "body": b""}, False
        while not is_whole:
            part = await receive()
            asked["body"] += part.get("body", b"")
            is_whole = not part.get("more_body")
        said: list[Message] = []
        for units in count():
            said.clear()
            # The errors tell everything that must be told nowhere.
            self._database.units, self._database.text = units, " ".join(self._alarm.kinds)
            await self._inner(dict(scope), _giving(asked), _taking(said))
            self._database.units = None
            if said[0]["status"] != 500:
                break
            self.failed.add(f"{scope['method']} {scope['path']}")
            page = b"".join(one.get("body", b"") for one in said)
            self._alarm.given(httpx.Response(500, content=page))
        for message in said:
            await send(message)


def _giving(asked: Message) -> Receive:
    async def receive() -> Message:
        return asked

    return receive


def _taking(said: list[Message]) -> Send:
    async def send(message: Message) -> None:
        said.append(message)

    return send


async def test_errors_on_every_page_keep_their_values(tmp_path: Path) -> None:
    """AU-02: whatever unit of whatever page fails, its error may say all: nobody repeats it.

    Nor does what fails take anything away: each form and the one showing of a recovery code come
    when they are asked for again (RC-02).
    """
    database = _Talkative(sqlite_database(tmp_path / "house.db"))
    async with front_door(database, tmp_path) as house:
        failing = _Failing(house.built.app, database, house.alarm)
        house.built = replace(house.built, app=failing)  # type: ignore[arg-type]  # stands before it

        await walk(house)

        assert len(failing.failed) >= 30, sorted(failing.failed)
        assert house.alarm.log.getvalue().count("request_failed") > 100
        assert await house.leaks() == []
    await database.close()
