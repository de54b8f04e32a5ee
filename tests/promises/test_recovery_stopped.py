"""An owner who signs in as always stops a recovery that somebody else began (product.md E)."""

from tests.front_door import FrontDoor
from tests.person import Person
from vestibule.flows.housekeeping import purge


async def _recover(house: FrontDoor, code: str) -> tuple[Person, str]:
    """A browser that used password and recovery code, and the code it was shown."""
    thief = house.browser(source="198.51.100.9")
    await house.password(thief)
    await thief.get("/sign-in/recovery-code")
    await thief.press("Recover and set up 2FA", recovery_code=code)
    return thief, await house.save_recovery_code(thief)


async def test_sign_in_by_an_old_method_stops_a_recovery(either_house: FrontDoor) -> None:
    """RC-04: The thief's wall closes, the code shown to them is void, the owner gets another."""
    house = either_house
    owner, code = await house.member()
    house.clock.advance(seconds=60)
    thief, stolen = await _recover(house, code)
    house.clock.advance(seconds=60)

    await house.password(owner)
    await owner.press("Verify", code=await house.code("sms"))

    assert owner.path == "/set-up/recovery-code"
    assert "Somebody had begun to sign in with your recovery code" in owner.text
    new = await house.save_recovery_code(owner)
    assert new != stolen
    await thief.get("/set-up/phone")
    assert thief.path == "/sign-in"
    house.clock.advance(seconds=60)
    await house.password(thief)
    await thief.get("/sign-in/recovery-code")
    await thief.press("Recover and set up 2FA", recovery_code=stolen)
    assert "That is not your recovery code" in thief.text


async def test_code_of_a_recovery_that_ran_out_is_void_too(house: FrontDoor) -> None:
    """RC-04: the code that a recovery showed only resumes it, so the owner's next sign-in voids it
    though the recovery itself has ended long before, unfinished."""
    owner, code = await house.member()
    house.clock.advance(seconds=60)
    thief, stolen = await _recover(house, code)
    house.clock.advance(seconds=2 * 24 * 3600)
    await purge(house.built.means)

    await house.password(owner)
    await owner.press("Verify", code=await house.code("sms"))

    assert owner.path == "/set-up/recovery-code", owner.text
    await house.save_recovery_code(owner)
    house.clock.advance(seconds=60)
    await house.password(thief)
    await thief.get("/sign-in/recovery-code")
    await thief.press("Recover and set up 2FA", recovery_code=stolen)
    assert "That is not your recovery code" in thief.text


async def test_completed_recovery_is_not_stopped(house: FrontDoor) -> None:
    """After a new phone is bound its owner signs in, and nothing is asked or replaced."""
    _, code = await house.member()
    house.clock.advance(seconds=60)
    person, _ = await _recover(house, code)
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="US", phone="(415) 555-0100")
    await person.press("Verify", code=await house.code("sms", to="+14155550100"))
    await person.press("Sign out")
    house.clock.advance(seconds=60)

    await house.password(person)
    await person.press("Verify", code=await house.code("sms", to="+14155550100"))

    assert person.path == "/review"
    await person.press("Yes, all mine")
    assert person.path == "/"


async def test_call_is_not_promised_before_it_is_placed(house: FrontDoor) -> None:
    """Choosing a call while the text's timer runs says so, and the page stays with the text."""
    person, _ = await house.member()
    house.clock.advance(seconds=60)
    await person.press("Sign out")
    await house.password(person)
    await person.follow("Try another way")

    await person.press("Voice call")

    assert "We are calling" not in person.text
    assert "You can send another from" in person.text
    house.clock.advance(seconds=31)
    await person.press("Call me instead")
    assert "We are calling" in person.text
    assert await house.code("voice")
