"""Parallel guesses: what is evaluated is what was counted before, on both databases (A.4)."""

import pytest

from tests.attack import all_at_once, count, journal, wrong
from tests.figures import Record, note
from tests.front_door import FrontDoor
from tests.person import Person

pytestmark = pytest.mark.anyio


async def _asked_for_text(house: FrontDoor) -> tuple[Person, str]:
    await house.member()
    house.clock.advance(seconds=60)
    person = house.browser()
    await house.password(person)
    return person, await house.code("sms")


async def _asked_for_app(house: FrontDoor) -> tuple[Person, str]:
    _, secret, _ = await house.member_with_app()
    house.clock.advance(seconds=60)
    person = house.browser()
    await house.password(person)
    return person, house.app_code(secret)


ASKED = {"text": _asked_for_text, "app": _asked_for_app}


@pytest.mark.parametrize("method", ASKED)
async def test_fifty_right_codes_open_one_session(
    either_house: FrontDoor, method: str, record_property: Record
) -> None:
    """OC-03, OC-07, TO-03: of fifty parallel right codes exactly one opens a session."""
    person, code = await ASKED[method](either_house)
    before = await count(either_house, "sessions")

    answers = await all_at_once(person, "Verify", [{"code": code}] * 50)

    assert sum(answer.headers["location"] == "/" for answer in answers) == 1
    opened = await count(either_house, "sessions") - before
    assert opened == 1
    assert all(answer.status_code == 303 for answer in answers)
    note(record_property, attacks=1, requests=len(answers), confirmed=1, twice=opened - 1)


@pytest.mark.parametrize("method", ASKED)
async def test_two_hundred_wrong_codes_are_five(
    either_house: FrontDoor, method: str, record_property: Record
) -> None:
    """OC-07: of two hundred parallel wrong codes five are compared, and five are counted."""
    person, code = await ASKED[method](either_house)
    guesses = [{"code": wrong(code, by=by)} for by in range(1000, 1200)]

    answers = await all_at_once(person, "Verify", guesses)

    assert all(answer.status_code == 303 for answer in answers)
    compared = len(await journal(either_house, "authn_login_fail"))
    assert compared == 5
    note(record_property, attacks=1, requests=len(answers), compared=compared)
    assert await count(either_house, "strikes") == 5
    await person.get("/sign-in/code")
    assert person.path == "/sign-in"


async def test_parallel_resends_send_one_message(either_house: FrontDoor) -> None:
    """OC-09: of twenty parallel resends one message leaves."""
    person, _ = await _asked_for_text(either_house)
    either_house.clock.advance(seconds=31)
    await person.get("/sign-in/code")
    before = len(either_house.inbox())

    await all_at_once(person, "Resend", [{}] * 20)
    await either_house.deliver()

    assert len(either_house.inbox()) == before + 1


async def test_parallel_first_sign_ins_share_a_spacing(either_house: FrontDoor) -> None:
    """RL-05: ten parallel sign-ins by ten browsers text the number once in thirty seconds."""
    await either_house.member()
    await either_house.deliver()
    either_house.clock.advance(seconds=60)
    before = len(either_house.inbox())
    for turn in range(10):
        await either_house.password(either_house.browser(source=f"198.51.100.{turn}"))
    await either_house.deliver()

    assert len(either_house.inbox()) == before + 1
