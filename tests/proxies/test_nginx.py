"""Behind the proxy that we ship a configuration for: everything works, and nothing slips past."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn

from tests.attack import rows
from tests.databases import sqlite_database
from tests.delivery.smtp_server import certificate
from tests.faults.processes import free_ports
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.leaks import WatchedApp
from tests.person import Person
from tests.proxies.nginx import NAME, PATIENCE, Ports, nginx

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Proxied:
    """A house behind nginx, and what a client needs to reach it."""

    house: FrontDoor
    ports: Ports
    trust: ssl.SSLContext
    folder: Path

    @property
    def origin(self) -> str:
        return f"https://{NAME}:{self.ports.https}"

    def client(self, *, source: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
        """A browser at an address of this machine's own."""
        return httpx.AsyncClient(
            base_url=self.origin,
            headers=headers,
            timeout=PATIENCE,
            transport=httpx.AsyncHTTPTransport(verify=self.trust, local_address=source),
        )

    def leaks(self) -> list[str]:
        """Where nginx has written down a secret of the house, as places and kinds."""
        return [
            hit
            for name in ("access.log", "error.log")
            for hit in self.house.alarm.hits(f"nginx's {name}", (self.folder / name).read_text())
        ]

    async def raw(self, request: bytes) -> bytes:
        """Everything that comes back over one TLS connection until it ends or is silent."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.ports.https, ssl=self.trust, server_hostname=NAME
        )
        writer.write(request)
        found = b""
        try:
            async with asyncio.timeout(1.0):
                while part := await reader.read(65536):
                    found += part
        except (TimeoutError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()
        return found


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[Proxied]:
    """The house on a socket of its own, nginx before it; neither may write a secret down."""
    ports = Ports(*free_ports(3))
    over = sqlite_database(tmp_path / "house.db")
    given: dict[str, object] = {
        "public_origin": f"https://{NAME}:{ports.https}",
        "trusted_proxies": ("127.0.0.1/32",),
    }
    ours = certificate(tmp_path, NAME)
    async with front_door(over, tmp_path, settings=given) as house:
        config = uvicorn.Config(
            WatchedApp(house.built.app, house.alarm),
            port=ports.house,
            proxy_headers=False,
            http="h11",
            log_config=None,
            log_level="error",
            # Messages leave when the test says so.
            lifespan="off",
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        async with asyncio.timeout(PATIENCE):
            while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.02)
        async with nginx(tmp_path, ports, tmp_path / f"{NAME}.pem"):
            proxied = Proxied(house, ports, ours.client, tmp_path)
            yield proxied
        server.should_exit = True
        await serving
        found = [] if house.alarm.is_rung_on_purpose else proxied.leaks()
        assert found == [], found
    await over.close()


async def test_people_pass(proxied: Proxied) -> None:
    """Sign-up, set-up, sign-out and sign-in over TLS, with the cookies of https."""
    async with proxied.client() as client:
        person = Person(client)
        await proxied.house.sign_up(person, "ada@example.com")
        await proxied.house.set_up_phone(person)
        assert person.path == "/"
        await person.press("Sign out")
        await proxied.house.sign_in(person)

        assert all(name.startswith("__Host-") for name in person.cookie_names())
        assert "max-age=" in person.response.headers["strict-transport-security"]


async def test_source_is_the_clients(proxied: Proxied) -> None:
    """RL-08: the journal has the address that nginx saw, whatever the client claims."""
    claims = {"X-Forwarded-For": "203.0.113.99", "Forwarded": "for=203.0.113.98"}
    async with proxied.client(source="127.0.0.77", **claims) as client:
        person = Person(client)
        await person.get("/sign-in")
        await person.press("Sign in", email="nobody@example.com", password="not the password")

    sources = await rows(proxied.house, "SELECT DISTINCT source FROM events")
    assert [one["source"] for one in sources] == ["127.0.0.77"]


async def test_plain_http_is_led_to_https(proxied: Proxied) -> None:
    """Nothing is served without TLS but the way to it, under our own name only."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        answer = await client.get(f"http://{NAME}:{proxied.ports.http}/sign-in?next=/settings")
        assert answer.status_code == 308
        assert answer.headers["location"] == f"{proxied.origin}/sign-in?next=/settings"
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(
                f"http://127.0.0.1:{proxied.ports.http}/", headers={"host": "elsewhere.example"}
            )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_old_tls_is_refused(proxied: Proxied, version: ssl.TLSVersion) -> None:
    """ASVS 12.1.1: TLS 1.2 and 1.3 only, to clients that would speak the older ones."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.minimum_version = version
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.maximum_version = version

    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(
            "127.0.0.1", proxied.ports.https, ssl=context, server_hostname=NAME
        )


async def test_another_name_gets_no_certificate(proxied: Proxied) -> None:
    """Whoever asks for another host learns nothing, not even ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    with pytest.raises(ssl.SSLError):
        await asyncio.open_connection(
            "127.0.0.1", proxied.ports.https, ssl=context, server_hostname="elsewhere.example"
        )


@pytest.mark.parametrize("host", ["elsewhere.example", "user@localhost", "[::1]", None])
async def test_another_name_inside_ours_gets_no_answer(proxied: Proxied, host: str | None) -> None:
    """ASVS 13.4.6: after a handshake under our name too, another one gets no page of the proxy."""
    named = f"GET /help HTTP/1.1\r\nHost: {host}\r\n\r\n"
    asked = named if host else "GET /help HTTP/1.0\r\n\r\n"

    assert await proxied.raw(asked.encode()) == b""


@pytest.mark.parametrize("length", [2_000, 2_500, 4_500, 30_000])
async def test_a_long_form_is_told_what_is_wrong(proxied: Proxied, length: int) -> None:
    """WB-07: what a refused form keeps for its page fits through the proxy, however much it was."""
    async with proxied.client() as client:
        person = Person(client)
        await person.get("/sign-in")
        await person.press("Sign in", email="x" * length, password="not the password")

        assert person.status == 200
        assert "like name@example.com" in person.text


async def test_the_proxys_own_pages_carry_the_policy(proxied: Proxied) -> None:
    """WB-03: what nginx refuses by itself carries HSTS and the rest, and ours carry each once."""
    kept = ("strict-transport-security", "content-security-policy", "x-content-type-options")
    async with proxied.client() as client:
        own = [await client.get("/livez"), await client.post("/help", content=b"x" * 100_000)]
        ours = await client.get("/help")

    assert [answer.status_code for answer in own] == [404, 413]
    for answer in [*own, ours]:
        assert [len(answer.headers.get_list(name)) for name in kept] == [1, 1, 1], answer.headers
        assert answer.headers["strict-transport-security"] == ours.headers[kept[0]]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_health_and_metrics_stay_inside(proxied: Proxied, path: str) -> None:
    """ASVS 13.4.5: what watches the house is asked on the machine, not from outside."""
    async with proxied.client() as client:
        assert (await client.get(path)).status_code == 404


async def test_the_token_of_a_link_is_in_no_log(proxied: Proxied, tmp_path: Path) -> None:
    """AU-02: the address of a mailed answer is written in no log of the proxy, refused or not.

    All else is: the log is on.
    """
    async with proxied.client() as client:
        person = Person(client)
        await proxied.house.sign_up(person, "ada@example.com")
        await proxied.house.set_up_phone(person)
        await proxied.house.deliver()
        mail = next(m for m in proxied.house.inbox() if m.purpose == "method_added")
        found = re.search(r"/not-me/([\w-]{43})$", mail.text, re.MULTILINE)
        assert found is not None, mail.text
        token = found[1]

    async with proxied.client() as client:
        reader = Person(client)
        await client.get(f"http://{NAME}:{proxied.ports.http}/not-me/{token}")
        await reader.get(f"/not-me/{token}")
        assert reader.path == "/not-me/notice"
        assert "A sign-in method was added" in reader.text
        await client.post(f"/not-me/{token}", content=b"x" * 100_000)
        await client.post("/help", content=b"x" * 100_000)

    written = (tmp_path / "access.log").read_text()
    assert "GET /not-me" not in written
    assert "POST /sign-up" in written
    errors = (tmp_path / "error.log").read_text()
    assert "POST /help" in errors
    assert token not in written + errors


async def test_alarm_rings_for_the_proxys_logs(proxied: Proxied) -> None:
    """AU-02: a secret in the proxy's log of requests or of errors is found.

    As the address of a page, as the page that led there, as a browser's name.
    """
    proxied.house.alarm.is_rung_on_purpose = True
    async with proxied.client() as client:
        person = Person(client)
        await person.get("/sign-in")
        await person.press("Sign in", email="nobody@example.com", password=PASSWORD)
        assert proxied.leaks() == []

        await client.get("/help", params={"password": PASSWORD})
        await client.get("/help", headers={"referer": "https://localhost/?nobody@example.com"})
        await client.post("/help", params={"password": PASSWORD}, content=b"x" * 100_000)

    assert sorted(set(proxied.leaks())) == [
        "nginx's access.log: a typed password",
        "nginx's access.log: an address",
        "nginx's error.log: a typed password",
    ]


HIDDEN = b"GET /help HTTP/1.1\r\nHost: localhost\r\nX-Rest: "
_LENGTH = str(len(HIDDEN) + 5).encode()
_CHUNKED = b"0\r\n\r\n" + HIDDEN


def _post(*headers: bytes, body: bytes = _CHUNKED) -> bytes:
    lines = [b"POST /sign-in HTTP/1.1", b"Host: localhost", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


DOUBTFUL = {
    "length, then chunks": _post(b"Content-Length: " + _LENGTH, b"Transfer-Encoding: chunked"),
    "chunks, then length": _post(b"Transfer-Encoding: chunked", b"Content-Length: 4"),
    "two lengths": _post(b"Content-Length: 0", b"Content-Length: " + _LENGTH),
    "two lengths in one": _post(b"Content-Length: 0, " + _LENGTH),
    "length with a sign": _post(b"Content-Length: +" + _LENGTH),
    "space before the colon": _post(b"Transfer-Encoding : chunked", b"Content-Length: " + _LENGTH),
    "folded": _post(b"Content-Length: " + _LENGTH, b"Transfer-Encoding:\r\n chunked"),
    "tab": _post(b"Content-Length: " + _LENGTH, b"Transfer-Encoding:\tchunked"),
    "vertical tab": _post(b"Content-Length: " + _LENGTH, b"Transfer-Encoding: \x0bchunked"),
    "unknown coding": _post(b"Content-Length: " + _LENGTH, b"Transfer-Encoding: xchunked"),
    "two codings": _post(b"Transfer-Encoding: identity, chunked", b"Content-Length: 4"),
    "bare line feed": _post(b"X: y\nTransfer-Encoding: chunked", b"Content-Length: " + _LENGTH),
    "chunk size with a sign": _post(b"Transfer-Encoding: chunked", body=b"+0\r\n\r\n" + HIDDEN),
    "huge chunk size": _post(b"Transfer-Encoding: chunked", body=b"1" * 40 + b"\r\n" + HIDDEN),
    "HTTP/1.0 with chunks": _post(b"Transfer-Encoding: chunked").replace(b"1.1", b"1.0", 1),
    "underscore": _post(b"Content-Length: " + _LENGTH, b"Transfer_Encoding: chunked"),
    "NUL in a name": _post(b"Content-Length: " + _LENGTH, b"Transfer-\x00Encoding: chunked"),
}


@pytest.mark.parametrize("kind", DOUBTFUL)
async def test_nobody_gets_somebody_elses_answer(proxied: Proxied, kind: str) -> None:
    """ASVS 4.2.1: a request of two readings leaves nothing behind for who comes next."""
    async with proxied.client() as client:
        for _ in range(3):
            await proxied.raw(DOUBTFUL[kind])
            page = await client.get("/sign-in")
            assert page.status_code == 200
            assert 'name="password"' in page.text, "the hidden request was answered"


@pytest.mark.parametrize("kind", DOUBTFUL)
async def test_house_reads_no_hidden_request(proxied: Proxied, kind: str) -> None:
    """ASVS 4.2.1: without a proxy too, what follows a doubtful request is never answered as one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxied.ports.house)
    writer.write(DOUBTFUL[kind] + b"\r\n\r\n")
    found = b""
    try:
        async with asyncio.timeout(1.0):
            while part := await reader.read(65536):
                found += part
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()

    assert found.count(b"HTTP/1.1 2") == 0, found[:500]
