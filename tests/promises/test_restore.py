"""A copy of the database holds ciphertext, and put back revives nothing that was used (KY-06)."""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from tests.databases import migrated_sqlite
from tests.figures import Record, note
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.person import Person
from tests.promises.disasters import Disaster, moved
from tests.promises.states import (
    Member,
    ask_reset,
    cookie,
    is_inside,
    member,
    put_cookie,
    recover,
    rows,
    snapshot,
    wall,
)
from vestibule.cli.main import app
from vestibule.crypto import root_key
from vestibule.entropy import SystemEntropy
from vestibule.flows.pulse import Beating, DatabaseRestored, Mark, refuse_restored
from vestibule.flows.restored import make_safe
from vestibule.storage.database import Transaction

pytestmark = pytest.mark.anyio

EMPTY = (
    "calls",
    "enrollments",
    "known_browsers",
    "passkey_questions",
    "recovery_code_views",
    "resets",
    "sessions",
    "sign_ins",
    "sign_ups",
    "waiting_resets",
)
"""What may not hold a row before the first sign-in after a restore."""


@dataclass
class Spent:
    """What was good in the copy and was used or ended since."""

    ada: Member
    carl: Member
    session: Person
    """Only the cookie of a session that signed out later."""
    forms: list[tuple[Person, str, str]]
    """Pages as they were before: their browser, the code that they took, and where they lead."""


async def _spend(house: FrontDoor, disaster: Disaster) -> Spent:
    """Everything that can be used once is open when the copy is made, and is used after it."""
    ada, carl = await member(house), await member(house, "carl@example.com")
    house.clock.advance(seconds=120)
    pending, reset, new = house.browser(), house.browser(), house.browser()
    await house.password(pending)
    await ask_reset(reset, "carl@example.com")
    reset_code = await house.code("email", to="carl@example.com")
    await new.get("/sign-up")
    await new.press("Create account", name="Eve", email="eve@example.com", password=PASSWORD)
    new_code = await house.code("email", to="eve@example.com")
    half = await wall(house)
    await half.get("/set-up/phone")
    await half.press("Send code by text message", country="GB", phone="07400 654321")
    session = house.browser()
    put_cookie(session, "session", cookie(ada.person, "session") or "")

    await disaster.back_up(house)

    used = house.app_code(ada.secret)
    forms = [
        (moved(pending, house), used, "/sign-in"),
        (moved(reset, house), reset_code, "/forgot-password"),
        (moved(new, house), new_code, "/sign-up"),
    ]
    await pending.press("Verify", code=used)
    assert pending.path == "/"
    await ada.person.press("Sign out")
    assert not await is_inside(session)
    await reset.press("Verify", code=reset_code)
    await new.press("Verify", code=new_code)
    assert (reset.path, new.path) == ("/forgot-password/second-factor", "/set-up")
    lost = house.browser()
    await recover(house, lost, carl.recovery_code, carl.email)
    assert lost.path == "/set-up/recovery-code", lost.text
    return Spent(ada, carl, session, forms)


async def test_a_restored_database_revives_nothing(
    disaster: Disaster, record_property: Record
) -> None:
    """KY-06: after restore and `vestibule restored` no ended session, used code of any kind, open
    form or recovery code works; the owner signs in with password and second factor."""
    async with front_door(disaster.store.open(), disaster.folder) as house:
        spent = await _spend(house, disaster)
        url = await disaster.put_back()
        async with disaster.house_over(url, like=house) as again:
            with pytest.raises(DatabaseRestored, match="run `vestibule restored`"):
                await refuse_restored(again.database, disaster.mark)
            # Without the command the ended session is good again: that is what it is for.
            assert await is_inside(moved(spent.session, again))

            await make_safe(again.built.means, disaster.mark, after=disaster.mark.epoch())

            await refuse_restored(again.database, disaster.mark)
            await _nothing_is_open(again)
            assert not await is_inside(moved(spent.session, again))
            used = spent.forms[0][1]
            assert used == again.app_code(spent.ada.secret), "its step is not over"
            for form, code, path in spent.forms:
                replayed = moved(form, again)
                await replayed.press("Verify", code=code)
                assert replayed.path == path, replayed.text
            await _app_code_is_used(again, used, again.app_code(spent.ada.secret, steps=1))
            await _recovery_code_is_gone(again, spent.carl.recovery_code)
            await _owner_signs_in(again, spent.ada.secret)
            # The ended session, each open form, the used code and the recovery code.
            note(record_property, attacks=len(spent.forms) + 3, faults=1, confirmed=1, twice=0)


async def _nothing_is_open(again: FrontDoor) -> None:
    """Neither what these pages can replay, nor what nobody thought of replaying."""
    held = await snapshot(again)
    assert [table for table in EMPTY if held[table]] == []
    assert [one for one in held["challenges"] if one["ended_at"] is None] == []
    assert [one for one in held["disavowals"] if one["used_at"] is None] == []
    assert len(held["disavowals"]) > 0
    outbox = held["outbox"]
    assert [one for one in outbox if not (one["handed_over_at"] or one["refused_at"])] == []
    assert "no_longer_needed" in {one["reason"] for one in outbox}
    assert [one for one in held["throttles"] if one["kind"] == "own-lane"] == []


async def _app_code_is_used(again: FrontDoor, code: str, after: str) -> None:
    person = again.browser(source="198.51.100.10")
    await again.password(person)
    assert person.path == "/sign-in/code", person.text
    await person.press("Verify", code=code)
    assert "Enter the code after it too" in person.text
    await person.press("Verify", code=code, next_code=after)
    assert person.path == "/sign-in/code", person.text


async def _recovery_code_is_gone(again: FrontDoor, code: str) -> None:
    person = again.browser(source="198.51.100.11")
    await recover(again, person, code, "carl@example.com")
    assert person.path == "/sign-in/recovery-code", person.text
    assert {one["ended_by"] for one in await rows(again, "recovery_codes")} == {"restore"}


async def _owner_signs_in(again: FrontDoor, secret: bytes) -> None:
    again.clock.advance(seconds=90)
    person = again.browser()
    await again.password(person)
    await person.press("Verify", code=again.app_code(secret))
    pair = {"code": again.app_code(secret, steps=-1), "next_code": again.app_code(secret)}
    await person.press("Verify", **pair)
    await again.prove_mailbox(person)
    await person.press("Set new password", new_password="heron on the weathervane")
    assert person.path == "/review", person.text
    await again.answer_review(person)
    await person.get("/")
    assert person.path == "/"
    assert "Save a recovery code" in person.text


_DRAWN = re.compile(rb"[\w-]{20,}")
_BYTES = re.compile(rb"\\\\x([0-9a-f]+)")


def _holds(copy: bytes, code: str) -> bool:
    """Whether a code stands in a copy's words, or in bytes that are written in hexadecimal.

    In the hexadecimal itself, and in ids, any six digits stand now and then by chance.
    """
    as_bytes = b"\n".join(bytes.fromhex(found.decode()) for found in _BYTES.findall(copy))
    words = _DRAWN.sub(b" ", copy)
    sought = re.compile(rb"(?<!\d)%s(?!\d)" % code.encode())
    return any(sought.search(place) for place in (words, as_bytes))


def test_a_code_in_a_copy_is_seen() -> None:
    """KY-06: in a word of a row and in the bytes of one, and not by chance in bytes or ids."""
    assert _holds(b"1\tcode 123456 of\t2", "123456")
    assert _holds(b"1\t\\\\x" + b"a 123456".hex().encode() + b"\t2", "123456")
    assert not _holds(b"1\t\\\\xab123456cd123456ef00\tAb123456-cDeFgHiJkLmNo", "123456")


async def test_a_copy_holds_no_secret(disaster: Disaster) -> None:
    """KY-06: a copy of the database has no app's secret, number, code, password or token in it, in
    none of the forms they come in; and it does not open with another root key."""
    async with front_door(disaster.store.open(), disaster.folder) as house:
        ada, _ = await house.member(phone="07400 123456")
        bob = await member(house, "bob@example.com")
        house.clock.advance(seconds=120)
        pending = house.browser()
        await house.password(pending)
        mailed = house.browser()
        await ask_reset(mailed, "bob@example.com")
        codes = [await house.code("sms"), await house.code("email", to="bob@example.com")]
        tokens = [cookie(ada, "session") or "", cookie(pending, "sign_in") or "no token"]

        await disaster.back_up(house)

        plain = [
            "7400123456",
            PASSWORD,
            bob.recovery_code,
            bob.recovery_code.replace("-", ""),
            base64.b32encode(bob.secret).decode().rstrip("="),
            bob.secret.hex(),
            *tokens,
        ]
        secrets = [bob.secret, *(text.encode() for text in plain)]
        text = await disaster.text()
        assert b"bob@example.com" in text
        found = [one for one in secrets if one in text or one.hex().encode() in text]
        assert found == []
        assert not [one for one in codes if _holds(text, one)]
        other = root_key.RootKeys((root_key.RootKey("k1", bytes(range(32)), None),))
        house.built.means.keyring.take(other, house.clock())
        person = house.browser()
        await house.password(person, "bob@example.com")
        assert person.path == "/sign-in"


def _run(folder: Path, *arguments: str) -> Result:
    env = {"VESTIBULE_DATA": str(folder), "VESTIBULE_SIMULATOR": "true"}
    try:
        return CliRunner().invoke(app, list(arguments), env=env)
    finally:
        structlog.reset_defaults()


def test_the_commands_guard_the_operator(tmp_path: Path) -> None:
    """KY-06: a copy that was put back stops `serve`, is missing in `doctor`, and one command makes
    it good; without a sign of a restore that command asks first."""
    live, copy = tmp_path / "vestibule.db", tmp_path / "copy.db"
    migrated_sqlite(live)
    root_key.make(tmp_path / "root.key", SystemEntropy())
    made = _run(tmp_path, "backup", str(copy))
    assert "opens with the root key (k1) only" in made.output
    assert copy.stat().st_mode & 0o777 == 0o600
    assert _run(tmp_path, "backup", str(copy)).exit_code == 2
    unsure = _run(tmp_path, "restored")
    assert (unsure.exit_code, "restored --yes" in unsure.output) == (2, True)

    for beside in ("-wal", "-shm"):
        live.with_name(live.name + beside).unlink(missing_ok=True)
    copy.replace(live)

    served, examined = _run(tmp_path, "serve"), _run(tmp_path, "doctor")
    assert served.exit_code == 2
    assert "another one than was served last" in served.output
    assert "run `vestibule restored`" in served.output
    assert "MISSING" in examined.output
    safe = _run(tmp_path, "restored")
    assert safe.exit_code == 0, safe.output
    assert "in epoch 2 of this database" in safe.output
    assert "MISSING" not in _run(tmp_path, "doctor").output


async def test_a_server_ends_where_its_database_went_back(house: FrontDoor, tmp_path: Path) -> None:
    """KY-06: a running server whose database was replaced by an older one ends, and is not started
    on it again."""
    ended: list[bool] = []
    mark = Mark(tmp_path / "mark.json")
    beating = Beating(house.built.means, mark, on_restored=lambda: ended.append(True))
    await beating.beat()
    await beating.beat()

    async def go_back(tx: Transaction) -> None:
        await tx.execute("UPDATE pulse SET beats = 0")

    await house.database.transact(go_back)
    await beating.beat()

    assert ended == [True]
    with pytest.raises(DatabaseRestored, match="older than this house"):
        await refuse_restored(house.database, mark)
