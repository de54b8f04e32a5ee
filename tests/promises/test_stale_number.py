"""A number that proved nothing for a year may be a stranger's: what it opens, and what it does not.

The stranger here got the owner's old number from the carrier, and the password from a leak. Every
test says by its clock how long the number rested.
"""

from datetime import timedelta

import pytest

from tests.answers import answer_mail, link, told
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import Member, add_phone, is_inside, member, rows
from vestibule.flows import stale_numbers
from vestibule.flows.work import Caller
from vestibule.storage import sessions

pytestmark = pytest.mark.anyio

YEAR = timedelta(days=365)
DAY = timedelta(days=1)
NUMBER = "+447400123456"
STALE = "Is this number still yours?"
USED_ON = "23 Nov 2026"


async def _rested(house: FrontDoor, for_: timedelta = YEAR + DAY) -> tuple[Person, str]:
    """An account with a phone alone, whose owner was away for so long; and its recovery code."""
    owner, code = await house.member()
    await owner.press("Sign out")
    house.clock.advance(for_)
    return owner, code


async def _with_app(house: FrontDoor, for_: timedelta = YEAR + DAY) -> Member:
    """The same with an app and a phone; the owner has signed in by the app just now."""
    owner = await member(house)
    await owner.step_up()
    await add_phone(house, owner.person)
    await owner.person.press("Sign out")
    house.clock.advance(for_)
    await house.password(owner.person)
    await owner.person.press("Verify", code=house.app_code(owner.secret))
    assert owner.person.path == "/", owner.person.text
    return owner


async def _enter(house: FrontDoor, person: Person) -> Person:
    """Password and texted code; where that led is for the test to look at."""
    await house.password(person)
    await person.press("Verify", code=await house.code("sms", to=NUMBER))
    return person


def _stranger(house: FrontDoor) -> Person:
    return house.browser(source="198.51.100.66", agent="Mozilla/5.0 stranger")


async def _used_at(house: FrontDoor) -> object:
    (phone,) = [row for row in await rows(house, "authenticators") if row["kind"] == "phone"]
    return phone["last_used_at"]


async def _events(house: FrontDoor, name: str) -> int:
    return len([row for row in await rows(house, "events") if row["name"] == name])


# --- who gets in ------------------------------------------------------------------------------


async def test_a_day_before_the_year_all_is_as_always(either_house: FrontDoor) -> None:
    """PN-04: a number that was used within twelve months is asked for nothing more."""
    house = either_house
    await _rested(house, YEAR - DAY)

    person = await _enter(house, house.browser())

    assert person.path == "/", person.text
    assert await is_inside(person)
    assert await _events(house, "number_stale") == 0


async def test_password_and_recycled_number_open_nothing(either_house: FrontDoor) -> None:
    """PN-04: past twelve months leaked password and old number give a stranger no session."""
    house = either_house
    await _rested(house)

    stranger = await _enter(house, _stranger(house))

    assert stranger.path == "/settings", stranger.text
    assert f"last used here on {USED_ON}" in stranger.text
    assert "ada@example.com" not in stranger.response.text
    assert (await stranger.client.get("/session")).status_code == 401
    for path in ("/", "/sessions", "/activity", "/settings/phone", "/settings/recovery-code"):
        await stranger.get(path)
        assert stranger.path == "/settings", path
    await stranger.post("/sessions", {"which": "all"})
    await stranger.post("/set-up/recovery-code", {"action": "another"})
    await stranger.get("/settings")
    assert stranger.path == "/settings"
    assert await _events(house, "number_stale") == 1
    assert await _events(house, "session_ended") == 0


async def test_coming_again_opens_no_more(either_house: FrontDoor) -> None:
    """PN-04: the stranger's own proof does not make the number fresh, nor the browser known."""
    house = either_house
    await _rested(house)
    before = await _used_at(house)
    stranger = await _enter(house, _stranger(house))
    await stranger.press("Sign out")
    house.clock.advance(DAY)

    await _enter(house, stranger)

    assert stranger.path == "/settings", stranger.text
    assert await _used_at(house) == before
    assert len(await rows(house, "known_browsers")) == 1


@pytest.mark.parametrize("is_known", [True, False])
async def test_the_owner_comes_in_with_the_mailbox(
    either_house: FrontDoor, *, is_known: bool
) -> None:
    """PN-04: the owner proves the mailbox too, in any browser, and is asked once a year only."""
    house = either_house
    owner, _ = await _rested(house)
    person = owner if is_known else house.browser()
    await _enter(house, person)
    assert person.path == "/settings", person.text

    await house.prove_mailbox(person)

    assert person.path == "/", person.text
    assert (await person.client.get("/session")).status_code == 200
    assert await _events(house, "number_reverified") == 1
    await person.press("Sign out")
    house.clock.advance(DAY)
    await _enter(house, person)
    assert person.path == "/", person.text


async def test_the_mailed_code_says_what_it_is_for(house: FrontDoor) -> None:
    """R11, PN-04: the mail that completes such a sign-in speaks of signing in."""
    await _rested(house)
    person = await _enter(house, house.browser())
    await person.press("Send code")

    await house.deliver()
    mail = [m for m in house.inbox() if m.code and m.channel == "email"][-1]
    assert "to sign in" in mail.text


async def test_the_page_first_asked_for_comes_after_it(house: FrontDoor) -> None:
    """PN-04: who asked for a page before signing in arrives there, past the mailed code too."""
    await _rested(house)
    person = house.browser()
    await person.get("/activity")
    await person.press("Sign in", email="ada@example.com", password="a lantern in the porch")
    await person.press("Verify", code=await house.code("sms"))

    await house.prove_mailbox(person)

    assert person.path == "/activity", person.text


async def test_a_browser_is_known_from_the_mailed_code_on(house: FrontDoor) -> None:
    """R11, PN-04: the day before a new browser changes something begins with its whole sign-in."""
    await _rested(house)
    person = await _enter(house, house.browser())
    house.clock.advance(timedelta(minutes=5))
    await house.prove_mailbox(person)

    known = [row["created_at"] for row in await rows(house, "known_browsers")]

    assert len(known) == 2
    assert max(known) == house.clock()


async def test_both_doubts_are_answered_by_one_mailed_code(house: FrontDoor) -> None:
    """PN-04, RL-05: where a new password is demanded too, the mailed code opens that page."""
    await _rested(house)
    await house.database.transact(
        lambda tx: tx.execute(
            "UPDATE accounts SET new_password_required_at = :at", at=house.clock()
        )
    )
    person = await _enter(house, house.browser())
    assert person.path == "/settings"

    await house.prove_mailbox(person)

    assert person.path == "/new-password", person.text


async def test_the_owner_hears_of_each_such_sign_in(house: FrontDoor) -> None:
    """PN-04, NO-01: a mail says that somebody knows the password, with an answer that ends it."""
    await _rested(house)
    stranger = await _enter(house, _stranger(house))
    news = await told(house)
    path = await link(house, "number_stale")

    await answer_mail(house, path)

    assert news["number_stale"] == 1
    assert news["new_browser"] == 0
    await stranger.get("/settings")
    assert stranger.path == "/sign-in"


# --- what a stranger's proof does not do beside it ----------------------------------------------


async def test_a_stranger_stops_no_recovery(house: FrontDoor) -> None:
    """PN-04, RC-04: a recovery of the owner, who lost the number, goes on beside a stranger."""
    owner, code = await _rested(house)
    await house.password(owner)
    await owner.get("/sign-in/recovery-code")
    await owner.press("Recover and set up 2FA", recovery_code=code)
    await house.save_recovery_code(owner)
    house.clock.advance(timedelta(minutes=1))

    await _enter(house, _stranger(house))

    await owner.get("/set-up/phone")
    assert owner.path == "/set-up/phone", owner.text


async def test_the_owner_of_both_stops_a_recovery(house: FrontDoor) -> None:
    """PN-04, RC-04: number and mailbox together are an old method that serves, so it stops."""
    owner, code = await _rested(house)
    thief = _stranger(house)
    await house.password(thief)
    await thief.get("/sign-in/recovery-code")
    await thief.press("Recover and set up 2FA", recovery_code=code)
    house.clock.advance(timedelta(minutes=1))
    await _enter(house, owner)

    await house.prove_mailbox(owner)

    assert owner.path == "/set-up/recovery-code", owner.text
    assert "Somebody had begun to sign in with your recovery code" in owner.text
    await thief.get("/set-up/phone")
    assert thief.path == "/sign-in"


async def test_notices_go_to_no_stale_number(house: FrontDoor) -> None:
    """PN-04, NO-01: a number that rested for a year hears nothing of the account; mail does."""
    owner = await _with_app(house)
    before = len([m for m in house.inbox() if m.to == NUMBER])
    await owner.step_up()
    await owner.person.get("/settings/phone/remove")
    await owner.person.press("Remove")
    assert owner.person.path == "/settings", owner.person.text

    assert (await told(house))["method_removed"] == 1
    assert len([m for m in house.inbox() if m.to == NUMBER]) == before


async def test_notices_go_to_a_number_within_the_year(house: FrontDoor) -> None:
    """NO-01: a day before the year is over the same change is texted as always."""
    owner = await _with_app(house, YEAR - DAY)
    await owner.step_up()
    await owner.person.get("/settings/phone/remove")
    await owner.person.press("Remove")

    assert (await told(house, to=NUMBER))["number_removed"] == 1


# --- asked for again, of who signs in by other means ----------------------------------------------


async def test_who_comes_by_app_is_asked_and_may_go_on(house: FrontDoor) -> None:
    """PN-04: dashboard and settings say when the number was used last, and nothing waits for it."""
    owner = await _with_app(house)
    person = owner.person
    assert STALE in person.text
    assert USED_ON in person.text
    await house.open_settings(person)
    assert f"Last used here on {USED_ON}" in person.text

    await person.follow("Prove it again")
    await person.follow("Not now")

    assert person.path == "/settings"
    await person.get("/")
    assert person.path == "/"


async def test_nobody_is_asked_within_the_year(house: FrontDoor) -> None:
    """PN-04: a day before the year is over neither page speaks of it; its page is not there."""
    owner = await _with_app(house, YEAR - DAY)
    assert STALE not in owner.person.text
    await house.open_settings(owner.person)
    assert "Last used here" not in owner.person.text

    await owner.person.get("/settings/phone/again")

    assert owner.person.path == "/settings"


@pytest.mark.parametrize("button", ["Send code by text message", "Call me"])
async def test_a_code_makes_the_number_fresh(either_house: FrontDoor, button: str) -> None:
    """PN-04: with the mailbox and a code to the number it proves alone again, for a year."""
    house = either_house
    owner = await _with_app(house)
    await owner.person.follow("Prove it again")
    await owner.person.press("Send code")
    await owner.person.press("Verify", code=await house.code("email"))
    assert owner.person.path == "/settings/phone/again", owner.person.text
    await owner.person.press(button)
    channel = "voice" if button == "Call me" else "sms"

    await owner.person.press("Verify", code=await house.code(channel, to=NUMBER))

    assert owner.person.path == "/settings", owner.person.text
    assert "Your number is proven again" in owner.person.text
    assert "Last used here" not in owner.person.text
    assert await _events(house, "number_reverified") == 1
    house.clock.advance(seconds=60)
    person = house.browser()
    await house.password(person)
    await person.get("/sign-in/methods")
    await person.press("Text message")
    await person.press("Verify", code=await house.code("sms", to=NUMBER))
    assert person.path == "/", person.text


async def test_wrong_codes_change_nothing(house: FrontDoor) -> None:
    """PN-04, OC-06: five wrong codes spend the code, end no session and add no strikes."""
    owner = await _with_app(house)
    person = owner.person
    await house.open_settings(person)
    await person.follow("Prove it again")
    await person.press("Send code by text message")
    right = await house.code("sms", to=NUMBER)
    for turn in range(5):
        await person.press("Verify", code=f"{(int(right) + 1 + turn) % 1_000_000:06}")

    await person.press("Verify", code=right)

    assert person.path == "/settings/phone/again", person.text
    assert await rows(house, "strikes") == []
    assert await _events(house, "number_reverified") == 0


async def test_without_the_mailbox_no_code_leaves(either_house: FrontDoor) -> None:
    """PN-04: an open session alone, whose mailbox is not proven, makes no number fresh."""
    house = either_house
    owner = await _with_app(house)
    (row,) = await rows(house, "sessions")
    session = await house.database.read(lambda tx: sessions.get(tx, row["id"], house.clock()))
    assert session is not None
    caller = Caller("198.51.100.66", "", "", "en")
    before = await _used_at(house)

    sent = await stale_numbers.send(house.built.means, caller, session, channel="sms")
    proven = await stale_numbers.verify(house.built.means, caller, session, typed="000000")
    await owner.person.post("/settings/phone/again/send", {"channel": "sms"})

    assert "SIGN_IN_EXPIRED" in {str(getattr(sent, "reason", "")).upper()}
    assert proven is not None
    assert owner.person.path == "/settings"
    assert await _used_at(house) == before
    await house.deliver()
    assert not [m for m in house.inbox() if m.purpose == "reverify"]


async def test_a_stranger_who_is_called_ends_no_session(house: FrontDoor) -> None:
    """PN-04: 9 in such a call stops its code; the session that asked goes on."""
    owner = await _with_app(house)
    await house.open_settings(owner.person)
    await owner.person.follow("Prove it again")
    await owner.person.press("Call me")
    call = await house.message("voice", to=NUMBER)
    await house.telephone.answer(call)
    await house.telephone.press(call, "9")
    await house.telephone.settle()

    assert await is_inside(owner.person)


# --- other ways that prove the mailbox --------------------------------------------------------


async def test_a_reset_has_the_mailbox_already(house: FrontDoor) -> None:
    """PN-04: a reset by mailed code and an old number is no harder, and makes the number fresh."""
    owner, _ = await _rested(house)
    await owner.get("/forgot-password")
    await owner.press("Send code", email="ada@example.com")
    await owner.press("Verify", code=await house.code("email"))
    if "Send code by text message" in str(owner.page.forms):
        await owner.press("Send code by text message")

    await owner.press("Verify", code=await house.code("sms", to=NUMBER))

    assert owner.path == "/forgot-password/new", owner.text
    assert await _events(house, "number_reverified") == 1


async def test_a_step_up_has_the_mailbox_already(house: FrontDoor) -> None:
    """PN-04: password and old number, in settings that the mailed code opened, make it fresh."""
    owner = await _with_app(house)
    await house.open_settings(owner.person)
    await owner.person.get("/settings/confirm")
    await owner.person.press("Text message")
    await owner.person.press(
        "Confirm", password="a lantern in the porch", code=await house.code("sms", to=NUMBER)
    )

    assert await _events(house, "number_reverified") == 1
