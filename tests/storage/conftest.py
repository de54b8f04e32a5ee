"""Storage tests run on both dialects: ask for `database`, or for `store` to open it twice."""

from tests.databases import _cluster, database, postgresql_cluster, store

__all__ = ["_cluster", "database", "postgresql_cluster", "store"]
