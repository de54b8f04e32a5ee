"""What a waiting reset rests on when its day comes: browser, mailbox, method, and causes (B.3, R8).

Each of these may have gone since it was proven; whoever had it then sets no password with it.
"""

import pytest

from tests.answers import (
    ADA,
    NEW_PASSWORD,
    answer_mail,
    link,
    reset,
    sign_in,
    thief_inside,
)
from tests.attack import journal
from tests.front_door import FrontDoor
from tests.promises.addresses import NEW, address, change
from tests.promises.states import (
    add_app,
    add_phone,
    age_browsers,
    member,
    recover,
    rows,
    standing,
)

DAY = 24 * 3600
HOUR = 3600
OLD_NUMBER, NEW_NUMBER = "+447400123456", "+447400123457"
THIEFS = "mallory@example.net"
WAITS = "Your new password counts from"
AT_ONCE = "Your new password is set"


async def works(house: FrontDoor, password: str, *, email: str = ADA) -> bool:
    person = house.browser(source="203.0.113.99")
    await house.password(person, email, password=password)
    return person.path == "/sign-in/code"


# --- the browser ----------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "said"), [(DAY - 1, WAITS), (DAY, AT_ONCE)])
async def test_browser_is_known_to_the_second(house: FrontDoor, seconds: int, said: str) -> None:
    """B.3, R11: a reset by text waits in a browser a second short of its day, and no longer."""
    await house.member()
    house.clock.advance(seconds=HOUR)
    other = house.browser(source="203.0.113.12")
    await house.sign_in(other)
    house.clock.advance(seconds=seconds)

    await reset(house, other)

    assert said in other.text


async def test_set_up_browser_that_is_known_only_since_waits(house: FrontDoor) -> None:
    """R11, B.3: a browser of the set-up that was forgotten, and is known again since an hour, is
    as any other of that hour."""
    owner, _ = await house.member()
    house.clock.advance(seconds=2 * HOUR)
    await age_browsers(house, seconds=-HOUR)

    await reset(house, owner)

    assert WAITS in owner.text


async def test_browser_beside_that_of_the_set_up_waits(house: FrontDoor) -> None:
    """R11, B.3: that the account was set up in one browser makes no other one known at once, not
    even one that would be known for longer."""
    await house.member()
    house.clock.advance(seconds=HOUR)
    other = house.browser(source="203.0.113.12")
    await house.sign_in(other)
    await other.press("Sign out")
    await age_browsers(house, seconds=2 * HOUR)
    house.clock.advance(seconds=60)

    await reset(house, other)

    assert WAITS in other.text


# --- the mailbox ----------------------------------------------------------------------------


async def test_older_mailbox_sets_nothing_once_another_one_is_back(house: FrontDoor) -> None:
    """R8, EM-05: two mailboxes of before could come back; whoever reads the older one and has a
    copy of the SIM sets no password once the owner has proven the newer."""
    ada = await member(house)
    await ada.step_up()
    await change(house, ada.person)
    ada.email = NEW
    await change(house, await thief_inside(house, ada), THIEFS)
    await answer_mail(house, await link(house, "address_changed", to=NEW))
    owner = ada.person
    await recover(house, owner, ada.recovery_code, NEW)
    await house.save_recovery_code(owner)
    await owner.get("/set-up/phone")
    await owner.press("Send code by text message", country="GB", phone="07400 123456")
    await owner.press("Verify", code=await house.code("sms"))
    await owner.press("Set new password", new_password="a kettle under the eaves")
    await house.answer_review(owner)
    house.clock.advance(seconds=60)
    reader = await reset(house, house.browser(source="198.51.100.66"))
    assert WAITS in reader.text

    await house.open_settings(owner)
    assert await address(house) == NEW
    await house.let_time_pass(seconds=DAY + 1)

    assert await address(house) == NEW
    assert not await works(house, NEW_PASSWORD, email=NEW)
    assert await works(house, "a kettle under the eaves", email=NEW)
    assert len(await journal(house, "authn_password_reset_cancelled")) == 1


async def test_mailbox_proven_on_its_last_day_comes_back_on_the_next(house: FrontDoor) -> None:
    """R8, B.3: a mailbox that a thief replaced is held for seven days, and longer while a reset
    that it proved with the number waits; then it is the account's again. The journal says both."""
    await house.member()
    house.clock.advance(seconds=HOUR)
    thief = house.browser(source="198.51.100.66")
    await house.sign_in(thief)
    await age_browsers(house)
    house.clock.advance(seconds=60)
    await house.open_settings(thief)
    await change(house, thief, THIEFS)
    await answer_mail(house, await link(house, "address_changed"))
    await house.let_time_pass(seconds=7 * DAY - HOUR)
    owner = house.browser(source="192.0.2.77")
    await reset(house, owner)
    assert WAITS in owner.text
    assert len(await journal(house, "authn_password_reset_waits")) == 1

    await house.let_time_pass(seconds=DAY)

    assert await address(house) == ADA
    assert await works(house, NEW_PASSWORD)
    assert len(await journal(house, "authn_password_reset")) == 1


# --- the method -----------------------------------------------------------------------------


async def test_number_that_an_answer_took_sets_nothing(house: FrontDoor) -> None:
    """R8, B.3: a thief's number proves a reset, then the answer to its adding takes the number
    away, past an earlier answer: the password of the thief never counts."""
    ada = await member(house)
    stranger = house.browser(source="198.51.100.70")
    await house.password(stranger, ADA)
    await stranger.press("Verify", code="000000")
    wrong = await link(house, "wrong_second_factor")
    await add_phone(house, await thief_inside(house, ada), "07400 123457")
    added = await link(house, "method_added")
    await answer_mail(house, wrong)
    house.clock.advance(seconds=60)
    own = "a kettle under the eaves"
    await reset(house, ada.person, code_of=ada.next_code(), new=own)
    assert AT_ONCE in ada.person.text
    house.clock.advance(seconds=60)
    thief = house.browser(source="198.51.100.67")
    await reset(house, thief, by="Text message", to=NEW_NUMBER)
    assert WAITS in thief.text

    await answer_mail(house, added)
    assert [one["name"] for one in await standing(house)] == ["Phone app"]
    assert len(await rows(house, "waiting_resets")) == 1
    await house.let_time_pass(seconds=DAY + 1)

    assert not await works(house, NEW_PASSWORD)
    assert await works(house, own)
    assert [one["name"] for one in await standing(house)] == ["Phone app"]
    assert len(await journal(house, "authn_password_reset_cancelled")) == 1


async def test_number_proven_on_its_last_day_comes_back_on_the_next(house: FrontDoor) -> None:
    """R8, B.3: within the seven days the owner proves mailbox and removed number; they count when
    the wait is over, though the week is over too."""
    await house.member()
    house.clock.advance(seconds=HOUR)
    thief = house.browser(source="198.51.100.66")
    await house.sign_in(thief)
    await age_browsers(house)
    house.clock.advance(seconds=60)
    await house.open_settings(thief)
    await add_phone(house, thief, "07400 123457")
    await answer_mail(house, await link(house, "number_changed"))
    await house.let_time_pass(seconds=7 * DAY - HOUR)
    owner = house.browser(source="192.0.2.77")
    await reset(house, owner, to=OLD_NUMBER)
    assert WAITS in owner.text

    await house.let_time_pass(seconds=DAY)

    assert await works(house, NEW_PASSWORD)
    assert (await house.message("sms")).to == OLD_NUMBER
    assert len(await journal(house, "authenticator_returned")) == 1


async def test_method_that_came_back_changes_no_password_for_a_day(house: FrontDoor) -> None:
    """R8, B.3: whoever brought a removed number back, and reads the mails, sets no other password
    with it on that day, though a password alone would not have to wait after a reset."""
    person, _ = await house.member()
    house.clock.advance(seconds=60)
    await house.open_settings(person)
    await add_phone(house, person, "07400 123457")
    await house.save_recovery_code(person)
    await answer_mail(house, await link(house, "number_changed"))
    house.clock.advance(seconds=60)
    await reset(house, person, to=OLD_NUMBER)
    assert AT_ONCE in person.text
    house.clock.advance(seconds=60)
    await sign_in(house, person, password=NEW_PASSWORD)
    await house.answer_review(person)
    await house.open_settings(person)

    await person.get("/settings/password")

    assert person.path == "/settings/confirm", person.text


# --- what it follows from -------------------------------------------------------------------


async def test_reset_by_a_thiefs_method_follows_from_it(house: FrontDoor) -> None:
    """R8: the answer to an app that a thief added reaches the password that was reset by it, and
    what was added behind that password with a stolen code of the owner's."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    secret = await add_app(house, thief)
    doubted = await link(house, "method_added")
    house.clock.advance(seconds=60)
    await reset(house, thief, by="Second app", code_of=house.app_code(secret, steps=2))
    assert AT_ONCE in thief.text
    house.clock.advance(seconds=DAY)
    ada.password = NEW_PASSWORD
    await ada.step_up(await ada.sign_in(thief))
    await add_app(house, thief, name="Third app")
    assert len(await standing(house)) == 3

    await answer_mail(house, doubted)

    assert [one["name"] for one in await standing(house)] == ["Phone app"]
