"""Signing in with the recovery code: what it opens, what it ends, and what it may not do."""

import asyncio

import pytest

from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.closers import CLOSE, at_the_proof
from tests.promises.states import (
    SEEN_OR_HELD,
    add_phone,
    age_browsers,
    ask_reset,
    cookie,
    copy_of,
    is_inside,
    member,
    put_cookie,
    recover,
    rows,
    snapshot,
    standing,
)
from vestibule.flows import recovery_codes as codes
from vestibule.flows.work import Caller, work

DAY = 24 * 3600


async def replace_app(house: FrontDoor, person: Person) -> bytes:
    """Bind a new app after a recovery; the new recovery code was saved before."""
    await house.save_recovery_code(person)
    await person.get("/set-up")
    await person.press("Authentication app")
    secret = house.secret_on(person)
    await person.press("Verify", code=house.app_code(secret), app_name="New app")
    assert person.path == "/", person.text
    return secret


async def test_parallel_uses_succeed_once(either_house: FrontDoor) -> None:
    """RC-04: of twenty parallel uses of the recovery code exactly one succeeds."""
    ada = await member(either_house)
    browsers = [either_house.browser(source=f"198.51.100.{n}") for n in range(1, 4)]
    for one in browsers:
        await either_house.password(one, ada.email)
        await one.get("/sign-in/recovery-code")
    posts = [
        one.client.post(action, data=data)
        for n, one in enumerate(browsers)
        for action, data in [
            one.filled("Recover and set up 2FA", recovery_code=ada.recovery_code),
        ]
        for _ in range(7 if n < 2 else 6)
    ]

    answers = await asyncio.gather(*posts)

    assert len(answers) == 20
    won = [one for one in answers if one.headers.get("location") == "/set-up/recovery-code"]
    assert len(won) == 1
    codes = await rows(either_house, "recovery_codes")
    assert [c["ended_by"] for c in codes].count("use") == 1
    assert [c["ended_at"] for c in codes].count(None) == 1


async def test_recovery_ends_everything_else(house: FrontDoor) -> None:
    """RC-04, AR-05: a recovery ends sessions, pending sign-ins and resets; it is told."""
    ada = await member(house)
    reset = house.browser(source="198.51.100.1")
    await ask_reset(reset, ada.email)
    other = house.browser(source="198.51.100.2")
    await house.password(other, ada.email)
    person = house.browser()

    await recover(house, person, ada.recovery_code, ada.email)

    assert not await is_inside(ada.person)
    await other.get("/sign-in/code")
    assert other.path == "/sign-in"
    await reset.get("/forgot-password/code")
    assert reset.path == "/forgot-password"
    assert await rows(house, "known_browsers") == []
    await house.deliver()
    assert "recovery_code_used" in {m.purpose for m in house.inbox() if m.to == ada.email}


async def test_pending_cookie_dies_with_the_recovery_code(house: FrontDoor) -> None:
    """SE-05: a pending cookie copied before the recovery code was used opens nothing after."""
    ada = await member(house)
    person = house.browser()
    await house.password(person, ada.email)
    thief = copy_of(house, person)
    await person.get("/sign-in/recovery-code")
    await person.press("Recover and set up 2FA", recovery_code=ada.recovery_code)

    for path in ("/sign-in/code", "/set-up", "/set-up/recovery-code"):
        await thief.get(path)
        assert thief.path == "/sign-in", path
    assert person.path == "/set-up/recovery-code"


async def test_old_method_lasts_until_the_new_one_is_bound(house: FrontDoor) -> None:
    """RC-04: the lost app leaves only when its replacement has proven itself, and then at once."""
    ada = await member(house)
    person = house.browser()
    await recover(house, person, ada.recovery_code, ada.email)
    old = await standing(house)
    await person.get("/set-up")
    await person.press("Authentication app")
    assert await standing(house) == old

    await person.press("Verify", code=house.app_code(house.secret_on(person)), app_name="New")

    assert person.path == "/", person.text
    bound = await standing(house)
    assert [one["id"] for one in bound] != [one["id"] for one in old]
    assert len(bound) == 1


async def test_what_recovery_bound_approves_nothing_for_a_day(house: FrontDoor) -> None:
    """SU-02: a method bound during a recovery approves no change for 24 hours, then it does."""
    ada = await member(house)
    person = house.browser()
    await recover(house, person, ada.recovery_code, ada.email)
    ada.secret, ada.person = await replace_app(house, person), person
    await house.open_settings(person)
    # Its browser is new too, which is another reason; here the method alone is the reason.
    await age_browsers(house)

    for path in ("/settings/phone", "/settings/app", "/settings/password"):
        await person.get(path)
        assert person.path == "/settings/confirm", path
    await person.press("Confirm", password=ada.password, code=ada.next_code())
    assert person.path == "/settings/confirm"
    before = await rows(house, "recovery_codes")
    await person.post("/settings/recovery-code/new", {})
    assert await rows(house, "recovery_codes") == before
    await at_the_proof(house, ada)
    await person.press(CLOSE, password=ada.password, code=ada.next_code())
    assert person.path == "/settings/close/confirm", "nor the closing of the account"

    house.clock.advance(seconds=DAY + 60)
    person.client.cookies.delete("next")
    later = await ada.step_up(await ada.sign_in(person))
    await later.get("/settings/phone")
    assert later.path == "/settings/phone", later.text


async def test_new_sign_in_does_not_make_the_method_older(house: FrontDoor) -> None:
    """SU-02: signing in again with the method that a recovery bound opens no change either."""
    ada = await member(house)
    person = house.browser()
    await recover(house, person, ada.recovery_code, ada.email)
    ada.secret = await replace_app(house, person)

    other = await ada.sign_in()
    await house.open_settings(other)
    await age_browsers(house)
    await other.get("/settings/password")

    assert other.path == "/settings/confirm"


async def test_unsaved_code_of_a_recovery_can_be_made_again(house: FrontDoor) -> None:
    """RC-03: an unsaved code of a recovery can be made anew while the set-up lasts, a saved not."""
    ada = await member(house)
    person = house.browser()
    await recover(house, person, ada.recovery_code, ada.email)
    first = person.shown(r'name="shown" value="([^"]+)"')
    await person.get("/set-up/recovery-code")
    await person.press("Make another")
    second = await house.save_recovery_code(person)

    assert second != first
    await person.post("/set-up/recovery-code", {"action": "another"})
    assert len([r for r in await rows(house, "recovery_codes") if r["ended_at"] is None]) == 1
    thief = house.browser(source="198.51.100.9")
    await recover(house, thief, first, ada.email)
    assert thief.path == "/sign-in/recovery-code"


@pytest.mark.parametrize("typed", ["", "ABCD", "0" * 24, "O" * 24 + "!", "\u0660" * 24])
async def test_odd_recovery_codes_are_refused(house: FrontDoor, typed: str) -> None:
    """EF-04: whatever is typed as a recovery code, only the code itself moves the sign-in."""
    ada = await member(house)
    person = house.browser()
    await house.password(person, ada.email)
    await person.get("/sign-in/recovery-code")
    before = await snapshot(house, but=("events", "throttles"), without=SEEN_OR_HELD)

    await person.press("Recover and set up 2FA", recovery_code=typed)

    assert person.path == "/sign-in/recovery-code"
    assert await snapshot(house, but=("events", "throttles"), without=SEEN_OR_HELD) == before


async def test_wrong_used_and_none_read_alike(house: FrontDoor) -> None:
    """RC-07: a wrong, a used and a never issued recovery code get the same answer."""
    ada = await member(house)
    person = house.browser()
    await recover(house, person, ada.recovery_code, ada.email)
    await replace_app(house, person)
    await member(house, "bob@example.com")
    told = []
    for email, code in (
        (ada.email, ada.recovery_code),
        (ada.email, "0" * 24),
        ("bob@example.com", ada.recovery_code),
    ):
        other = house.browser()
        await recover(house, other, code, email)
        told.append((other.path, other.text))

    assert len(set(told)) == 1, told


async def test_wrong_recovery_codes_slow_and_never_disable(house: FrontDoor) -> None:
    """RC-06: wrong recovery codes are slowed per sign-in and source and cost no six-digit try."""
    ada = await member(house)
    stranger = house.browser(source="198.51.100.9")
    for _ in range(3):
        await house.password(stranger, ada.email)
        await stranger.get("/sign-in/recovery-code")
        for _ in range(6):
            await stranger.press("Recover and set up 2FA", recovery_code="0" * 24)
        await stranger.press("Recover and set up 2FA", recovery_code=ada.recovery_code)
        assert stranger.path == "/sign-in/recovery-code"
        stranger = house.browser(source="198.51.100.9")

    assert await rows(house, "strikes") == []
    house.clock.advance(seconds=1)
    owner = house.browser(source="203.0.113.8")
    await recover(house, owner, ada.recovery_code, ada.email)
    assert owner.path == "/set-up/recovery-code", owner.text


async def test_a_source_has_ten_recovery_codes_an_hour(house: FrontDoor) -> None:
    """RC-06: wrong recovery codes are counted for their source over all sign-ins and accounts."""
    compared = 0
    for number in range(3):
        ada = await member(house, f"one{number}@example.com")
        stranger = house.browser(source="198.51.100.9")
        await house.password(stranger, ada.email)
        await stranger.get("/sign-in/recovery-code")
        for _ in range(4):
            await stranger.press("Recover and set up 2FA", recovery_code="0" * 24)
            compared += "That is not your recovery code" in stranger.text

    assert compared == 10


async def test_recovery_ends_the_code_beside_the_used_one(house: FrontDoor) -> None:
    """RC-04, RC-05: who recovers with a code that was issued and not saved, as by a change of
    number, leaves the saved one void as well: of all codes the newest alone stands."""
    ada = await member(house)
    (account,) = await rows(house, "accounts")
    means, caller = house.built.means, Caller("203.0.113.7", "", "", "en")
    await work(means, caller, lambda unit: codes.make(unit, account["id"], owner_id="x"))
    issued = await codes.take(means, caller, account_id=account["id"], owner_id="x")
    assert issued is not None

    person = house.browser()
    await recover(house, person, issued.code, ada.email)

    assert person.path == "/set-up/recovery-code", person.text
    current = [one for one in await rows(house, "recovery_codes") if not one["ended_at"]]
    assert [one["is_provisional"] for one in current] == [True]


async def test_recovery_shows_the_code_of_the_account_it_is_for(house: FrontDoor) -> None:
    """EF-04: a resting session of one account adds nothing to the recovery of another."""
    ada = await member(house)
    bob = await member(house, "bob@example.com")
    house.clock.advance(seconds=31 * 60)
    await recover(house, ada.person, bob.recovery_code, bob.email)

    assert ada.person.path == "/set-up/recovery-code", ada.person.text
    assert ada.email not in ada.person.text
    assert cookie(ada.person, "session") is not None


async def test_password_and_recovery_code_are_no_sign_in(house: FrontDoor) -> None:
    """RC-04, AR-02: the browser of a recovery has no session until something new is bound."""
    ada = await member(house)
    person = house.browser()
    await recover(house, person, ada.recovery_code, ada.email)

    assert cookie(person, "session") is None
    put_cookie(person, "session", str(cookie(person, "pending")))
    assert not await is_inside(person)
    await person.get("/sign-in/code")
    assert person.path == "/set-up"


async def test_a_phone_after_recovery_is_one_proven_way(house: FrontDoor) -> None:
    """RC-04: a phone bound in a recovery enters and replaces the app that was lost."""
    ada = await member(house)
    person = house.browser()
    await recover(house, person, ada.recovery_code, ada.email)
    await house.save_recovery_code(person)
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123456")
    await person.press("Verify", code=await house.code("sms"))

    assert person.path == "/", person.text
    assert [one["kind"] for one in await standing(house)] == ["phone"]
    with pytest.raises(AssertionError):
        await add_phone(house, person)
