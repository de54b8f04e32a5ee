"""Processes killed at random moments under load: nothing confirmed is lost, no code works twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.databases import migrated_sqlite
from tests.faults.audit import audit
from tests.faults.load import Load
from tests.faults.members import Member, join
from tests.faults.processes import PATIENCE, Houses
from tests.faults.trial import MEMBERS, Trial, trial_over
from tests.figures import Record, note, note_audit
from tests.front_door import PASSWORD
from tests.person import Person
from tests.postgresql import Cluster
from vestibule.entropy import SeededEntropy

pytestmark = pytest.mark.anyio

ROUNDS = 6
RANDOM_KILLS = 4
NEWCOMERS = 3
SIGN_IN_REQUESTS, SET_UP_REQUESTS = 4, 12


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
    found.assert_whole()
    assert found.confirmed >= len(trial.members), found
    assert load.broken > 0, "no sign-in was hit"
    note_audit(record_property, found, faults=ROUNDS)


async def test_recovery_codes_outlive_kills_at_random(
    trial: Trial, record_property: Record
) -> None:
    """Killed at random requests while people sign in and others finish their set-up: each recovery
    code that was confirmed as saved still works, once, and no confirmed sign-in is lost."""
    houses, chance = trial.houses, SeededEntropy("recovery codes")
    broken = 0
    for turn in range(RANDOM_KILLS + 1):
        houses.advance(31)
        kill = partial(houses.kill, turn % len(houses.ports))
        if turn < RANDOM_KILLS:
            whole = len(trial.members) * SIGN_IN_REQUESTS + NEWCOMERS * SET_UP_REQUESTS
            houses.strike_after(whole // 3 + chance.below(whole * 2 // 3), kill)
        came = await asyncio.gather(
            *(_enters(houses, one, index) for index, one in enumerate(trial.members)),
            *(_joins(houses, f"late-{turn}-{one}@example.com", one) for one in range(NEWCOMERS)),
        )
        broken += came.count(None)
        trial.members += [one for one in came if one is not None and one not in trial.members]
        await houses.struck()
        # The last one strikes when all are done.
        kill()
        await houses.restart()

    found = await audit(houses, trial.url, trial.members)
    found.assert_whole()
    assert broken > 0, "nobody was hit"
    assert len(trial.members) > MEMBERS, "nobody finished a set-up"
    # As if later, so that many sign-ins from one source are let try.
    houses.advance(3600)
    entered = [await _recover(houses, one) for one in trial.members]
    again = [await _recover(houses, one) for one in trial.members[:3]]
    assert entered == [True] * len(trial.members)
    assert again == [False] * 3
    note(
        record_property,
        faults=RANDOM_KILLS,
        requests=houses.asked,
        confirmed=found.confirmed + len(trial.members),
        lost=found.lost + entered.count(False),
        twice=found.replayed + found.doubled + again.count(True),
    )


async def _enters(houses: Houses, member: Member, index: int) -> Member | None:
    with suppress(httpx.TransportError, AssertionError):
        if await member.sign_in(houses.origins[index % len(houses.origins)]):
            return member
    return None


async def _joins(houses: Houses, email: str, index: int) -> Member | None:
    """Somebody new, where the house said yes to the last group of the recovery code."""
    with suppress(httpx.TransportError, AssertionError):
        return await join(houses, houses.origins[index % len(houses.origins)], email)
    return None


async def _recover(houses: Houses, member: Member) -> bool:
    async with httpx.AsyncClient(base_url=houses.origins[0], timeout=PATIENCE) as client:
        person = Person(client)
        await person.get("/sign-in")
        await person.press("Sign in", email=member.email, password=PASSWORD)
        await person.get("/sign-in/recovery-code")
        await person.press("Recover and set up 2FA", recovery_code=member.recovery_codes[-1])
        return person.path == "/set-up/recovery-code"
