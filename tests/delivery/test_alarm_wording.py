"""An alarm's mail says what happened and what follows, whatever the alarm."""

from gettext import NullTranslations

import pytest

from vestibule.delivery.alarm_wording import ALARMS, alarm_message
from vestibule.delivery.envelope import Envelope
from vestibule.delivery.rendering import House

HOUSE = House("Acme", "id.example.com", "https://id.example.com")


@pytest.mark.parametrize("name", [*ALARMS, "an alarm of another version"])
def test_every_alarm_can_be_said(name: str) -> None:
    """Each alarm becomes a mail with its facts, without a placeholder that is left."""
    envelope = Envelope("m", "email", "oncall@example.com", "", "en", NullTranslations())
    facts = {"alarm": name, "at": "2026-11-23T10:00:00+00:00", "percent": "80", "country": "GB"}
    facts |= {
        "where": "house/03",
        "row": "7",
        "kind": "edited",
        "account": "a1",
        "provider": "twilio",
    }

    mail = alarm_message(HOUSE, envelope, facts)

    assert mail.subject is not None
    assert mail.subject.startswith("Acme: ")
    assert "%(" not in mail.text
    assert "%%" not in mail.text
    assert "23 Nov 2026, 10:00 UTC" in mail.text
