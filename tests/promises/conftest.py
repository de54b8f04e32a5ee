"""Promises are kept over the whole house, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import (
    Store,
    _cluster,
    database,
    postgresql_cluster,
    sqlite_database,
    store,
)
from tests.front_door import FrontDoor, front_door
from tests.postgresql import Cluster
from tests.promises.disasters import Disaster
from vestibule.storage.database import Database

__all__ = ["_cluster", "database", "postgresql_cluster", "store"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[FrontDoor]:
    """The house over SQLite, the default."""
    over = sqlite_database(tmp_path / "house.db")
    async with front_door(over, tmp_path) as built:
        yield built
    await over.close()


@pytest.fixture
async def either_house(database: Database, tmp_path: Path) -> AsyncIterator[FrontDoor]:
    """The house over SQLite and over PostgreSQL, for what races or depends on the database."""
    async with front_door(database, tmp_path) as built:
        yield built


@pytest.fixture
def disaster(store: Store, _cluster: Cluster | None, tmp_path: Path) -> Disaster:
    """A database that will be lost and put back, once on each dialect."""
    return Disaster(store, _cluster, tmp_path)
