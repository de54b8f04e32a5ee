"""Who would profit from a second address, and does not (EM-07, R8).

A thief inside who sets or takes one, whoever reads that mailbox alone, a stranger who was chosen by
mistake, and many accounts that all write to one mailbox.
"""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from tests.answers import ADA, NOT_ME, answer_mail, link, notice, reset, thief_inside, told
from tests.attack import all_at_once, journal
from tests.front_door import FrontDoor
from tests.person import Person
from tests.plain import plain
from tests.promises.addresses import ask_reset, codes_to
from tests.promises.between import Between
from tests.promises.notice_addresses import (
    CODE,
    PAGE,
    SECOND,
    ask,
    choose,
    remove,
    standing,
    told_twice,
)
from tests.promises.states import (
    Member,
    add_app,
    add_phone,
    cookie,
    copy_of,
    is_inside,
    member,
    put_cookie,
    rows,
)
from tests.promises.states import standing as methods
from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import notice_address_change
from vestibule.flows.account_settings import find_session, sign_out
from vestibule.flows.work import Caller

pytestmark = pytest.mark.anyio

DAY = 24 * 3600
HOUR = 3600
THIEFS = "mallory@example.net"
STOPPED = "Changes to the account are stopped for 72 hours"


async def stolen(house: FrontDoor, ada: Member) -> Person:
    """A thief with session, password and a code has put a mailbox of their own."""
    thief = await thief_inside(house, ada)
    await choose(house, thief, THIEFS)
    house.clock.advance(seconds=60)
    return thief


async def is_signed_in(person: Person) -> bool:
    """Whether its session stands; after a freeze it is asked first what is still its owner's."""
    await person.get("/")
    return person.path in {"/", "/review"}


async def guarded(house: FrontDoor) -> dict[str, object]:
    """What holds the account: a freeze, a reset that is asked for."""
    (row,) = await rows(house, "safeguards") or [{}]
    return row


# --- a thief inside -----------------------------------------------------------------------------


async def test_copied_cookie_sets_none(house: FrontDoor) -> None:
    """EM-07, R11: a stolen session without password and second factor adds and removes nothing."""
    ada = await told_twice(house)
    elsewhere = house.browser(source="198.51.100.66")
    put_cookie(elsewhere, "session", cookie(ada.person, "session") or "")
    await elsewhere.get("/")
    for path, typed in {PAGE: {"email": THIEFS}, f"{PAGE}/remove": {}}.items():
        await elsewhere.post(path, typed)
        assert elsewhere.path == "/settings/wait"
    house.clock.advance(seconds=11 * 60)
    later = copy_of(house, ada.person)
    await later.get("/")
    for path, typed in {PAGE: {"email": THIEFS}, f"{PAGE}/remove": {}}.items():
        await later.post(path, typed)

    assert await standing(house) == 1
    assert await codes_to(house, THIEFS) == 0


async def test_answer_takes_off_what_a_thief_set(either_house: FrontDoor) -> None:
    """EM-07, R8: after the answer from the own mailbox the thief's stands no more, answers nothing,
    also by links of before, and is told still: whoever pressed may be the thief."""
    house = either_house
    ada = await member(house)
    await stolen(house, ada)
    saved = await link(house, "notice_address_set", to=THIEFS)
    await answer_mail(house, await link(house, "notice_address_set"))
    assert await standing(house) == 0
    assert (await told(house, to=THIEFS))["not_me"] == 1

    await reset(house, ada.person, code_of=ada.next_code())
    ada.password = "a heron on the weathervane"
    await ada.sign_in(ada.person)
    reader = await answer_mail(house, saved)

    assert "settled already" in reader.text
    assert await is_inside(ada.person)
    assert (await guarded(house))["frozen_until_at"] is None
    assert NOT_ME not in (await notice(house, "password_reset", to=THIEFS)).text
    assert "/not-me/" not in (await notice(house, "password_reset", to=THIEFS)).text
    (gone,) = await journal(house, EventName.NOTICE_ADDRESS_REMOVED)
    assert (gone.reason, gone.details["address"]) == ("not_me", "m•••@example.net")


async def test_thief_cannot_silence_the_second_mailbox(house: FrontDoor) -> None:
    """EM-07, R8: one that a thief removed or replaced hears of it, of what comes after, and its
    answer signs the thief out and stops changes; no password is voided by it."""
    ada = await told_twice(house)
    thief = await thief_inside(house, ada)
    await choose(house, thief, THIEFS)
    await remove(thief)
    await add_app(house, thief)
    assert (await told(house, to=SECOND))["method_added"] == 1

    reader = await answer_mail(house, await link(house, "method_added", to=SECOND))

    assert STOPPED in reader.text
    assert not await is_signed_in(thief)
    assert (await told(house))["changes_frozen"] == 1
    assert (await guarded(house))["reset_required_at"] is None
    await ada.sign_in(ada.person)
    await ada.step_up()
    await ada.person.get(PAGE)
    assert ada.person.path == PAGE


# --- whoever reads the second mailbox alone -----------------------------------------------------


async def test_second_mailbox_alone_only_stops(either_house: FrontDoor) -> None:
    """EM-07, R8: every link pressed there signs out what it tells of and stops changes once; the
    password opens, no method goes, no reset is asked for, and the owner's own method lifts it."""
    house = either_house
    ada = await told_twice(house)
    await add_app(house, ada.person)
    house.clock.advance(seconds=600)
    other = await ada.sign_in()
    assert await is_signed_in(ada.person)
    bound = {row["id"] for row in await methods(house)}
    codes = await codes_to(house, SECOND)

    for kind in ("method_added", "notice_address_set"):
        await answer_mail(house, await link(house, kind, to=SECOND))
    reader = house.browser(source="192.0.2.50")
    await house.password(reader, SECOND)
    assert reader.path == "/sign-in"
    await ask_reset(reader, SECOND)
    await ask_reset(reader, ADA)

    assert not await is_signed_in(ada.person)
    assert await is_signed_in(other)
    assert {row["id"] for row in await methods(house)} == bound
    assert await standing(house) == 1
    held = await guarded(house)
    assert (held["reset_required_at"], held["address_suspended_at"]) == (None, None)
    assert held["frozen_until_at"] is not None
    assert (await told(house))["changes_frozen"] == 1
    assert await codes_to(house, SECOND) == codes
    await ada.sign_in(ada.person)
    await ada.step_up()
    assert (await guarded(house))["frozen_until_at"] is None


async def test_second_mailbox_stops_a_reset_that_waits(house: FrontDoor) -> None:
    """EM-07, R8: whoever is told of a password that waits can stop it, as from every channel."""
    ada = await told_twice(house)
    await add_phone(house, ada.person)
    house.clock.advance(seconds=HOUR)
    thief = house.browser(source="198.51.100.66")
    await reset(house, thief, by="Text message", to="+447400123456")
    assert len(await rows(house, "waiting_resets")) == 1

    reader = await answer_mail(
        house, await link(house, "reset_waits", to=SECOND), button="Stop the new password"
    )

    assert "The new password is stopped" in reader.text
    assert await rows(house, "waiting_resets") == []
    assert (await guarded(house)).get("frozen_until_at") is None


async def test_stranger_who_was_chosen_learns_nothing(house: FrontDoor) -> None:
    """EM-07, NO-02: neither the mails nor the pages behind their links name person, address or
    number, and looking at a link changes nothing."""
    ada = await told_twice(house)
    await add_phone(house, ada.person)
    before = await rows(house, "disavowals")
    stranger = house.browser(source="192.0.2.50")
    await stranger.get(await link(house, "method_added", to=SECOND))

    assert "Changes to the account are stopped" in stranger.text
    assert "a new password is needed" not in stranger.text
    mails = [m.text for m in house.inbox() if m.to == SECOND and m.code is None]
    assert len(mails) == 2
    for said in map(plain, (stranger.text, *mails)):
        for secret in (ADA, "Ada", "7400", "a•••@example.com"):
            assert secret not in said, secret
    assert await rows(house, "disavowals") == before
    assert await is_inside(ada.person)


async def test_removed_by_its_owner_its_links_end_with_its_week(house: FrontDoor) -> None:
    """EM-07, R8: a link that was sent on the last day is answered for no second week."""
    ada = await told_twice(house)
    await remove(ada.person)
    house.clock.advance(seconds=7 * DAY - 600)
    other = await ada.sign_in()
    late = await link(house, "new_browser", to=SECOND)
    house.clock.advance(seconds=600)
    reader = await answer_mail(house, late)

    assert "settled already" in reader.text
    assert await is_inside(other)


# --- somebody's mailbox as a target -------------------------------------------------------------


async def test_no_mailbox_is_filled_by_many_accounts(house: FrontDoor) -> None:
    """EM-07, RL-10: a mailbox gets five such codes a day, from whatever accounts and sources; its
    owner's own codes have their own allowance."""
    said = []
    for number in range(7):
        one = await member(house, f"one{number}@example.com")
        await one.step_up()
        await ask(one.person, "victim@example.com")
        await house.deliver()
        said.append("We cannot send more codes now" in one.person.text)
    assert said == [False] * 5 + [True] * 2
    assert await codes_to(house, "victim@example.com") == 5

    await house.sign_up(house.browser(), "victim@example.com")
    assert await codes_to(house, "victim@example.com") == 6


async def test_no_account_fills_mailboxes(house: FrontDoor) -> None:
    """EM-07, RL-10: an account gets five such mails an hour, to whatever addresses."""
    ada = await member(house)
    await ada.step_up()
    for number in range(7):
        await ask(ada.person, f"victim{number}@example.com")
        await house.deliver()
    assert "We cannot send more codes now" in ada.person.text
    assert len([m for m in house.inbox() if m.to.startswith("victim")]) == 5


async def test_nobody_guesses_a_mailbox_into_it(house: FrontDoor) -> None:
    """EM-07, EF-08: ten codes a year to a mailbox are short, whatever they are asked for."""
    for number in range(12):
        house.clock.advance(seconds=DAY // 4)
        one = await member(house, f"one{number}@example.com")
        await one.step_up()
        await ask(one.person, "victim@example.com")
        await house.deliver()
        assert ("ten-digit code" in one.person.text) == (number >= 10)

    codes = [m.code or "" for m in house.inbox() if m.to == "victim@example.com"]
    assert Counter(map(len, codes)) == {6: 10, 10: 2}


# --- at the same moment -------------------------------------------------------------------------


async def test_one_code_sets_it_once(either_house: FrontDoor) -> None:
    """EM-07, OC-03: of eight right codes at once one counts, and everybody is told once."""
    house = either_house
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    typed = {"code": await house.code("email", to=SECOND)}

    await all_at_once(ada.person, "Verify", [typed] * 8)

    assert len(await rows(house, "notice_addresses")) == 1
    for to in (ADA, SECOND):
        assert (await told(house, to=to))["notice_address_set"] == 1


async def test_two_sessions_set_two_and_one_stands(either_house: FrontDoor) -> None:
    """EM-07: of two that are proven at once one stands, and the other is told as one that was."""
    house = either_house
    ada = await member(house)
    other = await thief_inside(house, ada)
    await ada.sign_in(ada.person)
    await ada.step_up()
    posts = []
    for person, to in ((ada.person, SECOND), (other, THIEFS)):
        await ask(person, to)
        assert person.path == CODE
        typed = await house.code("email", to=to)
        posts.append((person, *person.filled("Verify", code=typed)))

    answers = await asyncio.gather(
        *(person.client.post(action, data=data) for person, action, data in posts)
    )

    assert {one.status_code for one in answers} == {303}
    assert await standing(house) == 1
    assert len(await rows(house, "notice_addresses")) == 2
    heard = [(await told(house, to=to))["notice_address_set"] for to in (SECOND, THIEFS)]
    assert sorted(heard) == [1, 2]


async def test_answer_beside_the_thiefs_code(either_house: FrontDoor) -> None:
    """EM-07, R8: one that is proven at the moment of the answer is taken off, or never was."""
    house = either_house
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    house.clock.advance(seconds=60)
    await ask(thief, THIEFS)
    action, data = thief.filled("Verify", code=await house.code("email", to=THIEFS))
    reader = house.browser(source="192.0.2.50")
    await reader.get(await link(house, "method_added"))
    press, answer = reader.filled(NOT_ME)

    await asyncio.gather(
        thief.client.post(action, data=data), reader.client.post(press, data=answer)
    )

    assert not await is_inside(thief)
    assert await standing(house) == 0


async def test_session_that_ends_beside_its_code_sets_none(either_house: FrontDoor) -> None:
    """EM-07, SE-07: a session that is ended while its code is compared sets no second address."""
    house = either_house
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    code = await house.code("email", to=SECOND)
    means, caller = (
        house.built.means,
        Caller("203.0.113.7", "", "", "en", cookie(ada.person, "browser")),
    )
    found = await find_session(means, caller, cookie(ada.person, "session") or "")
    assert found is not None

    between = Between(house.database, lambda: sign_out(means, caller, found[0]))
    refused = await notice_address_change.verify(
        replace(means, database=between), caller, found[0], typed=code
    )

    assert refused == Refused(Reason.SIGN_IN_EXPIRED)
    assert await rows(house, "notice_addresses") == []
    (out,) = [one for one in await rows(house, "challenges") if one["purpose"] == "notice_address"]
    assert out["used_at"] is None, "a code was used up for a change that nobody could make"


async def test_code_of_proofs_that_age_beside_it_serves_once_they_are_fresh(
    house: FrontDoor,
) -> None:
    """EM-07, SU-01: where the proofs grow too old while the code is compared nothing is set, and
    the owner who proves both again needs no other code."""
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    code = await house.code("email", to=SECOND)
    means, caller = (
        house.built.means,
        Caller("203.0.113.7", "", "", "en", cookie(ada.person, "browser")),
    )
    found = await find_session(means, caller, cookie(ada.person, "session") or "")
    assert found is not None

    async def ten_minutes() -> None:
        house.clock.advance(seconds=10 * 60 + 1)

    between = Between(house.database, ten_minutes)
    refused = await notice_address_change.verify(
        replace(means, database=between), caller, found[0], typed=code
    )

    assert refused == Refused(Reason.STEP_UP_NEEDED)
    assert await rows(house, "notice_addresses") == []
    await ada.step_up()
    await ada.person.get(CODE)
    await ada.person.press("Verify", code=code)
    assert await standing(house) == 1


async def test_two_sessions_set_the_same_one_once(house: FrontDoor) -> None:
    """EM-07: the second of two sessions that ask for the same address finds it set."""
    ada = await member(house)
    other = await thief_inside(house, ada)
    await ada.sign_in(ada.person)
    await ada.step_up()
    codes = []
    for person in (other, ada.person):
        house.clock.advance(seconds=60)
        await ask(person)
        codes.append(await house.code("email", to=SECOND))

    for person, code in zip((other, ada.person), codes, strict=True):
        await person.press("Verify", code=code)

    assert "This address is told already" in ada.person.text
    assert len(await rows(house, "notice_addresses")) == 1
    assert (await told(house))["notice_address_set"] == 1


async def test_removal_takes_the_code_that_is_out(house: FrontDoor) -> None:
    """EM-07: whoever removes the second address sets no other by a code of before."""
    ada = await told_twice(house)
    await ask(ada.person, THIEFS)
    form = ada.person.filled("Verify", code=await house.code("email", to=THIEFS))
    await remove(ada.person)

    await ada.person.post(*form)

    assert await standing(house) == 0
    assert await told(house, to=THIEFS) == {}
