"""What costs nothing to send fills nothing: the journal, the log and mailboxes have an end."""

from collections import Counter

from tests.attack import journal, rows
from tests.front_door import FrontDoor
from tests.person import Person
from vestibule.flows.refusals import REFUSALS_PER_SOURCE_HOUR as MOST
from vestibule.flows.refusals import TRIFLES_PER_ACCOUNT_HOUR as TRIFLES
from vestibule.flows.sending import CROWDED_SOURCE_HOUR as CROWD


async def _forged(person: Person, times: int) -> None:
    for _ in range(times):
        response = await person.client.post("/sign-in", data={"csrf": "none"})
        assert response.status_code == 403


async def test_forged_forms_fill_no_journal(house: FrontDoor) -> None:
    """AU-05: a source's refused forms are written down a hundred times an hour, and the last of
    them says that more are not; all are refused."""
    await _forged(house.browser(), MOST + 30)

    told = await journal(house, "csrf_refused")
    untold = Counter(one.details.get("untold_until") for one in told)
    assert untold == {None: MOST - 1, "2026-11-23T11:00:00+00:00": 1}

    await _forged(house.browser(source="198.51.100.1"), 2)
    house.clock.advance(seconds=3601)
    await _forged(house.browser(), 3)
    assert len(await journal(house, "csrf_refused")) == MOST + 2 + 3


async def test_steps_and_waiting_passwords_fill_no_journal(house: FrontDoor) -> None:
    """AU-05: nor do doors before their turn, nor passwords that are put off, in each other's place.

    One customer's IPv6 /48 is one source for that.
    """
    await house.sign_up(house.browser(), "ada@example.com")
    for n in range(MOST + 12):
        person = house.browser(source=f"2001:db8:1:{n % 3}::1")
        await person.get("/sign-in")
        await person.post("/settings/phone", {}, follow=False)
        await house.password(person, password="not the password")
        assert person.path == "/sign-in"

    told = Counter(one.name for one in await journal(house))
    assert told["sequence_fail"] == told["authn_password_fail_max"] == MOST
    assert told["authn_password_fail"] == 5


async def test_refused_sends_fill_no_journal(house: FrontDoor) -> None:
    """AU-05: nor do codes that are asked for and not sent."""
    person = house.browser()
    for _ in range(MOST + 12):
        await person.get("/forgot-password")
        await person.press("Send code", email="nobody@example.com")

    assert len(await journal(house, "challenge_refused")) == MOST
    assert len(await rows(house, "SELECT id FROM outbox")) == 6


async def test_a_language_back_and_forth_fills_no_journal(house: FrontDoor) -> None:
    """AU-05: who has proven a mailbox and nothing else has so many choices of language an hour
    written down, wherever they come from; the last says that more are not, and each is made."""
    wall = house.browser()
    await house.sign_up(wall, "ada@example.com")
    for n in range(TRIFLES + 11):
        form = {"language": "de" if n % 2 else "fr", "return_to": "/help"}
        await wall.post("/language", form, follow=False)

    told = await journal(house, "language_chosen")
    untold = Counter(one.details.get("untold_until") for one in told)
    assert untold == {None: TRIFLES - 1, "2026-11-23T11:00:00+00:00": 1}
    assert await rows(house, "SELECT locale FROM accounts") == [{"locale": "fr"}]

    other = house.browser()
    await house.sign_up(other, "eve@example.com")
    await other.post("/language", {"language": "de", "return_to": "/help"}, follow=False)
    assert len(await journal(house, "language_chosen")) == TRIFLES + 1


async def test_numbers_that_get_no_code_fill_no_journal(house: FrontDoor) -> None:
    """AU-05: nor do ever other numbers past the budgets; each whose code left is written down."""
    wall = house.browser()
    await house.sign_up(wall, "ada@example.com")
    await wall.get("/set-up/phone")
    for n in range(TRIFLES + 21):
        form = {"country": "GB", "phone": f"07400 1234{n:02}", "channel": "sms"}
        await wall.post("/set-up/phone", form, follow=False)

    sent = await rows(house, "SELECT id FROM outbox WHERE kind = 'code_enroll'")
    assert len(await journal(house, "enrollment_started")) == len(sent) + TRIFLES
    assert len(sent) == 10


async def test_names_back_and_forth_bury_nothing(house: FrontDoor) -> None:
    """AU-05, AU-06: what somebody inside does again and again, names and zones, leaves the rest
    of the owner's journal within reach."""
    ada, _ = await house.member()
    await house.open_settings(ada)
    for n in range(TRIFLES + 11):
        await ada.post("/settings/name", {"name": f"Ada {n % 2}"}, follow=False)
        zone = "Europe/Berlin" if n % 2 else "Europe/Paris"
        await ada.post("/settings/time-zone", {"zone": zone}, follow=False)

    told = Counter(one.name for one in await journal(house))
    assert told["name_changed"] == told["time_zone_chosen"] == TRIFLES
    assert await rows(house, "SELECT name FROM accounts") == [{"name": "Ada 0"}]


async def test_one_source_mails_no_list_of_addresses(house: FrontDoor) -> None:
    """RL-10: past a source's usual ten, resets of ever other addresses end at a hundred an hour.

    Elsewhere, and in a browser that the account knows, they go on.
    """
    owner, _ = await house.member()
    house.clock.advance(seconds=3601)
    eve = house.browser()
    for n in range(10 + CROWD + 20):
        await eve.get("/forgot-password")
        await eve.press("Send code", email=f"somebody{n}@example.com")

    asked = await rows(house, "SELECT id FROM outbox WHERE kind = 'code_reset'")
    assert len(asked) == 10 + CROWD
    assert eve.path == "/forgot-password"
    assert "Wait until 12:00" in eve.text, eve.text

    await owner.press("Sign out")
    await owner.get("/forgot-password")
    await owner.press("Send code", email="ada@example.com")
    assert owner.path == "/forgot-password/code", owner.text
    other = house.browser(source="198.51.100.1")
    await other.get("/forgot-password")
    await other.press("Send code", email="somebody@example.com")
    assert other.path == "/forgot-password/code", other.text
