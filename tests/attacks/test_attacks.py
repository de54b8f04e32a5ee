"""Each attack finds the hole in a house that has it, and none in the house as it is."""

import pytest

from tests.attacks.attacking import attacked, outcome
from tests.attacks.broken import BREACHES, Breach
from tests.front_door import FrontDoor
from vestibule.attack import run
from vestibule.attack.outcome import Finding, Holds
from vestibule.attack.table import ATTACKS

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
