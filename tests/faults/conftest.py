"""Faults are tried on both databases."""

from tests.databases import _cluster, postgresql_cluster, store

__all__ = ["_cluster", "postgresql_cluster", "store"]
