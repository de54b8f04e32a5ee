"""`vestibule journal`: what it says, how it ends, and whom it tells."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from tests.attack import journal, rows
from tests.databases import Store
from tests.front_door import FrontDoor, front_door
from tests.journal.chains import SOMEBODY, note, tamper, write
from tests.leaks import watching
from vestibule.cli.main import app
from vestibule.clock import SystemClock
from vestibule.domain.event import EventName

pytestmark = pytest.mark.anyio


@dataclass
class Operated:
    """A house, and the command on its settings."""

    house: FrontDoor
    settings: Path

    async def run(self, *words: str) -> Result:
        """On a thread, since the command runs a loop of its own."""
        line = ["journal", *words]
        if words[0] != "role":
            line += ["--settings", str(self.settings)]
        result = await asyncio.to_thread(CliRunner().invoke, app, line)
        structlog.reset_defaults()
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result


@pytest.fixture
async def operated(store: Store, tmp_path: Path) -> AsyncIterator[Operated]:
    file = tmp_path / "settings.env"
    lines = {"DATA": tmp_path, "DATABASE_URL": store.url, "SIMULATOR": "true",
             "ALARM_EMAIL": "ops@example.com", "PUBLIC_ORIGIN": "http://localhost"}  # fmt: skip
    file.write_text("".join(f"VESTIBULE_{name}={value}\n" for name, value in lines.items()))
    given: dict[str, object] = {"alarm_email": "ops@example.com"}
    async with front_door(store.open(), tmp_path, settings=given) as house:
        yield Operated(house, file)


async def test_a_whole_journal_is_said_to_be(operated: Operated) -> None:
    """AU-04: the command counts chains and rows, and exits with 0."""
    await write(operated.house.built.means, 6)

    said = await operated.run("verify")
    as_json = await operated.run("verify", "--json")

    assert (said.exit_code, said.stdout) == (0, "whole    17 chains, 7 rows\n")
    assert json.loads(as_json.stdout) == {"whole": True, "chains": 17, "rows": 7, "breaks": []}


async def test_a_break_is_named_and_told(store: Store, operated: Operated) -> None:
    """AU-05: a break is named with chain, row and kind, exits with 1, and raises an alarm once a
    day: in the journal and by mail to the operators."""
    await write(operated.house.built.means, 6)
    await tamper(store, f"DELETE FROM events WHERE chain = '{SOMEBODY}' AND seq = 6")

    said = await operated.run("verify")
    as_json = await operated.run("verify", "--json")
    of_one = await operated.run("verify", "--account", SOMEBODY)
    of_another = await operated.run("verify", "--account", "house/00")

    assert said.exit_code == as_json.exit_code == of_one.exit_code == 1
    assert said.stdout.splitlines()[0] == f"BROKEN   {SOMEBODY} at 6: missing last"
    assert json.loads(as_json.stdout)["breaks"] == [
        {"chain": SOMEBODY, "seq": 6, "kind": "missing_last"}
    ]
    assert of_another.exit_code == 0
    (alarm,) = await journal(operated.house, EventName.ALARM_RAISED)
    assert alarm.details == {
        "alarm": "journal_broken", "where": SOMEBODY, "row": "6", "kind": "missing_last",
    }  # fmt: skip
    # The command goes by the machine's clock.
    clock = operated.house.clock
    clock.advance(SystemClock()() - clock() + timedelta(minutes=1))
    mail = await operated.house.message("email", to="ops@example.com")
    assert "The journal is not what was written" in (mail.subject or "")
    assert SOMEBODY in mail.text


async def test_an_alarm_that_finds_no_chain_is_in_the_log(store: Store, operated: Operated) -> None:
    """AU-05: where the house's own chain is broken, the alarm is in the log instead."""
    await write(operated.house.built.means, 1)
    await tamper(store, "UPDATE journal_heads SET moved_at = 1")

    said = await operated.run("verify")

    assert said.exit_code == 1
    assert "journal_broken" in said.stderr


async def test_an_account_is_named_by_its_address(operated: Operated) -> None:
    """One account's chain is verified by its address; an unknown one is said."""
    await operated.house.member()

    known = await operated.run("verify", "--account", "ada@example.com")
    unknown = await operated.run("verify", "--account", "eve@example.com")

    assert (known.exit_code, known.stdout[:16]) == (0, "whole    1 chain")
    assert (unknown.exit_code, unknown.stderr) == (
        2, "There is no account of this id or address.\n",
    )  # fmt: skip


async def test_a_log_kept_elsewhere_is_a_second_copy(
    store: Store, operated: Operated, tmp_path: Path
) -> None:
    """AU-04: each event is a line of JSON with its place and link, so a log that is kept elsewhere
    shows what no chain can: a database that was set back, row and head, to an earlier moment."""
    means = operated.house.built.means
    with watching() as alarm:
        await write(means, 5)
        (earlier,) = await rows(
            operated.house, "SELECT * FROM journal_heads WHERE chain = :chain", chain=SOMEBODY
        )
        await note(means, number=6)
        log = tmp_path / "house.log"
        log.write_text("not JSON\n" + alarm.log.getvalue() + '{"event": "started"}\n')
    assert (await operated.run("verify", "--against", str(log))).stdout == (
        "whole    the copy, 7 rows\n"
    )

    await tamper(store, f"DELETE FROM events WHERE chain = '{SOMEBODY}' AND seq = 6")
    await means.database.transact(
        lambda tx: tx.execute(
            "UPDATE journal_heads SET seq = :seq, link_digest = :link_digest, moved_at = :moved_at,"
            " head_mac = :head_mac WHERE chain = :chain",
            **{name: earlier[name] for name in
               ("seq", "link_digest", "moved_at", "head_mac", "chain")},
        )
    )  # fmt: skip

    assert (await operated.run("verify")).exit_code == 0
    found = await operated.run("verify", "--against", str(log))
    assert found.exit_code == 1
    assert found.stdout.splitlines()[0] == f"BROKEN   {SOMEBODY} at 6: other than copy"


async def test_keys_are_those_that_are_published(operated: Operated) -> None:
    """AU-06: the command prints what the house publishes."""
    said = await operated.run("key")
    answered = await operated.house.browser().client.get("/.well-known/vestibule-journal.json")

    assert json.loads(said.stdout) == answered.json()


async def test_a_role_is_named_plainly() -> None:
    """Nothing but a plain name gets into the SQL that is printed."""
    for name in ("a; DROP TABLE events", 'a"b', "Ä", "", "A"):
        result = await asyncio.to_thread(CliRunner().invoke, app, ["journal", "role", "--", name])
        assert result.exit_code == 2
        assert "GRANT" not in result.output
