"""Four real server processes over one PostgreSQL: budgets are the database's, not a process's."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.attack import wrong
from tests.databases import migrated_sqlite
from tests.faults.processes import free_ports
from tests.figures import Record, note
from tests.front_door import PASSWORD
from tests.leaks import LeakAlarm, Watched
from tests.person import Person
from tests.postgresql import Cluster
from tests.serving import PATIENCE, ready, serving
from vestibule.crypto import root_key
from vestibule.entropy import SystemEntropy
from vestibule.storage.database import Database, Transaction, connect

pytestmark = pytest.mark.anyio

SERVERS = 4


@dataclass(frozen=True)
class Servers:
    """Where they listen, and the database behind them."""

    origins: list[str]
    database: Database
    alarm: LeakAlarm

    async def count(self, sql: str) -> int:
        async def unit(tx: Transaction) -> Any:
            return await tx.fetch_one(sql)

        return int((await self.database.read(unit))["n"])

    async def code(self, channel: str, to: str, *, besides: str | None = None) -> str:
        """A code for somebody, from whichever process has delivered it, that is not `besides`."""
        async with httpx.AsyncClient(timeout=PATIENCE) as client, asyncio.timeout(PATIENCE):
            while True:
                for origin in self.origins:
                    messages = (await client.get(f"{origin}/simulator/messages")).json()
                    for message in messages:
                        is_theirs = (message["channel"], message["to"]) == (channel, to)
                        if is_theirs and message["code"] not in {None, besides}:
                            return str(message["code"])
                await asyncio.sleep(0.1)

    async def all_at_once(self, person: Person, codes: list[str]) -> list[httpx.Response]:
        """Post each code to the next of the servers, all in parallel."""
        action, data = person.filled("Verify")
        posts = [
            person.client.post(self.origins[turn % SERVERS] + action, data={**data, "code": code})
            for turn, code in enumerate(codes)
        ]
        return await asyncio.gather(*posts)


@pytest.fixture
async def servers(postgresql_cluster: Cluster, tmp_path: Path) -> AsyncIterator[Servers]:
    """Four servers that are ready."""
    root_key.make(tmp_path / "root.key", SystemEntropy())
    name = await postgresql_cluster.create()
    url, ports = postgresql_cluster.url(name), free_ports(SERVERS)
    database = connect(url)
    async with serving(tmp_path, url, ports) as served:
        origins = [f"http://127.0.0.1:{port}" for port in ports]
        await ready(origins)
        yield Servers(origins, database, served.alarm)
    await database.close()
    await postgresql_cluster.drop(name)


async def _asked(servers: Servers, client: httpx.AsyncClient, turn: int) -> tuple[Person, str]:
    """An account with a phone, made through one server; a new sign-in of it, and its code."""
    email, phone, person = f"{turn}@example.com", f"+4474001234{turn:02}", Person(client)
    await person.get("/sign-up")
    await person.press("Create account", name="Ada", email=email, password=PASSWORD)
    await person.press("Verify", code=await servers.code("email", email))
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone=phone)
    first = await servers.code("sms", phone)
    await person.press("Verify", code=first)
    assert person.path == "/set-up/recovery-code", person.text
    client.cookies.clear()
    await person.get("/sign-in")
    await person.press("Sign in", email=email, password=PASSWORD)
    assert person.path == "/sign-in/code", person.text
    return person, await servers.code("sms", phone, besides=first)


async def test_four_servers_share_one_budget(servers: Servers, record_property: Record) -> None:
    """OC-07, RL-07: over four processes 200 wrong codes are five, and 50 right ones one session."""
    # Kept connections may be closed by the server while a machine is slow.
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=servers.origins[0],
        timeout=PATIENCE,
        transport=Watched(httpx.AsyncHTTPTransport(limits=limits), servers.alarm),
    ) as client:
        person, code = await _asked(servers, client, 1)
        answers = await servers.all_at_once(person, [wrong(code, by=n) for n in range(1, 201)])
        assert {answer.status_code for answer in answers} == {303}
        assert not [answer for answer in answers if answer.headers["location"] == "/"]
        failed = "SELECT COUNT(*) AS n FROM events WHERE name = 'authn_login_fail'"
        assert await servers.count(failed) == 5
        assert await servers.count("SELECT COUNT(*) AS n FROM strikes") == 5
        client.cookies.clear()
        before = "SELECT COUNT(*) AS n FROM sessions"
        person, code = await _asked(servers, client, 2)
        sessions = await servers.count(before)

        answers = await servers.all_at_once(person, [code] * 50)

        assert sum(answer.headers["location"] == "/" for answer in answers) == 1
        opened = await servers.count(before) - sessions
        assert opened == 1
    note(record_property, attacks=2, requests=250, compared=5, confirmed=1, twice=opened - 1)


HEADERS = {
    "one of a megabyte": b"x-a: " + b"a" * 1_000_000 + b"\r\n",
    "twenty thousand": b"".join(b"x-%d: a\r\n" % turn for turn in range(20_000)),
    "one without an end": b"x-a: " + b"a" * 200_000,
}


async def test_headers_have_an_end(tmp_path: Path) -> None:
    """WB-07: a request whose headers are larger than 32 kB is refused before it is read whole."""
    root_key.make(tmp_path / "root.key", SystemEntropy())
    url, (port,) = migrated_sqlite(tmp_path / "vestibule.db"), free_ports(1)
    async with serving(tmp_path, url, [port]):
        await ready([f"http://127.0.0.1:{port}"])
        async with httpx.AsyncClient(timeout=PATIENCE) as client, asyncio.timeout(PATIENCE):
            for name, headers in HEADERS.items():
                answer = await _answer(port, headers)
                assert answer.startswith(b"HTTP/1.1 4") or answer == b"", (name, answer[:40])
            assert (await client.get(f"http://127.0.0.1:{port}/livez")).status_code == 200


async def _answer(port: int, headers: bytes) -> bytes:
    """The start of the answer to a request with these headers; empty where it was cut off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n" + headers + b"\r\n")
        return await reader.read(100)
    except ConnectionError:
        return b""
    finally:
        writer.close()
