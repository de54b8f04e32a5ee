"""The alarm that searches the house which Chromium visits: it knows what was typed, and rings."""

import logging

import pytest
import structlog

from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import EMAIL, Arrive
from tests.front_door import PASSWORD

pytestmark = pytest.mark.browser

KINDS = {
    "a code",
    "a number",
    "a pending token",
    "a recovery code",
    "a session token",
    "a sign-up token",
    "a typed password",
    "an address",
    "an app's secret",
}
WRITES = {
    "a session token": "UPDATE sessions SET user_agent = :text",
    "a recovery code": "UPDATE recovery_codes SET label = :text",
    "an app's secret": "UPDATE authenticators SET name = :text",
}


def test_alarm_rings_for_what_a_browser_was_told(arrive: Arrive, house: RunningHouse) -> None:
    """AU-02: what a real browser sends and is given is looked for, and found in every place.

    Columns, the log, the server's tracebacks, the labels of metrics.
    """
    arrive().become_member_with_app()
    arrive().become_member("grace@example.com")
    arrive().give_password("grace@example.com")
    assert house.leaks() == []
    secrets = {kind: secret for secret, kind in house.alarm.kinds.items()}
    assert set(secrets) >= KINDS, KINDS - set(secrets)
    assert {EMAIL, PASSWORD} <= set(house.alarm.kinds)
    house.alarm.is_rung_on_purpose = True

    for kind, sql in WRITES.items():
        house.write(sql, text=secrets[kind])
    house.write("UPDATE route_hours SET provider = :text", text=secrets["a number"])
    structlog.get_logger().info("told", whom=EMAIL)
    logging.getLogger("uvicorn.error").error("failed", exc_info=ValueError(PASSWORD))

    assert house.leaks() == [
        "authenticators.name: an app's secret",
        "recovery_codes.label: a recovery code",
        "route_hours.provider: a number",
        "sessions.user_agent: a session token",
        "the log: an address",
        "the metrics: a number",
        "the outputs: a typed password",
    ]
