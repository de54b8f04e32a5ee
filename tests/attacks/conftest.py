"""A house over SQLite for each attack, and the same with one promise broken."""

from tests.databases import postgresql_cluster
from tests.promises.conftest import house

__all__ = ["house", "postgresql_cluster"]
