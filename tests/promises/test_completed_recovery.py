"""What a completed recovery bound stays, whoever presses which link in the mailbox (R8).

The attacker here holds the mailbox and nothing else: no password, no phone, no paper.
"""

from dataclasses import dataclass

import pytest

from tests.answers import (
    ADA,
    NEW_PASSWORD,
    answer_mail,
    link,
    reset,
    sign_in,
    thief_inside,
    told,
)
from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from tests.promises.states import (
    add_app,
    add_phone,
    age_browsers,
    ask_reset,
    is_inside,
    member,
    recover,
    rows,
    standing,
)

DAY = 24 * 3600


@dataclass
class Recovered:
    """Ada after her recovery: a new app, and the links that the mailbox holds of it."""

    house: FrontDoor
    person: Person
    secret: bytes
    links: dict[str, str]

    def code(self) -> str:
        self.house.clock.advance(seconds=60)
        return self.house.app_code(self.secret)

    async def sign_in(self) -> None:
        if await is_inside(self.person):
            await self.person.get("/")
            await self.person.press("Sign out")
        await sign_in(self.house, self.person, code_of=self.code())
        await self.house.answer_review(self.person)

    async def step_up(self) -> None:
        await self.house.open_settings(self.person)
        await self.person.get("/settings/confirm")
        if self.person.path == "/settings/confirm":
            await self.person.press("Confirm", password=PASSWORD, code=self.code())


async def recovered(house: FrontDoor) -> Recovered:
    person, own_code = await house.member()
    links = {"set_up": await link(house, "method_added")}
    house.clock.advance(seconds=3600)
    await recover(house, person, own_code, ADA)
    links["used"] = await link(house, "recovery_code_used")
    house.clock.advance(seconds=60)
    await house.save_recovery_code(person)
    await person.get("/set-up")
    await person.press("Authentication app")
    secret = house.secret_on(person)
    await person.press("Verify", code=house.app_code(secret), app_name="New app")
    assert person.path == "/", person.text
    links["finished"] = await link(house, "recovery_finished")
    house.clock.advance(seconds=60)
    return Recovered(house, person, secret, links)


@pytest.mark.parametrize("pressed", ["set_up", "used", "finished"])
async def test_no_link_takes_what_a_recovery_bound(house: FrontDoor, pressed: str) -> None:
    """R8: also where another method stands beside it, no old link suspends the recovery's app."""
    ada = await recovered(house)
    await age_browsers(house)
    house.clock.advance(seconds=25 * 3600)
    await ada.sign_in()
    await ada.step_up()
    await add_phone(house, ada.person, "07400 555555")
    assert sorted(one["kind"] for one in await standing(house)) == ["phone", "totp"]

    await answer_mail(house, ada.links[pressed])

    assert sorted(one["kind"] for one in await standing(house)) == ["phone", "totp"]
    ended = await rows(house, "ended_authenticators")
    assert [one["ended_by"] for one in ended] == ["lost"]
    assert await is_inside(ada.person)
    house.clock.advance(seconds=60)
    await ada.sign_in()
    assert ada.person.path == "/", ada.person.text


async def test_link_of_the_recovery_locks_nobody_out(house: FrontDoor) -> None:
    """R8: the link of a finished recovery ends the session that it names and stops changes.

    It asks for no reset, so whoever reads the mailbox forces no second recovery: password and
    new app open the door at once, and the password that was known stays.
    """
    ada = await recovered(house)

    reader = await answer_mail(house, ada.links["finished"])

    assert "stopped for 72 hours" in reader.text
    assert not await is_inside(ada.person)
    (guard,) = await rows(house, "safeguards")
    assert guard["reset_required_at"] is None
    await ada.sign_in()
    assert ada.person.path == "/", ada.person.text
    assert (await told(house))["changes_frozen"] == 1


async def test_every_link_of_the_mailbox_together_only_freezes(house: FrontDoor) -> None:
    """R8: all the links one after the other stop changes once, and shut nobody out."""
    ada = await recovered(house)

    for path in ada.links.values():
        await answer_mail(house, path)

    await ada.sign_in()
    assert ada.person.path == "/", ada.person.text
    assert (await told(house))["changes_frozen"] == 1
    (kept,) = await standing(house)
    assert kept["name"] == "New app"
    live = [one for one in await rows(house, "recovery_codes") if one["ended_at"] is None]
    assert [one["acknowledged_at"] is not None for one in live] == [True]


async def test_link_ends_no_session_that_the_recovery_did_not_open(house: FrontDoor) -> None:
    """R8: a sign-in that came after the recovery goes on when the link of it is pressed."""
    ada = await recovered(house)
    later = house.browser()
    await sign_in(house, later, code_of=ada.code())
    await house.answer_review(later)
    house.clock.advance(seconds=60)

    await answer_mail(house, ada.links["finished"])

    assert await is_inside(later)


async def test_doubted_recovery_lifts_no_freeze_on_itself(house: FrontDoor) -> None:
    """R8: the app that a doubted recovery bound is no untouched method: changes wait 72 hours."""
    ada = await recovered(house)
    await age_browsers(house)
    house.clock.advance(seconds=25 * 3600)
    await answer_mail(house, ada.links["used"])
    await ada.sign_in()

    await ada.step_up()

    await ada.person.get("/settings/app")
    assert "72 hours" in ada.person.text or "stopped" in ada.person.text, ada.person.text
    (guard,) = await rows(house, "safeguards")
    assert guard["frozen_until_at"] is not None


async def test_what_a_doubted_recovery_led_to_lifts_no_freeze_on_it(house: FrontDoor) -> None:
    """R8: nor is an app that was added a day later, with what the recovery had bound: whoever has
    the password and the paper undoes no freeze by one step more."""
    ada = await recovered(house)
    await age_browsers(house)
    house.clock.advance(seconds=25 * 3600)
    await ada.sign_in()
    await ada.step_up()
    ada.secret = await add_app(house, ada.person, name="Later app")
    await answer_mail(house, ada.links["used"])
    house.clock.advance(seconds=60)
    await ada.person.get("/")
    await house.open_settings(ada.person)
    await ada.person.get("/settings/confirm")

    await ada.person.press("Later app")
    await ada.person.press("Confirm", password=PASSWORD, code=ada.code())

    await ada.person.get("/settings/app")
    assert ada.person.path == "/settings/wait", ada.person.text
    (guard,) = await rows(house, "safeguards")
    assert guard["frozen_until_at"] is not None


async def test_what_was_suspended_before_a_recovery_stays_so(house: FrontDoor) -> None:
    """R8: nothing comes back across a completed recovery, so a thief's app that an answer took away
    proves nothing when somebody with the mailbox asks for a reset afterwards."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    secret = await add_app(house, thief)
    await answer_mail(house, await link(house, "method_added"))
    owner = house.browser()
    await recover(house, owner, ada.recovery_code, ADA)
    await house.save_recovery_code(owner)
    await owner.get("/set-up")
    await owner.press("Authentication app")
    own = house.secret_on(owner)
    await owner.press("Verify", code=house.app_code(own), app_name="New app")
    await owner.press("Set new password", new_password=NEW_PASSWORD)
    house.clock.advance(seconds=60)
    later = await sign_in(
        house, house.browser(), code_of=house.app_code(own), password=NEW_PASSWORD
    )
    await house.answer_review(later)
    assert later.path == "/", later.text
    await answer_mail(house, await link(house, "new_browser"))

    reader = house.browser(source="198.51.100.66")
    await ask_reset(reader, ADA)
    await reader.press("Verify", code=await house.code("email", to=ADA))
    await reader.get("/forgot-password/second-factor/methods")

    assert "Second app" not in reader.text
    await reader.get("/forgot-password/second-factor")
    await reader.press("Verify", code=house.app_code(secret, steps=1))
    assert reader.path == "/forgot-password/second-factor", reader.text


async def test_recovery_that_is_not_finished_is_still_answered(house: FrontDoor) -> None:
    """R8: before anything is bound, the link of a used recovery code takes all of it back."""
    person, own_code = await house.member()
    house.clock.advance(seconds=3600)
    await recover(house, person, own_code, ADA)
    house.clock.advance(seconds=60)

    await answer_mail(house, await link(house, "recovery_code_used"))

    live = [one for one in await rows(house, "recovery_codes") if one["ended_at"] is None]
    assert live == []
    await person.get("/set-up")
    assert person.path == "/sign-in"
    house.clock.advance(seconds=60)
    owner = await reset(house, house.browser(), to="+447400123456")
    assert "counts from" in owner.text or "is set" in owner.text, owner.text
    assert NEW_PASSWORD not in owner.text
