"""One walk through every flow of a house, for tests of what is written down on the way."""

from tests.attack import wrong
from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person


async def walk(house: FrontDoor) -> None:
    """Through every flow: up, in, out, wrong, forgotten, recovered, changed."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await house.set_up_phone(person)
    await _change(house, person)
    await person.get("/")
    await person.press("Sign out")
    house.clock.advance(seconds=3600)
    await house.password(person, password="not the lantern")
    await house.password(person)
    code = await house.code("sms")
    await person.press("Verify", code=wrong(code))
    await person.press("Verify", code=code)
    stranger = house.browser(source="198.51.100.1")
    await stranger.get("/forgot-password")
    await stranger.press("Send code", email="ada@example.com")
    await stranger.press("Verify", code=await house.code("email"))
    await stranger.get("/sign-up")
    await stranger.press("Create account", name="Eve", email="ada@example.com", password=PASSWORD)
    await stranger.client.post("/sign-in", data={"email": "ada@example.com", "password": PASSWORD})
    await _recover(house)


async def _change(house: FrontDoor, person: Person) -> None:
    await house.open_settings(person)
    await person.get("/settings/app")
    await person.post("/settings/app/start", {})
    secret = house.secret_on(person)
    house.alarm.register("an app's secret", secret.hex())
    await person.press("Verify", code=house.app_code(secret), app_name="Spare")
    await person.follow("Generate new code")
    await person.press("Confirm")
    await house.save_recovery_code(person)


async def _recover(house: FrontDoor) -> None:
    house.clock.advance(seconds=60)
    found = [s for s, kind in house.alarm.kinds.items() if kind == "a recovery code"]
    person = house.browser(source="192.0.2.1")
    await house.password(person)
    await person.get("/sign-in/recovery-code")
    await person.press("Recover and set up 2FA", recovery_code="0" * 24)
    await person.press("Recover and set up 2FA", recovery_code=found[-1])
    assert person.path == "/set-up/recovery-code", person.text
    await house.save_recovery_code(person)
