"""Lanes, sources and sends: who slows whom, and what no header or spelling changes (A.13)."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.attack import journal, rows
from tests.databases import sqlite_database
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.person import Person
from vestibule.web.doors import DOORS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[FrontDoor]:
    """A house behind proxies at 10.0.0.0/8 and 2001:db8:f::/48."""
    over = sqlite_database(tmp_path / "proxied.db")
    trusted: dict[str, object] = {"trusted_proxies": "10.0.0.0/8,2001:db8:f::/48"}
    async with front_door(over, tmp_path, settings=trusted) as built:
        yield built
    await over.close()


async def _fail(house: FrontDoor, times: int, *, email: str = "ada@example.com") -> None:
    """Wrong passwords, each from another address."""
    for turn in range(times):
        person = house.browser(source=f"198.51.100.{turn}")
        await house.password(person, email, password="not the lantern")


async def test_owner_passes_while_strangers_wait(house: FrontDoor) -> None:
    """RL-03: when strangers have used the account's lane up, a known browser still signs in."""
    owner, _ = await house.member()
    await owner.press("Sign out")
    house.clock.advance(seconds=60)
    await _fail(house, 12)
    stranger = house.browser(source="192.0.2.1")
    await house.password(stranger)
    assert "There were many tries" in stranger.text

    await house.sign_in(owner)

    assert owner.path == "/"


@pytest.mark.parametrize("cookie", ["forged", "another account's", "none"])
async def test_a_forged_browser_is_a_stranger(house: FrontDoor, cookie: str) -> None:
    """RL-03: a made-up browser cookie, or one of another account, gives the strangers' lane."""
    await house.member()
    house.clock.advance(seconds=3600)
    eve = house.browser(source="192.0.2.9")
    await house.sign_up(eve, "eve@example.com")
    await house.set_up_app(eve)
    token = next(str(c.value) for c in eve.client.cookies.jar if c.name == "browser")
    await _fail(house, 8)
    person = house.browser(source="192.0.2.1")
    if cookie != "none":
        person.client.cookies.set("browser", token if cookie != "forged" else "x" * 43)

    await house.password(person)

    assert "There were many tries" in person.text


async def test_known_browser_has_its_own_budget(house: FrontDoor) -> None:
    """RL-03: five wrong passwords of the known browser slow that browser, and no other."""
    owner, _ = await house.member()
    await owner.press("Sign out")
    house.clock.advance(seconds=60)
    for _ in range(5):
        await house.password(owner, password="not the lantern")
    await house.password(owner)
    assert "There were many tries" in owner.text

    stranger = house.browser(source="192.0.2.1")
    await house.password(stranger)

    assert stranger.path == "/sign-in/code"


async def test_a_waiting_source_slows_no_account(house: FrontDoor) -> None:
    """RL-03: a source that has to wait cannot use up the lanes of the accounts it names."""
    await house.member()
    house.clock.advance(seconds=60)
    spray = house.browser(source="198.51.100.1")
    for turn in range(5):
        await house.password(spray, f"nobody-{turn}@example.com", password="not the lantern")
    for _ in range(30):
        await house.password(spray, password="not the lantern")
    assert "There were many tries" in spray.text

    stranger = house.browser(source="192.0.2.1")
    await house.password(stranger)

    assert stranger.path == "/sign-in/code", stranger.text


async def test_a_waiting_source_spends_no_mails_of_others(house: FrontDoor) -> None:
    """RL-05: a source past its ten mails an hour cannot use up the mails of other addresses."""
    await house.member()
    house.clock.advance(seconds=60)
    spray = house.browser(source="198.51.100.1")
    for turn in range(10):
        await spray.get("/forgot-password")
        await spray.press("Send code", email=f"nobody-{turn}@example.com")
    for _ in range(12):
        await spray.get("/forgot-password")
        await spray.press("Send code", email="ada@example.com")
    assert "cannot send" in spray.text

    owner = house.browser(source="192.0.2.1")
    await owner.get("/forgot-password")
    await owner.press("Send code", email="ada@example.com")

    assert owner.path == "/forgot-password/code", owner.text


SPELLINGS = ["ADA@example.com", "Ada@Example.COM", " ada@example.com ", "ada@EXAMPLE.com"]


async def test_spelling_of_the_address_changes_nothing(house: FrontDoor) -> None:
    """RL-07: re-casing an address opens no other lane and no other mail budget."""
    await house.member()
    house.clock.advance(seconds=60)
    for turn in range(5):
        person = house.browser(source=f"198.51.100.{turn}")
        await house.password(person, SPELLINGS[turn % 4], password="not the lantern")
    for spelling in SPELLINGS:
        person = house.browser(source="192.0.2.1")
        await house.password(person, spelling)
        assert "There were many tries" in person.text, spelling

    for turn in range(5):
        person = house.browser(source=f"192.0.2.{turn}")
        await person.get("/forgot-password")
        await person.press("Send code", email=SPELLINGS[turn % 4])
    # Past the address's budget a source still gets one mail an hour, whatever the spelling.
    person = house.browser(source="192.0.2.200")
    for spelling in ("aDa@example.com", "ADA@EXAMPLE.COM"):
        await person.get("/forgot-password")
        await person.press("Send code", email=spelling)
    assert "cannot send" in person.text


async def test_an_address_inside_ipv6_is_that_address(house: FrontDoor) -> None:
    """RL-07: ::ffff:198.51.100.7 and 198.51.100.7 are one source, and so is a whole /64."""
    for group in (
        ["198.51.100.7", "::ffff:198.51.100.7", "::FFFF:c633:6407"],
        ["2001:db8::1", "2001:db8::ffff:2", "2001:0db8:0:0:1::9"],
    ):
        for turn in range(5):
            person = house.browser(source=group[turn % 3])
            await house.password(person, f"nobody-{turn}@example.com", password="wrong")
        person = house.browser(source=group[1])
        await house.password(person, "somebody@example.com", password="wrong")
        assert "There were many tries" in person.text, group


def _forwarded(house: FrontDoor, peer: str, *values: str) -> Person:
    person = house.browser(source=peer)
    person.client.headers = httpx.Headers(
        [*person.client.headers.items(), *(("x-forwarded-for", value) for value in values)]
    )
    return person


async def _source_of(house: FrontDoor, person: Person) -> str:
    await house.password(person, "nobody@example.com", password="wrong")
    found = await rows(house, "SELECT source FROM events ORDER BY occurred_at DESC, id DESC")
    house.clock.advance(seconds=3601)
    return str(found[0]["source"])


async def test_rotating_forwarded_addresses_change_no_lane(house: FrontDoor) -> None:
    """RL-08: X-Forwarded-For of a peer that is no proxy of ours is ignored."""
    for turn in range(5):
        person = _forwarded(house, "198.51.100.7", f"203.0.113.{turn}", "10.0.0.1")
        await house.password(person, f"nobody-{turn}@example.com", password="wrong")
    person = _forwarded(house, "198.51.100.7", "203.0.113.250")
    await house.password(person, "somebody@example.com", password="wrong")

    assert "There were many tries" in person.text
    assert {row["source"] for row in await rows(house, "SELECT source FROM events")} == {
        "198.51.100.7"
    }


CHAINS = [
    ("10.0.0.1", ["203.0.113.5"], "203.0.113.5"),
    ("10.0.0.1", ["1.1.1.1, 203.0.113.5"], "203.0.113.5"),
    ("10.0.0.1", ["1.1.1.1", "203.0.113.5, 10.2.3.4"], "203.0.113.5"),
    ("10.0.0.1", ["10.9.9.9"], "10.9.9.9"),
    ("::ffff:10.0.0.1", ["::ffff:203.0.113.5"], "203.0.113.5"),
    ("2001:db8:f::1", ["2001:db8::5"], "2001:db8::5"),
    ("198.51.100.7", ["203.0.113.5"], "198.51.100.7"),
    ("10.0.0.1", [], "10.0.0.1"),
    ("10.0.0.1", ["not-an-address"], "10.0.0.1"),
    # Some balancers write the port too; without it everybody behind them would be one source.
    ("10.0.0.1", ["203.0.113.5:50123"], "203.0.113.5"),
    ("10.0.0.1", ["203.0.113.5:50123, 10.0.0.2:443"], "203.0.113.5"),
    ("10.0.0.1", ["[2001:db8:7::1]:50123"], "2001:db8:7::1"),
    ("10.0.0.1", ["[2001:db8:7::1]"], "2001:db8:7::1"),
    ("10.0.0.1", ["203.0.113.5:50123:1"], "10.0.0.1"),
    ("10.0.0.1", ["203.0.113.5:http"], "10.0.0.1"),
    ("10.0.0.1", ["[203.0.113.5]x"], "10.0.0.1"),
    ("10.0.0.1", ["[2001:db8:7::1"], "10.0.0.1"),
    ("10.0.0.1", [""], "10.0.0.1"),
    ("10.0.0.1", ["1.1.1.1, '; DROP TABLE events; --, 203.0.113.5"], "203.0.113.5"),
]


@pytest.mark.parametrize(("peer", "values", "source"), CHAINS)
async def test_trusted_proxies_are_read_from_the_right(
    proxied: FrontDoor, peer: str, values: list[str], source: str
) -> None:
    """RL-08: behind our proxies the source is the rightmost address that is none of them."""
    assert await _source_of(proxied, _forwarded(proxied, peer, *values)) == source


async def test_texts_to_one_number(house: FrontDoor) -> None:
    """RL-05: a confirmed number is texted once in 30 s and five times an hour by strangers."""
    await house.member()
    await house.deliver()
    house.clock.advance(seconds=3600)
    before = len(house.inbox())
    for turn in range(12):
        await house.password(house.browser(source=f"198.51.100.{turn}"))
        house.clock.advance(seconds=31)
    await house.deliver()

    assert len(house.inbox()) == before + 5
    refused = await journal(house, "challenge_refused")
    assert {one.reason for one in refused} == {"send_budget_spent"}


async def test_known_browser_keeps_five_sends(house: FrontDoor) -> None:
    """RL-05: when strangers have spent the number's sends, a known browser still gets a text."""
    owner, _ = await house.member()
    await owner.press("Sign out")
    await house.deliver()
    house.clock.advance(seconds=3600)
    for turn in range(8):
        await house.password(house.browser(source=f"198.51.100.{turn}"))
        house.clock.advance(seconds=31)

    await house.sign_in(owner)

    assert owner.path == "/"


async def test_unconfirmed_numbers_are_counted_apart(house: FrontDoor) -> None:
    """RL-05: a stranger's set-up with my number spends none of my sign-in's texts."""
    await house.member()
    house.clock.advance(seconds=3600)
    for turn in range(8):
        eve = house.browser(source=f"198.51.100.{turn}")
        await house.sign_up(eve, f"eve{turn}@example.com")
        await eve.get("/set-up/phone")
        await eve.press("Send code by text message", country="GB", phone="07400 123456")
        house.clock.advance(seconds=31)
    person = house.browser()

    await house.sign_in(person)

    assert person.path == "/"


async def test_nobody_texts_without_a_password_or_a_mailbox(house: FrontDoor) -> None:
    """TF-01: before the right password or a proven address no door sends a text or a call."""
    await house.member()
    await house.deliver()
    house.clock.advance(seconds=3600)
    before = len([one for one in house.inbox() if one.channel != "email"])
    for door in DOORS:
        if door.post is None or door.path == "/sign-out":
            continue
        person = house.browser(source="198.51.100.1")
        await person.get("/sign-in")
        fields = {"email": "ada@example.com", "password": "wrong", "country": "GB"}
        fields |= {"phone": "07400 654321", "channel": "sms", "name": "Eve", "code": "123456"}
        await person.post(door.path, fields)
        house.clock.advance(seconds=600)
    waiting = house.browser(source="198.51.100.2")
    await waiting.get("/sign-up")
    await waiting.press("Create account", name="Eve", email="eve@example.com", password=PASSWORD)
    await waiting.post("/set-up/phone", {"country": "GB", "phone": "07400 654321"})
    await house.deliver()

    assert len([one for one in house.inbox() if one.channel != "email"]) == before
