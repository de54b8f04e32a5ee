"""Notices as their readers see them, and their answer "this was not me".

Also a thief who has everything for a while, which is whom the answers are for.
"""

import re
from collections import Counter

from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from tests.promises.states import Member, age_browsers
from vestibule.delivery.providers.simulator import Delivered

ADA = "ada@example.com"
NEW_PASSWORD = "a heron on the weathervane"
NOT_ME = "This was not me"


async def told(house: FrontDoor, *, to: str = ADA) -> Counter[str]:
    """The purposes of everything that arrived there and is no code."""
    await house.deliver()
    return Counter(m.purpose for m in house.inbox() if m.to == to and m.code is None)


async def notice(house: FrontDoor, purpose: str, *, to: str = ADA) -> Delivered:
    """The newest notice of this kind that arrived there."""
    await house.deliver()
    found = [m for m in house.inbox() if m.purpose == purpose and m.to == to]
    assert found, f"no {purpose} for {to}: {[(m.purpose, m.to) for m in house.inbox()]}"
    return found[-1]


async def link(house: FrontDoor, purpose: str, *, to: str = ADA) -> str:
    """The path of the answer that the newest mail of this kind offers."""
    text = (await notice(house, purpose, to=to)).text
    found = re.search(r"http://localhost(/not-me/[\w-]{43})$", text, re.MULTILINE)
    assert found is not None, text
    return found.group(1)


async def code(house: FrontDoor, purpose: str, *, to: str) -> str:
    """The answer that the newest text of this kind offers."""
    text = (await notice(house, purpose, to=to)).text
    found = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", text)
    assert found is not None, text
    return found.group(0)


async def answer_mail(house: FrontDoor, path: str, *, button: str = NOT_ME) -> Person:
    """Somebody with the mailbox opens the link and presses its button."""
    reader = house.browser(source="192.0.2.50")
    await reader.get(path)
    await reader.press(button)
    return reader


async def answer_text(house: FrontDoor, typed: str, *, source: str = "192.0.2.51") -> Person:
    """Somebody with the number types the code of a text."""
    reader = house.browser(source=source)
    await reader.get("/not-me")
    await reader.press(NOT_ME, not_me_code=typed)
    return reader


async def thief_inside(house: FrontDoor, ada: Member) -> Person:
    """Password, a stolen code, the mailbox, and a browser that has waited its day."""
    house.clock.advance(seconds=3600)
    thief = house.browser(source="198.51.100.66", agent="Mozilla/5.0 (X11; Linux) Firefox/140")
    await house.password(thief, ada.email, password=ada.password)
    await thief.press("Verify", code=ada.next_code())
    assert thief.path == "/", thief.text
    await age_browsers(house)
    await ada.step_up(thief)
    return thief


async def reset(
    house: FrontDoor,
    person: Person,
    *,
    by: str = "",
    code_of: str = "",
    to: str | None = None,
    new: str = NEW_PASSWORD,
) -> Person:
    """Forgot password: mailed code, second factor (`code_of`, or a text to `to`), new password.

    `by` is the button of another way than the one asked first.
    """
    await person.get("/forgot-password")
    await person.press("Send code", email=ADA)
    await person.press("Verify", code=await house.code("email", to=ADA))
    if by:
        # The text to the other one has just left.
        house.clock.advance(seconds=60)
        await person.get("/forgot-password/second-factor/methods")
        await person.press(by)
    typed = code_of or await house.code("sms", to=to)
    await person.press("Verify", code=typed)
    if person.path == "/forgot-password/new":
        await person.press("Set new password", new_password=new)
    return person


async def sign_in(
    house: FrontDoor, person: Person, *, code_of: str = "", password: str = PASSWORD
) -> Person:
    """Both doors, as far as they open; a text is read where no code is given."""
    await house.password(person, ADA, password=password)
    if person.path == "/sign-in/code":
        await person.press("Verify", code=code_of or await house.code("sms"))
    return person
