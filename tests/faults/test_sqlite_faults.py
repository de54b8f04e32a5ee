"""SQLite without room or leave to write: nothing is half done, and it comes back."""

from pathlib import Path

import httpx
import pytest

from tests.databases import migrated_sqlite
from tests.faults.audit import audit
from tests.faults.load import Load
from tests.faults.members import Member
from tests.faults.processes import PATIENCE, Houses
from tests.faults.trial import trial_over
from tests.figures import Record, note_audit

pytestmark = pytest.mark.anyio


async def _sign_in(member: Member, houses: Houses) -> bool:
    try:
        return await member.sign_in(houses.origins[0])
    except (httpx.TransportError, AssertionError):
        return False


async def test_full_disk_confirms_nothing_it_did_not_keep(
    tmp_path: Path, record_property: Record
) -> None:
    """When the file cannot grow, sign-ins are refused with 503; with room again all goes on."""
    path = tmp_path / "house.db"
    async with trial_over(tmp_path, migrated_sqlite(path)) as trial:
        houses = trial.houses
        houses.kill()
        # The write-ahead log may grow by three pages, and nothing else by anything.
        houses.start(file_size=path.stat().st_size + 12_000)
        await houses.ready()
        entered = []
        for _ in range(4):
            houses.advance(31)
            entered += [await _sign_in(member, houses) for member in trial.members]
        assert False in entered, "the disk never was full"
        async with httpx.AsyncClient(base_url=houses.origins[0], timeout=PATIENCE) as client:
            assert (await client.get("/livez")).status_code == 200

        houses.kill()
        await houses.restart()
        houses.advance(31)

        assert all([await _sign_in(member, houses) for member in trial.members])
        found = await audit(houses, trial.url, trial.members)
        assert (found.lost, found.replayed, found.without_journal) == (0, 0, 0), found
        note_audit(record_property, found, faults=entered.count(False))


class _Disk:
    """A database in a folder of its own, which may be read only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "house.db"

    def is_writable(self, yes: bool) -> None:
        for one in self.folder.iterdir():
            one.chmod(0o600 if yes else 0o400)
        self.folder.chmod(0o700 if yes else 0o500)


async def test_server_does_not_start_on_a_read_only_disk(tmp_path: Path) -> None:
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
        assert (found.lost, found.replayed, found.without_journal) == (0, 0, 0), found
        assert found.confirmed >= 2 * len(trial.members), found
