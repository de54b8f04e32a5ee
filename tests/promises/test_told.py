"""What a form did is said once, on the page it leads to."""

from tests.front_door import FrontDoor


async def test_sign_out_is_said_once(house: FrontDoor) -> None:
    """The page says what was done, and a reload does not say it again."""
    person, _ = await house.member()
    assert "Macro" not in person.text

    await person.press("Sign out")

    assert person.path == "/sign-in"
    assert "You are signed out." in person.text
    await person.get("/sign-in")
    assert "You are signed out." not in person.text


async def test_change_in_settings_is_said(house: FrontDoor) -> None:
    """After Save the settings say so, and nothing is said where nothing was done."""
    person, _ = await house.member()
    await house.open_settings(person)
    assert "Saved." not in person.text
    await person.follow("Edit default method")

    await person.press("Save", method="voice")

    assert person.path == "/settings"
    assert "Saved." in person.text


async def test_new_password_is_said_where_one_signs_in(house: FrontDoor) -> None:
    """AR-01: After a reset the sign-in page says that the new password is set."""
    person, _ = await house.member()
    house.clock.advance(seconds=60)
    await person.press("Sign out")
    await person.get("/forgot-password")
    await person.press("Send code", email="ada@example.com")
    await person.press("Verify", code=await house.code("email"))
    await person.press("Verify", code=await house.code("sms"))

    await person.press("Set new password", new_password="another lantern in the hall")

    assert person.path == "/sign-in"
    assert "Your new password is set. Sign in with it." in person.text
