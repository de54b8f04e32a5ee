"""Cookies and fields: flags on https and on this machine, and forms that password managers know."""

import re
import time
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.databases import sqlite_database
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.person import Person
from tests.promises.states import ask_reset, fresh, member, must_change, rows
from vestibule.crypto.seal import Place
from vestibule.web.cookies import Cookie, Cookies
from vestibule.web.doors import DOORS

ORIGIN = "https://id.example.com"
HSTS = "strict-transport-security"
MOST_SECONDS = 1.0
"""Of work, not of waiting: a usual page takes some milliseconds."""


class Secure(FrontDoor):
    """A house at https, without the simulator: its codes are read from its own records."""

    def at_https(self) -> tuple[Person, list[httpx.Response]]:
        """A browser, and everything that it was answered, redirects too."""
        answers: list[httpx.Response] = []

        async def note(response: httpx.Response) -> None:
            answers.append(response)

        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.built.app, client=("203.0.113.7", 40000)),
            base_url=ORIGIN,
            headers={"origin": ORIGIN},
            event_hooks={"response": [note]},
        )
        self._clients.append(client)
        return Person(client), answers

    async def newest_code(self) -> str:
        live = [r for r in await rows(self, "challenges") if r["code_sealed"] is not None]
        newest = max(live, key=lambda row: row["issued_at"])
        place = Place("challenges", "code_sealed", newest["id"])
        return self.built.means.seal.open(newest["code_sealed"], place)


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[Secure]:
    over = sqlite_database(tmp_path / "house.db")
    settings: dict[str, object] = {"simulator": False, "public_origin": ORIGIN}
    async with front_door(over, tmp_path, settings=settings) as house:
        yield Secure(lambda _: house.built, over, house.clock, house.alarm)
    await over.close()


async def walk(house: Secure) -> tuple[Person, list[httpx.Response]]:
    """Sign-up, set-up, settings, sign-out, sign-in and a reset: every cookie there is."""
    person, answers = house.at_https()
    email = "ada@example.com"
    await person.get("/sign-in", params={"next": "/settings"})
    await person.get("/sign-up")
    await person.press("Create account", name="Ada", email=email, password=PASSWORD)
    await person.press("Verify", code=await house.newest_code())
    await person.get("/set-up/app")
    await person.press("Show the QR code")
    secret = house.secret_on(person)
    await person.press("Verify", code=house.app_code(secret), app_name="App")
    await person.press("Finish", last_group=person.shown(r'name="shown" value="([^"]+)"')[-4:])
    await person.get("/settings")
    await person.press("Send code")
    await person.press("Verify", code=await house.newest_code())
    assert person.path == "/settings", person.text
    await person.press("Sign out")
    await person.press("English")
    await person.press("Sign in", email=email, password="wrong wrong wrong")
    await person.press("Sign in", email=email, password=PASSWORD)
    house.clock.advance(seconds=60)
    await person.press("Verify", code=house.app_code(secret))
    await person.get("/not-me/unknown")
    await ask_reset(person, email)
    return person, answers


def set_cookies(answers: list[httpx.Response]) -> list[str]:
    return [line for answer in answers for line in answer.headers.get_list("set-cookie")]


async def test_cookies_on_https(secure: Secure) -> None:
    """SE-02: on https every cookie is `__Host-`, Secure, HttpOnly, SameSite=Lax and host-only."""
    person, answers = await walk(secure)
    assert person.path == "/forgot-password/code", person.text
    lines = set_cookies(answers)
    names = {line.split("=", 1)[0] for line in lines}

    assert names == {f"__Host-{one.value}" for one in Cookie}
    for line in lines:
        ((_, found),) = SimpleCookie(line).items()
        assert found["secure"], line
        assert found["httponly"], line
        assert found["samesite"] == "lax", line
        assert found["path"] == "/", line
        assert not found["domain"], line


async def test_session_cookies_last_for_the_browser_session(secure: Secure) -> None:
    """SE-02: the cookies of a session, a pending sign-in and a reset carry no age of their own."""
    _, answers = await walk(secure)
    bearers = tuple(f"__Host-{one}=" for one in (Cookie.SESSION, Cookie.PENDING, Cookie.RESET))
    given = [line for line in set_cookies(answers) if line.startswith(bearers)]
    kept = [line for line in given if not re.search(r"Max-Age=0\b", line)]

    assert len(kept) >= 3
    assert not [line for line in kept if "max-age" in line.lower() or "expires" in line.lower()]


async def test_https_is_for_good(secure: Secure) -> None:
    """SE-02: on https every answer, errors and files too, tells browsers to stay on https."""
    person, answers = await walk(secure)
    for path in ("/nothing-here", "/static/app.css", "/sign-out", "/session", "/livez"):
        answers.append(await person.client.get(path))

    for answer in answers:
        assert "max-age=63072000" in answer.headers[HSTS], answer.url


async def test_cookies_without_their_prefix_are_not_read(secure: Secure) -> None:
    """SE-02: on https a cookie that a neighbouring host could set under its plain name is void."""
    person, _ = await walk(secure)
    await person.get("/")
    assert person.path == "/", person.text
    value = next(c.value for c in person.client.cookies.jar if c.name == "__Host-session")
    other, _ = secure.at_https()
    other.client.cookies.set("session", str(value), domain="id.example.com", path="/")

    assert (await other.client.get("/session")).status_code == 401


SLOW = {
    "quotes": b'visit="' + b'\\"' * 14_000 + b'"',
    "octal": b'visit="' + b"\\073" * 7_000 + b'"',
    "parts": b";" * 28_000,
    "names": b"visit=a;" * 3_500,
}


@pytest.mark.parametrize("kind", SLOW)
async def test_no_cookie_keeps_the_house_busy(house: FrontDoor, kind: str) -> None:
    """WB-07: the longest Cookie header that is taken costs a moment, whatever is in it.

    Python's own reader of quoted values needed seconds for each look at the first of these.
    """
    person, began = house.browser(), time.process_time()

    answer = await person.client.get("/sign-in", headers={b"cookie": SLOW[kind]})

    assert answer.status_code == 200
    assert time.process_time() - began < MOST_SECONDS


async def test_no_name_of_a_file_keeps_the_house_busy(house: FrontDoor) -> None:
    """WB-07: nor does the longest address of a file: each part would be asked of the disk."""
    person, took = house.browser(), []

    for _ in range(5):
        began = time.process_time()
        answer = await person.client.get("/static/" + "a/" * 14_000)
        took.append(time.process_time() - began)
        assert answer.status_code == 404

    # The best of them: a processor that others use too is slower now and then.
    assert min(took) < MOST_SECONDS / 2 / len(took)


RANGES = {
    "apart": ",".join(f"{start}-{start}" for start in range(0, 10_000, 2)),
    "over each other": ",".join(["0-"] * 8_000),
    "a hundred": ",".join(f"{start}-{start}" for start in range(0, 200, 2)),
}


@pytest.mark.parametrize("kind", RANGES)
async def test_no_range_of_a_file_keeps_the_house_busy(house: FrontDoor, kind: str) -> None:
    """WB-07: nor do byte ranges, few or thousands: a file is always sent whole, and says so."""
    person, began = house.browser(), time.process_time()
    whole = await person.client.get("/static/app.css")

    for _ in range(5):
        header = {"range": f"bytes={RANGES[kind]}"}
        answer = await person.client.get("/static/app.css", headers=header)

        assert (answer.status_code, answer.content) == (200, whole.content)
        assert answer.headers["accept-ranges"] == "none"

    assert time.process_time() - began < MOST_SECONDS


def test_what_is_put_is_read() -> None:
    """WB-05: every character that a cookie's quoting touches comes back as it was put."""
    cookies, value = Cookies(is_https=True), "".join(map(chr, range(0x20, 0x100)))
    for text in (value, value * 4, '"', '"a', "\\073", "\\", '"\\"', ""):
        response = Response()
        cookies.put(response, Cookie.NEXT, text)
        sent = response.headers["set-cookie"].split("; HttpOnly")[0].encode("latin-1")
        request = Request({"type": "http", "headers": [(b"cookie", sent)]})

        assert cookies.read(request, Cookie.NEXT) == text


BLANKS = (b"\x85", b"\xa0", b"\x1f")
"""What Python's strip takes away, and Chromium sends as a part of the name (seen in it)."""


async def inside_by(house: Secure, cookie: bytes) -> bool:
    """Whether this Cookie header, with `%` for a live session's token, opens the house."""
    person, _ = await walk(house)
    await person.get("/")
    assert person.path == "/", person.text
    token = next(c.value for c in person.client.cookies.jar if c.name == "__Host-session")
    other, _ = house.at_https()
    sent = cookie.replace(b"%", str(token).encode())
    return (await other.client.get("/session", headers={b"cookie": sent})).status_code == 200


@pytest.mark.parametrize("blank", BLANKS)
async def test_a_blank_makes_no_prefix(secure: Secure, blank: bytes) -> None:
    """SE-02: a cookie whose name is ours after a blank, as a neighbour may set it, is void."""
    assert not await inside_by(secure, blank + b"__Host-session=%")


@pytest.mark.parametrize(
    ("cookie", "opens"),
    [
        (b"__Host-session=%", True),
        (b"a=b; __Host-session=%; c", True),
        (b"__Host-session=%; \xa0__Host-session=else", True),
        (b"__Host-session=%; __Host-session=else", False),
        (b"__Host-session=else; __Host-session=%", False),
        (b"__Host-session\xa0=%", False),
        (b"=__Host-session=%", False),
    ],
)
async def test_exactly_one_cookie_of_the_name_counts(
    secure: Secure, cookie: bytes, opens: bool
) -> None:
    """SE-02: of two cookies under one name neither is believed, and others change nothing."""
    assert await inside_by(secure, cookie) is opens


async def test_cookies_on_this_machine(house: FrontDoor) -> None:
    """SE-02: on plain http of this machine cookies keep all flags but Secure, and no HSTS goes."""
    answers: list[httpx.Response] = []

    async def note(response: httpx.Response) -> None:
        answers.append(response)

    person = house.browser()
    person.client.event_hooks = {"response": [note]}
    await house.sign_up(person, "ada@example.com")
    await house.set_up_app(person)
    lines = set_cookies(answers)
    assert {line.split("=", 1)[0] for line in lines} >= {"session", "pending", "visit"}
    for line in lines:
        ((_, found),) = SimpleCookie(line).items()
        assert (bool(found["secure"]), bool(found["httponly"])) == (False, True), line
        assert (found["samesite"], found["path"]) == ("lax", "/"), line
    assert not [answer for answer in answers if HSTS in answer.headers]


async def test_no_token_in_addresses(secure: Secure) -> None:
    """SE-01: no address that a browser was sent to carries a token or an id."""
    person, answers = await walk(secure)
    # A language is no token: its two letters stand in many words.
    tokens = [str(c.value) for c in person.client.cookies.jar if not c.name.endswith("-language")]
    for answer in answers:
        place = str(answer.url) + answer.headers.get("location", "")
        assert not re.search(r"[A-Za-z0-9_-]{22}", place), place
        assert not [one for one in tokens if one in place]


FIELD = re.compile(r"<input[^>]*>")
EXPECTED = {
    "email": {"username"},
    "password": {"current-password", "new-password"},
    "new_password": {"new-password"},
    "code": {"one-time-code"},
    "next_code": {"one-time-code"},
}


def fields_of(page: str) -> list[dict[str, str]]:
    return [dict(re.findall(r'([a-z-]+)="([^"]*)"', tag)) for tag in FIELD.findall(page)]


async def test_fields_are_what_password_managers_expect(house: FrontDoor) -> None:
    """PW-07: every field says what belongs in it, hides passwords, and hinders no pasting."""
    states = [await fresh(house), await must_change(house)]
    ada = await member(house)
    waiting, asking, resting = house.browser(), house.browser(), ada.person
    await house.password(waiting, ada.email)
    await ask_reset(asking, ada.email)
    seen = set()
    for person in (house.browser(), waiting, asking, *states):
        for door in DOORS:
            if door.get is None or "{" in door.path:
                continue
            page = (await person.client.get(door.path)).text
            assert "onpaste" not in page.lower()
            for one in fields_of(page):
                name = one.get("name", "")
                if door.path == "/settings/notice-address" and name == "email":
                    # An address of theirs, and nobody's name: nothing is opened by it.
                    assert one["autocomplete"] == "email", one
                elif name in EXPECTED and one.get("type") != "hidden":
                    seen.add(name)
                    assert one["autocomplete"] in EXPECTED[name], (door.path, one)
                if "password" in name:
                    assert one["type"] == "password", (door.path, one)
                    assert f'data-reveal="{name}"' in page, door.path
    assert seen >= {"email", "password", "new_password", "code"}
    house.clock.advance(seconds=31 * 60)
    await resting.get("/")
    (field,) = [one for one in fields_of(resting.response.text) if one.get("name") == "password"]
    assert field["autocomplete"] == "current-password"
