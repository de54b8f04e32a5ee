"""The clock of a running house is stepped by an hour, forth and back, between sign-ins."""

from pathlib import Path

import pytest

from tests.databases import migrated_sqlite
from tests.faults.audit import audit
from tests.faults.load import Load
from tests.faults.members import is_inside
from tests.faults.trial import Trial, trial_over
from tests.figures import Record, note_audit

pytestmark = pytest.mark.anyio

HOUR = 3600


async def test_stepped_clock_spends_nothing_twice(tmp_path: Path, record_property: Record) -> None:
    """TO-03, RL-07: an hour back no app's code is taken again and sessions go on; put right, all
    sign in; an hour forward idle sessions rest, and all sign in once more."""
    async with trial_over(tmp_path, migrated_sqlite(tmp_path / "house.db")) as trial:
        load = Load(trial.houses, trial.members, seed="clock")
        await load.round(lambda: None)
        first = [next(iter(one.confirmed.values())) for one in trial.members]

        trial.houses.advance(-HOUR)
        await load.round(lambda: None)
        assert load.broken == len(trial.members), "a step before the last used one was taken"
        assert await _inside(trial, first) == len(first)

        trial.houses.advance(HOUR)
        await load.round(lambda: None)
        found = await audit(trial.houses, trial.url, trial.members)
        found.assert_whole()
        assert found.confirmed == 2 * len(trial.members)
        note_audit(record_property, found, faults=2)

        trial.houses.advance(HOUR)
        assert await _inside(trial, first) == 0
        await load.round(lambda: None)
        assert load.broken == len(trial.members)


async def _inside(trial: Trial, sessions: list[str]) -> int:
    return sum([await is_inside(trial.houses.origins[0], one) for one in sessions])
