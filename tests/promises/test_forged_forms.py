"""Forms that are not ours: without a token, with another's, from elsewhere, of another kind."""

from itertools import product

import pytest

from tests.attack import ENTRIES, count, journal, state
from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from vestibule.settings import Settings
from vestibule.web.doors import DOORS
from vestibule.web.forms import MOST_FIELDS

pytestmark = pytest.mark.anyio

POSTS = [door.path for door in DOORS if door.post is not None]
FIELDS = {
    "email": "ada@example.com",
    "password": PASSWORD,
    "new_password": "some other lantern here",
    "name": "Mallory",
    "code": "123456",
    "country": "GB",
    "phone": "07400 999999",
    "channel": "sms",
    "method": "voice",
    "app_name": "Mallory's",
    "end": "others",
    "action": "another",
    "recovery_code": "0" * 24,
    "last_group": "0000",
}


def _path(pattern: str) -> str:
    return pattern.replace("{app_id}", "some-app")


async def _inside(house: FrontDoor) -> Person:
    """A browser with everything open: session, gate and a fresh step-up."""
    person, _ = await house.member()
    await house.open_settings(person)
    return person


async def _token(person: Person) -> str:
    await person.get("/help")
    await person.get("/" if person.cookie_names().count("session") else "/sign-in")
    return next(form.fields["csrf"] for form in person.page.forms if "csrf" in form.fields)


@pytest.mark.parametrize("fault", ["no token", "cut token", "other browser", "other session"])
async def test_forged_tokens(house: FrontDoor, fault: str) -> None:
    """WB-01: no POST door takes a form without its own browser's and session's token."""
    person = await _inside(house)
    own = await _token(person)
    end = "AA" if own[-2:] != "AA" else "QQ"
    token = {"no token": "", "cut token": own[:-2] + end}.get(fault)
    if fault == "other browser":
        token = await _token(house.browser(source="198.51.100.1"))
    if fault == "other session":
        eve = house.browser(source="198.51.100.2")
        house.clock.advance(seconds=60)
        await house.sign_up(eve, "eve@example.com")
        await house.set_up_app(eve)
        token = await _token(eve)
    await house.deliver()
    before, sent = await state(house, *ENTRIES), len(house.inbox())

    for path in POSTS:
        response = await person.client.post(_path(path), data={**FIELDS, "csrf": token or ""})
        assert response.status_code == 403, path
        assert "location" not in response.headers
    await house.deliver()

    assert await state(house, *ENTRIES) == before
    assert len(house.inbox()) == sent
    assert len(await journal(house, "csrf_refused")) == len(POSTS)


ELSEWHERE = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "nonsense"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost.evil.example"},
    {"origin": "https://localhost"},
    {"origin": "http://localhost:81"},
    {"origin": "http://localhost", "sec-fetch-site": "cross-site"},
    # Where a browser says nothing of the origin, its Referer does.
    {"referer": "https://evil.example/sign-in"},
    {"referer": "http://localhost.evil.example/"},
    {"referer": "http://localhost@evil.example/"},
    {"referer": "http://localhost:81/sign-in"},
    {"referer": "https://localhost/sign-in"},
    {"referer": "http://[localhost/"},
    {"referer": "about:blank"},
    {"referer": "https://evil.example/", "sec-fetch-site": "same-origin"},
    {"referer": "http://localhost/sign-in", "origin": "https://evil.example"},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
async def test_forms_from_elsewhere(house: FrontDoor, headers: dict[str, str]) -> None:
    """WB-01: even with the right token no POST door takes what the browser marks as foreign."""
    person = await _inside(house)
    token = await _token(person)
    before = await state(house, *ENTRIES)

    for path in POSTS:
        response = await person.client.post(
            _path(path), data={**FIELDS, "csrf": token}, headers=headers
        )
        assert response.status_code == 403, path

    assert await state(house, *ENTRIES) == before


OURS = [{}, {"origin": "http://localhost"}, {"referer": "http://localhost/sign-up?next=/"}]


@pytest.mark.parametrize("origin", OURS)
@pytest.mark.parametrize("site", [{}, {"sec-fetch-site": "same-origin"}])
async def test_our_own_forms(
    house: FrontDoor, origin: dict[str, str], site: dict[str, str]
) -> None:
    """WB-01: the same form of our own page, marked as such or not at all, is taken."""
    person = house.browser()
    await person.get("/sign-up")
    action, data = person.filled("Create account", **FIELDS)

    response = await person.client.post(action, data=data, headers={**origin, **site})

    assert response.headers["location"] == "/sign-up/code"


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://ID.Example.com:443/", "https://id.example.com"),
        ("HTTP://LocalHost:80", "http://localhost"),
        ("https://id.example.com:8443", "https://id.example.com:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_our_origin_is_what_browsers_say(written: str, origin: str) -> None:
    """WB-01: however the operator writes the public origin, it is compared as browsers write it."""
    assert Settings(public_origin=written).public_origin == origin


KINDS = ["text/plain", "application/json", "multipart/form-data; boundary=x", "", "text/xml"]


@pytest.mark.parametrize("kind", KINDS)
async def test_other_kinds_of_body(house: FrontDoor, kind: str) -> None:
    """WB-01: a body that a foreign page could send without asking, as text/plain, is 415."""
    person = await _inside(house)
    token = await _token(person)
    before = await state(house, *ENTRIES)
    body = f"csrf={token}&email=ada%40example.com".encode()

    for path in POSTS:
        response = await person.client.post(
            _path(path), content=body, headers={"content-type": kind}
        )
        assert response.status_code == 415, path

    assert await state(house, *ENTRIES) == before


async def test_looking_changes_nothing(house: FrontDoor) -> None:
    """WB-01: a GET or HEAD of any door, of a POST-only one too, changes no account and sends no
    message.
    """
    person = await _inside(house)
    await house.deliver()
    before, sent = await state(house, *ENTRIES[:4]), len(house.inbox())

    for door in DOORS:
        for method in ("GET", "HEAD"):
            response = await person.client.request(method, _path(door.path))
            assert response.status_code in {200, 302, 303, 401, 405}, door.path
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        for path in POSTS:
            response = await person.client.request(method, _path(path))
            assert response.status_code == 405, (method, path)
    await house.deliver()

    assert await state(house, *ENTRIES[:4]) == before
    assert len(house.inbox()) == sent


async def test_a_sign_in_for_somebody_else_is_refused(house: FrontDoor) -> None:
    """WB-01: a foreign page cannot sign a visitor in to the attacker's account."""
    await house.member("eve@example.com")
    victim = house.browser()
    await victim.get("/sign-in")
    before = await count(house, "sign_ins")

    response = await victim.client.post(
        "/sign-in",
        data={"email": "eve@example.com", "password": PASSWORD},
        headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    )

    assert response.status_code == 403
    assert await count(house, "sign_ins") == before


BODIES: dict[str, tuple[bytes, set[int]]] = {
    "64 kB and a byte": (b"csrf=x&a=" + b"a" * (64 * 1024 - 8), {413}),
    "a megabyte": (b"a" * 1_000_000, {413}),
    "a field twice": (b"email=a&email=b", {400}),
    "the token twice": (b"csrf=a&csrf=b", {400}),
    "a name twice, once encoded": (b"email=a&%65mail=b", {400}),
    "half a percent sign": (b"email=%", {400}),
    "no hexadecimal": (b"email=%zz", {400}),
    "one digit": (b"email=a%4", {400}),
    "broken UTF-8": (b"email=%ff%fe", {400}),
    "overlong UTF-8": (b"email=%c0%af", {400}),
    "a lone surrogate": (b"email=%ed%a0%80", {400}),
    "NUL": (b"email=a%00b", {400}),
    "NUL in a name": (b"em%00ail=a", {400}),
    "raw bytes": (b"email=\xff\xfe", {400}),
    "JSON": (b'{"email": "ada@example.com"}', {400, 403}),
    "an array": (b"email[]=a&email[]=b", {400}),
    "one of an array": (b"email[]=a", {403}),
    "an object": (b"code[$ne]=1", {403}),
    "no equals sign": (b"email", {400}),
    "too many fields": (b"&".join(b"f%d=1" % n for n in range(MOST_FIELDS + 1)), {400}),
    "very many fields": (b"&".join(b"f%d=" % n for n in range(9000)), {400}),
    "only separators": (b"&" * 2000, {400}),
    "semicolons": (b"email=a;code=b", {403}),
    "nothing": (b"", {403}),
}


async def test_broken_bodies(house: FrontDoor) -> None:
    """WB-07: bodies that are large, doubled, broken, NUL, JSON or arrays are 4xx and never 500."""
    person = await _inside(house)
    before = await state(house, *ENTRIES)

    kind = {"content-type": "application/x-www-form-urlencoded"}
    for name, (body, expected) in BODIES.items():
        for path in POSTS:
            response = await person.client.post(_path(path), content=body, headers=kind)
            assert response.status_code in expected, (name, path, response.status_code)

    assert await state(house, *ENTRIES) == before


WEIRD = ["", " ", "a" * 2000, "[]", "{}", "null", "-1", "\ud7ff", "\u202e", "%00", "é"]


async def test_odd_values_in_every_field(either_house: FrontDoor) -> None:
    """WB-07: any value in every field of every door is an answer of ours, never a 500."""
    person = await _inside(either_house)
    token = await _token(person)
    for value, path in product(WEIRD, POSTS):
        if path != "/sign-out":
            data = dict.fromkeys(FIELDS, value) | {"authenticator": value, "shown": value}
            response = await person.client.post(_path(path), data={**data, "csrf": token})
            # A script that asks for a passkey's question is told in JSON that there is none.
            given = {200, 303, 403} | ({409} if path.endswith("/passkey/options") else set())
            assert response.status_code in given, (value, path, response.status_code)


PATHS = ["%00", "%ff", "%0d%0a", "..%2f..", "a" * 5000, "%F0%9F%94%91", "'--", "%2e%2e"]


async def test_odd_paths(either_house: FrontDoor) -> None:
    """WB-07: any text in the one variable part of a path is an answer of ours, never a 500."""
    person = await _inside(either_house)
    token = await _token(person)
    for part, act in product(PATHS, ("rename", "remove")):
        path = f"/settings/apps/{part}/{act}"
        looked = await person.client.get(path)
        assert looked.status_code in {303, 404}, looked.status_code
        done = await person.client.post(path, data={"csrf": token, "app_name": "x"})
        assert done.status_code in {303, 400, 403, 404, 405}, done.status_code


async def test_token_without_its_cookie(house: FrontDoor) -> None:
    """WB-01: a token of ours, from a browser that has lost the cookie it was made for: 403."""
    person = house.browser()
    await person.get("/sign-in")
    action, data = person.filled("Sign in", email="ada@example.com", password=PASSWORD)
    person.client.cookies.delete("visit")

    answer = await person.client.post(action, data=data)

    assert answer.status_code == 403
    assert await count(house, "sign_ins") == 0
