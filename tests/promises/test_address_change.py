"""The address changes by password, second factor and a code to the new mailbox (EM-05)."""

import re
from collections import Counter

import pytest

from tests.answers import ADA, NEW_PASSWORD, link, thief_inside
from tests.front_door import PASSWORD, FrontDoor
from tests.promises.addresses import (
    NEW,
    address,
    ask,
    ask_reset,
    change,
    codes_to,
    purposes,
    reset_by,
)
from tests.promises.states import (
    SEEN_OR_HELD,
    add_phone,
    cookie,
    copy_of,
    is_inside,
    member,
    new_browser,
    put_cookie,
    recover,
    rows,
    snapshot,
)

DAY = 24 * 3600
NUMBER = "+447400123456"
TRACES = (
    "challenges",
    "delivery_attempts",
    "events",
    "outbox",
    "route_hours",
    "sessions",
    "throttles",
)
"""What asking for a code writes down, and what goes with time."""


async def test_address_changes_when_the_new_mailbox_is_proven(house: FrontDoor) -> None:
    """EM-05, R5: until the code is entered the old address is the account's; then the new one."""
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    assert await address(house) == ADA
    assert await codes_to(house, NEW) == 1

    await ada.person.press("Verify", code=await house.code("email", to=NEW))

    assert ada.person.path == "/settings"
    assert "Your address is changed" in ada.person.text
    assert NEW in ada.person.text
    assert await address(house) == NEW


async def test_sign_in_by_the_new_address_at_once(house: FrontDoor) -> None:
    """EM-05: the new address signs in, and the old one is like one that nobody has."""
    ada = await member(house)
    await ada.step_up()
    await change(house, ada.person)

    other = house.browser()
    await house.password(other, ADA)
    refused = other.text
    nobody = house.browser()
    await house.password(nobody, "nobody@example.com")
    assert (other.path, refused) == (nobody.path, nobody.text.replace("nobody@example.com", ADA))
    ada.email = NEW
    await ada.sign_in(house.browser())
    before = await codes_to(house, ADA)
    await ask_reset(other, ADA)
    assert other.path == "/forgot-password/code"
    assert await codes_to(house, ADA) == before


async def test_everybody_is_told(house: FrontDoor) -> None:
    """EM-05, NO-01, EM-07: old address, new address and number hear of it, each with its answer.

    And for seven days the old one hears of what comes after.
    """
    ada = await member(house)
    await add_phone(house, await ada.step_up())
    await change(house, ada.person)

    told = await purposes(house)
    assert told[(ADA, "address_changed")] == 1
    assert told[(NEW, "address_changed")] == 1
    assert told[(NUMBER, "address_changed")] == 1
    assert await link(house, "address_changed") != await link(house, "address_changed", to=NEW)
    for days, times in ((6, 1), (2, 1)):
        house.clock.advance(seconds=days * DAY)
        ada.email = NEW
        await ada.sign_in(house.browser(source=f"203.0.113.{days}"))
        assert (await purposes(house))[(ADA, "new_browser")] == times
    assert (await purposes(house))[(NEW, "new_browser")] == 2


async def test_everything_else_ends(house: FrontDoor) -> None:
    """SE-07, SE-05: other sessions and half sign-ins end, and a copied cookie of this one too."""
    ada = await member(house)
    other = await ada.sign_in()
    waiting = house.browser()
    await house.password(waiting, ADA)
    await ada.step_up()
    await ask(ada.person)
    thief = copy_of(house, ada.person)
    assert await is_inside(thief)

    await ada.person.press("Verify", code=await house.code("email", to=NEW))

    assert await is_inside(ada.person)
    for person in (other, thief):
        assert not await is_inside(person)
    await waiting.get("/sign-in/code")
    assert waiting.path == "/sign-in"


async def test_codes_of_the_old_address_die(house: FrontDoor) -> None:
    """EM-01: reset, settings code and sign-up that were mailed before the change open nothing.

    Nor does the code of the change itself, a second time or elsewhere.
    """
    ada = await member(house)
    resetting = await ask_reset(house.browser(), ADA)
    reset_code = await house.code("email", to=ADA)
    stranger = house.browser()
    await stranger.get("/sign-up")
    await stranger.press("Create account", name="Eve", email=NEW, password=PASSWORD)
    sign_up_code = await house.code("email", to=NEW)
    other = await ada.sign_in()
    await other.get("/")
    await other.press("User Settings")
    gate_code = await house.code("email", to=ADA)
    await ada.step_up()
    await change(house, ada.person)
    used = await house.code("email", to=NEW)

    await resetting.press("Verify", code=reset_code)
    assert resetting.path == "/forgot-password"
    await stranger.press("Verify", code=sign_up_code)
    assert stranger.path != "/set-up"
    await other.post("/settings/code", {"code": gate_code})
    assert not await is_inside(other)
    await ada.person.post("/settings/address/code", {"code": used})
    assert ada.person.path == "/settings/address"
    assert len(await rows(house, "accounts")) == 1
    again = await ask_reset(house.browser(), NEW)
    await again.press("Verify", code=used)
    assert again.path == "/forgot-password/code"


async def test_code_of_one_session_proves_nothing_in_another(house: FrontDoor) -> None:
    """EM-01, OC-04: the code belongs to the session that asked for it."""
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    code = await house.code("email", to=NEW)
    mallory = await member(house, "mallory@example.com")
    await mallory.step_up()

    await mallory.person.post("/settings/address/code", {"code": code})

    assert mallory.person.path == "/settings/address"
    assert {one["email"] for one in await rows(house, "accounts")} == {ADA, "mallory@example.com"}


async def test_password_reset_clears_an_unconfirmed_change(house: FrontDoor) -> None:
    """EM-05, AR-05: after a reset the code of a change asked for before it changes nothing."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await ask(thief)
    code = await house.code("email", to=NEW)
    await reset_by(house, ada.person, ADA, ada.next_code())

    await thief.post("/settings/address/code", {"code": code})

    assert not await is_inside(thief)
    assert await address(house) == ADA


async def test_abandoned_change_leaves_no_trace(house: FrontDoor) -> None:
    """R5, EM-05: a change that is not confirmed expires, and the account is as it was."""
    ada = await member(house)
    await ada.step_up()
    before = await snapshot(house, but=TRACES, without=SEEN_OR_HELD)
    await ask(ada.person)
    code = await house.code("email", to=NEW)
    assert await snapshot(house, but=TRACES, without=SEEN_OR_HELD) == before

    house.clock.advance(seconds=30 * 60 - 60)
    await ada.step_up()
    await ada.person.get("/settings/address/code")
    await ada.person.press("Verify", code=code)

    assert "expired" in ada.person.text
    assert await address(house) == ADA


async def test_change_needs_fresh_proofs_in_a_known_browser(house: FrontDoor) -> None:
    """SU-01, R11: the form asks for password and second factor, and a new browser waits its day."""
    ada = await member(house)
    house.clock.advance(seconds=11 * 60)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/address")
    assert ada.person.path == "/settings/confirm"
    assert "Before your address changes" in ada.person.text
    await ada.person.press("Confirm", password=PASSWORD, code=ada.next_code())
    assert ada.person.path == "/settings/address"
    young = await new_browser(house)
    await young.get("/settings/address")
    assert young.path == "/settings/wait"
    await young.post("/settings/address", {"email": NEW})
    assert await codes_to(house, NEW) == 0


async def test_proofs_that_grew_old_use_no_code_up(house: FrontDoor) -> None:
    """SU-01: a code that comes late is entered after another step-up, and still works."""
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    code = await house.code("email", to=NEW)
    house.clock.advance(seconds=11 * 60)
    await ada.person.get("/settings/address/code")
    assert ada.person.path == "/settings"
    await ada.person.press("Send code")
    await ada.person.press("Verify", code=await house.code("email", to=ADA))
    assert ada.person.path == "/settings/confirm"
    await ada.person.press("Confirm", password=PASSWORD, code=ada.next_code())

    assert ada.person.path == "/settings/address/code"
    await ada.person.press("Verify", code=code)
    assert await address(house) == NEW


async def test_text_names_the_act(house: FrontDoor) -> None:
    """R11: the code that is asked for before the change says what it is for."""
    person, _ = await house.member()
    house.clock.advance(seconds=11 * 60)
    await house.open_settings(person)
    await person.get("/settings/address")
    await person.press("Send code by text message")

    text = (await house.message("sms")).text
    assert "to CHANGE your address" in text
    await person.press("Confirm", password=PASSWORD, code=await house.code("sms"))
    assert person.path == "/settings/address"


# --- addresses that somebody has ------------------------------------------------------------

TAKEN = "TAKEN@example.com"


def _timeless(text: str, *addresses: str) -> str:
    """A page's words without its times and these addresses."""
    for one in addresses:
        text = text.replace(one, "…")
    return re.sub(r"\d+:\d\d(:\d\d)?", "", text)


async def test_taken_address_looks_free(house: FrontDoor) -> None:
    """EN-06: the pages are the same, its owner is told, and no code answers."""
    await member(house, "taken@example.com")
    pages = []
    for email, to in (("one@example.com", "free@example.com"), ("two@example.com", TAKEN)):
        somebody = await member(house, email)
        await somebody.step_up()
        await ask(somebody.person, to)
        pages.append(_timeless(somebody.person.text, to, email))
        await somebody.person.press("Verify", code="123456")
        pages.append(_timeless(somebody.person.text, to, email))
        await somebody.person.get("/activity")
        pages.append(_timeless(somebody.person.text, to, email))

    assert pages[:3] == pages[3:]
    told = await purposes(house)
    assert told[(TAKEN, "address_wanted")] == 1
    assert await codes_to(house, TAKEN) == 0
    assert "This address already has an account" in str(
        [m.subject for m in house.inbox() if m.purpose == "address_wanted"]
    )


async def test_address_that_was_taken_meanwhile(either_house: FrontDoor) -> None:
    """EN-06: who proves the mailbox first has it, and the other one is told so after proof."""
    house = either_house
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    code = await house.code("email", to=NEW)
    other = house.browser()
    await house.sign_up(other, NEW)

    await ada.person.press("Verify", code=code)

    assert ada.person.path == "/settings/address"
    assert "got an account of its own meanwhile" in ada.person.text
    assert {one["email"] for one in await rows(house, "accounts")} == {ADA, NEW}


async def test_old_address_is_held_for_seven_days(house: FrontDoor) -> None:
    """EM-05, EF-08: nobody signs up with it or changes to it before it can no longer come back."""
    ada = await member(house)
    await ada.step_up()
    await change(house, ada.person)
    before = await codes_to(house, ADA)
    stranger = house.browser(source="198.51.100.9")
    await stranger.get("/sign-up")
    await stranger.press("Create account", name="Eve", email=ADA, password=PASSWORD)
    assert stranger.path == "/sign-up/code"
    bob = await member(house, "bob@example.com")
    await bob.step_up()
    await ask(bob.person, ADA)

    assert bob.person.path == "/settings/address/code"
    assert await codes_to(house, ADA) == before
    assert (await purposes(house))[(ADA, "address_held")] == 2
    house.clock.advance(seconds=7 * DAY)
    await house.sign_up(house.browser(), ADA)
    assert ADA in {one["email"] for one in await rows(house, "accounts")}


async def test_owner_may_go_back_to_the_old_address(house: FrontDoor) -> None:
    """EM-05: one's own former address is free to oneself, by a code as any other."""
    ada = await member(house)
    await ada.step_up()
    await change(house, ada.person)
    house.clock.advance(seconds=60)
    await change(house, ada.person, ADA)

    assert await address(house) == ADA
    assert len(await rows(house, "former_addresses")) == 2


@pytest.mark.parametrize("same", [ADA, "ADA@example.com", "  ada@EXAMPLE.com "])
async def test_present_address_is_named_so(house: FrontDoor, same: str) -> None:
    """EM-06: the same address, also in other letters, gets a sentence and no mail."""
    ada = await member(house)
    await ada.step_up()
    before = await codes_to(house, ADA)
    await ask(ada.person, same)

    assert ada.person.path == "/settings/address"
    assert "This is your address already" in ada.person.text
    assert await codes_to(house, ADA) == before


async def test_address_is_kept_as_at_sign_up(house: FrontDoor) -> None:
    """EM-06: written as typed with the domain lowered, and found in any letters."""
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person, "  Ada.New@EXAMPLE.Org ")
    await ada.person.press("Verify", code=await house.code("email", to="Ada.New@example.org"))

    (account,) = await rows(house, "accounts")
    assert (account["email"], account["email_key"]) == ("Ada.New@example.org", NEW)
    ada.email = "ADA.NEW@example.ORG"
    await ada.sign_in(house.browser())


async def test_what_is_no_address_is_told_so(house: FrontDoor) -> None:
    """EM-06: no mail leaves for what is none, and what was typed stays in the field."""
    ada = await member(house)
    await ada.step_up()
    for typed in ("", "ada", "a@b@example.com", "ada@example.com, eve@example.com"):
        await ask(ada.person, typed)
        assert "Enter an e-mail address" in ada.person.text, typed
    assert "ada@example.com, eve@example.com" in ada.person.response.text


# --- what waits -------------------------------------------------------------------------------


async def test_no_change_for_a_day_after_a_reset(house: FrontDoor) -> None:
    """AR-05, EM-05: for 24 hours after a reset the address stays."""
    ada = await member(house)
    await reset_by(house, ada.person, ADA, ada.next_code())
    ada.password = NEW_PASSWORD
    await ada.sign_in(ada.person)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/address")
    assert ada.person.path == "/settings/wait"
    assert "your address stay" in ada.person.text
    house.clock.advance(seconds=DAY)
    await ada.sign_in_as_far_as_it_goes(ada.person)
    await ada.person.get("/settings")
    await ada.person.press("Send code")
    await ada.person.press("Verify", code=await house.code("email", to=ADA))

    await change(house, ada.person)

    assert await address(house) == NEW


async def test_method_of_a_recovery_changes_no_address_for_a_day(house: FrontDoor) -> None:
    """EM-05: what a recovery bound approves no change of address for 24 hours."""
    ada = await member(house)
    house.clock.advance(seconds=3600)
    await recover(house, ada.person, ada.recovery_code, ADA)
    await house.save_recovery_code(ada.person)
    await ada.person.get("/set-up")
    await ada.person.press("Authentication app")
    ada.secret = house.secret_on(ada.person)
    await ada.person.press("Verify", code=house.app_code(ada.secret), app_name="New app")
    await house.answer_review(ada.person)
    await house.open_settings(ada.person)

    await ada.person.get("/settings/address")

    assert ada.person.path != "/settings/address"
    await ada.person.post("/settings/address", {"email": NEW})
    assert await codes_to(house, NEW) == 0


# --- limits -----------------------------------------------------------------------------------


async def test_five_tries_for_a_code(house: FrontDoor) -> None:
    """OC-07: five wrong codes use the mailed one up, and the session goes on."""
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    code = await house.code("email", to=NEW)
    wrong = "111111" if code != "111111" else "222222"
    for _ in range(5):
        await ada.person.press("Verify", code=wrong)
    assert "Five tries were not right" in ada.person.text

    await ada.person.press("Verify", code=code)

    assert await address(house) == ADA
    assert await is_inside(ada.person)


async def test_resending_waits_and_ends(house: FrontDoor) -> None:
    """OC-09: the same code again after growing waits; asked for at once it is on its way."""
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    await house.deliver()
    await ask(ada.person)
    assert ada.person.path == "/settings/address/code"
    assert "on its way" in ada.person.text
    house.clock.advance(seconds=30)
    await ada.person.press("Resend")

    sent = [m.code for m in house.inbox() if m.to == NEW and m.code]
    assert len(sent) == 1
    await house.deliver()
    sent = [m.code for m in house.inbox() if m.to == NEW and m.code]
    assert len(sent) == 2
    assert len(set(sent)) == 1


async def test_no_account_fills_mailboxes(house: FrontDoor) -> None:
    """RL-10: an account gets five such mails an hour, to whatever addresses."""
    ada = await member(house)
    await ada.step_up()
    for number in range(7):
        await ask(ada.person, f"victim{number}@example.com")
        await house.deliver()
    assert "We cannot send more codes now" in ada.person.text
    await house.deliver()
    assert len([m for m in house.inbox() if m.to.startswith("victim")]) == 5


async def test_no_mailbox_is_filled_by_many_accounts(house: FrontDoor) -> None:
    """RL-10: an address gets five such mails a day, from whatever accounts and sources.

    The same for one that has an account, whose owner is told no more often either.
    """
    await member(house, "owner@example.com")
    for number in range(7):
        one = await member(house, f"one{number}@example.com")
        await one.step_up()
        for to in ("victim@example.com", "owner@example.com"):
            await ask(one.person, to)
            await house.deliver()
    told = await purposes(house)
    assert await codes_to(house, "victim@example.com") == 5
    assert told[("owner@example.com", "address_wanted")] == 5


async def test_nobody_guesses_his_way_to_a_mailbox(house: FrontDoor) -> None:
    """EF-08: ten codes a year to a mailbox are short, also those that an account asks for."""
    for number in range(12):
        house.clock.advance(seconds=DAY // 4)
        one = await member(house, f"one{number}@example.com")
        await one.step_up()
        await ask(one.person, "victim@example.com")
        await house.deliver()
        assert ("ten-digit code" in one.person.text) == (number >= 10)

    codes = [m.code or "" for m in house.inbox() if m.to == "victim@example.com"]
    assert Counter(map(len, codes)) == {6: 10, 10: 2}


async def test_no_source_fills_mailboxes(house: FrontDoor) -> None:
    """RL-10: a source gets ten such mails an hour, with whatever accounts."""
    sent = 0
    for number in range(4):
        one = await member(house, f"one{number}@example.com")
        await one.step_up()
        for turn in range(4):
            await ask(one.person, f"victim{number}{turn}@example.com")
            await house.deliver()
            sent += 1
    await house.deliver()
    assert sent == 16
    assert len([m for m in house.inbox() if m.to.startswith("victim")]) == 10


# --- the journal, and the name ------------------------------------------------------------------


async def test_journal_masks_the_addresses(house: FrontDoor) -> None:
    """AU-02, AU-01: the page and the copy say from what to what, masked."""
    ada = await member(house)
    await ada.step_up()
    await change(house, ada.person)

    await ada.person.get("/activity")
    assert "from ⁨a•••@example.com⁩ to ⁨a•••@example.org⁩" in ada.person.text
    events = [one for one in await rows(house, "events") if one["name"] == "address_changed"]
    assert len(events) == 1
    assert ADA not in events[0]["details"]


async def name_of(house: FrontDoor) -> str:
    (account,) = await rows(house, "accounts")
    return str(account["name"])


async def test_name_needs_the_open_settings_only(house: FrontDoor) -> None:
    """EM-04: a name is no security change: no step-up, nobody told, nothing ended; noted once."""
    ada = await member(house)
    other = await ada.sign_in()
    house.clock.advance(seconds=11 * 60)
    await ada.person.get("/settings/name")
    assert ada.person.path == "/settings"
    await ada.person.press("Send code")
    await ada.person.press("Verify", code=await house.code("email", to=ADA))
    before = await purposes(house)
    await ada.person.get("/settings/name")
    assert 'value="Ada"' in ada.person.response.text
    for _ in range(2):
        await ada.person.get("/settings/name")
        await ada.person.press("Save", name="  سارة   الأحمد ")

    assert ada.person.path == "/settings"
    assert "<bdi>سارة الأحمد</bdi>" in ada.person.response.text
    assert await name_of(house) == "سارة الأحمد"
    assert await is_inside(other)
    assert await purposes(house) == before
    events = [one for one in await rows(house, "events") if one["name"] == "name_changed"]
    assert len(events) == 1
    assert events[0]["details"] == "{}"


async def test_name_is_bounded_as_at_sign_up(house: FrontDoor) -> None:
    """EM-04: no empty name and none over 200 characters; markup is text."""
    ada = await member(house)
    await house.open_settings(ada.person)
    unseen = "\u200b \u2060\u202e"
    for typed, said in (("   ", "Enter a name"), (unseen, "Enter a name"), ("x" * 201, "at most")):
        await ada.person.get("/settings/name")
        await ada.person.press("Save", name=typed)
        assert said in ada.person.text
    await ada.person.press("Save", name="<b>Ada</b>")
    assert "<b>Ada" not in ada.person.response.text
    assert await name_of(house) == "<b>Ada</b>"


async def test_name_turns_no_text_beside_it_round(house: FrontDoor) -> None:
    """WB-06: applications behind us are told names without control characters and marks that set
    the direction of what follows; joiners of many languages stay."""
    ada = await member(house)
    await house.open_settings(ada.person)
    for typed, kept in (
        ("Ada \u202eecalevoL\u202c \x1b[31m", "Ada ecalevoL [31m"),
        ("Ada\u2067\x85Lovelace", "Ada Lovelace"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
    ):
        await ada.person.get("/settings/name")
        await ada.person.press("Save", name=typed)
        assert (await ada.person.client.get("/session")).json()["account"]["name"] == kept


async def test_name_is_not_changed_with_the_gate_closed(house: FrontDoor) -> None:
    """EM-04: a session alone, also a copied one, renames nobody."""
    ada = await member(house)
    thief = house.browser()
    put_cookie(thief, "session", str(cookie(ada.person, "session")))
    await thief.get("/")
    await thief.post("/settings/name", {"name": "Mallory"})
    assert await name_of(house) == "Ada"
