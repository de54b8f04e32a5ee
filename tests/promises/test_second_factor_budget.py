"""The account's budget of six-digit guesses: how far anybody gets, and what it costs (A.13, D).

An attacker here knows the password, always: nobody else reaches the second factor.
"""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.attack import count, journal, rows, wrong
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.person import Person
from vestibule.domain.throttle import EPOCH_BUDGET, YEAR_BUDGET
from vestibule.storage.database import Database

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


async def _guess(house: FrontDoor, turn: int, *, most: int = 5) -> Person:
    """One attacker's sign-in: the password, then wrong codes until it ends."""
    person = house.browser(source=f"198.51.{turn // 200}.{turn % 200}")
    await house.password(person)
    for by in range(most):
        if person.path != "/sign-in/code" or "Verify" not in person.response.text:
            break
        await person.press("Verify", code=wrong("000000", by=by + 1))
    return person


async def _six_digit_guesses(house: FrontDoor) -> int:
    found = await rows(house, "SELECT COUNT(*) AS n FROM strikes WHERE digits = 6")
    return int(found[0]["n"])


async def test_pauses_for_unknown_browsers(house: FrontDoor) -> None:
    """RL-05: ten strikes pause unknown browsers for 15 min, fifteen for 1 h, known ones never."""
    owner, secret, _ = await house.member_with_app()
    await owner.press("Sign out")
    house.clock.advance(seconds=3600)
    for turn in range(2):
        await _guess(house, turn)
    assert await _six_digit_guesses(house) == 10
    person = await _guess(house, 2)
    assert "Wait until" in person.text
    assert await _six_digit_guesses(house) == 10

    house.clock.advance(seconds=899)
    await person.press("Verify", code="123456")
    assert await _six_digit_guesses(house) == 10
    house.clock.advance(seconds=1)
    await _guess(house, 3)
    assert await _six_digit_guesses(house) == 15
    house.clock.advance(seconds=3599)
    await _guess(house, 4)
    assert await _six_digit_guesses(house) == 15

    await house.password(owner)
    await owner.press("Verify", code=house.app_code(secret))
    assert owner.path == "/", owner.text


async def test_a_paused_code_is_not_evaluated(house: FrontDoor) -> None:
    """RL-05: during the pause the right code is refused as any other, and costs nothing."""
    _, secret, _ = await house.member_with_app()
    house.clock.advance(seconds=3600)
    for turn in range(2):
        await _guess(house, turn)
    person = house.browser(source="198.51.100.99")
    await house.password(person)

    await person.press("Verify", code=house.app_code(secret))

    assert person.path == "/sign-in/code"
    assert await _six_digit_guesses(house) == 10


async def _spend(house: FrontDoor, strikes: int) -> None:
    """Wrong six-digit codes of others until so many are counted."""
    turn = 0
    while await _six_digit_guesses(house) < strikes:
        house.clock.advance(seconds=3601)
        await _guess(house, turn)
        turn += 1
        assert turn < 60


async def test_twenty_strikes_lengthen_texted_codes(house: FrontDoor) -> None:
    """RL-05: from 20 strikes nothing closes: ten-digit texts, and then a new password, once."""
    owner, _ = await house.member()
    await owner.press("Sign out")
    await _spend(house, EPOCH_BUDGET)
    house.clock.advance(seconds=3601)
    person = house.browser()
    await house.password(person)
    code = await house.code("sms")
    assert len(code) == 10
    await person.press("Verify", code=code[:6])
    assert "10 digits" in person.text
    await person.press("Verify", code=code)
    await house.prove_mailbox(person)
    assert person.path == "/new-password", person.text
    await person.get("/settings")
    assert person.path == "/new-password"
    await person.press("Set new password", new_password="a second lantern over there")
    assert person.path == "/", person.text
    await person.press("Sign out")
    house.clock.advance(DAY)

    await house.password(person, password="a second lantern over there")
    assert len(await house.code("sms")) == 6, "a new password has its own budget"


async def test_twenty_strikes_ask_the_app_twice(house: FrontDoor) -> None:
    """RL-05: from 20 strikes one code of the app is not enough; two in a row are."""
    _, secret, _ = await house.member_with_app()
    await _spend(house, EPOCH_BUDGET)
    house.clock.advance(seconds=3601)
    person = house.browser()
    await house.password(person)
    await person.press("Verify", code=house.app_code(secret))
    assert "Enter the code after it too" in person.text
    assert await _six_digit_guesses(house) == EPOCH_BUDGET
    house.clock.advance(seconds=30)

    await person.press(
        "Verify", code=house.app_code(secret, steps=-1), next_code=house.app_code(secret)
    )
    await house.prove_mailbox(person)

    assert person.path == "/new-password", person.text


async def test_a_used_code_is_not_the_first_of_two(house: FrontDoor) -> None:
    """TO-03, RL-05: of the two codes that are asked both are new: the one that was just used and
    the one after it are not enough."""
    _, secret, _ = await house.member_with_app()
    await _spend(house, EPOCH_BUDGET)
    await _enter_with_two(house, secret, PASSWORD)
    house.clock.advance(seconds=30)
    reader = house.browser(source="192.0.2.78")
    await house.password(reader)

    await reader.press(
        "Verify", code=house.app_code(secret, steps=-1), next_code=house.app_code(secret)
    )

    assert reader.path == "/sign-in/code", reader.text


async def test_a_code_sent_before_the_cap_counts_no_more(house: FrontDoor) -> None:
    """RL-05: a six-digit code that was out when the twentieth strike fell is not compared."""
    await house.member()
    await _spend(house, EPOCH_BUDGET - 5)
    house.clock.advance(seconds=3601)
    waiting = house.browser(source="192.0.2.9")
    await house.password(waiting)
    code = await house.code("sms")
    house.clock.advance(seconds=31)
    await _guess(house, 190)
    assert await _six_digit_guesses(house) == EPOCH_BUDGET

    await waiting.press("Verify", code=code)

    assert waiting.path == "/sign-in/code"
    assert "longer ones" in waiting.text
    left = "SELECT id FROM challenges WHERE digits = 6 AND code_sealed IS NOT NULL"
    assert await rows(house, left) == [], "the short one has ended, and is not kept"


async def test_demand_that_a_dead_process_left_out_is_made_up(house: FrontDoor) -> None:
    """RL-05: where a process died between the twentieth strike and the demand for a new password,
    the next full sign-in makes it."""
    _, secret, _ = await house.member_with_app()
    await _spend(house, EPOCH_BUDGET)
    undo = "UPDATE accounts SET new_password_required_at = NULL"
    await house.database.transact(lambda tx: tx.execute(undo))

    owner = await _enter_with_two(house, secret, PASSWORD)
    await house.prove_mailbox(owner)

    assert owner.path == "/new-password", owner.text


async def test_long_guesses_draw_on_no_budget(house: FrontDoor) -> None:
    """RL-05: past fifty of a year a new password is asked for once, not at every sign-in."""
    _, secret, _ = await house.member_with_app()
    password = "a lantern in the porch"
    for epoch in range(3):
        await _spend_with(house, password, min(EPOCH_BUDGET * (epoch + 1), YEAR_BUDGET))
        owner = await _enter_with_two(house, secret, password)
        await house.prove_mailbox(owner)
        assert owner.path == "/new-password", owner.text
        password = f"lantern number {epoch} of the year"
        await owner.press("Set new password", new_password=password)
        assert owner.path == "/", owner.text
    assert await _six_digit_guesses(house) == YEAR_BUDGET

    owner = await _enter_with_two(house, secret, password)

    assert owner.path == "/", "the demand was met; the next sign-in asks for no other password"
    assert len(await journal(house, "authn_login_fail_max")) == 3


async def _spend_with(house: FrontDoor, password: str, strikes: int) -> None:
    turn = 0
    while await _six_digit_guesses(house) < strikes:
        house.clock.advance(seconds=3601)
        person = house.browser(source=f"198.51.101.{turn}")
        await house.password(person, password=password)
        for by in range(5):
            if person.path == "/sign-in/code":
                await person.press("Verify", code=wrong("000000", by=by + 1))
        turn += 1
        assert turn < 60


async def _enter_with_two(house: FrontDoor, secret: bytes, password: str) -> Person:
    house.clock.advance(seconds=3601)
    owner = house.browser(source="192.0.2.77")
    await house.password(owner, password=password)
    house.clock.advance(seconds=30)
    await owner.press(
        "Verify", code=house.app_code(secret, steps=-1), next_code=house.app_code(secret)
    )
    return owner


async def test_sign_up_reset_and_gate_codes_add_no_strikes(house: FrontDoor) -> None:
    """RL-05: wrong mailed codes add no strikes, and five wrong gate codes end that session."""
    owner, _ = await house.member()
    stranger = house.browser(source="198.51.100.1")
    await stranger.get("/forgot-password")
    await stranger.press("Send code", email="ada@example.com")
    for _ in range(5):
        await stranger.post("/forgot-password/code", {"code": "0123456789"})
    await owner.press("User Settings")
    await house.deliver()
    gate = [one for one in house.inbox() if one.purpose == "settings_gate"]
    code = str(gate[-1].code)
    for by in range(1, 6):
        await owner.press("Verify", code=wrong(code, by=by))

    assert owner.path == "/sign-in"
    assert "five wrong codes" in owner.text
    assert await count(house, "sessions") == 0
    assert await count(house, "strikes") == 0


async def test_a_success_clears_its_own_strikes_only(house: FrontDoor) -> None:
    """RL-06: the owner's success takes the owner's typos back and leaves the attacker's."""
    _, secret, _ = await house.member_with_app()
    house.clock.advance(seconds=3600)
    await _guess(house, 1, most=4)
    owner = house.browser()
    await house.password(owner)
    await owner.press("Verify", code=wrong(house.app_code(secret)))
    await owner.press("Verify", code=wrong(house.app_code(secret), by=2))
    assert await _six_digit_guesses(house) == 6

    await owner.press("Verify", code=house.app_code(secret))

    assert owner.path == "/"
    assert await _six_digit_guesses(house) == 4


async def test_budget_outlives_the_house(database: Database, tmp_path: Path) -> None:
    """RL-07: strikes, pauses and sends are in the database: a restart gives nothing back."""
    async with front_door(database, tmp_path) as house:
        await house.member_with_app()
        house.clock.advance(seconds=3600)
        for turn in range(2):
            await _guess(house, turn)
        moment: datetime = house.clock()
    same_key: dict[str, object] = {"root_key_file": tmp_path / "root.key"}
    async with front_door(database, tmp_path / "again", settings=same_key) as again:
        again.clock.advance(moment - again.clock())
        person = await _guess(again, 3)

        assert "Wait until" in person.text
        assert await _six_digit_guesses(again) == 10
