"""The simulated provider: what it keeps, and the numbers that fail on purpose."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.call_script import a_script
from vestibule.clock import ManualClock
from vestibule.delivery.provider import (
    Accepted,
    Message,
    Outcome,
    PermanentFailure,
    Provider,
    Receipt,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.providers.simulator import TEST_NUMBERS, Inbox, SimulatorProvider
from vestibule.domain.delivery import Fault

START = datetime(2026, 3, 1, 10, 42, tzinfo=UTC)
DELIVERED = Receipt("delivered")


def a_message(**fields: Any) -> Message:
    defaults: dict[str, Any] = {
        "id": "m1",
        "channel": "sms",
        "account_label": "ada@example.org",
        "purpose": "sign_in",
        "subject": None,
        "text": "042042 is your code.",
        "html": None,
        "code": "042042",
        "locale": "en",
    }
    return Message(**{**defaults, **fields})


async def test_message_is_delivered_at_once_and_kept_with_its_time() -> None:
    """An ordinary number accepts, is delivered, and its message is in the inbox."""
    inbox = Inbox(ManualClock(START))
    provider: Provider = SimulatorProvider(inbox)

    outcome = await provider.send(a_message(), "+447700900142")

    [kept] = inbox.messages()
    assert outcome == Accepted(kept.id, DELIVERED)
    assert (kept.to, kept.text, kept.code) == ("+447700900142", "042042 is your code.", "042042")
    assert kept.sent_at == "2026-03-01T10:42:00.000Z"


@pytest.mark.parametrize(
    ("ending", "channel", "expected"),
    [
        ("0001", "sms", PermanentFailure(Fault.NUMBER_INVALID)),
        ("0001", "voice", PermanentFailure(Fault.NUMBER_INVALID)),
        ("0002", "sms", TemporaryFailure("network down")),
        ("0002", "voice", TemporaryFailure("network down")),
        ("0003", "sms", Accepted("lost-m1", Receipt("undelivered", Fault.UNREACHABLE))),
        ("0004", "sms", Accepted("lost-m1", None)),
        ("0005", "sms", Throttled(retry_after_seconds=30)),
        ("0005", "voice", Throttled(retry_after_seconds=30)),
    ],
)
async def test_test_number_fails_in_its_known_way(
    ending: str, channel: str, expected: Outcome
) -> None:
    """Each documented ending gives its own answer, and nothing arrives."""
    inbox = Inbox(ManualClock(START))

    outcome = await SimulatorProvider(inbox).send(a_message(channel=channel), f"+4477009{ending}")

    assert outcome == expected
    assert inbox.messages() == []


@pytest.mark.parametrize("ending", ["0003", "0004"])
async def test_call_gets_through_where_texts_are_lost(ending: str) -> None:
    """The way out of a lost text, a call, can be walked with the same number."""
    inbox = Inbox(ManualClock(START))
    message = a_message(channel="voice", script=a_script("0", "4"))

    outcome = await SimulatorProvider(inbox).send(message, f"+4477009{ending}")

    assert outcome == Accepted(inbox.messages()[0].id, DELIVERED)
    assert inbox.messages()[0].spoken == a_script("0", "4").spoken


async def test_mail_never_fails() -> None:
    """Endings are those of phone numbers; an address with such an ending gets its mail."""
    inbox = Inbox(ManualClock(START))

    outcome = await SimulatorProvider(inbox).send(a_message(channel="email"), "ada@x.test.0001")

    assert outcome == Accepted(inbox.messages()[0].id, DELIVERED)


def test_every_documented_ending_is_four_digits_and_named_once() -> None:
    """The list that the desk shows is unambiguous."""
    endings = [number.ending for number in TEST_NUMBERS]

    assert len(set(endings)) == len(endings)
    assert all(len(ending) == 4 and ending.isdigit() for ending in endings)


def test_inbox_is_bounded_and_drops_the_oldest() -> None:
    """The newest 500 messages are kept, newest last."""
    inbox = Inbox(ManualClock(START))

    for n in range(503):
        inbox.put(a_message(text=str(n)), "+447700900142")

    assert [one.text for one in inbox.messages()] == [str(n) for n in range(3, 503)]


def test_inbox_yields_what_came_after_a_message() -> None:
    """A known id yields what is newer; an id that was dropped yields all that is kept."""
    inbox = Inbox(ManualClock(START), capacity=2)
    first, second, third = (inbox.put(a_message(), "+447700900142") for _ in range(3))

    assert inbox.messages(after=second.id) == [third]
    assert inbox.messages(after=third.id) == []
    assert inbox.messages(after=first.id) == [second, third]


def test_ids_differ_between_two_runs() -> None:
    """A page left open over a restart never takes a new message for an old one."""
    clock = ManualClock(START)
    before = Inbox(clock).put(a_message(), "+447700900142")
    clock.advance(seconds=1)

    after = Inbox(clock).put(a_message(), "+447700900142")

    assert before.id != after.id
