"""A freeze holds against what it doubts until its own end, however late it was asked for (R8)."""

from tests.answers import answer_text, code, thief_inside
from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from tests.promises.states import add_app, add_phone, member
from vestibule.flows.housekeeping import purge

DAY = 24 * 3600
NUMBER = "+447400123456"


async def _days_pass(house: FrontDoor, days: float) -> None:
    await house.let_time_pass(seconds=days * DAY)
    await purge(house.built.means)


async def _comes_in_by(house: FrontDoor, thief: Person, secret: bytes, app: str) -> None:
    await house.password(thief)
    await thief.get("/sign-in/methods")
    await thief.press(app)
    await thief.press("Verify", code=house.app_code(secret))
    await house.answer_review(thief)
    thief.client.cookies.delete("next")
    await house.open_settings(thief)


async def _may_change_by(house: FrontDoor, thief: Person, secret: bytes, app: str) -> bool:
    """Whether a change is open once password and this app are proven for it."""
    house.clock.advance(seconds=60)
    await thief.get("/settings/confirm")
    await thief.press(app)
    await thief.press("Confirm", password=PASSWORD, code=house.app_code(secret))
    await thief.get("/settings/password")
    return thief.path == "/settings/password"


async def test_what_the_doubted_act_brought_lifts_nothing_a_week_later(house: FrontDoor) -> None:
    """R8: a text that is answered on the seventh day stops the thief's app until the tenth."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    thief = await thief_inside(house, ada)
    secret = await add_app(house, thief)
    doubt = await code(house, "method_added", to=NUMBER)
    await _days_pass(house, 6.9)
    await answer_text(house, doubt)
    await _days_pass(house, 1.6)

    await _comes_in_by(house, thief, secret, "Second app")

    assert not await _may_change_by(house, thief, secret, "Second app")
    assert "Somebody answered a text" in thief.text


async def test_what_its_successor_brought_lifts_nothing_either(house: FrontDoor) -> None:
    """R8: nor does an app of a sign-in that the doubted one made possible, a week later."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    thief = await thief_inside(house, ada)
    secret = await add_app(house, thief)
    doubt = await code(house, "method_added", to=NUMBER)
    house.clock.advance(seconds=3600)
    await thief.press("Sign out")
    await _comes_in_by(house, thief, secret, "Second app")
    assert await _may_change_by(house, thief, secret, "Second app")
    later = await add_app(house, thief, name="Third app")
    await _days_pass(house, 6.9)
    await answer_text(house, doubt)
    await _days_pass(house, 0.5)

    await _comes_in_by(house, thief, later, "Third app")

    assert not await _may_change_by(house, thief, later, "Third app")
    assert "Somebody answered a text" in thief.text
