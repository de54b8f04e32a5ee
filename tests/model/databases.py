"""An empty database for each run of the model, and one from a copy for each restore."""

from dataclasses import dataclass, field
from pathlib import Path

from tests import copies
from tests.databases import migrated_sqlite
from tests.postgresql import Cluster


@dataclass
class SqliteFiles:
    """New files in the run's own folder."""

    _put_back: int = 0

    async def make(self, folder: Path) -> str:
        return migrated_sqlite(folder / "house.db")

    async def put_back(self, file: Path) -> str:
        # Another name each time: beside one that was served lies a log that would be read into it.
        self._put_back += 1
        return await copies.put_back(None, file, file.with_name(f"house-{self._put_back}.db"))

    async def drop(self) -> None:
        """The folder goes as a whole."""


@dataclass
class PostgresqlDatabases:
    """A copy of the cluster's template, and what is put back; dropped at the end."""

    cluster: Cluster
    _names: list[str] = field(default_factory=list)

    async def make(self, folder: Path) -> str:  # noqa: ARG002 - its place is the cluster
        return self._kept(self.cluster.url(await self.cluster.create()))

    async def put_back(self, file: Path) -> str:
        return self._kept(await copies.put_back(self.cluster, file, file))

    def _kept(self, url: str) -> str:
        self._names.append(_name(url))
        return url

    async def drop(self) -> None:
        while self._names:
            await self.cluster.drop(self._names.pop())


def _name(url: str) -> str:
    """The database of `postgresql://role@/name?…`."""
    return url.partition("@/")[2].partition("?")[0]
