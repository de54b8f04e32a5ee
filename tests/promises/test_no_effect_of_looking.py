"""Looking changes nothing: no GET and no HEAD of any page sends, makes, spends or ends anything."""

import pytest

from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import (
    STATES,
    add_phone,
    ask_reset,
    cookie,
    member,
    put_cookie,
    reset_code,
    snapshot,
)
from vestibule.web.doors import DOORS

REACHES = {**STATES, "reset_code": reset_code}
SHOWING = {"/set-up/recovery-code", "/settings/recovery-code"}
"""The page that may take the sealed code, once, by its GET (R7)."""


async def look_everywhere(person: Person, method: str, ids: tuple[str, ...] = ("x",)) -> None:
    for door in DOORS:
        if door.get is None:
            continue
        for one in ids if "{app_id}" in door.path else ids[:1]:
            await person.client.request(method, door.path.replace("{app_id}", one))


@pytest.mark.parametrize("state", REACHES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_changes_nothing(house: FrontDoor, state: str, method: str) -> None:
    """EM-02: after every page was fetched from a point of the way in, no table has changed."""
    person = await REACHES[state](house)
    if cookie(person, "session"):
        # Whatever there was to show was shown before.
        await person.get("/settings/recovery-code")
    if state == "replacement":
        await person.get("/set-up/recovery-code")
    await house.deliver()
    before, sent = await snapshot(house), len(house.inbox())
    ids = tuple(row["id"] for row in before["authenticators"]) or ("x",)

    await look_everywhere(person, method, ids)
    await house.deliver()

    assert await snapshot(house) == before
    assert len(house.inbox()) == sent


async def test_looking_at_a_set_up_changes_nothing(house: FrontDoor) -> None:
    """EM-02: pages with a set-up, a sent code and an open gate are read without a trace."""
    ada = await member(house)
    await house.open_settings(ada.person)
    await add_phone(house, ada.person)
    await ada.person.get("/settings/recovery-code")
    await ada.person.get("/settings/app")
    await ada.person.press("Show the QR code")
    house.clock.advance(seconds=40)
    await ada.person.get("/settings/confirm")
    await ada.person.get("/settings/phone")
    await house.deliver()
    before = await snapshot(house)

    for method in ("GET", "HEAD"):
        await look_everywhere(ada.person, method)
    await house.deliver()

    assert await snapshot(house) == before


NEIGHBOURS = {
    "a picture": {"sec-fetch-site": "same-site", "sec-fetch-dest": "image"},
    "a frame": {"sec-fetch-site": "same-site", "sec-fetch-dest": "iframe"},
    "a link to fetch ahead": {"sec-fetch-site": "same-site", "sec-purpose": "prefetch"},
    "a window": {"sec-fetch-site": "same-site", "sec-fetch-dest": "document"},
}
"""What Chromium says of a page of a neighbouring host, which brings our cookies along."""
UNSEEN = {
    **NEIGHBOURS,
    "a page built ahead": {
        "sec-fetch-site": "none",
        "sec-fetch-dest": "document",
        "sec-purpose": "prefetch;prerender",
    },
    "a link of another site": {
        "sec-fetch-site": "cross-site",
        "sec-fetch-dest": "document",
        "sec-fetch-user": "?1",
    },
    "an own page's picture": {"sec-fetch-site": "same-origin", "sec-fetch-dest": "image"},
    "an old Firefox's fetch ahead": {"x-moz": "prefetch"},
    "an old Safari's fetch ahead": {"purpose": "prefetch"},
}
OWN_FORM = {"sec-fetch-site": "same-origin", "sec-fetch-dest": "document", "sec-fetch-user": "?1"}


async def _with_a_code_that_waits(house: FrontDoor) -> Person:
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up")
    await person.press("Authentication app")
    action, data = person.filled("Verify", code=house.app_code(house.secret_on(person)))
    answer = await person.client.post(action, data=data)
    assert answer.headers["location"] == "/set-up/recovery-code"
    return person


@pytest.mark.parametrize("path", sorted(SHOWING))
async def test_head_does_not_take_the_recovery_code(house: FrontDoor, path: str) -> None:
    """EM-02: a HEAD of the page that shows the recovery code leaves it for its person."""
    person = await _with_a_code_that_waits(house)
    before = await snapshot(house)

    head = await person.client.head(path)

    assert head.status_code == 200
    assert await snapshot(house) == before
    await person.get(path)
    assert 'name="shown"' in person.response.text


@pytest.mark.parametrize("path", sorted(SHOWING))
@pytest.mark.parametrize("how", UNSEEN)
async def test_unseen_pages_do_not_take_the_recovery_code(
    house: FrontDoor, path: str, how: str
) -> None:
    """R7, EM-02: what nobody looks at, or another origin opens, leaves the code for its person."""
    person = await _with_a_code_that_waits(house)
    before = await snapshot(house)

    answer = await person.client.get(path, headers=UNSEEN[how])

    assert 'name="shown"' not in answer.text
    assert await snapshot(house) == before
    await person.get(path, headers=OWN_FORM)
    assert 'name="shown"' in person.response.text


async def test_a_link_of_another_site_says_that_the_code_waits(house: FrontDoor) -> None:
    """R7: who comes by such a link is told so, and shown the code once by the page's own link."""
    person = await _with_a_code_that_waits(house)
    link = UNSEEN["a link of another site"]

    await person.get("/set-up/recovery-code", headers=link)
    assert "Your recovery code waits here" in person.text
    assert "shown already" not in person.text
    assert ("Show the recovery code", "/set-up/recovery-code") in person.page.links
    await person.get("/set-up/recovery-code", headers=OWN_FORM)
    assert "Save your recovery code" in person.text
    await person.get("/set-up/recovery-code", headers=link)
    assert "Your recovery code was shown already" in person.text


@pytest.mark.parametrize("how", [*NEIGHBOURS, "a page built ahead"])
async def test_unasked_pages_keep_no_session_awake(house: FrontDoor, how: str) -> None:
    """SE-03: a page of a neighbouring host that asks all the while, or a browser that fetches
    ahead, is nobody's presence."""
    person, _, _ = await house.member_with_app()
    for _ in range(4):
        house.clock.advance(seconds=600)
        for path in ("/", "/session"):
            await person.client.get(path, headers=UNSEEN[how])

    await person.get("/", headers=OWN_FORM)

    assert person.path == "/resume"


async def test_a_followed_link_is_presence(house: FrontDoor) -> None:
    """SE-03: whoever comes by a link of another site is there."""
    person, _, _ = await house.member_with_app()
    for _ in range(4):
        house.clock.advance(seconds=600)
        await person.get("/", headers=UNSEEN["a link of another site"])

    assert person.path == "/"


async def test_mailed_code_survives_being_looked_at(house: FrontDoor) -> None:
    """EM-02: ten GETs and HEADs of a page that waits for a mailed code cost it nothing."""
    await house.member_with_app()
    person = house.browser()
    await ask_reset(person, "ada@example.com")
    code = await house.code("email")
    for _ in range(10):
        for path in (f"/forgot-password/code?code={code}", "/forgot-password/code"):
            await person.client.get(path)
            await person.client.head(path)
    await person.get("/forgot-password/code")
    await person.press("Verify", code=code)

    assert person.path == "/forgot-password/second-factor"


async def test_only_doors_take_other_methods(house: FrontDoor) -> None:
    """EM-02: no door answers any method but GET, HEAD and POST."""
    person = await STATES["fresh"](house)
    put_cookie(person, "next", "/settings")
    before = await snapshot(house)
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        for door in DOORS:
            answer = await person.client.request(method, door.path.replace("{app_id}", "x"))
            assert answer.status_code == 405, (method, door)
    assert await snapshot(house) == before
