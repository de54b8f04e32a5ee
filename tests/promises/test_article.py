"""The article, step by step, without JavaScript."""

from tests.front_door import FrontDoor


async def test_article_walk_by_text(either_house: FrontDoor) -> None:
    """Sign-up, phone, recovery code, dashboard, sign-out, sign-in by text."""
    person, _ = await either_house.member()
    assert "You are in" in person.text

    await person.press("Sign out")
    await either_house.sign_in(person)

    assert "You are in" in person.text


async def test_article_walk_by_app(house: FrontDoor) -> None:
    """Set-up by an app, then a sign-in with its next code."""
    person, secret, _ = await house.member_with_app()
    await person.press("Sign out")

    house.clock.advance(seconds=30)
    await house.password(person)
    await person.press("Verify", code=house.app_code(secret))

    assert person.path == "/"


async def test_article_settings_and_new_recovery_code(house: FrontDoor) -> None:
    """User Settings asks for the mailed code; Generate new code confirms, then shows once."""
    person, old = await house.member()
    await house.open_settings(person)
    assert "On — required" in person.text

    await person.follow("Generate new code")
    await person.press("Confirm")
    new = person.shown(r'name="shown" value="([^"]+)"')

    assert new != old
    await person.press("Finish", last_group=new[-4:])
    assert person.path == "/settings"


async def test_article_recovery(house: FrontDoor) -> None:
    """The recovery code lets its owner in once, to set up two-factor again, and nothing else."""
    _, code = await house.member()
    person = house.browser()
    await house.password(person)
    await person.follow("Try another way")
    await person.follow("Enter recovery code")

    await person.press("Recover and set up 2FA", recovery_code=code)
    new = await house.save_recovery_code(person)
    assert person.path == "/set-up", person.text
    assert new != code
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="US", phone="(415) 555-0100")
    await person.press("Verify", code=await house.code("sms", to="+14155550100"))

    assert person.path == "/", person.text
