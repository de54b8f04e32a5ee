"""Somebody changes the address of an account, step by step, and mailboxes beside it."""

from collections import Counter

from tests.answers import NEW_PASSWORD
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import rows

NEW = "ada.new@example.org"


async def ask(person: Person, to: str = NEW) -> Person:
    """The form of a new address, sent by a session whose proofs are fresh."""
    await person.get("/settings/address")
    await person.press("Send code", email=to)
    return person


async def change(house: FrontDoor, person: Person, to: str = NEW) -> Person:
    """The whole change: the address, and the code that came there."""
    await ask(person, to)
    assert person.path == "/settings/address/code", person.text
    await person.press("Verify", code=await house.code("email", to=to))
    assert "Your address is changed" in person.text, person.text
    return person


async def address(house: FrontDoor) -> str:
    """What the one account is reached at."""
    (account,) = await rows(house, "accounts")
    return str(account["email"])


async def codes_to(house: FrontDoor, to: str) -> int:
    """How many codes arrived in a mailbox so far."""
    await house.deliver()
    return len([m for m in house.inbox() if m.to == to and m.code])


async def purposes(house: FrontDoor) -> Counter[tuple[str, str]]:
    """Every notice that arrived, by its mailbox or number and its kind."""
    await house.deliver()
    return Counter((m.to, m.purpose) for m in house.inbox() if m.code is None)


async def ask_reset(person: Person, email: str) -> Person:
    await person.get("/forgot-password")
    await person.press("Send code", email=email)
    return person


async def reset_by(
    house: FrontDoor, person: Person, email: str, code_of: str, *, new: str = NEW_PASSWORD
) -> Person:
    """Forgot password by this address and an app's code, as far as it goes."""
    await ask_reset(person, email)
    await person.press("Verify", code=await house.code("email", to=email))
    assert person.path == "/forgot-password/second-factor", person.text
    await person.press("Verify", code=code_of)
    if person.path == "/forgot-password/new":
        await person.press("Set new password", new_password=new)
    return person
