"""Migrations lead from nothing to `schema.py`, once, as a whole, on both dialects."""

import asyncio
import os
import re
import runpy
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg 0.32 ships no annotations.
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.databases import run_script
from tests.front_door import START, front_door
from tests.postgresql import Cluster, program
from vestibule.crypto import root_key
from vestibule.crypto.keyring import Keyring
from vestibule.domain.journal_check import Break
from vestibule.entropy import SeededEntropy
from vestibule.flows import journal_verify
from vestibule.flows.journal_verify import Report
from vestibule.storage import migrate, revision
from vestibule.storage import schema as schema_module
from vestibule.storage.database import connect, dialect_of, sqlite_path
from vestibule.storage.schema import metadata


class Place:
    """Where a test makes databases without tables."""

    def __init__(self, folder: Path, cluster: Cluster | None) -> None:
        self._folder = folder
        self._cluster = cluster
        self._made: list[str] = []

    def empty(self) -> str:
        """The URL of a database that does not exist yet (SQLite) or is empty (PostgreSQL)."""
        if self._cluster is None:
            self._made.append(f"{len(self._made)}.db")
            return f"sqlite:///{self._folder / self._made[-1]}"
        self._made.append(asyncio.run(self._cluster.create_empty()))
        return self._cluster.url(self._made[-1])

    def clean_up(self) -> None:
        if self._cluster is not None:
            for name in self._made:
                asyncio.run(self._cluster.drop(name))


@pytest.fixture
def place(_cluster: Cluster | None, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path, _cluster)
    yield place
    place.clean_up()


def _definition(url: str) -> str:
    """The DDL of a database in its own words."""
    if dialect_of(url) == "postgresql":
        command = [program("pg_dump"), "--schema-only", "--no-owner", f"--dbname={url}"]
        dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        # The key of `\restrict` is another one in every dump.
        lines = re.sub(r"^(--.*|\\(un)?restrict .*)?\n", "", dump, flags=re.MULTILINE)
        return re.sub(r"CREATE TABLE public.alembic_version \(.*?;\n", "", lines, flags=re.DOTALL)
    with closing(sqlite3.connect(sqlite_path(url))) as connection:
        rows = connection.execute(
            """SELECT type, name, sql FROM sqlite_master
            WHERE tbl_name <> 'alembic_version' ORDER BY type, name"""
        ).fetchall()
    return "\n".join(" ".join(f"{kind} {name} {sql}".split()) for kind, name, sql in rows)


def _without_version_key(definition: str) -> str:
    return re.sub(
        r"ALTER TABLE ONLY public.alembic_version\n.*?;\n", "", definition, flags=re.DOTALL
    )


def _make_from_schema(connection: Connection) -> None:
    # Run afresh, since making a reference between two tables marks it as made for good.
    schema = runpy.run_path(schema_module.__file__)
    schema["metadata"].create_all(connection)
    for statement in schema["TRIGGERS"][connection.dialect.name]:
        connection.exec_driver_sql(statement)


def test_revisions_are_one_line_that_ends_at_head() -> None:
    """There is one newest revision, each follows one other, and `revision.HEAD` names the last."""
    script = ScriptDirectory.from_config(migrate.configuration())

    assert script.get_heads() == [revision.HEAD]
    assert len(script.get_bases()) == 1
    assert all(not step.is_merge_point for step in script.walk_revisions())


def test_upgraded_database_is_the_schema(place: Place) -> None:
    """An empty database upgraded has exactly the tables, constraints and triggers of schema.py."""
    upgraded, made = place.empty(), place.empty()

    migrate.upgrade(upgraded)
    if dialect_of(made) == "sqlite":
        sqlite_path(made).touch()
    migrate.within_transaction(made, _make_from_schema)

    assert _without_version_key(_definition(upgraded)) == _definition(made)


def test_autogenerate_finds_nothing_to_do(place: Place) -> None:
    """Alembic sees no difference between an upgraded database and schema.py."""
    url = place.empty()
    migrate.upgrade(url)

    differences = migrate.within_transaction(
        url, lambda c: compare_metadata(MigrationContext.configure(c), metadata)
    )

    assert differences == []


OLD_OUTBOX = """INSERT INTO outbox (id, challenge_id, kind, channel, locale, written_at, due_at,
    expires_at, attempts, handed_over_at, provider, reference)
    VALUES ('{id}', 'c', 'code_sign_in', 'sms', 'en', 1, 2, 3, 4, {handed_over}, 'simulator', 'r')
"""


def test_waiting_messages_survive_the_upgrade(place: Place) -> None:
    """Messages of revision 0001, waiting and sent, are there after 0002 as they were."""
    url = place.empty()
    migrate.upgrade(url, "0001")
    rows = [
        OLD_OUTBOX.format(id="waits", handed_over="NULL"),
        OLD_OUTBOX.format(id="sent", handed_over=5),
    ]
    asyncio.run(run_script(url, *rows))

    migrate.upgrade(url)

    sql = """SELECT id, handed_over_at, country, converted_at, challenge_id, kind, channel, locale,
        written_at, due_at, expires_at, attempts FROM outbox ORDER BY id"""
    kept = migrate.within_transaction(url, lambda c: c.execute(text(sql)).fetchall())
    same = ("c", "code_sign_in", "sms", "en", 1, 2, 3, 4)
    assert [tuple(row) for row in kept] == [
        ("sent", 5, None, None, *same),
        ("waits", None, None, None, *same),
    ]


OLD_EVENT = """INSERT INTO events (id, occurred_at, account_id, name, outcome, session_mac, source,
    version, details) VALUES ('{id}', {at}, {account}, 'authn_login_success', 'success', {mac},
    '192.0.2.7', '0.1.0', '{{"amr": "pwd"}}')"""
OLD_ACCOUNT = """INSERT INTO accounts (id, email, email_key, name, locale, created_at)
    VALUES ('{id}', '{id}@example.com', '{id}@example.com', 'Ada', 'en', 1)"""


def test_the_journal_of_before_is_linked(place: Place, tmp_path: Path) -> None:
    """AU-04: rows of revision 0004 are chained by the upgrade, in the order of their time; it needs
    the root key, and without one nothing is changed."""
    url = place.empty()
    migrate.upgrade(url, "0004")
    mac = "x'6b312eff'" if dialect_of(url) == "sqlite" else "'\\x6b312eff'"
    events = [("b", 2, "'ada'"), ("a", 2, "'ada'"), ("c", 1, "'ada'"), ("d", 3, "NULL")]
    rows = [OLD_EVENT.format(id=i, at=at, account=who, mac=mac) for i, at, who in events]
    accounts = [OLD_ACCOUNT.format(id=one) for one in ("ada", "quiet")]
    asyncio.run(run_script(url, *accounts, *rows))

    with pytest.raises(ValueError, match="root key"):
        migrate.upgrade(url)
    assert migrate.current(url) == "0004"
    root_key.make(tmp_path / "root.key", SeededEntropy("migration"))
    migrate.upgrade(url, keyring=_ring(tmp_path))

    sql = "SELECT chain, seq, id FROM events ORDER BY chain, seq"
    kept = migrate.within_transaction(url, lambda c: c.execute(text(sql)).fetchall())
    assert [tuple(row) for row in kept] == [
        ("ada", 1, "c"), ("ada", 2, "a"), ("ada", 3, "b"), ("house/00", 1, "d"),
    ]  # fmt: skip
    assert asyncio.run(_verified(url, tmp_path)) == (18, 4, [])


def _ring(folder: Path) -> Keyring:
    return Keyring.of(root_key.read(folder / "root.key"), START)


async def _verified(url: str, folder: Path) -> tuple[int, int, list[Break]]:
    database = connect(url)
    async with front_door(database, folder) as house:
        report = Report()
        found = [one async for one in journal_verify.verify(house.built.means, report)]
    await database.close()
    return report.chains, report.rows, found


def test_upgrade_again_changes_nothing(place: Place) -> None:
    """A database that is at the newest revision stays as it is."""
    url = place.empty()
    migrate.upgrade(url)
    before = _definition(url)

    migrate.upgrade(url)

    assert _definition(url) == before
    assert migrate.current(url) == revision.HEAD


def test_current_of_an_empty_database_is_none(place: Place) -> None:
    """A database that was never migrated has no revision, and asking does not make one."""
    url = place.empty()

    assert migrate.current(url) is None
    assert dialect_of(url) == "postgresql" or not sqlite_path(url).exists()


def test_upgrades_of_one_sqlite_file_are_ordered(tmp_path: Path) -> None:
    """An upgrade that begins during another one waits, and finds nothing left to do."""
    path = tmp_path / "vestibule.db"
    url = f"sqlite:///{path}"

    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        upgrade = pool.submit(migrate.upgrade, url)
        other.execute("CREATE TABLE alembic_version (version_num TEXT PRIMARY KEY)")
        other.execute("INSERT INTO alembic_version VALUES (?)", [revision.HEAD])
        other.execute("COMMIT")
        upgrade.result(60)

    assert _definition(url) == ""


def test_upgrades_of_one_postgresql_database_are_ordered(postgresql_cluster: Cluster) -> None:
    """An upgrade waits for the lock that another one holds, before it looks at the revision."""
    name = asyncio.run(postgresql_cluster.create_empty())
    url = postgresql_cluster.url(name)

    asyncio.run(_refused_while_locked(url))
    migrate.upgrade(url)

    assert migrate.current(url) == revision.HEAD
    asyncio.run(postgresql_cluster.drop(name))


async def _refused_while_locked(url: str) -> None:
    other: Any = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(1986360180)")
        with pytest.raises(DBAPIError, match="lock timeout"):
            await asyncio.to_thread(migrate.upgrade, f"{url}&lock_timeout=20")
    await other.close()


def test_failed_upgrade_leaves_nothing(place: Place) -> None:
    """An upgrade that fails half-way leaves the database as it was."""
    url = place.empty()
    if dialect_of(url) == "sqlite":
        sqlite_path(url).touch()
    asyncio.run(run_script(url, "CREATE TABLE outbox (in_the_way TEXT)"))
    before = _definition(url)

    with pytest.raises(Exception, match="outbox"):
        migrate.upgrade(url)

    assert _definition(url) == before
    assert migrate.current(url) is None


def test_server_reads_the_revision_with_plain_sql(place: Place) -> None:
    """`revision.applied` tells a migrated database from an empty one."""
    url, empty = place.empty(), place.empty()
    migrate.upgrade(url)
    if dialect_of(empty) == "sqlite":
        sqlite_path(empty).touch()

    assert asyncio.run(_applied(url)) == revision.HEAD
    assert asyncio.run(_applied(empty)) is None


async def _applied(url: str) -> str | None:
    database = connect(url)
    try:
        return await revision.applied(database)
    finally:
        await database.close()


def test_new_sqlite_file_is_private(tmp_path: Path) -> None:
    """Only its owner may read the file that an upgrade makes."""
    path = tmp_path / "vestibule.db"

    migrate.upgrade(f"sqlite:///{path}")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sqlite_migration_that_breaks_a_reference_is_rolled_back(tmp_path: Path) -> None:
    """Foreign keys are not enforced meanwhile, so they are checked before the commit."""
    url = f"sqlite:///{tmp_path / 'vestibule.db'}"
    migrate.upgrade(url)

    def work(connection: Connection) -> None:
        connection.execute(
            text("INSERT INTO passwords VALUES (:id, 'hash', 1, 0)"), {"id": "nobody"}
        )

    with pytest.raises(ValueError, match="passwords"):
        migrate.within_transaction(url, work)

    with closing(sqlite3.connect(sqlite_path(url))) as connection:
        assert connection.execute("SELECT count(*) FROM passwords").fetchone() == (0,)


def test_server_side_never_imports_the_migration_tools() -> None:
    """What serves requests does not pay for Alembic and SQLAlchemy."""
    rooms = Path(migrate.__file__).parent.glob("*.py")
    cold = {
        "__init__",
        "migrate",
        "schema",
        "schema_columns",
        "schema_delivery",
        "schema_journal",
        "schema_notices",
        "schema_passkeys",
        "schema_triggers",
    }
    names = sorted({room.stem for room in rooms} - cold)
    imports = ", ".join(f"vestibule.storage.{name}" for name in names)
    code = f"import sys, {imports}; print({{'alembic', 'sqlalchemy'}} & sys.modules.keys())"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=os.sep
    )

    assert done.stdout.strip() == "set()"
