"""One number on many accounts: a limit that is not told (A.7)."""

import asyncio
import re

import pytest

from tests.attack import count
from tests.front_door import FrontDoor
from tests.person import Person
from vestibule.flows import opt_outs

pytestmark = pytest.mark.anyio


async def test_a_number_serves_five_accounts(house: FrontDoor) -> None:
    """PN-04: a sixth account cannot bind the number, and is not told why."""
    for turn in range(5):
        person = house.browser(source=f"198.51.100.{turn}")
        await house.sign_up(person, f"{turn}@example.com")
        await house.set_up_phone(person)
        house.clock.advance(seconds=3600)
    sixth = house.browser()
    await house.sign_up(sixth, "sixth@example.com")
    await sixth.get("/set-up/phone")
    await sixth.press("Send code by text message", country="GB", phone="+44 7400 123456")

    assert "This number cannot be used here" in sixth.text
    assert "account" not in sixth.text.split("This number cannot")[1].split(".")[0]


def _answer(person: Person) -> str:
    """The refusal on the page, or the page."""
    found = re.search(r'role="alert">\s*<svg(?:(?!</p>).)*?<span>([^<]+)<', person.response.text)
    return found[1] if found else person.path


async def test_numbers_are_not_asked_about_without_end(house: FrontDoor) -> None:
    """PN-04, TF-03: which number is on many accounts, or said STOP, is asked for as often as a code
    may be sent, and then all numbers look alike."""
    for turn in range(5):
        person = house.browser(source=f"198.51.100.{turn}")
        await house.sign_up(person, f"{turn}@example.com")
        await house.set_up_phone(person)
        house.clock.advance(seconds=3600)
    await opt_outs.opted_out(house.built.means, "+447400999999", "text")
    eve = house.browser()
    await house.sign_up(eve, "eve@example.com")
    said: list[tuple[str, ...]] = []
    for _ in range(6):
        answers = []
        for phone in ("07400 123456", "07400 999999", "07911 123456"):
            await eve.get("/set-up/phone")
            await eve.press("Send code by text message", country="GB", phone=phone)
            answers.append(_answer(eve))
        said.append(tuple(answers))

    assert "cannot be used" in said[0][0]
    assert "asked not to get" in said[0][1]
    assert len(set(said[-1])) == 1, said[-1]
    assert "cannot be used" not in said[-1][0]


async def _begun_beside_three(house: FrontDoor) -> list[tuple[Person, str]]:
    """Five set-ups of a number that three accounts have, each with its code."""
    for turn in range(3):
        person = house.browser(source=f"198.51.100.{turn}")
        await house.sign_up(person, f"{turn}@example.com")
        await house.set_up_phone(person)
        house.clock.advance(seconds=1800)
    house.clock.advance(seconds=3600)
    begun = []
    for turn in range(3, 8):
        person = house.browser(source=f"198.51.100.{turn}")
        await house.sign_up(person, f"{turn}@example.com")
        await person.get("/set-up/phone")
        await person.press("Send code by text message", country="GB", phone="07400 123456")
        begun.append((person, await house.code("sms")))
        house.clock.advance(seconds=31)
    return begun


async def test_set_ups_begun_together_bind_five(house: FrontDoor) -> None:
    """PN-04: set-ups that were begun before the fifth was finished bind no sixth account."""
    begun = await _begun_beside_three(house)

    for person, code in begun:
        await person.press("Verify", code=code)

    assert [person.path for person, _ in begun[:2]] == ["/set-up/recovery-code"] * 2
    assert all("cannot be used here" in person.text for person, _ in begun[2:])
    assert await count(house, "authenticators") == 5


async def test_set_ups_finished_at_once_bind_five(either_house: FrontDoor) -> None:
    """PN-04: of five right codes at once for a number that three accounts have two bind it."""
    begun = await _begun_beside_three(either_house)

    await asyncio.gather(*(person.press("Verify", code=code) for person, code in begun))

    paths = [person.path for person, _ in begun]
    assert paths.count("/set-up/recovery-code") == 2
    assert sum("cannot be used here" in person.text for person, _ in begun) == 3
    assert await count(either_house, "authenticators") == 5
