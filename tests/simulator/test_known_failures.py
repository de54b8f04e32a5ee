"""Numbers that fail on purpose, walked through the whole house: people read the reason."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.front_door import FrontDoor
from tests.person import Person
from vestibule.delivery.provider import NotThisWay, PermanentFailure
from vestibule.delivery.providers.known_failures import (
    CHANGED_HANDS,
    TEST_NUMBERS,
    Reaction,
    TestNumber,
)
from vestibule.domain.challenge import Channel
from vestibule.domain.delivery import Fault
from vestibule.flows.delivering import Pace
from vestibule.storage.database import Transaction
from vestibule.web.wording import CALL_FAILED, NOT_ARRIVED

pytestmark = pytest.mark.anyio

BUTTONS = {Channel.SMS: "Send code by text message", Channel.VOICE: "Call me"}
WALKS = [
    pytest.param(one, channel, id=f"{one.ending}-{channel.value}")
    for one in TEST_NUMBERS
    for channel in BUTTONS
]


def _reaction(number: TestNumber, channel: Channel) -> Reaction:
    return number.sms if channel is Channel.SMS else number.voice


def _expected(number: TestNumber, channel: Channel) -> Fault | None:
    """The reason that the table promises for this way; None where it is said to get through."""
    reaction = _reaction(number, channel)
    if isinstance(reaction.outcome, PermanentFailure):
        return reaction.outcome.fault
    if reaction.later is not None:
        return reaction.later.reason
    if reaction.mailbox:
        return Fault.NO_KEY
    if reaction.hangs:
        return Fault.IN_DOUBT
    if reaction.outcome is not None:
        return Fault.NO_ROUTE
    return Fault.CHANGED_HANDS if Fault.CHANGED_HANDS in number.shows else None


async def _ask(house: FrontDoor, ending: str, channel: Channel) -> Person:
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press(BUTTONS[channel], country="GB", phone=f"07400 12{ending}")
    return person


async def _reason(house: FrontDoor, channel: str) -> str | None:
    async def read(tx: Transaction) -> str | None:
        row = await tx.fetch_one(
            "SELECT reason FROM outbox WHERE channel = :channel ORDER BY written_at DESC LIMIT 1",
            channel=channel,
        )
        assert row is not None
        return row["reason"] if row["reason"] is None else str(row["reason"])

    return await house.database.read(read)


@pytest.mark.parametrize(("number", "channel"), WALKS)
async def test_number_fails_in_its_known_way(
    house: FrontDoor, number: TestNumber, channel: Channel
) -> None:
    """The page tells the reason of the table, or the code arrives."""
    worker = house.built.worker
    # A carrier that hangs is waited for half a second instead of eight.
    worker.delivering = replace(worker.delivering, pace=Pace(attempt_for=timedelta(seconds=0.51)))
    person = await _ask(house, number.ending, channel)
    await house.deliver()
    expected = _expected(number, channel)
    is_told_at_once = isinstance(_reaction(number, channel).outcome, NotThisWay)
    if expected in {Fault.NO_ROUTE, Fault.IN_DOUBT} and not is_told_at_once:
        assert await _reason(house, channel.value) is None
        house.clock.advance(seconds=9 * 60 + 59)
        await house.deliver()

    assert await _reason(house, channel.value) == expected
    await person.get("/set-up/phone/code")
    if expected is None:
        assert not any(sentence in person.text for sentence in NOT_ARRIVED.values())
    else:
        sentences = CALL_FAILED if channel is Channel.VOICE else NOT_ARRIVED
        assert sentences.get(expected, sentences[Fault.NO_ROUTE]) in person.text
    is_here = [one for one in house.inbox() if one.channel == channel.value]
    reaction = _reaction(number, channel)
    is_taken = expected is None or reaction.mailbox
    assert bool(is_here) == (is_taken and reaction.arrives)


@pytest.mark.parametrize("channel", list(BUTTONS))
async def test_number_that_changed_hands_gets_no_code(house: FrontDoor, channel: Channel) -> None:
    """PN-06: where the signal says "changed lately" nothing leaves, and the journal notes it."""
    person = await _ask(house, CHANGED_HANDS, channel)
    await house.deliver()

    assert [one for one in house.inbox() if one.channel != "email"] == []
    noted = await house.database.read(
        lambda tx: tx.fetch_all(
            "SELECT outcome, method FROM events WHERE name = 'number_changed_hands'"
        )
    )
    assert [dict(row) for row in noted] == [{"outcome": "failure", "method": channel.value}]
    await person.get("/set-up/phone/code")
    assert "This number got another SIM card lately" in person.text


async def test_code_that_ended_meanwhile_is_not_sent(house: FrontDoor) -> None:
    """0005 asks to wait; whoever signs out in the meantime gets no late text."""
    person = await _ask(house, "0005", Channel.SMS)
    await house.deliver()
    await person.press("Sign out")
    house.clock.advance(seconds=31)
    await house.deliver()

    assert await _reason(house, "sms") == Fault.NO_LONGER_NEEDED
    assert Fault.NO_LONGER_NEEDED in TEST_NUMBERS[4].shows


async def test_address_that_is_refused(house: FrontDoor) -> None:
    """A mail to an address with its tag is refused for good."""
    person = house.browser()
    await person.get("/sign-up")
    await person.press(
        "Create account", name="Ada", email="ada+refused@example.com", password="a quiet porch lamp"
    )
    await house.deliver()

    assert await _reason(house, "email") == Fault.ADDRESS_REFUSED
