"""People are told times in their own zone, and nobody else says which one that is (NO-02)."""

import asyncio
import re
from datetime import UTC, datetime

import pytest

from tests.answers import notice
from tests.attack import journal
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.closers import ask, come
from tests.promises.notice_addresses import SECOND, told_twice
from tests.promises.states import copy_of, member, must_reverify, rows
from vestibule.domain.event import EventName

pytestmark = pytest.mark.anyio

BERLIN, TOKYO = "Europe/Berlin", "Asia/Tokyo"
ADA = "ada@example.com"


async def zone_of(house: FrontDoor, email: str = ADA) -> str | None:
    (account,) = [one for one in await rows(house, "accounts") if one["email"] == email]
    kept: str | None = account["time_zone"]
    return kept


async def enter(house: FrontDoor, person: Person, zone: str) -> None:
    """Both doors, by a browser whose script says where its clock is."""
    house.clock.advance(seconds=61)
    await house.password(person)
    await person.press("Verify", code=await house.code("sms"), time_zone=zone)
    await house.answer_review(person)
    assert person.path == "/", person.text


async def at_home(house: FrontDoor, zone: str = BERLIN) -> Person:
    """A member whose known browser is in Berlin."""
    person, _ = await house.member()
    await person.press("Sign out")
    await enter(house, person, zone)
    return person


async def choose(house: FrontDoor, person: Person, zone: str, **typed: str) -> None:
    await house.open_settings(person)
    await person.follow("Edit time zone")
    await person.press("Save", zone=zone, **typed)


# --- what is told ---------------------------------------------------------------------------


async def test_a_notice_tells_local_time_and_utc(either_house: FrontDoor) -> None:
    """NO-02: the mail of a sign-in says when in its owner's zone and in UTC, whoever signed in."""
    house = either_house
    await at_home(house)
    other = house.browser()
    await enter(house, other, TOKYO)

    said = (await notice(house, "new_browser")).text
    assert re.search(r"When: 23 Nov 2026, 11:\d\d \(Berlin time; 10:\d\d UTC\)", said), said


async def test_the_mail_of_a_closing_names_the_day_there(house: FrontDoor) -> None:
    """NO-02: a day on which something happens is told in the same way, in mails and on pages."""
    ada = await member(house)
    await ada.person.press("Sign out")
    await house.password(ada.person)
    await ada.person.press("Verify", code=ada.next_code(), time_zone=BERLIN)
    person = await ask(house, ada)

    said = (await notice(house, "closing_asked")).text
    assert re.search(r"On 30 Nov 2026, 11:\d\d \(Berlin time; 10:\d\d UTC\) everything", said), said
    assert re.search(r"closes on 30 Nov 2026, 11:\d\d \(Berlin time\)", person.text), person.text


async def test_without_a_zone_times_are_in_utc(house: FrontDoor) -> None:
    """NO-02: a browser without JavaScript says no zone, and everything is told in UTC."""
    person = await at_home(house, zone="")
    await enter(house, house.browser(), "")

    assert await zone_of(house) is None
    assert re.search(r"When: 23 Nov 2026, 10:\d\d UTC\n", (await notice(house, "new_browser")).text)
    for path in ("/activity", "/sessions"):
        await person.get(path)
        assert re.search(r"23 Nov 2026, 10:\d\d UTC", person.text), person.text


async def test_pages_tell_local_time_and_machines_utc(house: FrontDoor) -> None:
    """NO-02: behind both doors each time is local and named with its zone; its element says UTC."""
    person = await at_home(house)
    for path in ("/", "/activity", "/sessions"):
        await person.get(path)
        found = re.findall(r'<time datetime="([^"]+)">([^<]+)</time>', person.response.text)
        assert found, path
        for exact, said in found:
            at = datetime.strptime(exact, "%Y-%m-%dT%H:%M:%S%z")
            assert said == f"23 Nov 2026, {at.hour + 1}:{at:%M} (Berlin time)", path
            assert at.astimezone(UTC) <= house.clock()
        assert "UTC" not in person.text, path


async def test_the_download_stays_in_utc(house: FrontDoor) -> None:
    """NO-02: the copy of the journal is for machines: ISO 8601 in UTC, whatever the zone."""
    person = await at_home(house)
    response = await person.get("/activity/download")

    assert re.search(r'"at":"2026-11-23T10:\d\d:\d\d\.\d+Z"', response.text.replace(" ", ""))
    assert "Berlin" not in response.text


async def test_pages_before_both_doors_tell_no_zone(house: FrontDoor) -> None:
    """R6: a password alone, and a session whose number may be a stranger's, learn no zone."""
    await at_home(house)
    half = house.browser()
    await house.password(half)
    assert "UTC" in half.text
    assert "Berlin" not in half.text

    stale = await must_reverify(house)
    await house.database.transact(
        lambda tx: tx.execute("UPDATE accounts SET time_zone = :zone", zone=BERLIN)
    )
    await stale.get("/settings")
    await stale.press("Send code")
    assert re.search(r"\d\d:\d\d(:\d\d)? UTC", stale.text), stale.text
    assert "Berlin" not in stale.text


# --- who says it ----------------------------------------------------------------------------


async def test_a_set_up_says_the_first_zone(house: FrontDoor) -> None:
    """NO-02: an account has the zone of the browser that set it up, and its first mail too."""
    person = house.browser()
    await house.sign_up(person, ADA)
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123456")
    await person.press("Verify", code=await house.code("sms"), time_zone=BERLIN)

    assert await zone_of(house) == BERLIN
    assert "Berlin time" in (await notice(house, "method_added")).text


async def test_a_password_thief_changes_no_zone(either_house: FrontDoor) -> None:
    """NO-02: whoever has the password alone cannot change in which zone the owner is told times."""
    house = either_house
    await at_home(house)
    house.clock.advance(seconds=61)
    thief = house.browser()
    await thief.get("/sign-in")
    await thief.press("Sign in", email=ADA, password="correct horse battery", time_zone=TOKYO)
    await house.password(thief)
    await thief.press("Verify", code="000000", time_zone=TOKYO)
    await thief.post("/settings/time-zone", {"zone": TOKYO, "time_zone": TOKYO})
    await thief.post("/sign-in/code/send", {"channel": "sms", "time_zone": TOKYO})

    assert await zone_of(house) == BERLIN
    assert "Berlin time" in (await notice(house, "wrong_second_factor")).text


async def test_a_stranger_changes_no_zone(house: FrontDoor) -> None:
    """NO-02: neither a sign-up with the address nor a request for a reset says the owner's zone."""
    await at_home(house)
    stranger = house.browser()
    await stranger.get("/sign-up")
    typed = {"name": "Eve", "email": ADA, "password": "quite another passphrase"}
    await stranger.press("Create account", **typed, time_zone=TOKYO)
    await stranger.get("/forgot-password")
    await stranger.press("Send code", email=ADA, time_zone=TOKYO)

    assert await zone_of(house) == BERLIN


async def test_a_stolen_session_chooses_no_zone(house: FrontDoor) -> None:
    """NO-02: a session that was stolen, without the mailbox, cannot choose the owner's zone."""
    person = await at_home(house)
    thief = copy_of(house, person)
    await thief.get("/sessions")
    await thief.post("/settings/time-zone", {"zone": TOKYO, "time_zone": TOKYO})
    await thief.post("/sessions", {"end": "others", "time_zone": TOKYO})

    assert await zone_of(house) == BERLIN


async def test_a_new_browser_says_no_zone_at_once(house: FrontDoor) -> None:
    """R11: through both doors too, a browser that was not known changes no zone; later it does."""
    await at_home(house)
    other = house.browser()
    await enter(house, other, TOKYO)
    assert await zone_of(house) == BERLIN

    await other.press("Sign out")
    await enter(house, other, TOKYO)
    assert await zone_of(house) == TOKYO


async def test_a_number_that_rested_says_no_zone(house: FrontDoor) -> None:
    """PN-04: a sign-in that still has to prove the mailbox says nothing of its owner's clock."""
    await house.member()
    house.clock.advance(seconds=366 * 24 * 3600)
    person = house.browser()
    await house.password(person)
    await person.press("Verify", code=await house.code("sms"), time_zone=TOKYO)
    assert "Your number was last used here" in person.text

    assert await zone_of(house) is None


async def test_an_odd_zone_is_ignored(house: FrontDoor) -> None:
    """NO-02: what names no zone is no refusal, and is neither kept nor said back."""
    person = await at_home(house, zone="")
    for odd in ("Mars/Base", "localtime", "../../etc/passwd", "<b>", "Europe/Berlin\n", "x" * 9000):
        await person.press("Sign out")
        house.clock.advance(seconds=3600)
        await enter(house, person, odd)
        assert await zone_of(house) is None
        assert odd not in person.response.text


async def test_a_zone_that_went_is_told_in_utc(house: FrontDoor) -> None:
    """NO-02: a zone that this machine does not know any more stops no page and no mail."""
    person = await at_home(house)
    await house.database.transact(
        lambda tx: tx.execute("UPDATE accounts SET time_zone = :zone", zone="Europe/Atlantis")
    )
    await person.get("/activity")
    assert re.search(r"23 Nov 2026, 10:\d\d UTC", person.text)
    await enter(house, house.browser(), "")
    assert re.search(r"When: .* 10:\d\d UTC\n", (await notice(house, "new_browser")).text)


# --- choosing -------------------------------------------------------------------------------


async def test_a_choice_stays_and_can_be_given_up(either_house: FrontDoor) -> None:
    """NO-02: a chosen zone is kept whatever browsers say, until Automatic is chosen again."""
    house = either_house
    person = await at_home(house)
    await house.open_settings(person)
    assert "Germany – Berlin, as your browser says" in person.text
    await choose(house, person, TOKYO)
    assert "Japan – Tokyo" in person.text
    assert "as your browser says" not in person.text
    await person.press("Sign out")
    await enter(house, person, BERLIN)
    assert await zone_of(house) == TOKYO
    await choose(house, person, "UTC")
    assert await zone_of(house) == "UTC"
    await choose(house, person, "automatic", time_zone=BERLIN)
    assert "Germany – Berlin, as your browser says" in person.text

    assert len(await journal(house, EventName.TIME_ZONE_CHOSEN)) == 3
    assert "Tokyo" not in str(await rows(house, "events"))


async def test_choosing_works_without_scripts(house: FrontDoor) -> None:
    """R9: a browser that says no zone chooses from the list; Automatic is UTC until one does."""
    person, _ = await house.member()
    await house.open_settings(person)
    assert "UTC, until a browser says another one" in person.text
    await person.follow("Edit time zone")
    await person.press("Find", town="berlin")
    assert f'value="{BERLIN}" checked' in person.response.text
    await person.press("Save", zone=BERLIN)
    assert "Germany – Berlin" in person.text
    await person.follow("Edit time zone")
    assert f'value="{BERLIN}" checked' in person.response.text
    await person.press("Save", zone="automatic")
    assert await zone_of(house) is None


async def test_looking_for_a_zone_changes_nothing(house: FrontDoor) -> None:
    """R9: a search by a form says what it found, a dozen at most, and keeps nothing."""
    person = await at_home(house)
    await house.open_settings(person)
    await person.follow("Edit time zone")
    for town, said in {
        "tok": "Japan – Tokyo",
        "Atlantis": "No zone is called so.",
        "a": "More are called so than are shown here.",
        "<script>": "No zone is called so.",
        "x" * 4000: "No zone is called so.",
    }.items():
        await person.press("Find", town=town)
        assert said in person.text, town
        assert person.response.text.count('name="zone"') <= 2 + 12
        assert "<script>" not in person.response.text
    assert await zone_of(house) == BERLIN


async def test_what_is_in_no_list_is_not_chosen(house: FrontDoor) -> None:
    """NO-02: a made-up choice changes nothing, and is not in the journal."""
    person = await at_home(house)
    for odd in ("", "Mars/Base", "localtime", "Etc/GMT+5"):
        await choose(house, person, odd)
        assert person.path == "/settings/time-zone"
    assert await zone_of(house) == BERLIN
    assert await journal(house, EventName.TIME_ZONE_CHOSEN) == []


async def test_a_choice_holds_against_a_sign_in_beside_it(either_house: FrontDoor) -> None:
    """NO-02: chosen while another browser signs in, a zone is the chosen one, whoever is first."""
    house = either_house
    person = await at_home(house)
    other = house.browser()
    await enter(house, other, "")
    for turn in range(4):
        await other.press("Sign out")
        house.clock.advance(seconds=61)
        await house.password(other)
        code = await house.code("sms")
        await choose(house, person, "automatic", time_zone=BERLIN)
        await person.follow("Edit time zone")
        one = person.press("Save", zone=TOKYO)
        two = other.press("Verify", code=code, time_zone="America/Lima")
        await asyncio.gather(*((one, two) if turn % 2 else (two, one)))
        assert other.path == "/", other.text
        assert await zone_of(house) == TOKYO
        await other.get("/")


async def test_a_second_address_is_told_in_the_owners_zone(house: FrontDoor) -> None:
    """NO-02, EM-07: both mailboxes read the same times, of the closed account's last mail too."""
    ada = await told_twice(house)
    await choose(house, ada.person, TOKYO)
    await ask(house, ada)
    await come(house)

    for kind in ("closing_asked", "account_closed_elsewhere"):
        said = (await notice(house, kind, to=SECOND)).text
        assert "(Tokyo time; " in said, said


async def test_closing_forgets_the_zone(either_house: FrontDoor) -> None:
    """SE-09: nothing of the zone is left of a closed account; its last mail still tells it."""
    house = either_house
    ada = await member(house)
    await ada.step_up()
    await choose(house, ada.person, TOKYO)
    await ask(house, ada)
    await come(house)

    said = (await notice(house, "account_closed")).text
    assert "(Tokyo time; " in said, said
    (account,) = await rows(house, "accounts")
    assert (account["time_zone"], account["time_zone_chosen_at"]) == (None, None)
    for table in ("accounts", "events", "outbox", "safeguards", "sessions"):
        assert "Tokyo" not in str(await rows(house, table)), table
