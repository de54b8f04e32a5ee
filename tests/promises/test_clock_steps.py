"""The server's clock is stepped by an hour, forth and back: nothing is worth more than before."""

import pytest

from tests.attack import count, rows
from tests.front_door import PASSWORD, FrontDoor
from tests.promises.states import copy_of, is_inside
from vestibule.flows.tolls import NUMBER_HOUR

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


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_password_lanes_keep_their_failures(house: FrontDoor, step: int) -> None:
    """RL-02, RL-07: an hour back ends no wait; and forgets no failure; an hour forward ends it,
    as an hour would."""
    await house.member()
    house.clock.advance(seconds=2 * HOUR)
    for turn in range(7):
        await house.password(house.browser(source=f"198.51.100.{turn}"), password="not the lantern")
        house.clock.advance(seconds=61)
    lanes = await rows(house, "SELECT * FROM throttles WHERE kind = 'password'")
    failures = max(int(one["hits"]) for one in lanes)
    for turn in range(2):
        await house.password(
            house.browser(source=f"198.51.100.1{turn}"), password="not the lantern"
        )

    house.clock.advance(seconds=step)
    person = house.browser(source="198.51.100.99")
    await house.password(person)

    assert (person.path == "/sign-in/code") is (step > 0), person.text
    if step < 0:
        lanes = await rows(house, "SELECT * FROM throttles WHERE kind = 'password'")
        assert max(int(one["hits"]) for one in lanes) >= failures


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_send_budgets_are_not_refilled(house: FrontDoor, step: int) -> None:
    """RL-07, TF-03: an hour back gives no text more than before; an hour forward and back gives
    one hour's, once."""
    await house.member()
    house.clock.advance(seconds=2 * HOUR)
    sent = 0
    for moved in (0, step, -step, 0):
        house.clock.advance(seconds=moved)
        for turn in range(7):
            person = house.browser(source=f"198.51.100.{turn}")
            await house.password(person)
            house.clock.advance(seconds=31)
        await house.deliver()
        sent = sum(one.purpose == "sign_in" for one in house.inbox())

    assert sent <= (2 if step > 0 else 1) * NUMBER_HOUR


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_fresh_proofs_outlive_no_step(house: FrontDoor, step: int) -> None:
    """SU-01, EM-04: an hour forth or back closes the gate, and proofs of before open nothing."""
    person, _ = await house.member()
    house.clock.advance(seconds=60)
    await house.open_settings(person)
    await person.get("/settings/password")
    # Set-up proved both a minute ago.
    assert person.path == "/settings/password", person.text

    house.clock.advance(seconds=step)
    if step > 0:
        # The session itself rests after half an hour.
        await person.get("/")
        await person.press("Continue", password=PASSWORD)
    await person.get("/settings/password")

    assert person.path == "/settings", person.text
    await person.press("Send code")
    await person.press("Verify", code=await house.code("email"))
    await person.get("/settings/password")
    # By a clock set back its browser is younger than a day, too.
    assert person.path in {"/settings/confirm", "/settings/wait"}, person.text


async def test_a_step_forward_ends_no_session_for_good(house: FrontDoor) -> None:
    """SE-03: by a clock that is wrong a session is over; put right, it lasts as long as it would
    have, and no longer."""
    owner, _ = await house.member()
    house.clock.advance(seconds=13 * HOUR)
    await owner.get("/")
    assert owner.path == "/sign-in"

    house.clock.advance(seconds=-13 * HOUR)
    await owner.get("/")

    assert owner.path == "/", owner.text
    for _ in range(24):
        house.clock.advance(seconds=HOUR / 2 - 1)
        await owner.get("/")
    house.clock.advance(seconds=30)
    await owner.get("/")
    assert owner.path == "/sign-in", owner.text


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_what_somebody_ended_stays_ended(house: FrontDoor, step: int) -> None:
    """SE-06: a session that was signed out of is gone: no step of the clock revives it."""
    owner, _ = await house.member()
    thief = copy_of(house, owner)
    assert await is_inside(thief)
    await owner.press("Sign out")

    house.clock.advance(seconds=step)

    assert not await is_inside(thief)
