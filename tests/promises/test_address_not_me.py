"""“This was not me” about a change of address: it only reduces, and keeps no owner out (R8, EM-05).

Who reads only the old mailbox, or only the new one, gets nowhere; whoever has a mailbox of the
account and a second factor of before gets back in.
"""

import re

from tests.answers import ADA, NEW_PASSWORD, answer_mail, answer_text, code, link, thief_inside
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.addresses import (
    NEW,
    address,
    ask_reset,
    change,
    codes_to,
    purposes,
    reset_by,
)
from tests.promises.states import (
    Member,
    add_app,
    add_phone,
    age_browsers,
    is_inside,
    member,
    recover,
    rows,
    standing,
)

DAY = 24 * 3600
HOUR = 3600
NUMBER = "+447400123456"
THIEFS = "mallory@example.net"


async def stolen(house: FrontDoor) -> tuple[Member, Person]:
    """A thief with session, password and a code has put an address of their own."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await change(house, thief, THIEFS)
    return ada, thief


async def moved(house: FrontDoor) -> Member:
    """The owner has another mailbox by now, and somebody else reads the old one."""
    ada = await member(house)
    await ada.step_up()
    await change(house, ada.person)
    house.clock.advance(seconds=60)
    return ada


# --- a thief changes the address ----------------------------------------------------------------


async def test_address_of_a_thief_gets_no_codes(house: FrontDoor) -> None:
    """EM-05, R8: after the answer from the old mailbox the thief resets nothing, passes no gate."""
    _, thief = await stolen(house)
    reader = await answer_mail(house, await link(house, "address_changed"))
    assert "Everything is signed out" in reader.text
    before = await codes_to(house, THIEFS)

    assert not await is_inside(thief)
    await house.password(thief, THIEFS)
    assert thief.path == "/sign-in/stopped"
    await ask_reset(thief, THIEFS)
    assert thief.path == "/forgot-password/code"
    await ask_reset(thief, ADA)
    await thief.post("/settings/send", {})
    assert await codes_to(house, THIEFS) == before
    await answer_mail(house, await link(house, "address_changed", to=THIEFS))
    assert await codes_to(house, THIEFS) == before


async def test_owner_comes_back_by_old_mailbox_and_second_factor(house: FrontDoor) -> None:
    """EM-05, R8: the old address returns when its mailbox and a second factor are proven."""
    ada, thief = await stolen(house)
    await answer_mail(house, await link(house, "address_changed"))
    assert await address(house) == THIEFS

    await reset_by(house, ada.person, ADA, ada.next_code())

    assert "Your new password is set" in ada.person.text
    assert await address(house) == ADA
    ada.password = NEW_PASSWORD
    await ada.sign_in(ada.person)
    await house.password(thief, THIEFS, password=NEW_PASSWORD)
    assert thief.path == "/sign-in"
    told = await purposes(house)
    assert told[(ADA, "address_returned")] == 1
    before = await codes_to(house, THIEFS)
    await ask_reset(thief, THIEFS)
    house.clock.advance(seconds=4 * DAY)
    await ask_reset(thief, THIEFS)
    assert await codes_to(house, THIEFS) == before


async def test_old_mailbox_alone_brings_nothing_back(house: FrontDoor) -> None:
    """EM-05, R8: the mailed code without a second factor changes neither password nor address."""
    await stolen(house)
    await answer_mail(house, await link(house, "address_changed"))
    reader = house.browser(source="198.51.100.70")
    await ask_reset(reader, ADA)
    await reader.press("Verify", code=await house.code("email", to=ADA))
    assert reader.path == "/forgot-password/second-factor"
    await reader.get("/forgot-password/new")
    assert reader.path == "/forgot-password/second-factor"

    assert await address(house) == THIEFS
    assert [one["is_returnable"] for one in await rows(house, "former_addresses")] == [True]


async def test_thief_with_the_new_mailbox_waits_in_vain(house: FrontDoor) -> None:
    """R8: after 72 hours the doubted address gets codes, but the thief's app serves not.

    Neither brings the other back: a second factor of before is asked for.
    """
    ada = await member(house)
    thief = await thief_inside(house, ada)
    secret = await add_app(house, thief)
    await change(house, thief, THIEFS)
    await answer_mail(house, await link(house, "address_changed"))
    house.clock.advance(seconds=72 * HOUR)

    await ask_reset(thief, THIEFS)
    await thief.press("Verify", code=await house.code("email", to=THIEFS))
    assert thief.path == "/forgot-password/second-factor"
    await thief.get("/forgot-password/second-factor/methods")
    assert "Second app" not in thief.text
    await thief.get("/forgot-password/second-factor")
    await thief.press("Verify", code=house.app_code(secret))

    assert thief.path == "/forgot-password/second-factor"
    assert "not right" in thief.text
    await reset_by(house, ada.person, ADA, ada.next_code())
    assert await address(house) == ADA


async def test_reset_of_the_thief_that_was_on_its_way_ends(house: FrontDoor) -> None:
    """EM-01, R8: a code mailed to the thief's address before the answer opens nothing after it."""
    await stolen(house)
    other = house.browser(source="198.51.100.67")
    await ask_reset(other, THIEFS)
    mailed = await house.code("email", to=THIEFS)

    await answer_mail(house, await link(house, "address_changed"))
    await other.press("Verify", code=mailed)

    assert other.path == "/forgot-password"


async def test_removed_number_and_old_mailbox_return_together(house: FrontDoor) -> None:
    """R8: a thief who took both number and address is undone by the two of before, together."""
    person, _ = await house.member()
    house.clock.advance(seconds=HOUR)
    thief = house.browser(source="198.51.100.66")
    await house.sign_in(thief)
    await age_browsers(house)
    house.clock.advance(seconds=60)
    await house.open_settings(thief)
    await thief.get("/settings/phone")
    await thief.press("Send code by text message", country="GB", phone="07400 123457")
    await thief.press("Verify", code=await house.code("sms", to="+447400123457"))
    await change(house, thief, THIEFS)
    await answer_mail(house, await link(house, "address_changed"))
    assert await standing(house) == []
    house.clock.advance(seconds=60)

    await ask_reset(person, ADA)
    await person.press("Verify", code=await house.code("email", to=ADA))
    await person.press("Verify", code=await house.code("sms", to=NUMBER))
    await person.press("Set new password", new_password=NEW_PASSWORD)

    assert "Your new password is set" in person.text, person.text
    assert await address(house) == ADA
    assert len(await standing(house)) == 1


async def test_waiting_reset_by_the_old_mailbox_brings_it_back(house: FrontDoor) -> None:
    """R8, EM-05: proven by text in a new browser it counts after a day, with the address."""
    await house.member()
    house.clock.advance(seconds=HOUR)
    thief = house.browser(source="198.51.100.66")
    await house.sign_in(thief)
    await age_browsers(house)
    house.clock.advance(seconds=60)
    await house.open_settings(thief)
    await change(house, thief, THIEFS)
    await answer_mail(house, await link(house, "address_changed"))
    house.clock.advance(seconds=60)
    owner = house.browser(source="192.0.2.77")
    await ask_reset(owner, ADA)
    await owner.press("Verify", code=await house.code("email", to=ADA))
    await owner.press("Verify", code=await house.code("sms", to=NUMBER))
    await owner.press("Set new password", new_password=NEW_PASSWORD)
    assert await address(house) == THIEFS
    assert await codes_to(house, THIEFS) == 1

    await house.let_time_pass(seconds=DAY)

    assert await address(house) == ADA
    assert (await purposes(house))[(ADA, "password_reset")] == 1


async def test_chain_of_changes_follows_cause(house: FrontDoor) -> None:
    """R8: an address that the thief put on the way there comes back no more than the last one."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await change(house, thief, THIEFS)
    first = await link(house, "address_changed")
    house.clock.advance(seconds=60)
    await change(house, thief, "mallory.two@example.net")

    await answer_mail(house, first)

    before = await codes_to(house, THIEFS)
    await ask_reset(thief, THIEFS)
    await ask_reset(thief, "mallory.two@example.net")
    assert await codes_to(house, THIEFS) == before
    assert await codes_to(house, "mallory.two@example.net") == 1
    await reset_by(house, ada.person, ADA, ada.next_code())
    assert await address(house) == ADA


async def test_answer_after_another_answer_still_suspends_the_address(house: FrontDoor) -> None:
    """R8: past a barrier the thief's address is suspended all the same, and no session ends."""
    ada = await member(house)
    stranger = house.browser(source="198.51.100.70")
    await house.password(stranger, ADA)
    await stranger.press("Verify", code="000000")
    wrong = await link(house, "wrong_second_factor")
    thief = await thief_inside(house, ada)
    await change(house, thief, THIEFS)
    await answer_mail(house, wrong)
    other = await ask_reset(house.browser(source="198.51.100.67"), THIEFS)
    mailed = await house.code("email", to=THIEFS)

    reader = await answer_mail(house, await link(house, "address_changed"))

    assert "stopped for 72 hours" in reader.text
    await other.press("Verify", code=mailed)
    assert other.path == "/forgot-password"
    before = await codes_to(house, THIEFS)
    await ask_reset(thief, THIEFS)
    assert await codes_to(house, THIEFS) == before
    await reset_by(house, ada.person, ADA, ada.next_code())
    assert await address(house) == ADA


async def test_recovery_code_then_the_old_mailbox(house: FrontDoor) -> None:
    """R8: after a recovery the settings code goes to the old mailbox, and brings it back."""
    ada, _ = await stolen(house)
    await answer_mail(house, await link(house, "address_changed"))
    house.clock.advance(seconds=60)
    await recover(house, ada.person, ada.recovery_code, ADA)
    await house.save_recovery_code(ada.person)
    await ada.person.get("/set-up")
    await ada.person.press("Authentication app")
    secret = house.secret_on(ada.person)
    await ada.person.press("Verify", code=house.app_code(secret), app_name="New app")
    assert ada.person.path == "/new-password", ada.person.text
    await ada.person.press("Set new password", new_password=NEW_PASSWORD)
    await house.answer_review(ada.person)
    before = await codes_to(house, THIEFS)

    await house.open_settings(ada.person)

    assert await codes_to(house, THIEFS) == before
    assert await address(house) == ADA
    assert (await purposes(house))[(ADA, "address_returned")] == 1


async def test_review_shows_the_address_and_takes_it_back(house: FrontDoor) -> None:
    """R12: a freeze's review names the address of the week, and *Not mine* suspends it."""
    ada = await member(house)
    await add_phone(house, await ada.step_up())
    thief = await thief_inside(house, ada)
    await change(house, thief, THIEFS)
    await answer_text(house, await code(house, "address_changed", to=NUMBER))
    ada.email = THIEFS
    owner = await ada.sign_in_as_far_as_it_goes(house.browser())
    assert owner.path == "/review"
    assert THIEFS in owner.text
    action, data = owner.filled("Not mine " + THIEFS)

    await owner.client.post(action, data=data)

    (one,) = [r for r in await rows(house, "safeguards") if r["address_suspended_at"] is not None]
    assert one["reset_required_at"] is not None
    assert not await is_inside(thief)


async def test_text_alone_only_freezes(house: FrontDoor) -> None:
    """R8: whoever holds a number of the account stops changes, and the address stays."""
    ada = await moved(house)
    ada.email = NEW
    await add_phone(house, await ada.step_up())
    house.clock.advance(seconds=60)
    await change(house, ada.person, "ada.third@example.org")

    await answer_text(house, await code(house, "address_changed", to=NUMBER))

    assert await is_inside(ada.person)
    house.clock.advance(seconds=60)
    before = await codes_to(house, "ada.third@example.org")
    await ask_reset(house.browser(), "ada.third@example.org")
    assert await codes_to(house, "ada.third@example.org") == before + 1


# --- a thief of the old mailbox only --------------------------------------------------------------


async def test_old_mailbox_alone_takes_nothing_over(house: FrontDoor) -> None:
    """R8: whoever presses from the owner's old mailbox meets the second factor, and is stopped."""
    ada = await moved(house)
    reader = await answer_mail(house, await link(house, "address_changed"))
    await ask_reset(reader, ADA)
    await reader.press("Verify", code=await house.code("email", to=ADA))
    for guess in ("000000", "111111", "222222", "333333", "444444"):
        await reader.press("Verify", code=guess)

    assert reader.path == "/forgot-password"
    assert await address(house) == NEW
    assert [one["name"] for one in await standing(house)] == ["Phone app"]
    assert ada.person.path == "/settings"


async def test_old_mailbox_keeps_the_owner_out_no_longer_than_a_freeze(house: FrontDoor) -> None:
    """R8, EM-05: after 72 hours the new mailbox and a second factor open the account again.

    And then the old one answers nothing any more: its further links end nothing.
    """
    ada = await moved(house)
    first, second = await link(house, "address_changed"), await link(house, "method_added")
    await answer_mail(house, first)
    house.clock.advance(seconds=72 * HOUR - 60)
    before = await codes_to(house, NEW)
    await ask_reset(ada.person, NEW)
    assert await codes_to(house, NEW) == before
    house.clock.advance(seconds=60)

    await reset_by(house, ada.person, NEW, ada.next_code())

    assert "Your new password is set" in ada.person.text
    ada.email, ada.password = NEW, NEW_PASSWORD
    await ada.sign_in(ada.person)
    reader = await answer_mail(house, second)
    assert "stopped for 72 hours" in reader.text
    await ada.person.get("/")
    await house.answer_review(ada.person)
    assert await is_inside(ada.person)
    assert await address(house) == NEW
    house.clock.advance(seconds=60)
    await house.deliver()
    later = [m.text for m in house.inbox() if m.to == ADA and m.purpose == "password_reset"]
    assert len(later) == 1
    assert "/not-me/" not in later[0]
    reader = await ask_reset(house.browser(source="198.51.100.71"), ADA)
    assert reader.path == "/forgot-password/code"
    assert len([m for m in house.inbox() if m.to == ADA and m.purpose == "reset"]) == 0


async def test_pressing_again_prolongs_nothing(house: FrontDoor) -> None:
    """R8: a second answer from the old mailbox moves the end of the 72 hours by nothing."""
    ada = await member(house)
    await ada.step_up()
    await change(house, ada.person)
    ada.email = NEW
    house.clock.advance(seconds=60)
    await ada.sign_in(house.browser(source="203.0.113.90"))
    links = [await link(house, "address_changed"), await link(house, "new_browser")]
    await answer_mail(house, links[0])
    house.clock.advance(seconds=71 * HOUR)
    await answer_mail(house, links[1])
    house.clock.advance(seconds=HOUR)

    await reset_by(house, ada.person, NEW, ada.next_code())

    assert "Your new password is set" in ada.person.text


# --- who is told ----------------------------------------------------------------------------------


async def test_doubted_addresses_are_told_without_an_answer(house: FrontDoor) -> None:
    """R8, NO-01: what was valid this week hears of it; what was doubted answers nothing."""
    ada, _ = await stolen(house)
    await answer_mail(house, await link(house, "address_changed"))
    await reset_by(house, ada.person, ADA, ada.next_code())

    await house.deliver()
    for purpose in ("not_me", "address_returned", "password_reset"):
        to = {m.to: m.text for m in house.inbox() if m.purpose == purpose}
        assert set(to) == {ADA, THIEFS}, purpose
        assert "/not-me/" not in to[THIEFS]
        may_answer = purpose != "not_me"
        assert bool(re.search(r"/not-me/[\w-]{43}", to[ADA])) is may_answer
