"""What is past its time is deleted, table by table."""

import pytest

from tests.attack import rows
from tests.front_door import FrontDoor
from vestibule.flows.housekeeping import purge
from vestibule.storage.retention import JOURNAL, KEPT

LONGEST = 401


async def _counts(house: FrontDoor) -> dict[str, int]:
    """Rows by table. PostgreSQL lets go of the journal by its own clock only: `tests/journal`."""
    found = {}
    by_its_own_clock = {JOURNAL} if house.database.dialect == "postgresql" else set()
    for table in KEPT.keys() - by_its_own_clock:
        many = await rows(house, f"SELECT count(*) AS many FROM {table}")  # noqa: S608 - ours
        found[table] = many[0]["many"]
    return found


@pytest.mark.anyio
async def test_everything_goes_in_its_time(either_house: FrontDoor) -> None:
    """AU-06: nothing that has a time outlives it, and nothing goes before."""
    house = either_house
    person, _ = await house.member()
    await house.open_settings(person)
    stranger = house.browser()
    await house.password(stranger)
    await stranger.press("Verify", code="000000")
    await house.deliver()
    before = await _counts(house)
    assert {"sessions", "challenges", "strikes", "outbox", "throttles"} <= {
        table for table, many in before.items() if many
    }

    await purge(house.built.means)
    assert await _counts(house) == before, "something went before its time"

    house.clock.advance(seconds=LONGEST * 86_400)
    await purge(house.built.means)
    assert set((await _counts(house)).values()) == {0}
