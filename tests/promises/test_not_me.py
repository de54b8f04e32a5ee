"""“This was not me” takes back what a thief did, by cause, and gives a thief nothing (R8)."""

import re

import pytest

from tests.answers import (
    ADA,
    NEW_PASSWORD,
    NOT_ME,
    answer_mail,
    link,
    reset,
    sign_in,
    thief_inside,
    told,
)
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import (
    SEEN_OR_HELD,
    add_app,
    add_phone,
    age_browsers,
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

DAY = 24 * 3600
OLD, NEW = "+447400123456", "+447400123457"


async def by_app(house: FrontDoor, secret: bytes) -> str:
    house.clock.advance(seconds=60)
    return house.app_code(secret)


async def test_what_the_thief_added_proves_nothing(house: FrontDoor) -> None:
    """R8: the answer suspends the thief's app, and the app that a sign-in by it added in turn."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    first = await add_app(house, thief)
    successor = house.browser(source="198.51.100.67")
    await house.password(successor, ADA)
    await successor.get("/sign-in/methods")
    await successor.press("Second app")
    await successor.press("Verify", code=await by_app(house, first))
    assert successor.path == "/", successor.text
    path = await link(house, "method_added")
    house.clock.advance(seconds=DAY + 1)
    await house.password(successor, ADA)
    await successor.get("/sign-in/methods")
    await successor.press("Second app")
    await successor.press("Verify", code=await by_app(house, first))
    await house.open_settings(successor)
    await successor.get("/settings/app")
    await add_app(house, successor)
    assert len(await standing(house)) == 3

    reader = await answer_mail(house, path)

    assert "what was added then opens nothing" in reader.text
    (kept,) = await standing(house)
    assert kept["name"] == "Phone app"
    assert not await is_inside(successor)
    again = await sign_in(house, house.browser(), code_of=house.app_code(first))
    assert again.path == "/sign-in/stopped"


async def test_wrong_code_of_who_then_got_in_takes_the_session_along(house: FrontDoor) -> None:
    """R8: a thief mistypes the stolen code once, then is in and adds an app: the answer to the
    wrong code reaches what that very sign-in led to."""
    ada = await member(house)
    house.clock.advance(seconds=3600)
    thief = house.browser(source="198.51.100.66")
    await house.password(thief, ADA)
    await thief.press("Verify", code="000000")
    await thief.press("Verify", code=ada.next_code())
    assert thief.path == "/", thief.text
    await age_browsers(house)
    await ada.step_up(thief)
    await add_app(house, thief)
    assert len(await standing(house)) == 2

    await answer_mail(house, await link(house, "wrong_second_factor"))

    assert [one["name"] for one in await standing(house)] == ["Phone app"]


async def test_cause_counts_and_not_the_clock(house: FrontDoor) -> None:
    """R8: what the owner added after the thief, from another browser, stays."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    path = await link(house, "method_added")
    owner = await ada.step_up(await ada.sign_in(ada.person))
    await add_phone(house, owner)

    await answer_mail(house, path)

    assert sorted(one["kind"] for one in await standing(house)) == ["phone", "totp"]
    assert "Second app" not in {one["name"] for one in await standing(house)}


async def test_every_browser_is_signed_out_and_the_password_is_void(house: FrontDoor) -> None:
    """R8: sessions and half sign-ins end, and the old password opens neither a code nor a text."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_phone(house, thief)
    waiting = house.browser()
    await house.password(waiting, ADA)
    await house.deliver()

    await answer_mail(house, await link(house, "method_added"))

    for person in (thief, ada.person, waiting):
        assert not await is_inside(person)
    await waiting.get("/sign-in/code")
    assert waiting.path == "/sign-in"
    sent = len([m for m in house.inbox() if m.code])
    again = await sign_in(house, copy_of(house, ada.person), code_of=ada.next_code())
    assert again.path == "/sign-in/stopped"
    for path in ("/sign-in/code", "/sign-in/methods"):
        await again.get(path)
        assert again.path == "/sign-in/stopped", path
    await again.post("/sign-in/code", {"code": ada.next_code()})
    await again.post("/sign-in/code/send", {"channel": "sms"})
    assert not await is_inside(again)
    await house.deliver()
    assert len([m for m in house.inbox() if m.code]) == sent


async def test_recovery_code_that_the_thief_made_is_void(house: FrontDoor) -> None:
    """R8: the code that the thief generated recovers nothing; one from before would have."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await thief.get("/settings/recovery-code/new")
    await thief.press("Confirm")
    stolen = await house.save_recovery_code(thief)

    await answer_mail(house, await link(house, "recovery_code_replaced"))

    await recover(house, thief, stolen, ADA)
    assert thief.path == "/sign-in/recovery-code"
    assert "That is not your recovery code" in thief.text


async def test_unacknowledged_code_of_a_changed_number_leaves_the_old_one(
    house: FrontDoor,
) -> None:
    """R8: voiding the code of the thief's new number leaves the owner's own, which recovers."""
    person, own_code = await house.member()
    thief = await phone_thief(house)
    await change_number(house, thief)

    await answer_mail(house, await link(house, "number_changed"))

    await recover(house, person, own_code, ADA)
    assert person.path == "/set-up/recovery-code", person.text


async def phone_thief(house: FrontDoor) -> Person:
    """Somebody who reads the owner's texts and mails for a while, in a browser a day old."""
    house.clock.advance(seconds=3600)
    thief = house.browser(source="198.51.100.66")
    await house.sign_in(thief)
    await age_browsers(house)
    house.clock.advance(seconds=60)
    await house.open_settings(thief)
    return thief


async def change_number(house: FrontDoor, thief: Person) -> None:
    await thief.get("/settings/phone")
    await thief.press("Send code by text message", country="GB", phone="07400 123457")
    await thief.press("Verify", code=await house.code("sms", to=NEW))
    assert thief.path == "/settings/recovery-code", thief.text


async def test_removed_number_returns_by_mail_and_number_together(house: FrontDoor) -> None:
    """R8: the owner whose number was replaced proves it with a mailed code, and it is back."""
    person, _ = await house.member()
    thief = await phone_thief(house)
    await change_number(house, thief)
    await answer_mail(house, await link(house, "number_changed"))
    assert await standing(house) == []

    house.clock.advance(seconds=60)
    await reset(house, person, to=OLD)

    assert "Your new password is set" in person.text
    (phone,) = await standing(house)
    (account,) = await rows(house, "accounts")
    assert account["default_authenticator_id"] == phone["id"]
    house.clock.advance(seconds=60)
    await sign_in(house, person, password=NEW_PASSWORD)
    await house.answer_review(person)
    assert person.path == "/", person.text
    assert {m.to for m in house.inbox() if m.purpose == "sign_in"} == {OLD}


async def test_code_of_one_number_is_no_proof_of_the_other(house: FrontDoor) -> None:
    """OC-04, R8: who has the mailbox and the newer number names the older one, whose own code is
    not sent yet: the newer one's code is worth nothing there, and brings nothing back."""
    await house.member()
    thief = await phone_thief(house)
    await change_number(house, thief)
    await answer_mail(house, await link(house, "number_changed"))
    house.clock.advance(seconds=60)
    await thief.get("/forgot-password")
    await thief.press("Send code", email=ADA)
    await thief.press("Verify", code=await house.code("email", to=ADA))
    house.clock.advance(seconds=60)
    await thief.get("/forgot-password/second-factor/methods")
    await thief.press("number ending in 57")
    own = (await house.message("sms", to=NEW)).code or ""

    # The text to the one has just left, so none goes to the other.
    await thief.get("/forgot-password/second-factor/methods")
    await thief.press("number ending in 56")
    assert "the number ending in 56" in thief.text
    await thief.post("/forgot-password/second-factor", {"code": own})

    assert thief.path == "/forgot-password/second-factor", thief.text
    assert "Send a code first" in thief.text
    assert await standing(house) == []


async def test_no_answer_brings_a_method_back_by_itself(house: FrontDoor) -> None:
    """R8: after the answer the replaced number gets no code and opens nothing without the mail."""
    person, _ = await house.member()
    thief = await phone_thief(house)
    await change_number(house, thief)

    await answer_mail(house, await link(house, "number_changed"))

    before = [m for m in house.inbox() if m.code]
    await house.password(person)
    await person.get("/sign-in/code")
    assert person.path == "/sign-in/stopped"
    await house.deliver()
    assert [m for m in house.inbox() if m.code] == before
    ended = await rows(house, "ended_authenticators")
    assert sorted(one["ended_by"] for one in ended) == ["not_me", "removal"]


async def test_removed_method_is_not_asked_before_an_answer(house: FrontDoor) -> None:
    """R8: who has the old phone and the mailbox resets nothing by it while nobody said "not me"."""
    await house.member()
    owner = await phone_thief(house)
    await change_number(house, owner)
    house.clock.advance(seconds=60)
    partner = house.browser(source="198.51.100.70")

    await partner.get("/forgot-password")
    await partner.press("Send code", email=ADA)
    await partner.press("Verify", code=await house.code("email", to=ADA))
    await partner.get("/forgot-password/second-factor/methods")

    assert "56" not in partner.text
    await house.deliver()
    assert OLD not in {m.to for m in house.inbox() if m.purpose == "reset_factor"}
    (old,) = [one["authenticator_id"] for one in await rows(house, "ended_authenticators")]
    await partner.post(
        "/forgot-password/second-factor/send", {"authenticator": old, "channel": "sms"}
    )
    await house.deliver()
    assert OLD not in {m.to for m in house.inbox() if m.purpose == "reset_factor"}


async def test_removed_method_is_gone_after_seven_days(house: FrontDoor) -> None:
    """R8: a week after its removal a method proves nothing, and its secret is deleted."""
    person, _ = await house.member()
    thief = await phone_thief(house)
    await change_number(house, thief)
    path = await link(house, "number_changed")
    house.clock.advance(seconds=7 * DAY - 60)
    await answer_mail(house, path)
    house.clock.advance(seconds=120)
    await person.get("/forgot-password")
    await person.press("Send code", email=ADA)
    await person.press("Verify", code=await house.code("email", to=ADA))
    await house.deliver()
    assert not [m for m in house.inbox() if m.purpose == "reset_factor" and m.to == OLD]

    await house.let_time_pass(seconds=60)

    # The last one stays for the constraint that 2FA is never off; it proves nothing.
    assert len(await rows(house, "authenticators")) == 1
    assert await standing(house) == []


async def test_link_lasts_seven_days(house: FrontDoor) -> None:
    """R8: seven days after its notice a link answers nothing."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    path = await link(house, "method_added")
    house.clock.advance(seconds=7 * DAY)
    before = await snapshot(house)

    reader = house.browser()
    await reader.get(path)

    assert reader.form(NOT_ME)[0].action == "/not-me"
    assert "older than seven days" in reader.text
    assert await snapshot(house) == before


async def test_looking_changes_nothing(house: FrontDoor) -> None:
    """R7: a mail scanner that opens the link ten times takes nothing back, nor uses it up."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    path = await link(house, "method_added")
    before = await snapshot(house)

    scanner = house.browser()
    for _ in range(10):
        await scanner.client.head(path)
        await scanner.get(path)

    assert await snapshot(house) == before
    assert "A sign-in method was added" in scanner.text
    assert "Firefox on Linux" in scanner.text
    assert "198.51.100.x" in scanner.text
    for personal in ("ada", "Ada", "198.51.100.66"):
        assert personal not in scanner.text
    await scanner.press(NOT_ME)
    assert "opens nothing" in scanner.text


async def test_the_token_stays_in_no_address(house: FrontDoor) -> None:
    """EM-03, AU-02: the link leads on at once to an address without its token, which a sealed
    cookie of ten minutes carries for this browser alone; the page's button works for longer."""
    await member(house)
    path = await link(house, "method_added")
    token = path.rpartition("/")[2]
    reader = house.browser()

    first = await reader.client.get(path)

    assert (first.status_code, first.headers["location"]) == (303, "/not-me/notice")
    assert first.content == b""
    lines = first.headers.get_list("set-cookie")
    assert [one.split("=")[0] for one in lines] == ["visit", "not-me"]
    assert "Max-Age=600" in lines[1]
    assert token not in "".join(lines)
    await reader.get("/not-me/notice")
    assert "A sign-in method was added" in reader.text
    assert token not in reader.response.text
    other = house.browser()
    put_cookie(other, "not-me", str(cookie(reader, "not-me")))
    await other.get("/not-me/notice")
    assert other.path == "/not-me"
    action, data = reader.filled(NOT_ME)
    await other.get("/help")
    await other.post(action, {"notice": data["notice"]})
    assert other.path == "/not-me"
    house.clock.advance(seconds=601)
    put_cookie(reader, "not-me", str(cookie(reader, "not-me")))
    assert (await reader.client.get("/not-me/notice")).headers["location"] == "/not-me"
    await reader.press(NOT_ME)
    assert "opens nothing" in reader.text
    assert cookie(reader, "not-me") is None


async def test_answer_signs_nobody_in(house: FrontDoor) -> None:
    """NO-02: who presses has no session afterwards, and the link works once."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    path = await link(house, "method_added")
    second = house.browser(source="192.0.2.52")
    await second.get(path)

    reader = await answer_mail(house, path)

    assert cookie(reader, "session") is None
    assert not await is_inside(reader)
    before = await snapshot(house, without=SEEN_OR_HELD)
    await reader.get(path)
    assert "answered already" in reader.text
    await second.press(NOT_ME)
    assert "settled already" in second.text
    assert await snapshot(house, without=SEEN_OR_HELD) == before


async def test_unknown_links_are_one_answer(house: FrontDoor) -> None:
    """R8: a guessed link leads to the page for codes, and its button does nothing."""
    await member(house)
    before = await snapshot(house)
    person = house.browser()

    for path in ("/not-me/" + "A" * 43, "/not-me/x", "/not-me/done"):
        await person.get(path)
        assert person.form(NOT_ME)[0].action == "/not-me", path
    for sealed in ("", "A" * 43, "=", "é"):
        await person.post("/not-me/notice", {"notice": sealed})
        assert person.path == "/not-me"
        assert "older than seven days" in person.text
    assert await snapshot(house) == before


async def test_the_answer_is_told(house: FrontDoor) -> None:
    """NO-01: what the answer did is told by mail and text, and offers no answer itself."""
    ada = await member(house)
    owner = await ada.step_up()
    await add_phone(house, owner)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)

    await answer_mail(house, await link(house, "method_added"))

    assert (await told(house))["not_me"] == 1
    assert (await told(house, to=OLD))["not_me"] == 1
    for message in house.inbox():
        if message.purpose == "not_me":
            assert "/not-me" not in message.text


# --- what it never crosses ------------------------------------------------------------------


async def test_no_old_link_crosses_a_completed_recovery(house: FrontDoor) -> None:
    """R8: who stole phone and mailbox cannot undo the recovery that answered the theft.

    Neither by a link from before, nor by that of the recovery itself: the new app stands, the
    stolen number stays lost.
    """
    person, own_code = await house.member()
    links = [await link(house, "method_added")]
    house.clock.advance(seconds=3600)
    await recover(house, person, own_code, ADA)
    links.append(await link(house, "recovery_code_used"))
    house.clock.advance(seconds=60)
    await house.save_recovery_code(person)
    await person.get("/set-up")
    await person.press("Authentication app")
    secret = house.secret_on(person)
    await person.press("Verify", code=house.app_code(secret), app_name="New app")
    assert person.path == "/", person.text
    house.clock.advance(seconds=60)

    for path in links:
        await answer_mail(house, path)

    assert await is_inside(person)
    (kept,) = await standing(house)
    assert kept["name"] == "New app"
    await answer_mail(house, await link(house, "recovery_finished"))
    (kept,) = await standing(house)
    assert kept["name"] == "New app"
    thief = house.browser(source="198.51.100.66")
    await thief.get("/forgot-password")
    await thief.press("Send code", email=ADA)
    await thief.press("Verify", code=await house.code("email", to=ADA))
    await house.deliver()
    assert not [m for m in house.inbox() if m.purpose == "reset_factor"]


async def test_no_old_link_crosses_an_earlier_answer(house: FrontDoor) -> None:
    """R8: after an answer and its reset, a second link from before ends and suspends nothing."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    await add_app(house, await ada.step_up(thief))
    first, second = await _two_links(house)
    await answer_mail(house, first)
    house.clock.advance(seconds=60)
    await reset(house, ada.person, code_of=ada.next_code())
    await sign_in(house, ada.person, code_of=ada.next_code(), password=NEW_PASSWORD)
    await house.answer_review(ada.person)
    assert ada.person.path == "/"
    house.clock.advance(seconds=60)

    reader = await answer_mail(house, second)

    assert "stopped for 72 hours" in reader.text
    assert await is_inside(ada.person)
    later = await sign_in(house, house.browser(), code_of=ada.next_code(), password=NEW_PASSWORD)
    await house.answer_review(later)
    assert await is_inside(later)


async def test_answer_after_another_answer_still_suspends_the_app(house: FrontDoor) -> None:
    """R8: past a barrier that another answer set, what the doubted session added is suspended."""
    ada = await member(house)
    stranger = house.browser(source="198.51.100.70")
    await house.password(stranger, ADA)
    await stranger.press("Verify", code="000000")
    wrong = await link(house, "wrong_second_factor")
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    added = await link(house, "method_added")
    await answer_mail(house, wrong)
    assert "Second app" in {one["name"] for one in await standing(house)}

    reader = await answer_mail(house, added)

    assert "stopped for 72 hours" in reader.text
    assert [one["name"] for one in await standing(house)] == ["Phone app"]


async def _two_links(house: FrontDoor) -> list[str]:
    await house.deliver()
    mails = [m.text for m in house.inbox() if m.purpose == "method_added" and m.to == ADA]
    found = [re.search(r"(/not-me/[\w-]{43})", text) for text in mails[-2:]]
    return [one.group(1) for one in found if one]


async def test_mailbox_thief_cannot_void_one_answer_after_the_other(house: FrontDoor) -> None:
    """R8: the link of the reset that answered "not me" voids no password again."""
    ada = await member(house)
    thief = house.browser(source="198.51.100.66")
    await house.password(thief, ADA)
    await thief.press("Verify", code="000000")
    await answer_mail(house, await link(house, "wrong_second_factor"))
    house.clock.advance(seconds=60)
    await reset(house, ada.person, code_of=ada.next_code())

    await answer_mail(house, await link(house, "password_reset"))

    await sign_in(house, ada.person, code_of=ada.next_code(), password=NEW_PASSWORD)
    await house.answer_review(ada.person)
    assert ada.person.path == "/", ada.person.text


# --- the owner always gets back in ----------------------------------------------------------


async def test_mailbox_thief_takes_nothing_that_the_account_began_with(house: FrontDoor) -> None:
    """R8: the link of the first set-up leaves its app and its recovery code as they are."""
    ada = await member(house)

    await answer_mail(house, await link(house, "method_added"))

    (app,) = await standing(house)
    assert app["name"] == "Phone app"
    assert [one["ended_at"] for one in await rows(house, "recovery_codes")] == [None]
    await reset(house, ada.person, code_of=ada.next_code())
    await sign_in(house, ada.person, code_of=ada.next_code(), password=NEW_PASSWORD)
    await house.answer_review(ada.person)
    assert ada.person.path == "/", ada.person.text


async def test_owner_whose_only_number_was_disowned_is_not_shut_out(house: FrontDoor) -> None:
    """R8: a mailbox thief disowns the owner's own new number: mail and number bring it back."""
    person, _ = await house.member()
    house.clock.advance(seconds=60)
    await house.open_settings(person)
    await change_number(house, person)
    await house.save_recovery_code(person)
    await answer_mail(house, await link(house, "number_changed"))
    assert await standing(house) == []
    house.clock.advance(seconds=60)

    await reset(house, person, by="number ending in 57", to=NEW)
    assert "Your new password is set" in person.text

    house.clock.advance(seconds=60)
    await sign_in(house, person, password=NEW_PASSWORD)
    await house.answer_review(person)
    assert person.path == "/", person.text


async def test_recovery_opens_what_an_answer_closed(house: FrontDoor) -> None:
    """R8: with the old password and an untouched recovery code the owner recovers, and must set
    another password before anything opens."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    await answer_mail(house, await link(house, "method_added"))
    person = house.browser()

    await sign_in(house, person)
    await person.follow("Enter recovery code")
    await person.press("Recover and set up 2FA", recovery_code=ada.recovery_code)
    await house.save_recovery_code(person)
    await person.get("/set-up")
    await person.press("Authentication app")
    secret = house.secret_on(person)
    await person.press("Verify", code=house.app_code(secret), app_name="New app")

    assert person.path == "/new-password", person.text
    await person.press("Set new password", new_password=NEW_PASSWORD)
    assert person.path == "/", person.text
    later = await sign_in(
        house, house.browser(), code_of=await by_app(house, secret), password=NEW_PASSWORD
    )
    await house.answer_review(later)
    assert later.path == "/", "and from then on as always"


@pytest.mark.parametrize("again", ["Second app", "Phone app"])
async def test_suspended_app_returns_only_with_the_mailbox(house: FrontDoor, again: str) -> None:
    """R8: in a new browser whatever was suspended waits a day even with the mailbox, told to all;
    an untouched app does not wait."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    secret = await add_app(house, thief)
    await answer_mail(house, await link(house, "method_added"))
    house.clock.advance(seconds=60)
    other = house.browser(source="198.51.100.66")

    await other.get("/forgot-password")
    await other.press("Send code", email=ADA)
    await other.press("Verify", code=await house.code("email", to=ADA))
    if again not in other.text:
        await other.get("/forgot-password/second-factor/methods")
        await other.press(again)
    used = secret if again == "Second app" else ada.secret
    await other.press("Verify", code=await by_app(house, used))
    await other.press("Set new password", new_password=NEW_PASSWORD)

    if again == "Phone app":
        assert "Your new password is set" in other.text
        return
    assert "Your new password counts from" in other.text
    assert len(await standing(house)) == 1
    await answer_mail(house, await link(house, "reset_waits"), button="Stop the new password")
    await house.let_time_pass(seconds=DAY + 1)
    assert len(await standing(house)) == 1
    again_in = await sign_in(house, other, code_of=ada.next_code(), password=NEW_PASSWORD)
    assert again_in.path == "/sign-in"
