"""What was proven on its last day still counts when its wait ends after that day (B.3, R8)."""

from tests.answers import ADA, NEW_PASSWORD, answer_mail, link, thief_inside
from tests.front_door import FrontDoor
from tests.promises.addresses import address, change
from tests.promises.states import add_phone, ask_reset, member, standing
from vestibule.flows.housekeeping import purge

DAY = 24 * 3600
THIEFS = "mallory@example.net"


async def _days_pass(house: FrontDoor, days: float) -> None:
    await house.let_time_pass(seconds=days * DAY)
    await purge(house.built.means)


async def test_a_removed_method_that_was_proven_in_time_returns(house: FrontDoor) -> None:
    """R8: the owner's app, removed by a thief and proven with the mailbox six and a half days
    after, sets the password that waits a day in a new browser, and stands again."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    thief = await thief_inside(house, ada)
    app = next(one for one in await standing(house) if one["kind"] == "totp")
    await thief.get(f"/settings/apps/{app['id']}/remove")
    await thief.press("Remove")
    await answer_mail(house, await link(house, "method_removed"))
    await _days_pass(house, 6.5)
    owner = house.browser()
    await ask_reset(owner, ADA)
    await owner.press("Verify", code=await house.code("email", to=ADA))
    await owner.get("/forgot-password/second-factor/methods")
    await owner.press("Phone app")
    await owner.press("Verify", code=ada.next_code())
    await owner.press("Set new password", new_password=NEW_PASSWORD)
    assert "counts from" in owner.text, owner.text

    await _days_pass(house, 1)

    assert app["id"] in [one["id"] for one in await standing(house)]
    await house.password(owner, password=NEW_PASSWORD)
    assert owner.path == "/sign-in/code", owner.text


async def test_an_address_that_was_proven_in_time_returns(house: FrontDoor) -> None:
    """R8: so does the address before a thief's, proven with a text on the last day it is held."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    thief = await thief_inside(house, ada)
    await change(house, thief, THIEFS)
    await answer_mail(house, await link(house, "address_changed", to=ADA))
    await _days_pass(house, 6.5)
    owner = house.browser()
    await ask_reset(owner, ADA)
    await owner.press("Verify", code=await house.code("email", to=ADA))
    await owner.get("/forgot-password/second-factor/methods")
    await owner.press("Text")
    await owner.press("Verify", code=await house.code("sms"))
    await owner.press("Set new password", new_password=NEW_PASSWORD)
    assert "counts from" in owner.text, owner.text

    await _days_pass(house, 1)

    assert await address(house) == ADA
    await house.password(owner, password=NEW_PASSWORD)
    assert owner.path == "/sign-in/code", owner.text
