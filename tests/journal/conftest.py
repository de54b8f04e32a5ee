"""The journal's own tests: over the whole house, on SQLite and on PostgreSQL."""

from tests.promises.conftest import (
    _cluster,
    database,
    either_house,
    house,
    postgresql_cluster,
    store,
)

__all__ = ["_cluster", "database", "either_house", "house", "postgresql_cluster", "store"]
