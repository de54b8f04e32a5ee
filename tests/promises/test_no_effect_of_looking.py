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


@pytest.mark.parametrize("path", sorted(SHOWING))
async def test_head_does_not_take_the_recovery_code(house: FrontDoor, path: str) -> None:
    """EM-02: a HEAD of the page that shows the recovery code leaves it for its person."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up")
    await person.press("Authentication app")
    action, data = person.filled("Verify", code=house.app_code(house.secret_on(person)))
    answer = await person.client.post(action, data=data)
    assert answer.headers["location"] == "/set-up/recovery-code"
    before = await snapshot(house)

    head = await person.client.head(path)

    assert head.status_code == 200
    assert await snapshot(house) == before
    await person.get(path)
    assert 'name="shown"' in person.response.text


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
