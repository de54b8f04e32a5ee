"""Who is told what, over which channel, in which words; and that nobody can bury it (A.12)."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from gettext import NullTranslations
from itertools import product

import pytest

from tests.answers import ADA, NEW_PASSWORD, notice, reset, sign_in, told
from tests.front_door import FrontDoor
from tests.plain import plain
from tests.promises.states import (
    Member,
    add_app,
    add_phone,
    member,
    recover,
    rows,
    standing,
)
from tests.promises.test_message_wording import GSM_7, HOSTS, NAMES, TWICE
from vestibule.delivery.envelope import Envelope
from vestibule.delivery.notice_wording import NOTICES, SAID_BY_TEXT, notice_message
from vestibule.delivery.rendering import House
from vestibule.domain.language import moment
from vestibule.flows.notices import NOISY, TEXTED, WITHOUT_ANSWER

DAY = 24 * 3600
NUMBER, NEW_NUMBER = "+447400123456", "+447400123457"


async def with_phone(house: FrontDoor) -> Member:
    """An app and a number, settings open and proofs fresh, and nothing left to be told."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    house.clock.advance(seconds=60)
    await house.deliver()
    return ada


async def app_added(house: FrontDoor, ada: Member) -> None:
    await add_app(house, ada.person)


async def app_removed(house: FrontDoor, ada: Member) -> None:
    app = next(one for one in await standing(house) if one["kind"] == "totp")
    await ada.person.get(f"/settings/apps/{app['id']}/remove")
    await ada.person.press("Remove")


async def number_removed(_: FrontDoor, ada: Member) -> None:
    await ada.person.get("/settings/phone/remove")
    await ada.person.press("Remove")


async def number_changed(house: FrontDoor, ada: Member) -> None:
    await ada.person.get("/settings/phone")
    await ada.person.press("Send code by text message", country="GB", phone="07400 123457")
    await ada.person.press("Verify", code=await house.code("sms", to=NEW_NUMBER))


async def default_changed(_: FrontDoor, ada: Member) -> None:
    await ada.person.get("/settings/method")
    await ada.person.press("Save", method="voice")


async def code_generated(_: FrontDoor, ada: Member) -> None:
    await ada.person.get("/settings/recovery-code/new")
    await ada.person.press("Confirm")


async def password_changed(_: FrontDoor, ada: Member) -> None:
    await ada.person.get("/settings/password")
    await ada.person.press("Change password", new_password=NEW_PASSWORD)


async def password_reset(house: FrontDoor, ada: Member) -> None:
    await reset(house, ada.person, code_of=ada.next_code())


async def recovery_begun(house: FrontDoor, ada: Member) -> None:
    await recover(house, house.browser(), ada.recovery_code, ADA)


async def recovery_finished(house: FrontDoor, ada: Member) -> None:
    person = house.browser()
    await recover(house, person, ada.recovery_code, ADA)
    await house.save_recovery_code(person)
    await person.get("/set-up")
    await person.press("Authentication app")
    await person.press("Verify", code=house.app_code(house.secret_on(person)), app_name="New")


async def new_browser(house: FrontDoor, ada: Member) -> None:
    await sign_in(house, house.browser(), code_of=ada.next_code())


async def known_browser(house: FrontDoor, ada: Member) -> None:
    await ada.person.press("Sign out")
    await sign_in(house, ada.person, code_of=ada.next_code())


async def wrong_code(house: FrontDoor, __: Member) -> None:
    person = house.browser()
    await house.password(person, ADA)
    for _ in range(3):
        await person.press("Verify", code="000000")


async def own_slip(house: FrontDoor, ada: Member) -> None:
    """A wrong code in a browser that is known."""
    await ada.person.press("Sign out")
    await house.password(ada.person, ADA)
    await ada.person.press("Verify", code="000000")


async def sessions_ended(_: FrontDoor, ada: Member) -> None:
    await ada.person.get("/sessions")
    await ada.person.press("Sign out everywhere")


TABLE: dict[Callable[[FrontDoor, Member], Awaitable[None]], tuple[str, str]] = {
    # what happens: what the mail says, what the text says
    app_added: ("method_added", "method_added"),
    app_removed: ("method_removed", "method_removed"),
    number_removed: ("method_removed", "number_removed"),
    number_changed: ("number_changed", "number_removed"),
    default_changed: ("default_method_changed", "default_method_changed"),
    code_generated: ("recovery_code_replaced", "recovery_code_replaced"),
    password_changed: ("password_changed", "password_changed"),
    password_reset: ("password_reset", "password_reset"),
    recovery_begun: ("recovery_code_used", "recovery_code_used"),
    recovery_finished: ("recovery_finished", "number_removed"),
    new_browser: ("new_browser", ""),
    known_browser: ("", ""),
    wrong_code: ("wrong_second_factor", ""),
    own_slip: ("", ""),
    sessions_ended: ("sessions_ended", ""),
}


@pytest.mark.parametrize("event", TABLE, ids=lambda event: event.__name__)
async def test_who_is_told(
    house: FrontDoor, event: Callable[[FrontDoor, Member], Awaitable[None]]
) -> None:
    """NO-01: each change reaches the address and every number; failures and sign-ins the mail."""
    ada = await with_phone(house)
    before = await told(house), await told(house, to=NUMBER)

    await event(house, ada)

    mailed = await told(house) - before[0]
    texted = await told(house, to=NUMBER) - before[1]
    begun = Counter({"recovery_code_used": 1}) if event is recovery_finished else Counter()
    mail, text = TABLE[event]
    assert mailed == begun + (Counter({mail: 1}) if mail else Counter()), mailed
    assert texted == begun + (Counter({text: 1}) if text else Counter()), texted
    assert not await told(house, to=NEW_NUMBER), "a number is not told that it was just proven"


async def test_old_number_is_told_for_seven_days(house: FrontDoor) -> None:
    """R8: a number that was replaced hears of changes for seven days, and then no more."""
    ada = await with_phone(house)
    await number_changed(house, ada)
    await house.save_recovery_code(ada.person)
    first = await told(house, to=NUMBER)
    house.clock.advance(seconds=7 * DAY - 120)
    await sign_in(house, ada.person, code_of=ada.next_code())
    await ada.person.client.get("/sessions")
    await sessions_ended(house, ada)
    await sign_in(house, ada.person, code_of=ada.next_code())
    await ada.step_up()
    await code_generated(house, ada)
    assert (await told(house, to=NUMBER) - first)["recovery_code_replaced"] == 0

    house.clock.advance(seconds=60)
    assert (await told(house, to=NEW_NUMBER))["recovery_code_replaced"] == 1


async def test_old_number_hears_of_what_comes_after(house: FrontDoor) -> None:
    """R8: what a thief does after replacing the number reaches the replaced number too."""
    ada = await with_phone(house)
    await number_changed(house, ada)
    await house.save_recovery_code(ada.person)
    house.clock.advance(seconds=DAY)
    await sign_in(house, ada.person, code_of=ada.next_code())
    await ada.step_up()

    await app_added(house, ada)

    for number in (NUMBER, NEW_NUMBER):
        assert (await told(house, to=number))["method_added"] == 1, number


async def test_first_set_up_is_told_by_mail_only(house: FrontDoor) -> None:
    """NO-03: a set-up by text is told over the other channel, the mailbox."""
    await house.member()
    assert (await told(house))["method_added"] == 1
    assert not await told(house, to=NUMBER)


# --- what they say --------------------------------------------------------------------------


async def test_mail_says_when_what_where_and_what_to_do(house: FrontDoor) -> None:
    """NO-02: time with zone, browser in plain words, the network shortened, the link, the help."""
    ada = await with_phone(house)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    person = house.browser(source="198.51.100.66", agent=agent)
    await sign_in(house, person, code_of=ada.next_code())

    text = (await notice(house, "new_browser")).text

    at = moment(house.clock(), "en")
    for said in (f"When: {at}", "Browser: Firefox on Linux", "Network: 198.51.100.x", "/help"):
        assert said in text, text
    assert "198.51.100.66" not in text
    assert "Gecko" not in text
    assert "http://localhost/not-me/" in text


async def test_link_is_of_the_configured_origin(house: FrontDoor) -> None:
    """EM-03: a forged Host header does not get into the link."""
    ada = await with_phone(house)
    page = "/settings/recovery-code/new"
    ada.person.client.headers["host"] = "evil.example"
    await ada.person.client.get(page)
    action, form = page, {"csrf": ""}
    del ada.person.client.headers["host"]
    await ada.person.get(page)
    form["csrf"] = next(f.fields["csrf"] for f in ada.person.page.forms)
    await ada.person.client.post(action, data=form, headers={"x-forwarded-host": "evil.example"})

    assert "evil" not in plain((await notice(house, "recovery_code_replaced")).text)


def _text(kind: str, facts: dict[str, str], name: str, host: str) -> str:
    envelope = Envelope("id", "sms", NUMBER, "Ada", "en", NullTranslations())
    return notice_message(House(name, host, f"https://{host}"), envelope, kind, facts).text


@pytest.mark.parametrize("kind", sorted(SAID_BY_TEXT))
def test_notices_by_text_are_one_gsm_message(kind: str) -> None:
    """NO-02: with any name and host a notice is one GSM-7 text of 160, with its code, no link."""
    at = {"at": "2026-11-23T10:00:00+00:00", "when": "2026-11-26T10:00:00+00:00"}
    for name, host in product(NAMES, HOSTS):
        for facts in (at, {**at, "code": "7K3QMX0P"}):
            text = _text(kind, facts, name, host)
            assert set(text) <= GSM_7 | TWICE, set(text) - GSM_7
            assert sum(2 if one in TWICE else 1 for one in text) <= 160, text
            assert ("7K3Q-MX0P" in text) is ("code" in facts), text
            assert f"{host}/not-me" in text or "code" not in facts
            assert "http" not in text


def test_usual_text_names_the_act_and_the_way() -> None:
    """NO-02: the usual text says who writes, what happened, where to go and what to enter."""
    text = _text("method_added", {"code": "7K3QMX0P"}, "Acme", "id.example.com")
    assert text == (
        "Acme: A sign-in method was ADDED to your account. Not you? Go to"
        " id.example.com/not-me and enter 7K3Q-MX0P"
    )


def test_every_kind_has_its_words() -> None:
    """NO-01: what is texted has a text, what is noisy a digest, what is answered a mail."""
    assert set(SAID_BY_TEXT) - {"number_removed"} == TEXTED
    assert set(NOTICES) >= TEXTED | WITHOUT_ANSWER | set(NOISY) | {f"many_{one}" for one in NOISY}


# --- nobody can bury them -------------------------------------------------------------------


async def test_thousand_wrong_codes_bury_nothing(house: FrontDoor) -> None:
    """NO-04: a thousand wrong codes make five mails at most; then a removal's mail still comes."""
    ada = await with_phone(house)
    before = await told(house)
    tried = 0
    for n in range(200):
        stranger = house.browser(source=f"198.51.{n}.9")
        if n in (2, 3):
            await house.let_time_pass(seconds=3600)
            await ada.person.get("/")
            await ada.person.press("Continue", password=ada.password)
        await house.password(stranger, ADA)
        assert stranger.path == "/sign-in/code", stranger.text
        for _ in range(5):
            # Past twenty strikes an app is asked for two codes in a row.
            again = "000000" if n >= 4 else ""
            await stranger.post("/sign-in/code", {"code": "000000", "next_code": again})
            tried += 1
        await stranger.client.aclose()
    await house.built.worker.work_once()

    mailed = await told(house) - before
    assert tried == 1000
    assert sum(mailed.values()) <= 5, mailed
    assert mailed["strikes"] == 3
    assert mailed["wrong_second_factor"] == 1

    await house.open_settings(ada.person)
    await ada.person.get("/settings/confirm")
    first, second = ada.next_code(), house.app_code(ada.secret, steps=1)
    await ada.person.post(
        "/settings/confirm", {"password": ada.password, "code": first, "next_code": second}
    )
    await number_removed(house, ada)
    assert (await told(house))["method_removed"] == 1
    assert (await told(house, to=NUMBER))["number_removed"] == 1


async def test_digest_says_how_often(house: FrontDoor) -> None:
    """NO-04: what was not told singly is told together an hour later, once, with its number."""
    await with_phone(house)
    for n in range(4):
        stranger = house.browser(source=f"198.51.100.{n}")
        await house.password(stranger, ADA)
        await stranger.press("Verify", code="000000")
        house.clock.advance(seconds=60)
    assert (await told(house))["wrong_second_factor"] == 1

    await house.let_time_pass(seconds=3600)
    await house.let_time_pass(seconds=3600)

    assert (await told(house))["many_wrong_second_factor"] == 1
    text = (await notice(house, "many_wrong_second_factor")).text
    assert "more sign-ins with your right password and a wrong code: 3." in text
    assert "/not-me/" in text


async def test_new_browsers_are_told_together_after_five(house: FrontDoor) -> None:
    """NO-04: five sign-ins from new browsers in an hour are told singly, the rest together."""
    ada = await with_phone(house)
    for n in range(8):
        await sign_in(house, house.browser(source=f"198.51.100.{n}"), code_of=ada.next_code())
    assert (await told(house))["new_browser"] == 5

    await house.let_time_pass(seconds=3600)

    assert (await told(house))["many_new_browser"] == 1
    told_together = (await notice(house, "many_new_browser")).text
    assert "more sign-ins from browsers that were new: 3." in told_together


async def test_spent_send_budgets_silence_no_notice(house: FrontDoor) -> None:
    """NO-04: a number whose texts for today are used up still hears that it was removed."""
    ada = await with_phone(house)
    stranger = house.browser()
    for n in range(6):
        stranger = house.browser(source=f"198.51.100.{n}")
        await house.password(stranger, ADA)
        assert stranger.path == "/sign-in/code", stranger.text
        await stranger.follow("Try another way")
        await stranger.press("Text message")
        house.clock.advance(seconds=31)
    assert "We cannot send more codes now" in stranger.text
    await ada.person.get("/settings/phone/remove")

    await ada.person.press("Remove")

    assert (await told(house, to=NUMBER))["number_removed"] == 1


async def test_notice_waits_in_the_outbox_of_its_change(either_house: FrontDoor) -> None:
    """NO-03: it is written with the change, so a worker that dies in between loses nothing."""
    house = either_house
    ada = await with_phone(house)
    await number_removed(house, ada)
    waiting = [one for one in await rows(house, "outbox") if one["handed_over_at"] is None]

    assert Counter(one["kind"] for one in waiting) == Counter(
        {"notice_method_removed": 1, "notice_number_removed": 1}
    )
    assert all(one["expires_at"] - house.clock() > timedelta(days=6) for one in waiting)
    for one in waiting:
        for sealed in (one["destination_sealed"], one["body_sealed"]):
            assert NUMBER.encode() not in sealed
            assert b"token" not in sealed
    assert (await told(house, to=NUMBER))["number_removed"] == 1


async def test_stored_answers_are_useless(house: FrontDoor) -> None:
    """R10: the tables hold neither a link's token nor a text's code."""
    ada = await with_phone(house)
    await number_removed(house, ada)
    text, mail = (
        await notice(house, "number_removed", to=NUMBER),
        await notice(house, "method_removed"),
    )
    code = text.text.split()[-1]
    token = mail.text.split("/not-me/")[1].split()[0]
    stored = str(await rows(house, "disavowals")) + str(await rows(house, "outbox"))

    for secret in (code, code.replace("-", ""), token):
        assert secret not in stored
