"""What a restored database gives back to thieves: nothing that a password opens (KY-06)."""

import pytest

from tests.attack import wrong
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.person import Person
from tests.promises.disasters import Disaster
from tests.promises.states import Member, add_phone, age_browsers, is_inside, member, rows
from vestibule.flows.restored import make_safe

pytestmark = pytest.mark.anyio

NEW_PASSWORD = "heron on the weathervane"
NUMBER = "+447400123456"
BUDGET = 20


async def _guess(house: FrontDoor, secret: bytes, *, source: int) -> Person:
    """Five wrong codes of somebody who knows the password, from a network of their own."""
    person = house.browser(source=f"198.51.100.{source}")
    await house.password(person)
    for by in range(1, 6):
        if person.path == "/sign-in/code":
            code = wrong(house.app_code(secret), by=by * 1000)
            await person.press("Verify", code=code)
    return person


async def _compared(house: FrontDoor) -> int:
    return len(await rows(house, "strikes"))


async def test_password_is_guessed_behind_no_more_than_before(disaster: Disaster) -> None:
    """RL-05, KY-06: guesses that the copy forgot are not made again: no six-digit code is looked
    at behind a restored password, and the owner sets another at the next full sign-in."""
    async with front_door(disaster.store.open(), disaster.folder) as house:
        ada = await member(house)
        await disaster.back_up(house)
        for turn in range(6):
            house.clock.advance(seconds=2 * 3600)
            await _guess(house, ada.secret, source=turn)
        assert await _compared(house) == BUDGET
        url = await disaster.put_back()
        async with disaster.house_over(url, like=house) as again:
            await make_safe(again.built.means, disaster.mark, after=disaster.mark.epoch())
            for turn in range(6):
                again.clock.advance(seconds=2 * 3600)
                person = await _guess(again, ada.secret, source=100 + turn)
                assert "Enter the code after it too" in person.text

            assert await _compared(again) == 0
            await _owner_sets_another(again, Member(again, again.browser(), *_of(ada)))
            await _guess(again, ada.secret, source=200)
            assert await _compared(again) == 0


def _of(ada: Member) -> tuple[bytes, str, str]:
    return ada.secret, ada.recovery_code, ada.email


async def _owner_sets_another(house: FrontDoor, ada: Member) -> None:
    person = ada.person
    await house.password(person)
    house.clock.advance(seconds=90)
    await person.press("Verify", code=house.app_code(ada.secret, steps=-1))
    assert "Enter the code after it too" in person.text
    codes = {"code": house.app_code(ada.secret, steps=-1), "next_code": house.app_code(ada.secret)}
    await person.press("Verify", **codes)
    await house.prove_mailbox(person)
    assert "Somebody may know your password, or would guess it soon" in person.text
    await person.press("Set new password", new_password=NEW_PASSWORD)
    assert person.path == "/review", person.text
    await house.answer_review(person)
    assert await is_inside(person), person.text


async def test_disowned_password_and_number_open_nothing(disaster: Disaster) -> None:
    """KY-06, R11: whoever has the password and the number that an owner gave up after the copy
    reads nothing after a restore, and sets no password without the mailbox."""
    async with front_door(disaster.store.open(), disaster.folder) as house:
        ada = await member(house)
        await ada.step_up()
        await add_phone(house, ada.person)
        await disaster.back_up(house)
        house.clock.advance(seconds=2 * 24 * 3600)
        await age_browsers(house)
        await _take_both_away(house, ada)
        url = await disaster.put_back()
        async with disaster.house_over(url, like=house) as again:
            await make_safe(again.built.means, disaster.mark, after=disaster.mark.epoch())
            thief = again.browser(source="198.51.100.66")
            await _enters_and_is_stopped(again, thief)
            # A day later this browser is known, but not from before the password had to go.
            again.clock.advance(seconds=25 * 3600)
            await _enters_and_is_stopped(again, thief)


async def _enters_and_is_stopped(house: FrontDoor, thief: Person) -> None:
    await house.password(thief)
    await thief.follow("Try another way")
    await thief.press("Text message")
    code = await house.code("sms", to=NUMBER)
    assert len(code) == 10
    await thief.press("Verify", code=code)

    assert thief.path == "/settings", thief.text
    assert (await thief.client.get("/session")).status_code == 401
    for path in ("/", "/new-password", "/settings/app", "/review"):
        await thief.get(path)
        assert thief.path == "/settings", thief.text
    await thief.post("/new-password", {"new_password": "a magpie under the gutter"})
    assert [one["epoch"] for one in await rows(house, "passwords")] == [1]


async def _take_both_away(house: FrontDoor, ada: Member) -> None:
    await ada.sign_in(ada.person)
    await ada.step_up()
    await ada.person.get("/settings/password")
    await ada.person.press("Change password", new_password=NEW_PASSWORD)
    assert [one["epoch"] for one in await rows(house, "passwords")] == [2]
    other = house.browser()
    await house.password(other, password=PASSWORD)
    assert other.path == "/sign-in"
