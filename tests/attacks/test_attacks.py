"""Each attack finds the hole in a house that has it, and none in the house as it is."""

import pytest

from tests.attacks.attacking import attacked, door, outcome
from tests.attacks.broken import BREACHES, Breach
from tests.front_door import PASSWORD, FrontDoor
from vestibule.attack import run
from vestibule.attack.ground import Member
from vestibule.attack.outcome import Finding, Holds, NotTried, Stopped
from vestibule.attack.table import ATTACKS
from vestibule.domain import totp

pytestmark = pytest.mark.anyio


def _name(breach: Breach) -> str:
    return f"{breach.slug}-{BREACHES.index(breach)}"


def test_every_attack_has_a_broken_house() -> None:
    """No attack is believed that has not been seen to find something."""
    assert {breach.slug for breach in BREACHES} == {attack.slug for attack in ATTACKS}


@pytest.mark.parametrize("breach", BREACHES, ids=_name)
async def test_a_broken_promise_is_found(house: FrontDoor, breach: Breach) -> None:
    """An attack on a house that breaks what it goes against ends with a finding."""
    broken = breach.house(house)
    await broken.prepare()

    found = await outcome(house, breach.slug, broken)

    assert isinstance(found, Finding), found


async def test_nothing_is_found_in_the_house(house: FrontDoor) -> None:
    """EF-01, OC-07, WB-01: all attacks on the house as it is end well, each tried to its end."""
    rows = await attacked(house)

    assert [row.attack.slug for row in rows] == [attack.slug for attack in ATTACKS]
    assert [
        (row.attack.slug, row.outcome) for row in rows if not isinstance(row.outcome, Holds)
    ] == []
    assert run.exit_code(rows) == 0


async def _own(house: FrontDoor) -> Member:
    _, secret, _ = await house.member_with_app("ada@example.com")
    return Member("ada@example.com", PASSWORD, secret, last_step=totp.step_at(house.clock()))


async def test_one_account_of_the_operators_is_enough(house: FrontDoor) -> None:
    """OC-07, EN-01: with one account for all attacks the house as it is has no finding.

    Of two hundred wrong codes five are still seen to be compared.
    """
    rows = await attacked(house, own=await _own(house), through=door(house, source="198.51.100.20"))

    found = {row.attack.slug: row.outcome for row in rows}
    odd = {slug: one for slug, one in found.items() if not isinstance(one, Holds | NotTried)}
    assert odd == {}
    race = found["race-wrong"]
    assert isinstance(race, Holds)
    assert race.evaluated == 5


async def test_an_account_that_waits_is_no_finding(house: FrontDoor) -> None:
    """OC-07: an account whose tries were spent before shows nothing, and a new one is asked for."""
    own = await _own(house)
    await attacked(house, "race-wrong", "new-sign-ins", own=own)

    [row] = await attacked(house, "race-wrong", own=own)

    assert isinstance(row.outcome, Stopped), row.outcome
    assert "use a new one" in row.outcome.why
