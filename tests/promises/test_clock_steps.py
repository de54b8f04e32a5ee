"""The server's clock is stepped by an hour, forth and back: nothing is worth more than before."""

import pytest

from tests.attack import count
from tests.front_door import FrontDoor

pytestmark = pytest.mark.anyio

HOUR = 3600


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_used_codes_stay_used(house: FrontDoor, step: int) -> None:
    """TO-03: a time step that was used is not accepted again, wherever the clock is put."""
    owner, secret, _ = await house.member_with_app()
    await owner.press("Sign out")
    house.clock.advance(seconds=60)
    used = house.app_code(secret)
    await house.password(owner)
    await owner.press("Verify", code=used)
    assert owner.path == "/"

    house.clock.advance(seconds=step)
    thief = house.browser()
    await house.password(thief)
    await thief.press("Verify", code=used)

    assert thief.path == "/sign-in/code", thief.text


async def test_texted_code_dies_with_a_step_forward(house: FrontDoor) -> None:
    """OC-02: an hour forward ends a texted code; put back, it lives no longer than before."""
    await house.member()
    house.clock.advance(seconds=60)
    person = house.browser()
    await house.password(person)
    code = await house.code("sms")

    house.clock.advance(seconds=HOUR)
    await person.press("Verify", code=code)
    assert person.path != "/"
    house.clock.advance(seconds=-HOUR + 601)
    await house.password(person)
    await person.press("Verify", code=code)

    assert person.path != "/", person.text


async def test_step_back_keeps_strikes_and_pauses(house: FrontDoor) -> None:
    """RL-07: strikes that were counted stay counted when the clock is put back."""
    await house.member_with_app()
    house.clock.advance(seconds=2 * HOUR)
    person = house.browser(source="198.51.100.1")
    await house.password(person)
    for turn in range(5):
        await person.press("Verify", code=f"00000{turn}")
    before = await count(house, "strikes")

    house.clock.advance(seconds=-HOUR)
    again = house.browser(source="198.51.100.2")
    await house.password(again)
    for turn in range(5):
        await again.press("Verify", code=f"00000{turn}")

    assert await count(house, "strikes") == before + 5


async def test_sessions_outlive_no_step(house: FrontDoor) -> None:
    """SE-03: a step forward past the limits ends a session; a step back does not revive it."""
    owner, _ = await house.member()
    house.clock.advance(seconds=13 * HOUR)
    await owner.get("/")
    assert owner.path == "/sign-in"

    house.clock.advance(seconds=-13 * HOUR)
    await owner.get("/")

    assert owner.path in {"/", "/sign-in", "/resume"}
