"""Processes killed at random moments under load: nothing confirmed is lost, no code works twice."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.databases import migrated_sqlite
from tests.faults.audit import audit
from tests.faults.load import Load
from tests.faults.members import Member
from tests.faults.processes import Houses
from tests.faults.trial import Trial, trial_over
from tests.figures import Record, note_audit
from tests.front_door import PASSWORD
from tests.person import Person
from tests.postgresql import Cluster

pytestmark = pytest.mark.anyio

ROUNDS = 6


@pytest.fixture
async def trial(_cluster: Cluster | None, tmp_path: Path) -> AsyncIterator[Trial]:
    """One house on SQLite, three on PostgreSQL, with members."""
    if _cluster is None:
        async with trial_over(tmp_path, migrated_sqlite(tmp_path / "house.db")) as made:
            yield made
        return
    name = await _cluster.create()
    async with trial_over(tmp_path, _cluster.url(name), count=3) as made:
        yield made
    await _cluster.drop(name)


async def test_killed_servers_lose_nothing_confirmed(trial: Trial, record_property: Record) -> None:
    """Of sign-ins during which servers were killed each confirmed one holds and no code repeats."""
    houses = trial.houses
    load = Load(houses, trial.members, seed="kill")

    for turn in range(ROUNDS):
        await load.round(partial(houses.kill, turn % len(houses.ports)))
        await houses.restart()

    found = await audit(houses, trial.url, trial.members)
    assert (found.lost, found.replayed, found.without_journal) == (0, 0, 0), found
    assert found.signed_in <= found.steps
    assert found.confirmed >= len(trial.members), found
    assert load.broken > 0, "no sign-in was hit"
    note_audit(record_property, found, faults=ROUNDS)


async def test_recovery_codes_outlive_a_kill(trial: Trial) -> None:
    """A recovery code that was confirmed as saved works after the server was killed, once."""
    houses, member = trial.houses, trial.members[0]
    houses.kill()
    await houses.restart()

    entered = [await _recover(houses, member) for _ in range(2)]

    assert entered == [True, False]


async def _recover(houses: Houses, member: Member) -> bool:
    async with httpx.AsyncClient(base_url=houses.origins[0], timeout=10) as client:
        person = Person(client)
        await person.get("/sign-in")
        await person.press("Sign in", email=member.email, password=PASSWORD)
        await person.get("/sign-in/recovery-code")
        await person.press("Recover and set up 2FA", recovery_code=member.recovery_codes[-1])
        return person.path == "/set-up/recovery-code"
