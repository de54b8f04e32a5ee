"""Throttles over accounts, sources and all of them together: RL-01, RL-04, RL-09, RL-10, RL-11."""

from datetime import timedelta

import pytest

from tests.attack import journal, rows, wrong
from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from vestibule.domain.throttle import SPRAY_LEAST, is_spray
from vestibule.storage.database import Transaction

pytestmark = pytest.mark.anyio


async def test_one_source_cannot_spray_passwords(house: FrontDoor) -> None:
    """RL-01: one password over many accounts from one source: the source has to wait."""
    said = []
    for turn in range(12):
        person = house.browser(source="198.51.100.7")
        await house.password(person, f"user{turn}@example.com", password="not the lantern")
        said.append("There were many tries" in person.text)

    assert said[:5] == [False] * 5
    assert all(said[5:])


async def test_many_sources_cannot_guess_one_account(house: FrontDoor) -> None:
    """RL-01: many sources on one account: the account's lane has to wait."""
    await house.member()
    house.clock.advance(seconds=60)
    said = []
    for turn in range(8):
        person = house.browser(source=f"198.51.{turn}.7")
        await house.password(person, password="not the lantern")
        said.append("There were many tries" in person.text)

    assert said == [False] * 5 + [True] * 3


async def test_right_password_while_waiting_tells_nothing(house: FrontDoor) -> None:
    """RL-04: while the lane waits the right password gets the very answer of a wrong one."""
    await house.member()
    house.clock.advance(seconds=60)
    for turn in range(6):
        await house.password(house.browser(source=f"198.51.{turn}.7"), password="not the lantern")
    pages = []
    for password in (PASSWORD, "not the lantern"):
        person = house.browser(source="192.0.2.44")
        await house.password(person, password=password)
        pages.append((person.status, person.path, person.text, person.cookie_names()))

    assert pages[0] == pages[1]
    accepted = [one for one in await journal(house) if one.name == "authn_password_success"]
    assert accepted == []


async def test_budget_holds_at_every_stage(house: FrontDoor) -> None:
    """RL-09: ten strikes of sign-ins pause the second factor of a reset as well."""
    _, secret, _ = await house.member_with_app()
    house.clock.advance(seconds=60)
    for turn in range(2):
        await _wrong(house, house.browser(source=f"198.51.{turn}.7"), 5)
    person = house.browser(source="192.0.2.9")
    await person.get("/forgot-password")
    await person.press("Send code", email="ada@example.com")
    await person.press("Verify", code=await house.code("email"))
    assert person.path == "/forgot-password/second-factor"
    before = await _strikes(house)

    await person.press("Verify", code=house.app_code(secret))

    assert "Wait until" in person.text
    assert person.path == "/forgot-password/second-factor"
    assert await _strikes(house) == before


async def _strikes(house: FrontDoor) -> int:
    found = await rows(house, "SELECT COUNT(*) AS n FROM strikes")
    return int(found[0]["n"])


async def test_sign_ups_and_resets_are_bounded_by_source(house: FrontDoor) -> None:
    """RL-10: ten sign-ups and ten resets an hour for each source; then a time to come back."""
    said = []
    for turn in range(12):
        person = house.browser(source="198.51.100.8")
        await person.get("/sign-up")
        await person.press(
            "Create account", name="Ada", email=f"user{turn}@example.com", password=PASSWORD
        )
        said.append("Wait until" in person.text or "We cannot send" in person.text)

    assert said == [False] * 10 + [True] * 2


async def test_resets_are_bounded_by_address(house: FrontDoor) -> None:
    """RL-10, AR-06: five reset mails an hour for one address, whoever asks; its owner keeps one."""
    await house.member()
    house.clock.advance(seconds=60)
    await house.deliver()
    before = len(house.inbox())
    for turn in range(9):
        person = house.browser(source=f"198.51.{turn}.9")
        await person.get("/forgot-password")
        await person.press("Send code", email="ada@example.com")
    await house.deliver()

    # Five for all, and one an hour for each network that asks: nobody can use the owner's up.
    mails = [one for one in house.inbox()[before:] if one.purpose == "reset"]
    assert 5 <= len(mails) <= 9


# --- the breaker over all accounts ----------------------------------------------------------


async def _older_accounts(house: FrontDoor, count: int) -> None:
    """So many accounts of eight days ago, each with a wrong second factor just now."""
    now = house.clock()

    async def unit(tx: Transaction) -> None:
        for turn in range(count):
            await tx.execute(
                """INSERT INTO accounts (id, email, email_key, name, locale, created_at)
                VALUES (:id, :email, :key, 'n', 'en', :at)""",
                id=f"old-{turn}",
                email=f"old-{turn}@example.com",
                key=f"old-{turn}@example.com",
                at=now - timedelta(days=8),
            )
            await tx.execute(
                """INSERT INTO strikes
                    (id, account_id, sign_in_id, password_epoch, digits, made_at)
                VALUES (:id, :account, :sign_in, 1, 6, :at)""",
                id=f"strike-{turn}",
                account=f"old-{turn}",
                sign_in=f"sign-in-{turn}",
                at=now,
            )

    await house.database.transact(unit)


async def _wrong(house: FrontDoor, person: Person, times: int) -> None:
    await house.password(person)
    for by in range(times):
        await person.press("Verify", code=wrong("000000", by=by + 1))


@pytest.mark.parametrize(("others", "is_alarm"), [(SPRAY_LEAST, True), (SPRAY_LEAST - 1, False)])
async def test_spray_over_many_accounts_is_told(
    either_house: FrontDoor, others: int, is_alarm: bool
) -> None:
    """RL-11: wrong second factors of fifty older accounts in five minutes are one alarm."""
    house = either_house
    await house.member_with_app()
    house.clock.advance(seconds=3600)
    await _older_accounts(house, others)

    await _wrong(house, house.browser(source="198.51.100.1"), 2)

    told = await journal(house, "authn_login_fail_spray")
    assert [one.details["accounts"] for one in told] == ([SPRAY_LEAST] if is_alarm else [])


async def test_spray_slows_unknown_browsers_only(house: FrontDoor) -> None:
    """RL-11: during the alarm a source has five tries in five minutes; known browsers go on, at
    that very source too. The account has not ten strikes yet, so no pause of its own."""
    owner, secret, _ = await house.member_with_app()
    await owner.press("Sign out")
    house.clock.advance(seconds=3600)
    await _older_accounts(house, SPRAY_LEAST)
    await _wrong(house, house.browser(source="198.51.100.1"), 1)
    house.clock.advance(seconds=30)
    await _wrong(house, house.browser(), 5)
    before = await _strikes(house)
    again = house.browser()
    await house.password(again)
    await again.press("Verify", code=house.app_code(secret))
    assert "Wait until" in again.text
    assert await _strikes(house) == before

    await house.password(owner)
    await owner.press("Verify", code=house.app_code(secret))

    assert owner.path == "/", owner.text


async def test_alarm_ends_by_itself(house: FrontDoor) -> None:
    """RL-11: a quarter of an hour after the last wave everybody has their usual tries again, and
    not before."""
    _, secret, _ = await house.member_with_app()
    house.clock.advance(seconds=3600)
    await _older_accounts(house, SPRAY_LEAST)
    await _wrong(house, house.browser(source="198.51.100.1"), 1)
    house.clock.advance(seconds=870)
    person = house.browser(source="198.51.100.2")
    await _wrong(house, person, 5)
    await house.password(person)
    await person.press("Verify", code=house.app_code(secret))
    assert "Wait until" in person.text

    house.clock.advance(seconds=30)
    await person.press("Verify", code=house.app_code(secret))

    assert person.path == "/", person.text


@pytest.mark.parametrize(
    ("lately", "usual", "is_alarm"), [(50, 0, True), (50, 5.1, False), (51, 5.1, True)]
)
def test_alarm_is_ten_times_the_usual(lately: int, usual: float, is_alarm: bool) -> None:
    """RL-11: a busy house has many typos: the alarm is ten times what is usual there."""
    assert is_spray(lately, usual) is is_alarm
