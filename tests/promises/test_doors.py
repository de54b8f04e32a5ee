"""Which doors are open to whom: the whole table of addresses, walked from every point (EF-01)."""

import pytest
from starlette.routing import Mount, Route

from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import SEEN_OR_HELD, STATES, copy_of, snapshot
from vestibule.web.doors import DOORS, Door
from vestibule.web.guard import GATE, Needs

WAY_IN = {
    "nobody": "/sign-in",
    "pending": "/sign-in/code",
    "wall_mail": "/set-up/email",
    "wall": "/set-up",
    "replacement": "/set-up",
    "idle": "/resume",
    "inside": "/",
    "stale": "/",
    "fresh": "/",
    "must_reverify": "/",
    "must_change": "/",
    "must_review": "/",
    "new_browser": "/",
}
"""Where each belongs who knocks at a door of somebody else."""

OPEN = None
EVERYWHERE = dict.fromkeys(WAY_IN, OPEN)
BEHIND = {
    **WAY_IN,
    "must_change": "/new-password",
    "must_review": "/review",
    "must_reverify": "/settings",
}
"""The doors behind both doors send everybody else on, whoever has a step to do first too."""
INSIDE = ("inside", "stale", "fresh", "new_browser")

STEPS: dict[Needs, dict[str, str | None]] = {
    Needs.NOTHING: EVERYWHERE,
    Needs.SIGN_UP: EVERYWHERE,
    Needs.NOBODY: {
        **EVERYWHERE,
        **dict.fromkeys((*INSIDE, "must_change", "must_review", "must_reverify"), "/"),
    },
    Needs.SECOND_FACTOR: {**WAY_IN, "pending": OPEN},
    Needs.WALL_MAIL: {**WAY_IN, "wall_mail": OPEN},
    Needs.WALL: {**WAY_IN, "wall": OPEN, "replacement": OPEN},
    Needs.RESET: dict.fromkeys(WAY_IN, "/forgot-password"),
    Needs.IDLE_SESSION: {**WAY_IN, "idle": OPEN},
    Needs.SHOWN_CODE: {
        **BEHIND,
        **dict.fromkeys(("replacement", *INSIDE), OPEN),
    },
    Needs.SESSION: {**BEHIND, **dict.fromkeys(INSIDE, OPEN)},
    Needs.NEW_PASSWORD: {**WAY_IN, "must_change": OPEN, "must_reverify": "/settings"},
    Needs.REVIEW: {**BEHIND, "must_review": OPEN},
    Needs.GATE: {**BEHIND, **dict.fromkeys(INSIDE, OPEN), "inside": "/settings"},
    Needs.STEP_UP: {
        **BEHIND,
        "inside": "/settings",
        "stale": "/settings/confirm",
        "fresh": OPEN,
        "new_browser": "/settings/wait",
    },
}
"""For each need: where a browser in each state is sent, or OPEN."""

WITHOUT_PROOF = {
    "/sign-up",
    "/sign-up/code",
    "/sign-up/resend",
    "/sign-up/address",
    "/sign-in",
    # The passkey is the proof, and this asks for it; the question names nobody.
    "/sign-in/passkey",
    "/sign-in/passkey/options",
    "/forgot-password",
    "/sign-out",
    "/help",
    "/language",
    "/session",
    "/livez",
    "/readyz",
    # What they do is asked for by the link of a mail or the code of a text, and only reduces.
    "/not-me",
    "/not-me/{token}",
    "/not-me/notice",
    "/not-me/done",
    "/.well-known/change-password",
    # Two of our own addresses.
    "/.well-known/passkey-endpoints",
    # Public keys.
    "/.well-known/vestibule-journal.json",
}
"""The doors that ask for no proof. A new one is added here with a reason, or it fails."""

FILES = {"/static", "/brand.css", "/logo"}
REPORTS = "/csp-report"
"""Browsers post here without a form: no cookie is read, and a line of the log is all it makes."""


def path_of(door: Door) -> str:
    return door.path.replace("{app_id}", "0" * 22).replace("{token}", "0" * 43)


def sends_to(door: Door, state: str) -> str | None:
    if state == "must_reverify" and door.path in GATE:
        # The mailed code is what its sign-in waits for.
        return OPEN
    return STEPS[door.needs][state]


async def token(person: Person) -> str:
    """The token of a page that this browser can open."""
    await person.get("/sign-in")
    return next(f.fields["csrf"] for f in person.page.forms if "csrf" in f.fields)


async def test_every_door_is_classified(house: FrontDoor) -> None:
    """EF-01: every address is in the table with a need whose visitors are decided here."""
    assert set(STEPS) == set(Needs)
    assert all(set(steps) == set(WAY_IN) == set(STATES) for steps in STEPS.values())
    bare = {Needs.NOTHING, Needs.NOBODY, Needs.SIGN_UP}
    assert {door.path for door in DOORS if door.needs in bare} == WITHOUT_PROOF
    served = [route for route in house.built.app.routes if isinstance(route, Route | Mount)]
    paths = {route.path for route in served if not route.path.startswith("/simulator")}
    assert paths == {door.path for door in DOORS} | {REPORTS} | (FILES & paths)


def test_no_address_is_served_twice() -> None:
    """EF-01: no door stands in front of another with the same address and weaker needs."""
    paths = [door.path for door in DOORS]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("state", STATES)
async def test_get_opens_only_its_doors(house: FrontDoor, state: str) -> None:
    """EF-01: whoever opens an address without its proof is sent to the step that comes first."""
    person = await STATES[state](house)
    for door in DOORS:
        if door.get is None:
            continue
        step = sends_to(door, state)
        response = await person.client.get(path_of(door))
        if step is not OPEN:
            assert (response.status_code, response.headers["location"]) == (303, step), door
            assert response.content == b"", door
        else:
            assert response.status_code in {200, 302, 303, 401}, (door, response.text)
            assert response.headers.get("location") not in {"/sign-in", "/resume"}, door


@pytest.mark.parametrize("state", STATES)
async def test_post_opens_only_its_doors(house: FrontDoor, state: str) -> None:
    """EF-01: a form posted without its proof, token and all, changes nothing and is sent on."""
    person = await STATES[state](house)
    csrf = await token(person)
    before = await snapshot(house, but=("events",))
    for door in DOORS:
        step = sends_to(door, state)
        if door.post is None or step is OPEN:
            continue
        response = await person.client.post(path_of(door), data={"csrf": csrf, "code": "000000"})
        assert (response.status_code, response.headers.get("location")) == (303, step), door
    assert await snapshot(house, but=("events",)) == before


@pytest.mark.parametrize("state", STATES)
async def test_empty_posts_fail_closed(house: FrontDoor, state: str) -> None:
    """EF-04: an empty form at any open step proves nothing and lets nobody further."""
    person = await STATES[state](house)
    csrf = await token(person)
    closed = ("sessions", "accounts", "passwords", "authenticators", "known_browsers")
    # These ask for nothing but the press of a button.
    buttons = {
        "/sign-out",
        "/set-up/app/start",
        "/settings/app/start",
        "/settings/close/confirm/send",
        "/settings/confirm/send",
        "/settings/recovery-code/new",
        "/review",
    }
    before = await snapshot(house, without=SEEN_OR_HELD)
    for door in DOORS:
        if door.post is None or sends_to(door, state) is not OPEN or door.path in buttons:
            continue
        response = await person.client.post(path_of(door), data={"csrf": csrf})
        # What a passkey is asked is told to a script, or in a sentence why it is not.
        answers = {200, 409} if door.path.endswith("/options") else {303}
        assert response.status_code in answers, (door, response.text)
    after = await snapshot(house, without=SEEN_OR_HELD)
    for table in closed:
        assert after[table] == before[table], table


@pytest.mark.parametrize("state", ["pending", "wall_mail", "wall", "replacement"])
async def test_pending_cookie_is_no_session(house: FrontDoor, state: str) -> None:
    """EF-03: the cookie of a pending sign-in opens nothing where a session's is expected."""
    person = await STATES[state](house)
    pending = next(c.value for c in person.client.cookies.jar if c.name == "pending")
    thief = house.browser()
    for name in ("session", "reset", "sign-up", "browser"):
        thief.client.cookies.set(name, str(pending), domain="localhost.local", path="/")
    for door in DOORS:
        step = sends_to(door, "nobody")
        if door.get is not None and step is not OPEN:
            response = await thief.client.get(path_of(door))
            assert (response.status_code, response.headers["location"]) == (303, step), door
    assert (await thief.client.get("/session")).status_code == 401


async def test_session_answers_only_a_full_sign_in(house: FrontDoor) -> None:
    """EF-01: an application behind the door is told 200 of a session and 401 of less."""
    for state, reach in STATES.items():
        # One address may ask for ten mails an hour.
        house.clock.advance(seconds=3600)
        person = await reach(house)
        expected = 200 if state in INSIDE else 401
        assert (await person.client.get("/session")).status_code == expected, state
        assert (await copy_of(house, person).client.get("/session")).status_code == expected, state


async def test_sign_up_goes_on_in_its_own_browser_only(house: FrontDoor) -> None:
    """EF-01: the pages of a sign-up send a browser that has none to its first page."""
    person = house.browser()
    csrf = await token(person)
    for door in DOORS:
        if door.needs is not Needs.SIGN_UP:
            continue
        if door.get is not None:
            await person.get(door.path)
            assert person.path == "/sign-up", door
        answer = await person.client.post(
            door.path, data={"csrf": csrf, "code": "000000", "email": "ada@example.com"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-up"), door
