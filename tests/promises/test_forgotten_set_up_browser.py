"""A browser that completed the set-up is known at once, until a recovery has forgotten it (R11)."""

from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import age_browsers, member, recover

WAIT = "/settings/wait"


async def set_up_app(house: FrontDoor, person: Person) -> bytes:
    await person.get("/set-up/app")
    await person.press("Show the QR code")
    secret = house.secret_on(person)
    await person.press("Verify", code=house.app_code(secret), app_name="New app")
    return secret


async def test_a_recovery_forgets_the_set_up_browser_too(house: FrontDoor) -> None:
    """R11: of two accounts in one browser, the one that is recovered waits a day in it again."""
    ada = await member(house)
    await ada.person.press("Sign out")
    await house.sign_up(ada.person, "bob@example.com")
    await house.set_up_app(ada.person)
    await ada.person.press("Sign out")
    house.clock.advance(seconds=3600)
    elsewhere = house.browser(source="192.0.2.9")
    await recover(house, elsewhere, ada.recovery_code, ada.email)
    await house.save_recovery_code(elsewhere)
    secret = await set_up_app(house, elsewhere)
    house.clock.advance(seconds=2 * 24 * 3600)

    await house.password(ada.person, ada.email)
    await ada.person.press("Verify", code=house.app_code(secret))
    await house.answer_review(ada.person)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/method")

    assert ada.person.path == WAIT, ada.person.text
    await age_browsers(house)
    await ada.person.get("/settings/method")
    assert ada.person.path != WAIT, ada.person.text
