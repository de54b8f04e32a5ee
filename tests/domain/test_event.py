"""The journal's vocabulary: stable names, OWASP's where it has one."""

import re
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vestibule.domain import event
from vestibule.domain.event import Event, EventName, Outcome

SOURCES = Path(event.__file__).parents[1]
OWASP = {
    "authn_login_success",
    "authn_login_fail",
    "authn_login_fail_max",
    "authn_login_lock",
    "authn_token_reuse",
    "authn_password_change",
    "sequence_fail",
    "session_created",
    "session_renewed",
    "user_created",
}


@pytest.mark.parametrize("name", EventName)
def test_every_event_is_written_by_something(name: EventName) -> None:
    """AU-01: Operators are told to expect no event that nothing writes."""
    flows = "".join(path.read_text() for path in SOURCES.rglob("*.py"))

    assert f"EventName.{name.name}" in flows


def test_owasp_names_are_used_where_they_exist() -> None:
    """AU-01: What OWASP's logging vocabulary names is named so here."""
    assert {name.value for name in EventName} >= OWASP


@pytest.mark.parametrize("name", EventName)
def test_event_names_are_plain(name: EventName) -> None:
    """AU-01: A name is lower-case words joined by underscores, so that any search finds it."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name.value)


def test_event_names_are_distinct() -> None:
    """AU-01: No two things that happen share a name."""
    assert len(EventName.__members__) == len({name.value for name in EventName})


def test_event_is_frozen() -> None:
    """What was written down does not change."""
    happened = Event(
        id="e1",
        occurred_at=datetime(2026, 11, 23, tzinfo=UTC),
        name=EventName.SIGNED_IN,
        outcome=Outcome.SUCCESS,
        reason=None,
        account_id=None,
        actor_id=None,
        session_mac=None,
        sign_in_mac=None,
        method=None,
        source="",
        user_agent="",
        request_id="r1",
        version="1",
        details={},
    )

    with pytest.raises(FrozenInstanceError):
        happened.reason = "other"  # type: ignore[misc]  # that it is refused is the test
