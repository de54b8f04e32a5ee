"""Column names say how a column is stored; the drivers and the seal rely on it."""

import pytest
from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, Text

from vestibule.storage.schema import metadata

COLUMNS = [
    pytest.param(column, id=f"{table.name}.{column.name}")
    for table in metadata.sorted_tables
    for column in table.columns
]


@pytest.mark.parametrize("column", COLUMNS)
def test_column_name_says_how_it_is_stored(column: Column[object]) -> None:
    """Bytes end in `_sealed`, `_mac` or `_digest`, times in `_at`, and truths begin with `is_`."""
    kind = type(column.type)

    assert kind in (BigInteger, Text, LargeBinary, Boolean)
    assert (kind is Boolean) == column.name.startswith("is_")
    if column.name.endswith("_at"):
        assert kind is BigInteger
    if kind is LargeBinary:
        assert column.name.endswith(("_sealed", "_mac", "_digest"))


def test_no_constraint_is_deferrable() -> None:
    """A row that is bad only at COMMIT would fail the whole group of SQLite's writer."""
    deferrable = [
        constraint.name
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if constraint.deferrable or constraint.initially
    ]

    assert deferrable == []
