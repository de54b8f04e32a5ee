"""SQLite without room or leave to write: nothing is half done, and it comes back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.databases import migrated_sqlite
from tests.faults.audit import audit
from tests.faults.load import Load
from tests.faults.members import Member
from tests.faults.processes import PATIENCE, Houses
from tests.faults.trial import Trial, trial_over
from tests.figures import Record, note_audit

pytestmark = pytest.mark.anyio

ROOM = 1_000_000
MOST_ROUNDS = 8


async def _sign_in(member: Member, houses: Houses) -> bool:
    try:
        return await member.sign_in(houses.origins[0])
    except (httpx.TransportError, AssertionError):
        return False


async def test_full_disk_confirms_nothing_it_did_not_keep(
    tmp_path: Path, record_property: Record
) -> None:
    """As the disk fills each sign-in that was confirmed is kept, then all are refused
    with 503; with room again all goes on, and what was confirmed before and meanwhile holds."""
    path = tmp_path / "house.db"
    async with trial_over(tmp_path, migrated_sqlite(path)) as trial:
        houses, load = trial.houses, Load(trial.houses, trial.members, seed="full")
        await load.round(lambda: None)
        before = _confirmed(trial)
        houses.kill()
        # The write-ahead log, empty now, may become a little larger than the file: less than what
        # it is emptied at (4 MB), and enough for some sign-ins.
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        houses.start(file_size=path.stat().st_size + ROOM)
        await houses.ready()
        # One after the other, so that some are whole before the room ends; then all at once.
        for _ in range(MOST_ROUNDS):
            houses.advance(31)
            if not all([await _sign_in(member, houses) for member in trial.members]):
                break
        meanwhile = _confirmed(trial) - before
        await load.round(lambda: None)
        async with httpx.AsyncClient(base_url=houses.origins[0], timeout=PATIENCE) as client:
            assert (await client.get("/livez")).status_code == 200
            assert (await client.get("/sign-in")).status_code == 200

        houses.kill()
        await houses.restart()
        houses.advance(31)

        assert all([await _sign_in(member, houses) for member in trial.members])
        found = await audit(houses, trial.url, trial.members)
        found.assert_whole()
        assert before >= len(trial.members)
        assert meanwhile > 0, "nothing was confirmed while the disk filled"
        assert load.broken > 0, "the disk never was full"
        note_audit(record_property, found, faults=load.broken)


def _confirmed(trial: Trial) -> int:
    return sum(len(member.confirmed) for member in trial.members)


class _Disk:
    """A database in a folder of its own, which may be read only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "house.db"

    def is_writable(self, yes: bool) -> None:
        for one in self.folder.iterdir():
            one.chmod(0o600 if yes else 0o400)
        self.folder.chmod(0o700 if yes else 0o500)


async def test_server_does_not_start_on_a_read_only_disk(
    tmp_path: Path, record_property: Record
) -> None:
    """RL-07: killed under load, on a disk that turned read only, it does not start and says why;
    writable again, it starts, nothing confirmed is lost and no code works twice."""
    (tmp_path / "disk").mkdir()
    disk = _Disk(tmp_path / "disk")
    async with trial_over(tmp_path, migrated_sqlite(disk.path)) as trial:
        houses, endings = trial.houses, []

        def strike() -> None:
            houses.kill()
            disk.is_writable(False)
            houses.start(is_bound=True)
            endings.extend(houses.wait())

        load = Load(houses, trial.members, seed="read only")
        await load.round(lambda: None)
        await load.round(strike)
        disk.is_writable(True)
        await houses.restart()
        houses.advance(31)
        entered = [await _sign_in(member, houses) for member in trial.members]

        assert endings == [3]
        assert "the file may only be read" in houses.log.read_text()
        assert entered == [True] * len(trial.members)
        found = await audit(houses, trial.url, trial.members)
        found.assert_whole()
        assert found.confirmed >= 2 * len(trial.members), found
        note_audit(record_property, found, faults=1)
