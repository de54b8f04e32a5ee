"""A sign-up that moves to another address or asks again: who is told, what code opens (EN-06)."""

import pytest

from tests.answers import told
from tests.attack import journal, wrong
from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import sign_up
from vestibule.flows.work import Caller

pytestmark = pytest.mark.anyio

TAKEN = "ada@example.com"
FREE = "eve@example.com"


async def begun(house: FrontDoor, email: str) -> Person:
    """A stranger who typed this address, and is asked for its code."""
    person = house.browser(source="198.51.100.9")
    await person.get("/sign-up")
    await person.press("Create account", name="Eve", email=email, password=PASSWORD)
    assert person.path == "/sign-up/code", person.text
    return person


async def move(house: FrontDoor, person: Person, email: str) -> None:
    house.clock.advance(seconds=60)
    await person.get("/sign-up/address")
    await person.press("Send code", email=email)
    assert person.path == "/sign-up/code", person.text


async def codes_to(house: FrontDoor, email: str) -> list[str]:
    await house.deliver()
    return [str(one.code) for one in house.inbox() if one.to == email and one.code]


async def accounts(house: FrontDoor) -> int:
    return len(await journal(house, "user_created"))


async def test_sign_up_that_moves_to_a_taken_address_gets_no_code(house: FrontDoor) -> None:
    """EN-06: whoever moves a sign-up to somebody's address has its owner told, and no code that
    opens anything leaves: neither there nor any more to the address of before."""
    await house.member(TAKEN)
    before = await codes_to(house, TAKEN)
    eve = await begun(house, FREE)
    (own,) = await codes_to(house, FREE)

    await move(house, eve, TAKEN)

    assert await codes_to(house, TAKEN) == before
    assert (await told(house, to=TAKEN))["address_taken"] == 1
    await eve.press("Verify", code=own)
    assert eve.path == "/sign-up/code", eve.text
    assert await accounts(house) == 1


async def test_sign_up_that_moves_to_a_free_address_gets_its_code(house: FrontDoor) -> None:
    """EN-06: whoever mistyped, and hit somebody's address, goes on with the own one."""
    await house.member(TAKEN)
    eve = await begun(house, TAKEN)

    await move(house, eve, FREE)
    (own,) = await codes_to(house, FREE)
    await eve.press("Verify", code=own)

    assert eve.path == "/set-up", eve.text
    assert await accounts(house) == 2


async def test_sign_up_that_is_over_moves_nowhere(house: FrontDoor) -> None:
    """EF-08: where it ended in another tab, the form of another address begins none anew."""
    caller = Caller("198.51.100.9", "", "", "en")

    moved = await sign_up.change_address(house.built.means, caller, token="x", email=FREE)

    assert moved == Refused(Reason.SIGN_IN_EXPIRED)
    assert await codes_to(house, FREE) == []


async def test_owner_of_a_taken_address_is_told_of_each_mail_and_no_more(
    house: FrontDoor,
) -> None:
    """EN-06, RL-10: *Resend* tells the owner as it would have mailed a code, and where the timer
    refuses that nobody is mailed."""
    await house.member(TAKEN)
    eve = await begun(house, TAKEN)
    assert (await told(house, to=TAKEN))["address_taken"] == 1

    await eve.post("/sign-up/resend", {})
    assert (await told(house, to=TAKEN))["address_taken"] == 1
    house.clock.advance(seconds=60)
    await eve.post("/sign-up/resend", {})

    assert (await told(house, to=TAKEN))["address_taken"] == 2


async def test_sign_up_is_in_the_journal(house: FrontDoor) -> None:
    """AU-01: begun for a free address or a taken one, a wrong code, and the account that came."""
    await house.member(TAKEN)
    await begun(house, TAKEN)
    eve = await begun(house, FREE)
    code = await house.code("email", to=FREE)

    await eve.press("Verify", code=wrong(code))
    await eve.press("Verify", code=code)

    assert eve.path == "/set-up", eve.text
    assert len(await journal(house, "sign_up_started")) == 2
    assert len(await journal(house, "sign_up_existing_address")) == 1
    assert await accounts(house) == 2
    (failed,) = await journal(house, "challenge_fail")
    assert failed.details["purpose"] == "sign_up"
