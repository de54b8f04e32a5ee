"""The operator: starts processes again, changes the root key, copies the database, puts it back.

As docs/how-to/backup.md says. What owner and attackers have of the copy's day is theirs to say.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from tests import copies
from tests.model.world import Guess, World
from vestibule.flows.pulse import DatabaseRestored, Mark, refuse_restored
from vestibule.flows.restored import make_safe
from vestibule.storage.database import connect


class Databases(Protocol):
    """Where a run gets its database from, and where a copy of it goes."""

    async def make(self, folder: Path) -> str: ...

    async def put_back(self, file: Path) -> str: ...

    async def drop(self) -> None: ...


@dataclass(frozen=True)
class Copy:
    """What was copied, and when."""

    file: Path
    at: datetime
    guesses: tuple[Guess, ...]
    """Those that it knows of."""
    gate_guesses: tuple[datetime, ...]


class Operator:
    """One person, with the folder of the house and its database."""

    def __init__(self, world: World, databases: Databases, url: str) -> None:
        self.world, self._databases, self._url = world, databases, url
        self._mark = Mark(world.folder / "last-beat.json")
        self._made = 0

    async def copy(self) -> Copy:
        """`vestibule backup` or `pg_dump`, while the house is served."""
        self._made += 1
        file = self.world.folder / f"copy-{self._made}"
        await self.world.letters()
        await self._beat()
        await copies.back_up(self._url, file, self.world.folder)
        await self._beat()
        self.world.tally["copied"] += 1
        world = self.world
        return Copy(file, world.now, tuple(world.remembered), tuple(world.gate_remembered))

    async def _beat(self) -> None:
        """A minute of a served house."""
        await self.world.house.built.beating.beat()

    async def restore(self, copy: Copy) -> None:
        """Put it back, find that nothing starts on it, make it safe, and serve it."""
        await self.world.messages("email")
        self._url = await self._databases.put_back(copy.file)
        database = connect(self._url, sqlite_synchronous="OFF")
        self.world.closes.push_async_callback(database.close)
        await self.world.restart(database)
        means = self.world.house.built.means
        try:
            await refuse_restored(database, self._mark)
        except DatabaseRestored:
            self.world.tally["restore was noticed"] += 1
        else:
            raise AssertionError("nobody noticed that the database is a copy")
        await make_safe(means, self._mark, after=self._mark.epoch())
        await refuse_restored(database, self._mark)
        self.world.remembered = list(copy.guesses)
        self.world.gate_remembered = list(copy.gate_guesses)
        self.world.tally["restored"] += 1
