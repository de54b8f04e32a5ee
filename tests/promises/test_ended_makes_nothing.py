"""What was looked up and has ended since makes and changes nothing: tabs and requests cross."""

from tests.attack import rows
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import cookie, member, recover
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import account_settings, sign_in
from vestibule.flows.work import Caller


def caller_of(person: Person) -> Caller:
    return Caller("203.0.113.7", "Mozilla/5.0 test", "", "en", cookie(person, "browser"))


async def current_codes(house: FrontDoor) -> list[str]:
    found = await rows(house, "SELECT id FROM recovery_codes WHERE ended_at IS NULL ORDER BY id")
    return [row["id"] for row in found]


async def test_an_ended_session_makes_no_code(either_house: FrontDoor) -> None:
    """R8: a session that "not me" ends while it asks for another recovery code gets none made."""
    house = either_house
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up")
    await person.press("Authentication app")
    await person.press("Verify", code=house.app_code(house.secret_on(person)), app_name="App")
    means, caller = house.built.means, caller_of(person)
    found = await account_settings.find_session(means, caller, cookie(person, "session") or "")
    assert found is not None
    session, _ = found
    before = await current_codes(house)
    await account_settings.sign_out(means, caller, session)

    made = await account_settings.make_another_code(means, caller, session)

    assert made == Refused(Reason.SIGN_IN_EXPIRED)
    assert await current_codes(house) == before


async def test_a_stopped_recovery_makes_no_code(either_house: FrontDoor) -> None:
    """A thief's recovery that the owner stops meanwhile does not replace the owner's new code."""
    house = either_house
    ada = await member(house)
    thief = house.browser(source="198.51.100.9")
    house.clock.advance(seconds=60)
    await recover(house, thief, ada.recovery_code, ada.email)
    means, caller = house.built.means, caller_of(thief)
    pending = await sign_in.find_pending(means, caller, cookie(thief, "pending") or "")
    assert pending is not None
    await house.password(ada.person, ada.email)
    await ada.person.press("Verify", code=ada.next_code())
    assert ada.person.path == "/set-up/recovery-code", ada.person.text
    owners = await current_codes(house)

    made = await account_settings.make_another_code(means, caller, pending)

    assert made == Refused(Reason.SIGN_IN_EXPIRED)
    assert await current_codes(house) == owners
    await house.save_recovery_code(ada.person)
