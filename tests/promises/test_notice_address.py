"""A second address is told of everything that the account's own is told of, and opens nothing.

What attackers would make of it is in `test_notice_address_thieves.py`.
"""

import re
from pathlib import Path

import pytest

from tests.answers import ADA, told
from tests.attack import journal
from tests.front_door import PASSWORD, FrontDoor
from tests.plain import plain
from tests.promises.addresses import change, codes_to, purposes
from tests.promises.closers import ask as ask_closing
from tests.promises.closers import come
from tests.promises.notice_addresses import (
    CODE,
    IS_SET,
    PAGE,
    SECOND,
    ask,
    choose,
    remove,
    standing,
    told_twice,
)
from tests.promises.states import (
    add_app,
    add_phone,
    age_browsers,
    ask_reset,
    member,
    new_browser,
    rows,
    snapshot,
)
from vestibule.domain.event import EventName
from vestibule.flows.housekeeping import purge
from vestibule.flows.pulse import Mark
from vestibule.flows.restored import make_safe

pytestmark = pytest.mark.anyio

DAY = 24 * 3600
NUMBER = "+447400123456"
OTHER = "ada.third@example.net"
TRACES = ("challenges", "delivery_attempts", "events", "outbox", "route_hours", "throttles")
"""What asking for a code writes down."""


async def test_second_address_is_told_as_the_first_one_is(either_house: FrontDoor) -> None:
    """EM-07, NO-01: once its mailbox is proven, both receive every notice."""
    house = either_house
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    await ask(ada.person)
    assert ada.person.path == CODE
    assert await rows(house, "notice_addresses") == []
    await ada.person.press("Verify", code=await house.code("email", to=SECOND))
    assert ada.person.path == "/settings"

    await ada.person.post("/settings/phone/remove", {})
    house.clock.advance(seconds=3600)
    await ada.sign_in()

    everything = await purposes(house)
    for to in (ADA, SECOND, NUMBER):
        assert everything[(to, "notice_address_set")] == 1, to
    for kind in ("method_removed", "new_browser"):
        assert everything[(SECOND, kind)] == everything[(ADA, kind)] == 1, kind
    assert (await told(house, to=SECOND)).total() == 3


async def test_mail_says_why_it_came_there(house: FrontDoor) -> None:
    """EM-07, NO-02: the second mailbox learns why it is told, and neither name nor address."""
    ada = await told_twice(house)
    await house.deliver()

    mails = {m.to: m.text for m in house.inbox() if m.purpose == "notice_address_set"}
    assert "because this address was chosen" in mails[SECOND]
    assert "because this address was chosen" not in mails[ADA]
    assert "a•••@example.org is told too" in mails[ADA]
    for secret in (ADA, SECOND, "Ada"):
        assert secret not in plain(mails[SECOND])
    await ada.person.get("/settings")
    assert "a•••@example.org" in ada.person.text
    assert SECOND not in ada.person.text


async def test_asking_alone_changes_nothing(house: FrontDoor) -> None:
    """EM-07, R5: until the code is entered nobody else is told; the page says what is waited for,
    and a code that is not entered in half an hour leaves no trace."""
    ada = await member(house)
    await ada.step_up()
    before = await snapshot(house, but=(*TRACES, "sessions"))
    await ask(ada.person)
    await ada.person.get("/settings")
    assert "A code was sent to a•••@example.org" in ada.person.text
    await add_app(house, ada.person)
    assert await told(house, to=SECOND) == {}

    # What binds a method ends the codes that are out.
    await ask(ada.person)
    house.clock.advance(seconds=30 * 60 - 60)
    await ada.step_up()
    await ada.person.get(CODE)
    assert ada.person.path == PAGE
    await ada.person.get("/settings")
    assert "A code was sent to" not in ada.person.text
    now = await snapshot(house, but=(*TRACES, "sessions"))
    assert now["notice_addresses"] == before["notice_addresses"] == []


async def test_needs_what_a_change_needs(house: FrontDoor) -> None:
    """EM-07, R11, SU-01: mailed code and fresh proofs, in a browser that is a day old; setting and
    removing alike."""
    young = await new_browser(house)
    await young.post(PAGE, {"email": SECOND})
    assert young.path == "/settings/wait"
    ada = await told_twice(house)
    house.clock.advance(seconds=11 * 60)
    for path in (PAGE, f"{PAGE}/code", f"{PAGE}/remove"):
        await ada.person.post(path, {"email": OTHER, "code": "123456"})
        assert "Send code" in ada.person.text, path
    await house.open_settings(ada.person)
    await ada.person.get(f"{PAGE}/remove")
    assert ada.person.path == "/settings/confirm"
    assert "Before your second address changes" in ada.person.text

    assert await standing(house) == 1
    assert await codes_to(house, OTHER) == 0


async def test_code_says_what_it_is_for(house: FrontDoor) -> None:
    """R11: texts and mails name the act: a change of the second address, and notices there."""
    person, _ = await house.member()
    house.clock.advance(seconds=11 * 60)
    await house.open_settings(person)
    await person.get(PAGE)
    await person.press("Send code by text message")
    assert "to CHANGE your second address" in (await house.message("sms")).text
    await person.press("Confirm", password=PASSWORD, code=await house.code("sms"))
    await person.press("Send code", email=SECOND)

    mail = await house.message("email", to=SECOND)
    assert "to get NOTICES of an account at this address" in mail.text
    assert "Do not pass the code on" in mail.text.replace("\n", " ")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (ADA.upper(), "This is your address already"),
        (SECOND.upper(), "This address is told already"),
        ("ada.example.com", "Enter an e-mail address like"),
        (f"{SECOND}, {OTHER}", "Enter an e-mail address like"),
        (f"{SECOND}\r\nBcc: {OTHER}", "Enter an e-mail address like"),
    ],
)
async def test_what_is_no_other_address_is_refused(house: FrontDoor, typed: str, said: str) -> None:
    """EM-07, EM-06: the own address, the second one again, and what is refused at sign-up."""
    ada = await told_twice(house)
    await house.deliver()
    before = len(house.inbox())
    await ask(ada.person, typed)

    assert ada.person.path == PAGE
    assert said in ada.person.text
    await house.deliver()
    assert len(house.inbox()) == before
    assert await standing(house) == 1


async def test_wrong_codes_are_counted(house: FrontDoor) -> None:
    """OC-07, OC-09, AU-01: five wrong codes use it up, and are noted; the same one goes out again
    after a wait."""
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    code = await house.code("email", to=SECOND)
    house.clock.advance(seconds=30)
    await ada.person.press("Resend")
    assert await house.code("email", to=SECOND) == code
    wrong = str((int(code) + 1) % 1_000_000).zfill(6)
    for _ in range(5):
        await ada.person.press("Verify", code=wrong)
    await ada.person.press("Verify", code=code)

    assert IS_SET not in ada.person.text
    assert await standing(house) == 0
    noted = await journal(house, EventName.CHALLENGE_FAILED)
    assert [one.details["purpose"] for one in noted] == ["notice_address"] * 5


async def test_another_takes_its_place(house: FrontDoor) -> None:
    """EM-07, R5, R8: the one before stays until the new one is proven, and is told for a week;
    the journal names both, masked."""
    ada = await told_twice(house)
    await ask(ada.person, OTHER)
    await add_app(house, ada.person)
    assert (await told(house, to=SECOND))["method_added"] == 1
    assert await told(house, to=OTHER) == {}
    await ask(ada.person, OTHER)
    await ada.person.press("Verify", code=await house.code("email", to=OTHER))

    assert await standing(house) == 1
    noted = [one.details for one in await journal(house, EventName.NOTICE_ADDRESS_SET)]
    assert {"address": "a•••@example.net", "old": "a•••@example.org"} in noted
    for to, times in ((ADA, 2), (SECOND, 2), (OTHER, 1)):
        assert (await told(house, to=to))["notice_address_set"] == times
    house.clock.advance(seconds=6 * DAY)
    await ada.sign_in()
    house.clock.advance(seconds=1 * DAY)
    await ada.sign_in()
    assert (await told(house, to=SECOND))["new_browser"] == 1
    assert (await told(house, to=OTHER))["new_browser"] == 2


async def test_removed_is_told_for_seven_days(either_house: FrontDoor) -> None:
    """EM-07, R8: both hear of the removal, the removed one for a week of all, then it is gone."""
    house = either_house
    ada = await told_twice(house)
    await remove(ada.person)
    assert "Your second address is removed" in ada.person.text
    assert "Add a second address" in ada.person.text
    for to in (ADA, SECOND):
        assert (await told(house, to=to))["notice_address_removed"] == 1
    house.clock.advance(seconds=6 * DAY)
    await ada.sign_in()
    assert (await told(house, to=SECOND))["new_browser"] == 1

    house.clock.advance(seconds=2 * DAY)
    await purge(house.built.means)
    assert await rows(house, "notice_addresses") == []
    await ada.sign_in()
    assert (await told(house, to=SECOND))["new_browser"] == 1


async def test_own_address_that_becomes_the_second_is_told_once(house: FrontDoor) -> None:
    """EM-07: a mailbox that is both hears once, as the account's own; settings ask for another."""
    ada = await told_twice(house)
    own = SECOND.replace("ada", "Ada")
    await change(house, ada.person, own)
    assert "This is your own address now" in ada.person.text

    heard = [(await told(house, to=to))["address_changed"] for to in (own, SECOND)]
    assert sum(heard) == 1
    offered = {row["notice_address_id"] for row in await rows(house, "disavowals")}
    assert len(offered) == 2  # of the second address, from before, and none
    # The answer of the account's own mailbox takes back; that of a second one only stops.
    now = [one for one in await rows(house, "disavowals") if one["notice"] == "address_changed"]
    assert {one["notice_address_id"] for one in now} == {None}


async def test_one_mailbox_for_many(house: FrontDoor) -> None:
    """EM-07, EN-06: the second address of one may be that of others, and an account's own: the
    pages are the same, and its owner is asked nothing."""
    await member(house, SECOND)
    said, people = [], []
    for number, to in enumerate((SECOND, SECOND, "nobody@example.org")):
        one = await member(house, f"one{number}@example.com")
        await one.step_up()
        await ask(one.person, to)
        said.append(re.sub(r"\b10:\d\d(:\d\d)?", "then", one.person.text.replace(to, "x")))
        await one.person.press("Verify", code=await house.code("email", to=to))
        assert IS_SET in one.person.text
        people.append(one.person)

    assert len(set(said)) == 1
    assert await standing(house) == 3
    await remove(people[-1])
    assert await standing(house) == 2
    heard = await told(house, to=SECOND)
    assert (heard["notice_address_set"], heard["address_wanted"]) == (2, 0)


async def test_second_address_is_no_identifier(house: FrontDoor) -> None:
    """EM-07, EN-01: it signs in to nothing, resets nothing and gets no code; to a stranger it is
    like an address that nobody has, and whoever owns it may sign up with it."""
    await told_twice(house)
    before = await codes_to(house, SECOND)
    said = []
    for email in (SECOND, "nobody@example.org"):
        person, forgotten = house.browser(), house.browser()
        await house.password(person, email)
        await ask_reset(forgotten, email)
        said.append(
            (person.path, person.text.replace(email, "x"), forgotten.text.replace(email, "x"))
        )
    assert said[0] == said[1]
    assert await codes_to(house, SECOND) == before
    owner = house.browser()
    await house.sign_up(owner, SECOND)
    assert owner.path == "/set-up"
    assert {row["email"] for row in await rows(house, "accounts")} == {ADA, SECOND}


async def test_journal_names_it_masked(house: FrontDoor) -> None:
    """AU-01, AU-02: what happened is in Activity and in the copy, masked."""
    ada = await told_twice(house)
    await remove(ada.person)
    await ada.person.get("/activity")
    assert "The second address \u2068a•••@example.org\u2069 gets your notices" in ada.person.text
    assert "The second address \u2068a•••@example.org\u2069 was removed" in ada.person.text
    copy = (await ada.person.client.get("/activity/download")).text
    assert "notice_address_set" in copy
    assert SECOND not in copy


async def test_closing_empties_it(house: FrontDoor) -> None:
    """SE-09, EM-07: it hears that the account is closed, and is kept nowhere."""
    ada = await told_twice(house)
    await ask_closing(house, ada)
    await come(house)

    assert (await told(house, to=SECOND))["closing_asked"] == 1
    assert (await told(house, to=SECOND))["account_closed_elsewhere"] == 1
    assert (await told(house))["account_closed"] == 1
    assert await rows(house, "notice_addresses") == []
    assert SECOND not in str(await snapshot(house))


async def test_review_shows_it_after_a_restore(house: FrontDoor, tmp_path: Path) -> None:
    """R12, KY-06: a copy may bring one back that was removed, so the next sign-in shows it; *Not
    mine* takes off what came within a week."""
    ada = await member(house)
    other = await ada.sign_in()
    await age_browsers(house)
    await choose(house, await ada.step_up(other))
    await make_safe(house.built.means, Mark(tmp_path / "mark.json"), after=0)
    await ada.sign_in_as_far_as_it_goes(ada.person)
    await house.prove_mailbox(ada.person)
    await ada.person.press("Set new password", new_password="a heron on the weathervane")
    await ada.person.get("/")
    assert ada.person.path == "/review", ada.person.text
    assert "a•••@example.org" in ada.person.text
    await ada.person.post("/review", {"not_mine": "notice-address"})
    assert await standing(house) == 0


async def test_review_takes_off_none_that_has_stood_for_a_week(
    house: FrontDoor, tmp_path: Path
) -> None:
    """R12, R8: what was set eight days ago is shown, and *Not mine* reaches it no more."""
    ada = await told_twice(house)
    house.clock.advance(seconds=8 * DAY)
    await make_safe(house.built.means, Mark(tmp_path / "mark.json"), after=0)
    await ada.sign_in_as_far_as_it_goes(ada.person)
    await house.prove_mailbox(ada.person)
    await ada.person.press("Set new password", new_password="a heron on the weathervane")
    await ada.person.get("/")
    assert ada.person.path == "/review", ada.person.text
    assert "a•••@example.org" in ada.person.text

    await ada.person.post("/review", {"not_mine": "notice-address"})

    assert ada.person.path == "/review"
    assert await standing(house) == 1


async def test_choosing_again_after_removal(house: FrontDoor) -> None:
    """EM-07: one that was removed may be chosen again, and is told once."""
    ada = await told_twice(house)
    await remove(ada.person)
    await choose(house, ada.person)

    assert await standing(house) == 1
    assert (await told(house, to=SECOND))["notice_address_set"] == 2
