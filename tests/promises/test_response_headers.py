"""What every response carries, over a walk through the whole house (A.15)."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.databases import sqlite_database
from tests.front_door import FrontDoor, front_door
from tests.person import Person
from tests.plain import plain
from vestibule.web.doors import DOORS

pytestmark = pytest.mark.anyio

POLICY = re.compile(
    r"default-src 'none'; script-src 'nonce-([A-Za-z0-9_-]{22})' 'strict-dynamic';"
    r" style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self';"
    r" base-uri 'none'; object-src 'none'; frame-ancestors 'none';"
    r" report-uri /csp-report; report-to reports"
)
FIXED = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "reporting-endpoints": 'reports="/csp-report"',
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Watch:
    """One hook on a browser: every response it gets is held to the rules."""

    def __init__(self, *, is_https: bool = False) -> None:
        self.is_https, self.nonces, self.requests = is_https, list[str](), list[str]()

    def on(self, person: Person) -> Person:
        person.client.event_hooks["response"].append(self.check)
        return person

    async def check(self, response: httpx.Response) -> None:
        headers, where = response.headers, f"{response.request.method} {response.request.url}"
        for name, value in FIXED.items():
            assert headers.get_list(name) == [value], (where, name)
        found = POLICY.fullmatch(headers["content-security-policy"])
        assert found is not None, where
        self.nonces.append(found.group(1))
        self.requests.append(headers["x-request-id"])
        hsts = headers.get("strict-transport-security")
        assert hsts == ("max-age=63072000; includeSubDomains; preload" if self.is_https else None)
        assert "camera=()" in headers["permissions-policy"]
        assert not {"server", "x-powered-by"} & set(headers)
        assert not [name for name in headers if name.startswith("access-control-")], where
        path = response.request.url.path
        is_everybodys = path.startswith(("/static", "/brand", "/simulator/static", "/.well-known"))
        if not is_everybodys:
            assert headers["cache-control"] == "no-store", where
        self._check_cookies(headers.get_list("set-cookie"))
        self._check_body(response.headers, await response.aread(), found.group(1), where)

    def _check_cookies(self, cookies: list[str]) -> None:
        for cookie in cookies:
            name, parts = cookie.split("=", 1)[0], cookie.lower().split("; ")
            assert {"httponly", "path=/", "samesite=lax"} <= set(parts), cookie
            assert not any(part.startswith("domain=") for part in parts)
            assert ("secure" in parts) is self.is_https
            assert name.startswith("__Host-") is self.is_https

    def _check_body(self, headers: httpx.Headers, body: bytes, nonce: str, where: str) -> None:
        if not headers.get("content-type", "").startswith("text/html"):
            return
        text = body.decode()
        assert not re.search(r"<[^>]+\son[a-z]+\s*=", text), where
        assert not re.search(r"<[^>]+\sstyle\s*=", text), where
        assert "javascript:" not in text.lower()
        for script in re.findall(r"<script\b[^>]*>", text):
            assert f'nonce="{nonce}"' in script, where


async def _walk(house: FrontDoor, person: Person) -> None:
    """Up, in, out, in again, settings, a change, and every door there is."""
    await house.sign_up(person, "ada@example.com")
    await house.set_up_phone(person)
    await house.open_settings(person)
    for door in DOORS:
        path = door.path.replace("{app_id}", "none")
        await person.client.get(path)
        await person.client.post(path, data={})
    await person.get("/")
    await person.press("Sign out")
    house.clock.advance(seconds=60)
    await house.password(person, password="not the lantern")
    await house.sign_in(person)
    for path in ("/no-such-door", "/static/none.css", "/brand.css", "/static/app.css", "/sign-in/"):
        await person.client.get(path)
    await person.client.post("/sign-in", content=b"x" * 100_000)


async def test_headers_of_every_response(house: FrontDoor) -> None:
    """WB-02, WB-03, WB-04: each response of a walk through every door carries every header."""
    watch = Watch()

    await _walk(house, watch.on(house.browser()))

    assert len(watch.nonces) > 2 * len(DOORS)


@pytest.fixture
async def https(tmp_path: Path) -> AsyncIterator[FrontDoor]:
    over = sqlite_database(tmp_path / "https.db")
    values: dict[str, object] = {"public_origin": "https://id.example.com", "simulator": False}
    async with front_door(over, tmp_path, settings=values) as built:
        yield built
    await over.close()


async def test_headers_and_cookies_over_https(https: FrontDoor) -> None:
    """WB-03: over https cookies are `__Host-`, Secure, HttpOnly and Lax, and HSTS is sent."""
    watch = Watch(is_https=True)
    person = watch.on(https.browser())
    person.client.base_url = httpx.URL("https://id.example.com")
    for path in ("/sign-in", "/sign-up", "/forgot-password", "/help", "/settings", "/nowhere"):
        await person.get(path)
    await person.get("/sign-up")
    await person.press(
        "Create account", name="Ada", email="ada@example.com", password="a lantern in the porch"
    )

    assert person.path == "/sign-up/code"
    assert person.cookie_names() == ["__Host-next", "__Host-sign-up", "__Host-visit"]


async def test_nonces_differ(house: FrontDoor) -> None:
    """WB-02: of a thousand responses no two have the same nonce or request id."""
    watch = Watch()
    person = watch.on(house.browser())
    for _ in range(1000):
        await person.client.get("/livez")

    assert len(set(watch.nonces)) == len(set(watch.requests)) == 1000


ORIGINS = [
    "null",
    "http://localhost",
    "https://localhost",
    "http://localhost.evil.example",
    "https://evil.example",
    "http://evil.example/http://localhost",
]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("path", ["/session", "/sign-in", "/livez", "/static/app.css"])
async def test_no_cors(house: FrontDoor, origin: str, path: str) -> None:
    """WB-04: no origin, `null` and our own among them, is allowed to read across origins."""
    person = house.browser()
    asking = {"origin": origin, "access-control-request-method": "POST"}
    answers = [
        await person.client.get(path, headers={"origin": origin}),
        await person.client.request("OPTIONS", path, headers=asking),
    ]

    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]


HOSTS = ["evil.example", "localhost:8001", "evil.example:80", "localhost@evil.example", ""]


@pytest.mark.parametrize("host", HOSTS)
async def test_a_foreign_host_header_goes_nowhere(house: FrontDoor, host: str) -> None:
    """WB-05: no redirect, page or mail is made from the Host or a forwarded one."""
    await house.member()
    await house.deliver()
    house.clock.advance(seconds=60)
    person = house.browser()
    headers = {"host": host, "x-forwarded-host": "evil.example", "x-forwarded-proto": "https"}
    for path in ("/", "/settings", "/sign-in/", "/static", "/settings/", "/sign-in?next=/settings"):
        answer = await person.client.get(path, headers=headers)
        location = answer.headers.get("location", "/")
        assert location.startswith("/"), (path, location)
        assert not location.startswith("//")
        assert "evil" not in plain(answer.text)
    await person.get("/forgot-password")
    action, data = person.filled("Send code", email="ada@example.com")
    await person.client.post(action, data=data, headers=headers)
    await house.deliver()

    assert house.inbox()[-1].purpose == "reset"
    assert not [one for one in house.inbox() if "evil" in f"{one.text}{one.html}"]


async def test_a_file_is_kept_under_its_own_name_only(house: FrontDoor) -> None:
    """WB-03: a cache keeps a file for a year under the digest of its content; asked for by another
    one, as the next release's, it is asked for anew each time."""
    person = house.browser()
    await person.get("/sign-in")
    own = person.shown(r'href="(/static/[^"]+\.css\?v=[0-9a-f]{12})"')
    path = own.partition("?")[0]

    kept = await person.client.get(own)
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    for other in (path, f"{path}?v=0123456789ab", f"{own}&v=0123456789ab", f"{path}?v="):
        answer = await person.client.get(other)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-cache", other
