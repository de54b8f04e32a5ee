"""The root key changed under load: published, activated, all sealed anew, the old one gone.

KY-03's drill, on both databases: no sign-in fails, and afterwards all rows open without the old.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.databases import Store
from tests.faults.audit import audit
from tests.faults.house_process import EPOCH, FileClock
from tests.faults.load import Load
from tests.faults.members import Member, join
from tests.faults.processes import PATIENCE, Houses
from tests.faults.trial import Trial, trial_over
from tests.figures import Record, note_audit
from tests.front_door import PASSWORD
from tests.person import Person
from vestibule.bootstrap import build_house
from vestibule.crypto import root_key
from vestibule.crypto.key_source import KeyFile
from vestibule.crypto.keyring import Keyring
from vestibule.crypto.password_hash import CHEAPEST
from vestibule.crypto.seal import Place, Seal
from vestibule.domain import totp
from vestibule.entropy import SystemEntropy
from vestibule.flows import keys
from vestibule.flows.work import Means
from vestibule.settings import Settings
from vestibule.storage import keyed
from vestibule.storage.database import Transaction, connect

pytestmark = pytest.mark.anyio
T = TypeVar("T")


@dataclass
class Operator:
    """Whoever runs `vestibule keys` beside the servers, with their clock."""

    trial: Trial

    @property
    def file(self) -> Path:
        return self.trial.houses.folder / "root.key"

    def run(self, act: Callable[[Means, KeyFile], Awaitable[T]]) -> T:
        """One command, in a thread that has no loop."""

        async def command() -> T:
            settings = Settings.model_validate(
                {"data": self.trial.houses.folder, "database_url": self.trial.url}
            )
            clock = FileClock(self.trial.houses.clock)
            built = build_house(settings, clock=clock, profile=CHEAPEST)
            try:
                return await act(built.means, KeyFile(self.file))
            finally:
                await built.close()

        return asyncio.run(command())

    def rotate(self) -> None:
        self.run(keys.rotate)

    def reseal(self) -> keys.Resealed:
        return self.run(lambda means, source: keys.reseal(means, root_key.read(self.file), source))

    def retire(self) -> keys.Retired:
        return self.run(lambda means, source: keys.retire(means, source, "k1", at_once=True))


async def _rounds_until(load: Load, houses: Houses, said: str) -> None:
    """People sign in, round after round, until every process has logged it."""
    async with asyncio.timeout(PATIENCE):
        while (houses.folder / "houses.log").read_text().count(said) < len(houses.ports):
            await load.round(lambda: None)


async def _half_way(origin: str, member: Member) -> Person:
    """Somebody past the password, with the form of the code open."""
    person = Person(httpx.AsyncClient(base_url=origin, timeout=PATIENCE))
    await person.get("/sign-in")
    await person.press("Sign in", email=member.email, password=PASSWORD)
    assert person.path == "/sign-in/code"
    return person


async def _sealed(url: str) -> list[tuple[Place, bytes]]:
    async def unit(tx: Transaction) -> list[tuple[Place, bytes]]:
        return [
            (Place(one.table, one.column, row["id"]), bytes(row["value"]))
            for one in keyed.SEALED
            for row in await keyed.others(tx, one, "", after="", most=10_000)
        ]

    database = connect(url)
    try:
        return await database.read(unit)
    finally:
        await database.close()


async def test_rotation_under_load(store: Store, tmp_path: Path, record_property: Record) -> None:
    """KY-03: a root is replaced while people sign in: none is refused, sessions and open forms live
    on, who was away comes in by the password of before, and all rows open without the old root."""
    count = 3 if store.dialect == "postgresql" else 1
    async with trial_over(tmp_path, store.url, count=count) as trial:
        houses, operator = trial.houses, Operator(trial)
        away = await join(houses, houses.origins[0], "away@example.com")
        load = Load(houses, trial.members, seed="rotation")
        await load.round(lambda: None)
        late = await _half_way(houses.origins[-1], trial.members[0])

        await load.round(operator.rotate)
        await _rounds_until(load, houses, "writes_with=k2")
        resealed: list[keys.Resealed] = []
        await load.round(lambda: resealed.append(operator.reseal()))
        houses.advance(31)
        await late.press("Verify", code=totp.hotp(trial.members[0].secret, trial.members[0].step))
        assert late.path == "/", late.text
        await late.client.aclose()
        retired: list[keys.Retired] = []
        await load.round(lambda: retired.append(operator.retire()))
        await _rounds_until(load, houses, "reads=k2 writes_with=k2")

        found = await audit(houses, store.url, trial.members)
        # Who was away joined, and an open form was finished, beside the load.
        found.assert_whole(besides=2)
        assert load.broken == 0
        assert resealed[0].unreadable == 0
        roots = root_key.read(operator.file)
        assert [one.id for one in roots.roots] == ["k2"]
        seal = Seal(Keyring.of(roots, EPOCH), SystemEntropy())
        rows = await _sealed(store.url)
        assert all(value.startswith(b"k2.") and seal.open(value, place) for place, value in rows)
        houses.kill()
        await houses.restart()
        houses.advance(31)
        assert await away.sign_in(houses.origins[0])
        note_audit(record_property, found, faults=load.broken)
