"""Starts and ends of the house are events too."""

from pathlib import Path

import pytest

from tests.attack import journal
from tests.databases import Store, run_script
from tests.front_door import front_door
from tests.journal.test_append_only import BREAKS
from vestibule.storage.database import StorageError

pytestmark = pytest.mark.anyio


async def test_starts_and_ends_are_told_with_their_settings(store: Store, tmp_path: Path) -> None:
    """AU-05: each start and end is an event; a start names its settings by a mark, which is
    another one where they changed."""
    for settings in ({}, {}, {"session_hours": 9}):
        async with (
            front_door(store.open(), tmp_path, settings=dict(settings)) as house,
            house.built.running(),
        ):
            pass

    async with front_door(store.open(), tmp_path) as house:
        told = [(one.name, one.details.get("settings")) for one in await journal(house)]
    starts = [mark for name, mark in told if name == "sys_startup"]
    assert [name for name, _ in told].count("sys_shutdown") == 3
    assert len(starts) == 3
    assert len(set(starts)) == 2
    assert all(len(str(mark)) == 16 for mark in starts)


async def test_nothing_is_served_without_the_journal(store: Store, tmp_path: Path) -> None:
    """AU-07: a house whose journal takes no event does not start."""
    await run_script(store.url, BREAKS[store.dialect])
    async with front_door(store.open(), tmp_path) as house:
        with pytest.raises(StorageError):
            async with house.built.running():
                pytest.fail("it started")
