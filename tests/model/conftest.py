"""The model runs on both databases."""

from tests.databases import _cluster, postgresql_cluster

__all__ = ["_cluster", "postgresql_cluster"]
