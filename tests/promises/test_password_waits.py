"""The waits between passwords, walked through the sign-in page by the clock (RL-02)."""

from datetime import timedelta
from functools import partial

import pytest

from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from vestibule.domain.identifier import parse_email
from vestibule.flows.password_lanes import PasswordTry, forgive_password_try, reserve_password_try
from vestibule.flows.work import Caller, Work, work

pytestmark = pytest.mark.anyio

FREE = 5
WAITS = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
"""Seconds, from the fifth failure on."""


async def is_looked_at(house: FrontDoor, person: Person, email: str, password: str) -> bool:
    """Whether a try was compared: else the page says that there were many."""
    await house.password(person, email, password=password)
    if person.path == "/sign-in/code":
        return True
    assert "There were many tries" in person.text or "is not right" in person.text, person.text
    return "There were many tries" not in person.text


@pytest.mark.parametrize("lane", ["account", "source"])
async def test_the_waits_double_to_an_hour(house: FrontDoor, lane: str) -> None:
    """RL-02: five wrong passwords are free; then each waits twice as long as the one before it,
    from 30 seconds to an hour, for an account from anywhere, and for a source at any account."""
    await house.member()
    house.clock.advance(timedelta(hours=2))
    tries = 0

    async def wrong() -> bool:
        nonlocal tries
        tries += 1
        if lane == "account":
            person, email = house.browser(source=f"198.{tries}.0.7"), "ada@example.com"
        else:
            person, email = house.browser(source="198.51.100.7"), f"user{tries}@example.com"
        return await is_looked_at(house, person, email, "not the lantern")

    assert [await wrong() for _ in range(FREE)] == [True] * FREE
    for wait in WAITS:
        house.clock.advance(seconds=wait - 1)
        assert not await wrong(), f"looked at before {wait} s were over"
        house.clock.advance(seconds=1)
        assert await wrong(), f"not looked at after {wait} s"

    # The right one waits as long, and is taken then (RL-04).
    source = "203.0.113.9" if lane == "account" else "198.51.100.7"
    person = house.browser(source=source)
    house.clock.advance(seconds=3599)
    assert not await is_looked_at(house, person, "ada@example.com", PASSWORD)
    house.clock.advance(seconds=1)
    assert await is_looked_at(house, person, "ada@example.com", PASSWORD)
    assert person.path == "/sign-in/code", person.text


async def test_tries_that_are_given_back_leave_no_wait(either_house: FrontDoor) -> None:
    """RL-07: five right passwords that are compared at once, in whatever order they are given back,
    make nobody wait: the fifth one's half minute goes with it."""
    house = either_house
    await house.member()
    means, caller = house.built.means, Caller("203.0.113.9", "", "", "en")
    address = parse_email("ada@example.com")
    assert address is not None
    tries = []
    for _ in range(5):
        tried = await work(means, caller, lambda unit: reserve_password_try(unit, address))
        assert isinstance(tried, PasswordTry)
        tries.append(tried)
    for number in (1, 2, 4, 3, 5):
        await work(means, caller, partial(_give_back, tries[number - 1]))

    person = house.browser(source="203.0.113.9")
    await house.password(person)

    assert person.path == "/sign-in/code", person.text


async def _give_back(tried: PasswordTry, unit: Work) -> None:
    await forgive_password_try(unit, tried)
