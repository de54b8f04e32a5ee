"""One password on many accounts, from many addresses of one network; and who else lives there."""

import asyncio
from collections import Counter

import pytest

from tests.front_door import PASSWORD, FrontDoor
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.throttle import NETWORK_PASSWORD_TRIES, NETWORK_PASSWORD_WAIT
from vestibule.flows.sign_in import submit_password
from vestibule.flows.work import Caller

pytestmark = pytest.mark.anyio

CAMPUS_4 = [f"198.51.100.{n}" for n in range(250)]
CAMPUS_6 = [f"2001:db8:7:{n:x}::1" for n in range(300)]
ACCOUNTS = 1_000


async def tried(
    house: FrontDoor, email: str, source: str, password: str = "not the lantern"
) -> str:
    """What one try comes to: `opened`, or the reason."""
    found = await submit_password(
        house.built.means,
        Caller(source, "test", "request", "en"),
        email=email,
        password=password,
        pending_token=None,
        return_to=None,
    )
    return found.reason.value if isinstance(found, Refused) else "opened"


async def sprayed(house: FrontDoor, sources: list[str], accounts: int = ACCOUNTS) -> Counter[str]:
    """One password over so many accounts, each address in its turn."""
    return Counter(
        [
            await tried(house, f"user{n}@example.com", sources[n % len(sources)])
            for n in range(accounts)
        ]
    )


@pytest.mark.parametrize("campus", [CAMPUS_4, CAMPUS_6], ids=["/24", "/48"])
async def test_a_network_cannot_spray_passwords(house: FrontDoor, campus: list[str]) -> None:
    """RL-01: one password over 1,000 accounts from hundreds of addresses of one network slows:
    200 are looked at, then one in 30 seconds, though no address alone has used up its own."""
    found = await sprayed(house, campus)

    assert found == {
        Reason.SIGN_IN_WRONG: NETWORK_PASSWORD_TRIES,
        Reason.SIGN_IN_THROTTLED: ACCOUNTS - NETWORK_PASSWORD_TRIES,
    }
    for _ in range(10):
        house.clock.advance(NETWORK_PASSWORD_WAIT)
        assert (await sprayed(house, campus, 20))[Reason.SIGN_IN_WRONG] == 1


async def test_who_lives_in_that_network(house: FrontDoor) -> None:
    """RL-01, RL-03: beside the spray a known browser comes in at once, an unknown one after thirty
    seconds at most, and one that proves its mailbox at once; other networks notice nothing."""
    known = house.browser(source=CAMPUS_4[7])
    await house.sign_up(known, "ada@example.com")
    await house.set_up_phone(known)
    await known.press("Sign out")
    house.clock.advance(seconds=60)
    await sprayed(house, CAMPUS_4, NETWORK_PASSWORD_TRIES + 50)

    await house.sign_in(known)
    outside = house.browser(source="203.0.113.9")
    await house.password(outside)
    assert outside.path == "/sign-in/code"
    unknown, owner = (house.browser(source=CAMPUS_4[n]) for n in (8, 9))
    await house.password(unknown)
    assert "There were many tries" in unknown.text
    await owner.get("/forgot-password")
    await owner.press("Send code", email="ada@example.com")
    await owner.press("Verify", code=await house.code("email"))
    await owner.follow("I remember my password")
    await owner.press("Sign in", email="ada@example.com", password=PASSWORD)
    assert owner.path == "/sign-in/code"

    house.clock.advance(NETWORK_PASSWORD_WAIT)
    await house.password(unknown)

    assert unknown.path == "/sign-in/code", unknown.text


async def test_one_bad_neighbour_slows_nobody(house: FrontDoor) -> None:
    """RL-01: one address that guesses for hours is slowed itself, and nobody beside it."""
    await house.member()
    for n in range(300):
        house.clock.advance(seconds=30)
        await tried(house, f"user{n}@example.com", CAMPUS_4[0])

    said = [await tried(house, f"user{n}@example.com", CAMPUS_4[1]) for n in range(5)]

    assert said == [Reason.SIGN_IN_WRONG] * 5
    assert await tried(house, "ada@example.com", CAMPUS_4[2], PASSWORD) == "opened"


async def test_right_passwords_cost_a_network_nothing(house: FrontDoor) -> None:
    """RL-01: a whole campus that signs in with right passwords keeps nobody of it waiting."""
    await house.sign_up(house.browser(), "ada@example.com")

    said = Counter(
        [
            await tried(house, "ada@example.com", CAMPUS_6[n], PASSWORD)
            for n in range(NETWORK_PASSWORD_TRIES + 20)
        ]
    )

    assert said == {"opened": NETWORK_PASSWORD_TRIES + 20}


async def test_many_at_once_share_the_last_tries(either_house: FrontDoor) -> None:
    """RL-07: of sixteen tries at one moment a network with four left gets four."""
    house = either_house
    await sprayed(house, CAMPUS_4, NETWORK_PASSWORD_TRIES - 4)

    found = await asyncio.gather(
        *(tried(house, f"late{n}@example.com", CAMPUS_4[200 + n]) for n in range(16))
    )

    assert Counter(found) == {Reason.SIGN_IN_WRONG: 4, Reason.SIGN_IN_THROTTLED: 12}
