"""Journal and log: every step is there, in one form, without a secret, safe to read (A.16)."""

import re
from datetime import datetime

import httpx
import pytest

from tests.attack import journal, rows
from tests.front_door import PASSWORD, FrontDoor
from tests.promises.walk import walk
from vestibule.domain.event import EventName

pytestmark = pytest.mark.anyio


HAPPENED = {
    "sign_up_started", "user_created", "challenge_sent", "enrollment_started",
    "authenticator_bound", "authn_login_success", "session_created", "recovery_code_made",
    "recovery_code_shown", "recovery_code_acknowledged", "settings_gate_opened", "authn_logout",
    "authn_password_success", "authn_password_fail", "authn_login_fail", "recovery_code_fail",
    "recovery_code_used", "sign_up_existing_address", "authn_password_reset_requested",
    "csrf_refused",
}  # fmt: skip
LINE = {
    "event": str,
    "level": str,
    "id": str,
    "at": str,
    "outcome": str,
    "reason": (str, type(None)),
    "account_id": (str, type(None)),
    "actor_id": (str, type(None)),
    "session": (str, type(None)),
    "sign_in": (str, type(None)),
    "method": (str, type(None)),
    "source": str,
    "user_agent": str,
    "request_id": str,
    "version": str,
    "chain": str,
    "seq": int,
    "link": str,
}
MORE = {"purpose", "amr", "label", "door", "ended", "kind", "digits"} | {"country", "limit"}
MORE |= {"risk_notice"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\+00:00|Z)")


async def test_every_line_has_the_form(house: FrontDoor) -> None:
    """AU-01: every step of a walk is one line of one form: when, what, who, how, from where."""
    await walk(house)

    lines = house.alarm.lines()
    assert {str(line["event"]) for line in lines} >= HAPPENED
    for line in lines:
        for name, kind in LINE.items():
            assert isinstance(line[name], kind), (name, line)  # type: ignore[arg-type]  # types
        assert set(line) - set(LINE) <= MORE, set(line) - set(LINE)
        assert _MOMENT.fullmatch(str(line["at"]))
        assert line["event"] in set(EventName)
        assert line["outcome"] in {"success", "failure"}
        for mark in ("session", "sign_in"):
            assert line[mark] is None or re.fullmatch(r"[0-9a-f]{70}", str(line[mark]))


async def test_log_and_journal_agree(either_house: FrontDoor) -> None:
    """AU-01: each line of the log is one row of the journal, with the same id, and the reverse."""
    await walk(either_house)

    kept = await rows(either_house, "SELECT * FROM events")
    said = {str(line["id"]): line for line in either_house.alarm.lines()}
    assert len(said) == len(kept) == len(either_house.alarm.lines())
    for row in kept:
        line = said[row["id"]]
        assert line["event"] == row["name"]
        assert datetime.fromisoformat(str(line["at"])) == row["occurred_at"]
        for name in ("outcome", "reason", "account_id", "actor_id", "method", "source"):
            assert line[name] == row[name], name
        for name in ("user_agent", "request_id", "version"):
            assert line[name] == row[name], name


async def test_no_secret_is_written_down(either_house: FrontDoor) -> None:
    """AU-02: no code, password, token, secret or number of a walk is in the log or a row."""
    await walk(either_house)

    found = await either_house.leaks()

    assert len(either_house.alarm.kinds) > 30
    assert set(either_house.alarm.kinds.values()) >= {
        "a code", "a typed password", "a session token", "a pending token", "a recovery code",
        "an app's secret", "a number", "an address", "a visit token", "a browser token",
    }  # fmt: skip
    assert found == []


HOSTILE = [
    'a\r\n{"event": "forged"}',
    "a\nforged",
    "\x1b[2J\x1b[31mred",
    "\u202eevil\u2066",
    "\u2028line\u2029",
    "\x00\x07\x08",
    "\x7f\x9b31m",
    '", "outcome": "success',
    "%s %(name)s {0}",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_nothing_typed_can_forge_a_line(house: FrontDoor, text: str) -> None:
    """AU-03: line ends, escapes and direction marks in names and browsers stay inside one line."""
    # What is typed as a code is the name of a browser here too.
    house.alarm.is_rung_on_purpose = True
    person = house.browser()
    person.client.headers = httpx.Headers([(b"user-agent", text.encode())])
    await person.get("/sign-up")
    await person.post(
        "/sign-up", {"name": text, "email": "ada@example.com", "password": PASSWORD, "code": text}
    )
    await house.password(person, text, password=text)

    log = house.alarm.log.getvalue()
    assert log.isascii()
    assert all(32 <= ord(char) < 127 or char == "\n" for char in log)
    assert len(house.alarm.lines()) == len(await journal(house))
    assert "forged" not in {line["event"] for line in house.alarm.lines()}
