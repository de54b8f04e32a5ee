"""Houses with members over one database, as every fault finds them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.members import Member, join
from tests.faults.processes import Houses

MEMBERS = 10


@dataclass
class Trial:
    """What a fault is tried on."""

    houses: Houses
    url: str
    members: list[Member]


@asynccontextmanager
async def trial_over(folder: Path, url: str, *, count: int = 1) -> AsyncIterator[Trial]:
    """So many processes over this database, with members; all are killed at the end.

    Then nothing that they wrote may hold a secret of these members.
    """
    houses = Houses(folder, url, count=count)
    try:
        await houses.restart()
        origin = houses.origins[0]
        members = [await join(houses, origin, f"{turn}@example.com") for turn in range(MEMBERS)]
        yield Trial(houses, url, members)
        houses.kill()
        found = await houses.leaks()
        assert found == [], found
    finally:
        houses.kill()
