"""Every SQL text of the storage rooms is one that both databases understand."""

import ast
import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg 0.32 ships no annotations.
import pytest

from tests.databases import Store
from vestibule import storage
from vestibule.storage.closing import GONE as GONE_WITH_AN_ACCOUNT
from vestibule.storage.database import Dialect, sqlite_path
from vestibule.storage.events import _PRUNE
from vestibule.storage.keyed import EVERY
from vestibule.storage.restored import GONE
from vestibule.storage.retention import KEPT
from vestibule.storage.statements import prepare

pytestmark = pytest.mark.anyio

ROOMS = sorted(
    {path.stem for path in Path(storage.__file__).parent.glob("*.py")}
    - {"__init__", "database", "migrate", "postgresql", "revision", "sqlite"}
    - {"schema", "schema_columns", "schema_delivery", "schema_journal"}
    - {"schema_notices", "schema_passkeys", "schema_triggers"}
)
DIALECTS: tuple[Dialect, ...] = ("postgresql", "sqlite")
EMPTIED = [{"table": table} for table in GONE.values()]
KEYED = [
    {
        "table": one.table,
        "column": one.column,
        "row": one.row,
        "beside": one.beside or one.column,
    }
    for one in EVERY
]
# What a statement takes from local variables, for each room that has such a statement.
LOCALS: dict[str, dict[Dialect, list[dict[str, str]]]] = {
    "closing": {key: [{"table": table} for table in GONE_WITH_AN_ACCOUNT] for key in DIALECTS},
    "events": {
        "postgresql": [{"sql": _PRUNE["postgresql"]}],
        "sqlite": [{"sql": _PRUNE["sqlite"]}],
    },
    "journal_heads": {
        "postgresql": [{"lock": "FOR UPDATE"}],
        "sqlite": [{"lock": ""}],
    },
    "keyed": dict.fromkeys(DIALECTS, KEYED),
    "outbox": {
        "postgresql": [{"skip": "FOR UPDATE SKIP LOCKED"}],
        "sqlite": [{"skip": ""}],
    },
    "restored": dict.fromkeys(DIALECTS, EMPTIED),
    "retention": {
        "postgresql": [{"table": table, "column": column} for table, (column, _) in KEPT.items()],
        "sqlite": [{"table": table, "column": column} for table, (column, _) in KEPT.items()],
    },
}


@dataclass(frozen=True)
class Written:
    """A statement and where it stands."""

    place: str
    sql: str


def _statements(room: str, dialect: Dialect) -> Iterator[Written]:
    module = import_module(f"vestibule.storage.{room}")
    assert module.__file__ is not None
    for call in _calls(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        expression = compile(ast.Expression(call.args[0]), module.__file__, "eval")
        for values in LOCALS.get(room, {}).get(dialect, [{}]):
            sql = eval(expression, vars(module), values)  # noqa: S307 - our own source text
            yield Written(f"{room}.py:{call.lineno}", sql)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="fetch_one" | "fetch_all" | "execute")):
                yield node


async def test_every_statement_can_be_prepared(store: Store) -> None:
    """Each statement parses, and its tables, columns and types exist, on both dialects."""
    written = [statement for room in ROOMS for statement in _statements(room, store.dialect)]

    if store.dialect == "sqlite":
        refused = await asyncio.to_thread(_refused_by_sqlite, store.url, written)
    else:
        refused = await _refused_by_postgresql(store.url, written)

    assert len(written) > 50
    assert refused == []


def _refused_by_sqlite(url: str, written: list[Written]) -> list[str]:
    refused = []
    with closing(sqlite3.connect(sqlite_path(url))) as connection:
        for statement in written:
            prepared = prepare(statement.sql, "sqlite")
            try:
                connection.execute(f"EXPLAIN {prepared.text}", [None] * len(prepared.names))
            except sqlite3.Error as error:
                refused.append(f"{statement.place}: {error}")
    return refused


async def _refused_by_postgresql(url: str, written: list[Written]) -> list[str]:
    refused = []
    connection: Any = await asyncpg.connect(url)
    for statement in written:
        try:
            await connection.prepare(prepare(statement.sql, "postgresql").text)
        except asyncpg.PostgresError as error:
            refused.append(f"{statement.place}: {error}")
    await connection.close()
    return refused
