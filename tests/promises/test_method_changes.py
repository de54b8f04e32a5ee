"""What User Settings changes about methods: each is in the journal once, and only what is asked."""

import pytest

from tests.answers import ADA, told
from tests.attack import journal
from tests.front_door import FrontDoor
from tests.promises.states import add_app, add_phone, member, rows, standing

pytestmark = pytest.mark.anyio

NUMBER = "+447400123456"


async def noted(house: FrontDoor, name: str) -> int:
    return len(await journal(house, name))


async def test_default_is_changed_once(house: FrontDoor) -> None:
    """AU-01, NO-01: another default is in the journal and told; the present one chosen again
    changes nothing, ends nothing and tells nobody."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    other = await ada.sign_in(house.browser(source="203.0.113.30"))
    await ada.step_up()
    (app,) = [one["id"] for one in await standing(house) if one["kind"] == "totp"]
    await ada.person.get("/settings/method")

    await ada.person.press("Save", method=app)
    assert ada.person.path == "/settings", ada.person.text
    assert await noted(house, "default_method_changed") == 0
    assert (await told(house))["default_method_changed"] == 0
    assert (await other.client.get("/")).status_code == 200
    await ada.person.get("/settings/method")
    await ada.person.press("Save", method="sms")

    assert await noted(house, "default_method_changed") == 1
    assert (await told(house))["default_method_changed"] == 1
    assert (await other.client.get("/")).status_code == 303, "its session has ended"


@pytest.mark.parametrize(
    ("typed", "kept", "said"),
    [
        ("  My   app ", "My app", ""),
        ("x" * 60, "x" * 60, ""),
        ("x" * 61, "Phone app", "Use a name of at most 60 characters."),
        ("   ", "Phone app", "Enter a name."),
    ],
)
async def test_app_is_renamed(house: FrontDoor, typed: str, kept: str, said: str) -> None:
    """AU-01: a new name is kept as it was typed, sixty characters at most; the journal has it."""
    ada = await member(house)
    await ada.step_up()
    (app,) = await standing(house)
    await ada.person.get(f"/settings/apps/{app['id']}/rename")

    await ada.person.press("Save", app_name=typed)

    assert said in ada.person.text
    assert [one["name"] for one in await standing(house)] == [kept]
    assert await noted(house, "authenticator_renamed") == (0 if said else 1)


async def test_what_is_not_there_is_neither_renamed_nor_removed(house: FrontDoor) -> None:
    """AD-05, AU-01: a method that was removed in another tab is not found by its old form: no
    other goes in its place, and nothing is noted."""
    ada = await member(house)
    await ada.step_up()
    await add_app(house, ada.person)
    await ada.person.get("/settings")
    before = await standing(house)

    for what, typed in (("rename", {"app_name": "Mine"}), ("remove", {})):
        await ada.person.post(f"/settings/apps/{'0' * 22}/{what}", typed)

    assert await standing(house) == before
    assert await noted(house, "authenticator_renamed") == 0
    assert await noted(house, "authenticator_unbound") == 0


async def test_only_method_has_no_button_that_removes_it(house: FrontDoor) -> None:
    """EF-02: the page offers to remove what may go, and the only method may not."""
    person, _ = await house.member("bob@example.com", phone="07400 123457")
    await house.open_settings(person)
    assert not [href for _, href in person.page.links if href.endswith("/remove")]
    ada = await member(house)
    await ada.step_up()
    await ada.person.get("/settings")
    assert not [href for _, href in ada.person.page.links if href.endswith("/remove")]

    await add_phone(house, ada.person)
    await ada.person.get("/settings")

    assert len([href for _, href in ada.person.page.links if href.endswith("/remove")]) == 2


async def test_removed_number_hears_of_it(house: FrontDoor) -> None:
    """NO-01, R8: the number that goes away is told with the mailbox; the journal names it once."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    house.clock.advance(seconds=60)
    await ada.person.get("/settings/phone/remove")

    await ada.person.press("Remove")

    assert (await told(house, to=ADA))["method_removed"] == 1
    assert (await told(house, to=NUMBER))["number_removed"] == 1
    assert await noted(house, "authenticator_unbound") == 1
    (account,) = await rows(house, "accounts")
    assert [one["id"] for one in await standing(house)] == [account["default_authenticator_id"]]


async def test_removal_leaves_the_default_unless_it_goes(house: FrontDoor) -> None:
    """EF-02: another method's removal changes no default; where the default goes, one that stays
    is asked first."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    await add_app(house, ada.person)
    called = {one["name"]: one["id"] for one in await standing(house)}
    phone, first, second = called[""], called["Phone app"], called["Second app"]
    (account,) = await rows(house, "accounts")
    assert account["default_authenticator_id"] == first

    await ada.person.get(f"/settings/apps/{second}/remove")
    await ada.person.press("Remove")
    (account,) = await rows(house, "accounts")
    assert account["default_authenticator_id"] == first
    await ada.person.get(f"/settings/apps/{first}/remove")
    await ada.person.press("Remove")

    (account,) = await rows(house, "accounts")
    assert (account["default_authenticator_id"], account["default_channel"]) == (phone, "sms")
    assert [one["id"] for one in await standing(house)] == [phone]
