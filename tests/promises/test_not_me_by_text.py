"""Who holds a phone number and nothing else stops changes for a while, and nothing more (R8)."""

from tests.answers import ADA, NOT_ME, answer_text, code, notice, sign_in, thief_inside, told
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import (
    SEEN_OR_HELD,
    Member,
    add_app,
    add_phone,
    is_inside,
    member,
    rows,
    snapshot,
    standing,
)

DAY = 24 * 3600
OLD, NEW = "+447400123456", "+447400123457"


async def with_phone(house: FrontDoor) -> Member:
    """An app and a phone, and open settings in the browser of the set-up."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    return ada


async def change_number(house: FrontDoor, ada: Member) -> None:
    house.clock.advance(seconds=60)
    await ada.person.get("/settings/phone")
    await ada.person.press("Send code by text message", country="GB", phone="07400 123457")
    await ada.person.press("Verify", code=await house.code("sms", to=NEW))
    await house.save_recovery_code(ada.person)


async def may_change(person: Person) -> bool:
    await person.get("/settings/password")
    return person.path == "/settings/password"


async def test_old_phone_locks_nobody_out(house: FrontDoor) -> None:
    """R8: an ex-partner with the old phone presses not-me: nothing ends, the owner signs in."""
    ada = await with_phone(house)
    await change_number(house, ada)
    kept = (
        "accounts",
        "authenticators",
        "ended_authenticators",
        "known_browsers",
        "passwords",
        "recovery_codes",
        "sessions",
    )
    before = await snapshot(house, without=SEEN_OR_HELD)

    partner = await answer_text(house, await code(house, "number_removed", to=OLD))

    assert "stopped for 72 hours" in partner.text
    after = await snapshot(house, without=SEEN_OR_HELD)
    assert {table: after[table] for table in kept} == {table: before[table] for table in kept}
    assert not await is_inside(partner)
    house.clock.advance(seconds=60)
    other = await sign_in(house, house.browser(), code_of=ada.next_code())
    await house.answer_review(other)
    assert await is_inside(other)


async def test_freeze_stops_changes_for_72_hours(house: FrontDoor) -> None:
    """R8: with the doubted number alone the owner waits 72 hours, and not a second more."""
    person, _ = await house.member()
    house.clock.advance(seconds=60)
    await house.open_settings(person)
    await person.get("/settings/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123457")
    await person.press("Verify", code=await house.code("sms", to=NEW))
    await house.save_recovery_code(person)
    frozen_at = house.clock()
    await answer_text(house, await code(house, "number_removed", to=OLD))
    house.clock.advance(seconds=60)

    assert not await may_change(person)
    assert "Somebody answered a text" in person.text
    await person.get("/settings/confirm")
    await person.press("Send code by text message")
    await person.press(
        "Confirm", password="a lantern in the porch", code=await house.code("sms", to=NEW)
    )
    assert not await may_change(person)
    house.clock.advance(seconds=3 * DAY - 300 - (house.clock() - frozen_at).total_seconds())
    await house.password(person)
    await person.press("Verify", code=await house.code("sms", to=NEW))
    await house.answer_review(person)
    person.client.cookies.delete("next")
    await house.open_settings(person)
    house.clock.advance(seconds=3 * DAY - 1 - (house.clock() - frozen_at).total_seconds())
    assert not await may_change(person)

    house.clock.advance(seconds=1)

    assert await may_change(person), person.text


async def test_password_and_an_untouched_method_lift_it(house: FrontDoor) -> None:
    """R8: the owner with an app from before the doubted act lifts the freeze in settings."""
    ada = await with_phone(house)
    await change_number(house, ada)
    await answer_text(house, await code(house, "number_removed", to=OLD))
    house.clock.advance(seconds=11 * 60)
    await ada.person.get("/")
    await house.open_settings(ada.person)
    assert not await may_change(ada.person)
    await ada.person.follow("Prove it")

    await ada.person.press("Confirm", password=ada.password, code=ada.next_code())

    assert await may_change(ada.person)


async def test_what_the_doubted_act_added_lifts_nothing(house: FrontDoor) -> None:
    """R8: the thief whose change was doubted cannot lift the freeze with what he brought."""
    ada = await with_phone(house)
    thief = await thief_inside(house, ada)
    secret = await add_app(house, thief)
    await answer_text(house, await code(house, "method_added", to=OLD))
    house.clock.advance(seconds=60)

    await thief.get("/settings/confirm")
    await thief.press("Second app")
    await thief.press("Confirm", password=ada.password, code=house.app_code(secret))

    assert not await may_change(thief)
    before = await standing(house)
    await thief.post("/settings/recovery-code/new", {})
    await thief.post(f"/settings/apps/{before[0]['id']}/remove", {})
    assert await standing(house) == before


async def test_freeze_is_not_prolonged(house: FrontDoor) -> None:
    """R8: a second code during a freeze adds no time, so nobody freezes an account for good."""
    ada = await with_phone(house)
    await change_number(house, ada)
    await ada.person.get("/settings/recovery-code/new")
    await ada.person.press("Confirm")
    await answer_text(house, await code(house, "number_removed", to=OLD))
    (before,) = await rows(house, "safeguards")
    house.clock.advance(seconds=DAY)

    partner = await answer_text(house, await code(house, "recovery_code_replaced", to=OLD))

    assert "settled already" in partner.text
    assert await rows(house, "safeguards") == [before]


async def test_number_named_lost_may_not_answer(house: FrontDoor) -> None:
    """R8: a number that a recovery named lost is told for a week, and gets no code to answer."""
    person, own_code = await house.member()
    house.clock.advance(seconds=3600)
    await house.password(person)
    await person.press("Sign out")
    await house.password(person)
    await person.get("/sign-in/recovery-code")
    await person.press("Recover and set up 2FA", recovery_code=own_code)
    await house.save_recovery_code(person)
    await person.get("/set-up")
    await person.press("Authentication app")
    await person.press("Verify", code=house.app_code(house.secret_on(person)), app_name="New")

    assert (await told(house, to=OLD))["number_removed"] == 1
    assert "not-me" not in (await notice(house, "number_removed", to=OLD)).text


async def test_guesses_are_slowed(house: FrontDoor) -> None:
    """R8: a source guesses ten codes an hour; what is no code costs no guess, and a neighbour's
    address waits for nobody."""
    ada = await with_phone(house)
    await change_number(house, ada)
    right = await code(house, "number_removed", to=OLD)
    guesser = house.browser(source="198.51.100.90")
    await guesser.get("/not-me")
    for typed in ("", "ABC", "ABCD-EFG!", "0" * 400):
        await guesser.press(NOT_ME, not_me_code=typed)
        assert "eight letters and digits" in guesser.text, typed
    for n in range(10):
        await guesser.press(NOT_ME, not_me_code=f"0000-000{n}")
        assert "not known here" in guesser.text

    await guesser.press(NOT_ME, not_me_code=right)

    assert "There were many tries" in guesser.text
    assert not [one for one in await rows(house, "safeguards") if one["frozen_until_at"]]
    owner = await answer_text(house, right.lower().replace("-", " "), source="198.51.100.91")
    assert "stopped for 72 hours" in owner.text


async def test_freeze_leaves_reset_and_recovery_open(house: FrontDoor) -> None:
    """R8: a freeze stops changes, not the owner: a forgotten password can still be reset."""
    ada = await with_phone(house)
    await change_number(house, ada)
    await answer_text(house, await code(house, "number_removed", to=OLD))
    house.clock.advance(seconds=60)

    await ada.person.press("Sign out")
    await ada.person.get("/forgot-password")
    await ada.person.press("Send code", email=ADA)
    await ada.person.press("Verify", code=await house.code("email", to=ADA))
    await ada.person.press("Verify", code=ada.next_code())
    await ada.person.press("Set new password", new_password="a heron on the weathervane")

    assert "Your new password is set" in ada.person.text
