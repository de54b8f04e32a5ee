"""An empty database for each run of the model."""

from dataclasses import dataclass
from pathlib import Path

from tests.databases import sqlite_database
from tests.postgresql import Cluster
from vestibule.storage.database import Database, connect


@dataclass
class SqliteFiles:
    """A new file in the run's own folder."""

    async def open(self, folder: Path) -> Database:
        return sqlite_database(folder / "house.db")

    async def close(self, database: Database) -> None:
        await database.close()


@dataclass
class PostgresqlDatabases:
    """A copy of the cluster's template, dropped at the end."""

    cluster: Cluster
    _name: str = ""

    async def open(self, folder: Path) -> Database:  # noqa: ARG002 - its place is the cluster
        self._name = await self.cluster.create()
        return connect(self.cluster.url(self._name))

    async def close(self, database: Database) -> None:
        await database.close()
        await self.cluster.drop(self._name)
