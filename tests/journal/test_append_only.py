"""The journal is only appended to: by triggers, by a role's rights, and retention in its order."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg 0.32 ships no annotations.
import pytest
from typer.testing import CliRunner

from tests.attack import journal, rows
from tests.databases import Store, run_script
from tests.front_door import START, FrontDoor, front_door
from tests.journal.chains import SOMEBODY, note, rows_of, tamper, verify, write
from tests.leaks import watching
from tests.postgresql import Cluster
from vestibule.cli.main import app
from vestibule.clock import ManualClock
from vestibule.domain.journal_check import Kind
from vestibule.flows.housekeeping import purge
from vestibule.flows.work import Means
from vestibule.storage.database import ConstraintViolation, Database, StorageError, connect
from vestibule.storage.retention import JOURNAL, KEPT

pytestmark = pytest.mark.anyio

LONG_AGO = START - timedelta(days=1000)
"""So long, that the database's own clock says so too."""
REFUSED = [
    "UPDATE events SET outcome = 'failure'",
    "UPDATE events SET seq = seq + 100",
    "DELETE FROM events",
    "DELETE FROM events WHERE seq = 3",
    "DELETE FROM journal_heads",
    "UPDATE journal_heads SET seq = seq - 1",
    "UPDATE journal_heads SET base_seq = -1",
    "UPDATE journal_heads SET chain = 'another'",
]


@pytest.fixture
async def house_long_ago(store: Store, tmp_path: Path) -> AsyncIterator[FrontDoor]:
    async with front_door(store.open(), tmp_path, clock=ManualClock(LONG_AGO)) as house:
        yield house


@pytest.fixture
async def means(house_long_ago: FrontDoor) -> Means:
    return house_long_ago.built.means


@pytest.mark.parametrize("statement", REFUSED)
async def test_triggers_refuse_changes(means: Means, statement: str) -> None:
    """AU-04: on both databases no row is changed or deleted, and no head goes back."""
    await write(means, 3)

    with pytest.raises(ConstraintViolation):
        await means.database.transact(lambda tx: tx.execute(statement))

    assert (await verify(means)).breaks == []


async def test_postgresql_refuses_to_empty_it(store: Store, means: Means) -> None:
    """AU-04: TRUNCATE, which passes row triggers by, is refused too."""
    await write(means, 3)
    for table in ("events", "journal_heads"):
        if store.dialect == "postgresql":
            with pytest.raises(asyncpg.CheckViolationError):
                await run_script(store.url, f"TRUNCATE {table}")

    assert (await verify(means)).breaks == []


# --- retention --------------------------------------------------------------------------------


async def test_retention_leaves_a_whole_chain(house_long_ago: FrontDoor) -> None:
    """AU-06: after 400 days the oldest rows go, the base says where, and the rest verifies."""
    means, clock = house_long_ago.built.means, house_long_ago.clock
    await write(means, 3)
    clock.advance(seconds=KEPT[JOURNAL][1].total_seconds() / 2)
    await note(means, number=4)
    clock.advance(seconds=KEPT[JOURNAL][1].total_seconds() / 2)

    gone = await purge(means)

    assert gone == 4
    assert [row.entry.seq for row in await rows_of(means, SOMEBODY)] == [4]
    assert (await verify(means)).breaks == []
    await note(means, number=5)
    clock.advance(seconds=2 * KEPT[JOURNAL][1].total_seconds())
    assert await purge(means) == 2
    assert await rows_of(means, SOMEBODY) == []
    await note(means, number=6)
    assert [row.entry.seq for row in await rows_of(means, SOMEBODY)] == [6]
    assert (await verify(means)).breaks == []


async def test_more_than_retention_removed_is_found(
    store: Store, house_long_ago: FrontDoor
) -> None:
    """AU-04: after a lawful removal a further one is found: the base is part of the mark."""
    means, clock = house_long_ago.built.means, house_long_ago.clock
    await write(means, 3)
    clock.advance(seconds=KEPT[JOURNAL][1].total_seconds())
    await purge(means)
    await note(means)
    await note(means)

    await tamper(store, f"DELETE FROM events WHERE chain = '{SOMEBODY}' AND seq = 4")

    (found,) = (await verify(means)).breaks
    assert (found.seq, found.kind) == (4, Kind.MISSING_FIRST)


async def test_retention_and_appending_race(store: Store, house_long_ago: FrontDoor) -> None:
    """AU-04: rows that are appended while old ones go are on one whole chain."""
    means, clock = house_long_ago.built.means, house_long_ago.clock
    other = replace(means, database=store.open())
    await write(means, 10)
    clock.advance(seconds=KEPT[JOURNAL][1].total_seconds())

    await asyncio.gather(*(note(other, number=n) for n in range(10)), purge(means), purge(other))

    assert [row.entry.seq for row in await rows_of(means, SOMEBODY)] == list(range(11, 21))
    assert (await verify(means)).breaks == []


async def test_retention_leaves_what_is_broken(store: Store, house_long_ago: FrontDoor) -> None:
    """AU-04: a chain whose last row to go was edited is kept as it is, and the log says so."""
    means, clock = house_long_ago.built.means, house_long_ago.clock
    await write(means, 3)
    clock.advance(seconds=KEPT[JOURNAL][1].total_seconds())
    await tamper(store, f"UPDATE events SET reason = 'x' WHERE chain = '{SOMEBODY}' AND seq = 3")

    with watching() as alarm:
        await purge(means)

        assert len(await rows_of(means, SOMEBODY)) == 3
        assert "journal_broken" in {line["event"] for line in alarm.lines()}


# --- the role that serves ---------------------------------------------------------------------


@pytest.fixture
async def served(postgresql_cluster: Cluster) -> AsyncIterator[tuple[str, str]]:
    """The owner's address of a database, and the one of a role that has the printed rights."""
    name = await postgresql_cluster.create()
    role = f"serving_{name}"
    owner = postgresql_cluster.url(name)
    rights = CliRunner().invoke(app, ["journal", "role", role])
    assert rights.exit_code == 0
    await run_script(owner, f"CREATE ROLE {role} LOGIN", rights.output)
    yield owner, owner.replace("vestibule@", f"{role}@")
    await run_script(owner, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    await postgresql_cluster.drop(name)


@pytest.fixture
async def role_database(served: tuple[str, str]) -> AsyncIterator[Database]:
    database = connect(served[1])
    yield database
    await database.close()


async def test_the_house_serves_under_a_role_that_cannot_change_the_journal(
    served: tuple[str, str], role_database: Database, tmp_path: Path
) -> None:
    """AU-04: under the printed rights everything works, and UPDATE, DELETE and TRUNCATE of the
    journal are refused by PostgreSQL, before any trigger."""
    async with front_door(role_database, tmp_path) as house:
        person, _ = await house.member()
        await person.get("/")
        await person.press("Sign out")
        await house.sign_in(person)
        await person.get("/activity")
        assert "You signed in" in person.text
        await house.built.worker.work_once()
        assert (await verify(house.built.means)).breaks == []

    for statement in (
        *REFUSED[:5],
        "TRUNCATE events",
        "TRUNCATE journal_heads",
        "DROP TRIGGER events_are_not_deleted ON events",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "CREATE OR REPLACE FUNCTION journal_keeps_its_rows() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN OLD; END $$",
        "UPDATE alembic_version SET version_num = '0001'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run_script(served[1], statement)


async def test_a_role_without_rights_prunes_by_the_function(
    served: tuple[str, str], role_database: Database, tmp_path: Path
) -> None:
    """AU-04: retention works under that role, and its function deletes nothing that is young."""
    clock = ManualClock(LONG_AGO)
    async with front_door(role_database, tmp_path, clock=clock) as house:
        means = house.built.means
        await write(means, 3)
        clock.advance(seconds=KEPT[JOURNAL][1].total_seconds())
        assert await purge(means) == 4
        assert (await verify(means)).breaks == []
        clock.advance(seconds=599 * 86_400)
        await note(means)
        (row,) = await rows_of(means, SOMEBODY)

        await run_script(served[1], "UPDATE journal_heads SET base_seq = 1000000000")
        await run_script(served[1], f"SELECT journal_prune('{SOMEBODY}', 1000000000)")

        assert await rows_of(means, SOMEBODY) == [row]


async def test_the_functions_age_is_that_of_the_table(means: Means) -> None:
    """AU-06: what the definer's function calls old is what retention calls old."""
    if means.database.dialect == "postgresql":
        found: Any = await means.database.read(
            lambda tx: tx.fetch_one("SELECT prosrc FROM pg_proc WHERE proname = 'journal_prune'")
        )
        assert f"{KEPT[JOURNAL][1].days} * 86400" in found["prosrc"]


# --- what fails closed ------------------------------------------------------------------------


BREAKS = {
    "sqlite": "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END",
    "postgresql": "CREATE TRIGGER full_up BEFORE INSERT ON events FOR EACH ROW"
    " EXECUTE FUNCTION journal_is_only_appended_to()",
}


async def test_without_the_journal_nothing_is_changed(store: Store, tmp_path: Path) -> None:
    """AU-07: where a row cannot be written, no factor changes and nobody gets in: a plain sign-in
    fails closed too, because its event is in its transaction; the log says what failed."""
    async with front_door(store.open(), tmp_path) as house:
        person, secret, _ = await house.member_with_app()
        await house.open_settings(person)
        stranger = house.browser()
        await house.password(stranger)
        kept = ("authenticators", "sessions", "recovery_codes", "passwords", "enrollments")
        before = {table: await _counted(house, table) for table in kept}
        house.clock.advance(seconds=60)

        await run_script(store.url, BREAKS[store.dialect])
        with watching() as alarm:
            for one, button, typed in (
                (stranger, "Verify", {"code": house.app_code(secret)}),
                (house.browser(), "Sign in", {}),
            ):
                if button == "Sign in":
                    await house.password(one)
                else:
                    await one.press(button, **typed)
                assert one.status == 500, one.text
            await person.get("/settings/recovery-code/new")
            await person.press("Confirm")
            assert person.status == 500, person.text
            failed = [line for line in alarm.lines() if line["event"] == "request_failed"]

        assert len(failed) == 3
        assert {table: await _counted(house, table) for table in kept} == before


async def _counted(house: FrontDoor, table: str) -> list[Any]:
    columns = "*" if table != "sessions" else "id, token_digest, gate_opened_at"
    order = "account_id" if table == "passwords" else "id"
    return list(await rows(house, f"SELECT {columns} FROM {table} ORDER BY {order}"))


async def test_a_sign_in_over_a_broken_chain_is_told(store: Store, tmp_path: Path) -> None:
    """AU-05, AU-07: where an account's head is not ours nobody gets in, and the operators are told
    once, by an event of the house's own chain."""
    async with front_door(store.open(), tmp_path) as house:
        await house.member_with_app()
        (account,) = await rows(house, "SELECT id FROM accounts")
        await tamper(
            store, f"UPDATE journal_heads SET moved_at = 1 WHERE chain = '{account['id']}'"
        )

        for _ in range(2):
            stranger = house.browser()
            await house.password(stranger)
            assert stranger.status == 500

        (alarm,) = await journal(house, "alarm_raised")
        assert alarm.details["alarm"] == "journal_broken"
        assert alarm.details["where"] == account["id"]


async def test_a_failed_append_takes_its_unit_with_it(store: Store, means: Means) -> None:
    """AU-07: what a unit did before its event could not be written is rolled back."""
    await write(means, 2)
    await run_script(store.url, BREAKS[store.dialect])

    with pytest.raises(StorageError):
        await note(means)

    assert len(await rows_of(means, SOMEBODY)) == 2
