"""Closing one's own account: asked with everything proven, kept with one press, then final."""

from pathlib import Path

import pytest

from tests.answers import ADA, NOT_ME, answer_mail, answer_text, code, link, notice, told
from tests.attack import journal
from tests.databases import sqlite_database
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.promises.closers import CLOSE, DAY, KEEP, ask, come
from tests.promises.states import (
    ask_reset,
    cookie,
    is_inside,
    member,
    put_cookie,
    recover,
    rows,
    snapshot,
)
from vestibule.crypto.seal import Place
from vestibule.domain.event import EventName
from vestibule.flows import journal_verify
from vestibule.flows.housekeeping import purge
from vestibule.flows.journal_verify import Report
from vestibule.flows.pulse import Mark
from vestibule.flows.restored import make_safe
from vestibule.settings import Settings
from vestibule.storage.closing import GONE, KEPT
from vestibule.storage.schema import metadata

pytestmark = pytest.mark.anyio

NUMBER = "+447400123456"


async def test_asking_says_the_day_and_ends_the_rest(house: FrontDoor) -> None:
    """SE-09: asked with both factors, every other session and pending sign-in ends at once, the
    journal says so, and the account closes on a day that every page names with its zone."""
    ada = await member(house)
    other = await ada.sign_in()
    half = house.browser()
    await house.password(half)

    person = await ask(house, ada)

    assert "closes on 30 Nov 2026, 10:0" in person.text
    assert "UTC" in person.text
    assert await is_inside(person)
    assert not await is_inside(other)
    assert await rows(house, "sign_ins") == []
    (asked,) = await journal(house, EventName.ACCOUNT_CLOSING_ASKED)
    assert asked.details["closes"].startswith("2026-11-30T10:0")
    assert (await told(house))["closing_asked"] == 1
    for path in ("/", "/settings"):
        await person.get(path)
        assert "closes on 30 Nov 2026" in person.text
        assert person.form(KEEP)


async def test_code_names_the_act(house: FrontDoor) -> None:
    """R11: the text says that its code closes the account; its page is the one of the step-up."""
    person, _ = await house.member()
    await house.open_settings(person)
    await person.get("/settings/close/confirm")
    await person.press("Send code by text message")

    text = (await house.message("sms")).text
    assert "to CLOSE your account" in text
    assert "Close your account?" in person.text


async def test_every_number_and_address_is_told(house: FrontDoor) -> None:
    """R8: mail and text tell of it, each with its answer; the text is one of 160 characters."""
    person, _ = await house.member()
    await house.open_settings(person)
    await person.get("/settings/close/confirm")
    await person.press("Send code by text message")
    await person.press(CLOSE, password=PASSWORD, code=await house.code("sms"))

    assert "30 Nov 2026" in (await notice(house, "closing_asked")).text
    assert await link(house, "closing_asked")
    assert await code(house, "closing_asked", to=NUMBER)
    assert len((await notice(house, "closing_asked", to=NUMBER)).text) <= 160


async def test_password_alone_closes_nothing(house: FrontDoor) -> None:
    """SE-09: a stolen session with the password and the mailbox, but no second factor, closes
    nothing; nor does the code of another act."""
    person, _ = await house.member()
    await house.open_settings(person)
    await person.get("/settings/confirm")
    await person.press("Send code by text message")
    for_changes = await house.code("sms")
    house.clock.advance(seconds=60)
    await person.get("/settings/close/confirm")
    await person.press("Send code by text message")

    await person.press(CLOSE, password=PASSWORD, code="")
    assert person.path == "/settings/close/confirm"
    await person.press(CLOSE, password=PASSWORD, code=for_changes)
    assert "not right" in person.text
    await person.press(CLOSE, password="not this one at all", code=await house.code("sms"))
    assert "not your password" in person.text

    await come(house)
    assert await journal(house, EventName.ACCOUNT_CLOSING_ASKED) == []
    assert (await rows(house, "accounts"))[0]["email"] == ADA


async def test_fresh_proof_for_changes_closes_nothing(house: FrontDoor) -> None:
    """SU-03: a step-up of a minute ago, for changes, does not stand in for the proof; nor does
    the proof for a closing open changes."""
    ada = await member(house)
    await ada.step_up()
    await ada.person.get("/settings/close/confirm")
    await ada.person.press(CLOSE, password=PASSWORD, code="000000")
    assert await journal(house, EventName.ACCOUNT_CLOSING_ASKED) == []
    house.clock.advance(seconds=11 * 60)

    await ask(house, ada)

    await ada.person.get("/settings/app")
    assert ada.person.path == "/settings/confirm"


async def test_new_browser_waits(house: FrontDoor) -> None:
    """R11: a browser that is younger than a day closes nothing, and no code is sent for it."""
    ada = await member(house)
    new = await ada.sign_in()
    await house.open_settings(new)

    await new.get("/settings/close/confirm")

    assert new.path == "/settings/wait"
    await new.post("/settings/close/confirm/send", {"channel": "sms"})
    assert new.path == "/settings/wait"
    await new.post("/settings/close/confirm", {"password": PASSWORD, "code": ada.next_code()})
    assert await journal(house, EventName.ACCOUNT_CLOSING_ASKED) == []


async def test_asked_twice_keeps_its_day(house: FrontDoor) -> None:
    """SE-09: asking again moves no day, and the page says which it is."""
    ada = await member(house)
    await ask(house, ada)
    house.clock.advance(seconds=2 * 3600)
    await ada.sign_in(ada.person)
    await house.open_settings(ada.person)

    await ada.person.get("/settings/close/confirm")

    assert ada.person.path == "/settings/close"
    action = "/settings/close/confirm"
    await ada.person.post(action, {"password": PASSWORD, "code": ada.next_code()})
    assert "Your account closes already" in ada.person.text
    assert (await told(house))["closing_asked"] == 1
    (kept,) = await rows(house, "safeguards")
    (asked,) = await journal(house, EventName.ACCOUNT_CLOSING_ASKED)
    assert kept["closes_at"].isoformat() == asked.details["closes"]


async def test_everything_works_meanwhile(house: FrontDoor) -> None:
    """SE-09: until the day its owner signs in, with both factors as always."""
    ada = await member(house)
    await ask(house, ada)
    await come(house, days=6.9)

    person = house.browser()
    await house.password(person)
    assert person.path == "/sign-in/code"
    await person.press("Verify", code=ada.next_code())

    assert person.path == "/"
    assert "closes on 30 Nov 2026" in person.text


async def test_kept_with_one_press(house: FrontDoor) -> None:
    """SE-09: "Keep my account" needs a session only; it is noted, told, and nothing is closed."""
    ada = await member(house)
    await ask(house, ada)
    house.clock.advance(seconds=DAY)
    other = await ada.sign_in()

    await other.press(KEEP)

    assert "Your account stays" in other.text
    assert "closes on" not in other.text
    assert len(await journal(house, EventName.ACCOUNT_CLOSING_CANCELLED)) == 1
    assert (await told(house))["closing_cancelled"] == 1
    await come(house, days=30)
    assert (await rows(house, "accounts"))[0]["email"] == ADA


async def test_keeping_needs_its_form_and_a_session(house: FrontDoor) -> None:
    """SE-09: without a session, or with a form that is not ours, nothing is kept or changed."""
    ada = await member(house)
    await ask(house, ada)
    stranger = house.browser()
    await stranger.get("/sign-in")
    await stranger.post("/settings/close/keep", {})
    assert stranger.path == "/sign-in"

    forged = await ada.person.client.post("/settings/close/keep", data={"csrf": "x"})

    assert forged.status_code == 403
    assert (await rows(house, "safeguards"))[0]["closes_at"] is not None


async def test_not_me_by_mail_keeps_and_secures(house: FrontDoor) -> None:
    """R8: the mail's answer keeps the account, signs everybody out and asks for a new password;
    it brings back nothing that was removed."""
    ada = await member(house)
    await ask(house, ada)

    reader = await answer_mail(house, await link(house, "closing_asked"), button=NOT_ME)

    assert "The account is not closed" in reader.text
    assert not await is_inside(ada.person)
    (account,) = await rows(house, "safeguards")
    assert account["closes_at"] is None
    assert account["reset_required_at"] is not None
    await come(house, days=30)
    assert (await rows(house, "accounts"))[0]["email"] == ADA


async def test_not_me_by_text_keeps_and_freezes(house: FrontDoor) -> None:
    """R8: a number alone keeps the account and stops changes; sessions and methods stay."""
    person, _ = await house.member()
    await house.open_settings(person)
    await person.get("/settings/close/confirm")
    await person.press("Send code by text message")
    await person.press(CLOSE, password=PASSWORD, code=await house.code("sms"))

    house.clock.advance(seconds=60)
    reader = await answer_text(house, await code(house, "closing_asked", to=NUMBER))

    assert "The account is not closed, and changes to it are stopped" in reader.text
    assert await is_inside(person)
    await person.get("/")
    assert "closes on" not in person.text
    await house.open_settings(person)
    await person.get("/settings/close/confirm")
    assert person.path == "/settings/wait"
    await come(house, days=30)
    assert (await rows(house, "accounts"))[0]["email"] == ADA


async def test_nothing_is_left(either_house: FrontDoor) -> None:
    """SE-09, EF-02: on the day sessions, secrets, numbers, codes and words of messages are gone,
    of the account a row without a person stays, and its last mail says so."""
    house = either_house
    ada = await member(house)
    number = (await rows(house, "accounts"))[0]["id"]
    await ask(house, ada)
    await come(house, days=7 - 1 / 24)
    half, forgotten = house.browser(), house.browser()
    await house.password(half)
    await ask_reset(forgotten, ADA)
    await ada.sign_in()

    await come(house, days=1 / 12)

    held = await snapshot(house)
    for table in GONE:
        assert held[table] == [], table
    (account,) = held["accounts"]
    assert (account["email"], account["name"], account["locale"]) == ("", "", "")
    (hollow,) = held["authenticators"]
    assert hollow["name"] == ""
    means = house.built.means
    place = Place("authenticators", "secret_sealed", hollow["id"])
    assert means.seal.open(hollow["secret_sealed"], place) == ""
    assert [one for one in held["outbox"] if one["account_id"] == number] == []
    assert (await told(house))["account_closed"] == 1
    assert ADA not in str(await snapshot(house))
    for one in await rows(house, "outbox"):
        assert (one["body_sealed"], one["destination_sealed"]) == (None, None)


def test_every_table_of_an_account_is_spoken_for() -> None:
    """SE-09: each table that names an account is emptied by a closing, or it is said why not."""
    naming = {name for name, table in metadata.tables.items() if "account_id" in table.columns}

    assert naming == {*GONE, *KEPT}


async def test_what_is_closed_opens_nothing(house: FrontDoor) -> None:
    """SE-09: an old session, pending sign-in, reset, link or recovery code opens nothing more."""
    ada = await member(house)
    await ask(house, ada)
    answer = await link(house, "closing_asked")
    await come(house, days=7 - 1 / 24)
    half, forgotten = house.browser(), house.browser()
    await house.password(half)
    await ask_reset(forgotten, ADA)
    mailed = await house.code("email", to=ADA)
    inside = await ada.sign_in()
    late = ada.next_code()
    post = half.filled("Verify", code=late)

    await come(house, days=1 / 12)

    assert not await is_inside(inside)
    await half.client.post(post[0], data=post[1])
    assert not await is_inside(half)
    await forgotten.press("Verify", code=mailed)
    assert forgotten.path == "/forgot-password"
    reader = house.browser()
    await reader.get(answer)
    assert "not known here" in reader.text
    lost = house.browser()
    await house.password(lost)
    assert lost.path == "/sign-in"


async def test_sign_in_is_that_of_a_stranger(house: FrontDoor) -> None:
    """EN-01: to sign-in and reset a closed address is one that never was."""
    ada = await member(house)
    await ask(house, ada)
    await come(house)
    said = []
    for email in (ADA, "nobody@example.com"):
        person = house.browser()
        await house.password(person, email)
        signed = (person.path, person.text, person.status)
        forgotten = house.browser()
        await ask_reset(forgotten, email)
        said.append((signed, forgotten.path, forgotten.text.replace(email, "x")))

    assert said[0] == said[1]
    await house.deliver()
    assert not [m for m in house.inbox() if m.to == ADA and m.code and m.purpose == "reset"]


async def test_freed_address_makes_another_account(house: FrontDoor) -> None:
    """R1: who signs up with the address begins with nothing: a new id, and the wall first."""
    ada = await member(house)
    old = (await rows(house, "accounts"))[0]["id"]
    session = cookie(ada.person, "session") or ""
    await ask(house, ada)
    await come(house)

    new = house.browser()
    await house.sign_up(new, ADA)

    assert new.path == "/set-up"
    await new.get("/")
    assert new.path == "/set-up"
    (account,) = [one for one in await rows(house, "accounts") if one["email"] == ADA]
    assert account["id"] != old
    assert account["enrolled_at"] is None
    thief = house.browser()
    put_cookie(thief, "session", session)
    assert not await is_inside(thief)
    await house.set_up_app(new)
    assert await is_inside(new)
    (mine,) = await rows(house, "passwords")
    assert mine["account_id"] == account["id"]
    lost = house.browser()
    await recover(house, lost, ada.recovery_code, ADA)
    assert lost.path == "/sign-in/recovery-code"


async def test_journal_keeps_its_chain(house: FrontDoor) -> None:
    """AU-04, AU-06: a person's copy verifies while the closing waits; afterwards the chain does."""
    ada = await member(house)
    number = (await rows(house, "accounts"))[0]["id"]
    await ask(house, ada)
    await come(house)
    await purge(house.built.means)

    report = Report()
    broken = [one async for one in journal_verify.verify(house.built.means, report)]

    assert broken == []
    assert [one.account_id for one in await journal(house, EventName.ACCOUNT_CLOSED)] == [number]
    assert await journal_verify.chain_named(house.built.means, number) == number


async def test_restored_database_closes_nothing(house: FrontDoor, tmp_path: Path) -> None:
    """KY-06: a copy does not know who kept the account since, so nothing of it is carried out."""
    ada = await member(house)
    await ask(house, ada)

    ended = await make_safe(house.built.means, Mark(tmp_path / "last-beat.json"), after=0)

    assert ended.counts["closings that waited"] == 1
    await come(house, days=8)
    assert (await rows(house, "accounts"))[0]["email"] == ADA


async def test_operators_choose_the_days(tmp_path: Path) -> None:
    """SE-09: the delay is a setting from one to thirty days; with one day it is one day."""
    for wrong in (0, 31):
        with pytest.raises(ValueError, match="closing_days"):
            Settings(data=tmp_path, closing_days=wrong)
    database = sqlite_database(tmp_path / "house.db")
    async with front_door(database, tmp_path, settings={"closing_days": 1}) as house:
        ada = await member(house)
        await house.open_settings(ada.person)
        await ada.person.follow("See what happens")
        assert "for 1 day you can" in ada.person.text
        await ask(house, ada)
        await come(house, days=1)
        assert (await rows(house, "accounts"))[0]["email"] == ""
    await database.close()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE safeguards SET closed_at = NULL",
        "DELETE FROM safeguards",
        "INSERT INTO passwords (account_id, password_mac, epoch, changed_at)"
        " SELECT id, 'x', 1, 1 FROM accounts",
        "INSERT INTO authenticators (id, account_id, kind, name, secret_sealed, created_at,"
        " approves_changes_at) SELECT 'n', id, 'totp', 'N', 'x', 1, 1 FROM accounts",
        "UPDATE accounts SET enrolled_at = NULL, default_authenticator_id = NULL,"
        " default_channel = NULL",
    ],
)
async def test_database_keeps_it_closed(either_house: FrontDoor, sql: str) -> None:
    """SE-09, EF-02: no statement opens a closed account, gives it a password or factor, or takes
    its enrolment away."""
    house = either_house
    ada = await member(house)
    await ask(house, ada)
    await come(house)
    before = await snapshot(house)

    with pytest.raises(Exception, match=r"stays closed|switched off"):
        await house.database.transact(lambda tx: tx.execute(sql))

    assert await snapshot(house) == before
