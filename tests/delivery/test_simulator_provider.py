"""The simulated provider: what it keeps, and the numbers that fail on purpose."""

import asyncio
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
)
from vestibule.delivery.providers.known_failures import TEST_ADDRESSES, TEST_NUMBERS, Reaction
from vestibule.delivery.providers.simulator import Inbox, SimulatorProvider
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


def _numbers_with_channels() -> list[tuple[str, str, Reaction]]:
    return [
        (one.ending, channel, getattr(one, channel))
        for one in TEST_NUMBERS
        for channel in ("sms", "voice")
    ]


@pytest.mark.parametrize(("ending", "channel", "reaction"), _numbers_with_channels())
async def test_test_number_reacts_as_its_table_says(
    ending: str, channel: str, reaction: Reaction
) -> None:
    """Each listed ending gives its own answer; what does not arrive is in no inbox."""
    inbox = Inbox(ManualClock(START))
    message = a_message(channel=channel, call_reference="ref")
    sending = asyncio.create_task(SimulatorProvider(inbox).send(message, f"+4477009{ending}"))

    if reaction.hangs:
        await asyncio.wait({sending}, timeout=0.01)
        assert not sending.done()
        sending.cancel()
        return
    outcome = await sending

    arrived = [one.id for one in inbox.messages()]
    if reaction.outcome is not None:
        assert (outcome, arrived) == (reaction.outcome, [])
        return
    assert isinstance(outcome, Accepted)
    assert arrived == ([outcome.reference] if reaction.arrives else [])
    later = [(one.receipt, one.mailbox is not None) for one in inbox.take_later()]
    is_due = reaction.later is not None or reaction.mailbox
    assert later == ([(reaction.later, reaction.mailbox)] if is_due else [])
    assert inbox.take_later() == []


def test_every_fault_has_a_number() -> None:
    """A new reason for a failure needs a number or address with which it can be seen."""
    shown = {fault for one in (*TEST_NUMBERS, *TEST_ADDRESSES) for fault in one.shows}

    assert shown == set(Fault)


async def test_call_is_kept_without_its_code_and_words() -> None:
    """TF-05: of a call the phone has the reference that a carrier would have, and no code."""
    inbox = Inbox(ManualClock(START))
    message = a_message(channel="voice", script=a_script("0", "4"), call_reference="ref")

    outcome = await SimulatorProvider(inbox).send(message, "+447700900142")

    [kept] = inbox.messages()
    assert outcome == Accepted(kept.id, None)
    assert (kept.call_reference, kept.code, kept.text, kept.spoken) == ("ref", None, "", ())


async def test_call_with_a_code_needs_its_page() -> None:
    """Without a reference nobody could fetch the code after a key, so it is not called."""
    inbox = Inbox(ManualClock(START))

    outcome = await SimulatorProvider(inbox).send(a_message(channel="voice"), "+447700900142")

    assert (outcome, inbox.messages()) == (TemporaryFailure("no page for the call"), [])


async def test_addresses_have_failures_of_their_own() -> None:
    """Endings are those of phone numbers; an address fails by its tag alone."""
    inbox = Inbox(ManualClock(START))

    async def send(to: str) -> Outcome:
        return await SimulatorProvider(inbox).send(a_message(channel="email"), to)

    assert await send("ada@x.test.0001") == Accepted(inbox.messages()[0].id, DELIVERED)
    assert await send("ada+refused@x.test") == PermanentFailure(Fault.ADDRESS_REFUSED)
    assert await send("ada+down@x.test") == TemporaryFailure("network down")
    assert len(inbox.messages()) == 1


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
