"""Receipts: late, doubled and out of order they tell of the delivery, and of nothing else."""

import itertools
import json
from urllib.parse import urlencode

import pytest

from tests.carrier.posting import Carriers, Recorder, keys_of
from tests.front_door import START
from vestibule.clock import ManualClock
from vestibule.delivery.callbacks import TwilioCallbacks, VonageCallbacks
from vestibule.delivery.provider import Accepted, Message, Outcome, Receipt, TemporaryFailure
from vestibule.domain.delivery import Fault

pytestmark = pytest.mark.anyio


async def _ring(carriers: Carriers) -> Message:
    person, _ = await carriers.house.member()
    await person.press("Sign out")
    return await carriers.called(carriers.house.browser())


async def _press(carriers: Carriers, message: Message, key: str) -> None:
    """Somebody, or a mailbox, answers; "" presses nothing."""
    first = await carriers.twilio(f"/carrier/twilio/calls/{message.call_reference}")
    await carriers.twilio(keys_of(first), Digits=key)


@pytest.mark.parametrize("order", list(itertools.permutations(["completed", "busy", "ringing"])))
async def test_delivered_wins(carriers: Carriers, order: tuple[str, ...]) -> None:
    """In any order, and each twice, it ends as delivered, at the time of the first such word."""
    message = await _ring(carriers)
    await _press(carriers, message, "5")
    path = f"/carrier/twilio/receipts/{message.id}"
    first = carriers.house.clock()

    for status in order:
        for _ in range(2):
            assert (await carriers.twilio(path, CallStatus=status)).status_code == 204
            if status == "completed":
                carriers.house.clock.advance(seconds=1)

    row = await carriers.row(message.id)
    assert row["delivered_at"] == first
    assert (row["refused_at"], row["reason"]) == (None, None)


async def test_first_reason_stays(carriers: Carriers) -> None:
    """A call that was not answered is told so once, in our own words."""
    message = await _ring(carriers)
    path = f"/carrier/twilio/receipts/{message.id}"

    await carriers.twilio(path, CallStatus="no-answer")
    await carriers.twilio(path, CallStatus="busy")

    row = await carriers.row(message.id)
    assert (row["delivered_at"], row["reason"]) == (None, "no_answer")


@pytest.mark.parametrize(
    ("key", "reason"), [("", "no_key"), ("5", None), ("9", None), (None, "no_key")]
)
async def test_call_is_delivered_once_its_code_was_heard(
    carriers: Carriers, key: str | None, reason: str | None
) -> None:
    """TF-05: a call that ended is delivered where a key was pressed; a mailbox presses none.

    Its route has no success by it, and the page says why no code came, with the other way.
    """
    person = carriers.house.browser()
    await carriers.house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press("Call me", country="GB", phone="07400 123456")
    await carriers.drain()
    message = carriers.recorder.messages[-1]
    if key is not None:
        await _press(carriers, message, key)

    await carriers.twilio(f"/carrier/twilio/receipts/{message.id}", CallStatus="completed")

    row = await carriers.row(message.id)
    assert (row["reason"], row["delivered_at"] is None) == (reason, reason is not None)
    assert await _counted(carriers) == {
        "accepted": 1,
        "delivered": int(reason is None),
        "undelivered": int(reason is not None),
    }
    if reason is not None:
        await person.get("/set-up/phone/code")
        assert "nobody pressed a key" in person.text
        assert "Text me instead" in person.text


@pytest.mark.parametrize(("digits", "reason"), [("", "no_key"), ("5", None)])
async def test_call_by_vonage_is_delivered_once_heard(
    carriers: Carriers, digits: str, reason: str | None
) -> None:
    """TF-05: Vonage's `completed` says that the call ended, and no more than that."""
    carriers.recorder = OfVonage()
    message = await _ring(carriers)
    first = await carriers.vonage(f"/carrier/vonage/calls/{message.call_reference}", {"to": "x"})
    keys = json.loads(first.text)[-1]["eventUrl"][0].removeprefix("http://localhost")
    await carriers.vonage(keys, {"dtmf": {"digits": digits, "timed_out": not digits}})

    await carriers.vonage(f"/carrier/vonage/receipts/{message.id}", {"status": "completed"})

    assert (await carriers.row(message.id))["reason"] == reason


async def test_call_that_we_do_not_play(carriers: Carriers) -> None:
    """The operator's own service plays the call, so its word is all that is known of it."""
    carriers.recorder = Other()
    message = await _ring(carriers)

    await carriers.webhook(message.id, {"status": "delivered"})

    assert (await carriers.row(message.id))["delivered_at"] is not None


async def test_receipt_of_another_carrier(carriers: Carriers) -> None:
    """A carrier tells of its own messages only."""
    message = await _ring(carriers)

    await carriers.webhook(message.id, {"status": "delivered"})
    await carriers.vonage(f"/carrier/vonage/receipts/{message.id}", {"status": "delivered"})

    assert (await carriers.row(message.id))["delivered_at"] is None


async def test_receipt_proves_nothing(carriers: Carriers) -> None:
    """WH-03: Whatever a receipt says, no challenge changes and nobody is let in."""
    message = await _ring(carriers)
    before = await _proofs(carriers)

    for status in ("completed", "approved", "verified", "failed"):
        await carriers.twilio(
            f"/carrier/twilio/receipts/{message.id}",
            CallStatus=status,
            MessageStatus=status,
            Valid="true",
        )

    assert await _proofs(carriers) == before


async def _proofs(carriers: Carriers) -> list[object]:
    async def read(tx):  # type: ignore[no-untyped-def]  # a transaction of either database
        return [
            await tx.fetch_all(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - our own names
            for table in ("challenges", "sign_ins", "sessions", "accounts", "calls")
        ]

    found: list[object] = await carriers.house.database.read(read)
    return found


# --- early, foreign, of another copy -----------------------------------------------------------


class Quick(Recorder):
    """A carrier whose receipt is here before its own answer."""

    def __init__(
        self, carriers: Carriers, answers: Outcome, *, key: str | None = None, **fields: str
    ) -> None:
        super().__init__()
        self._carriers, self._answers, self._fields = carriers, answers, fields
        self._key = key

    async def send(self, message: Message, to: str) -> Outcome:  # type: ignore[override]  # any outcome
        await super().send(message, to)
        if self._key is not None:
            await _press(self._carriers, message, self._key)
        path = f"/carrier/twilio/receipts/{message.id}"
        assert (await self._carriers.twilio(path, **self._fields)).status_code == 204
        return self._answers


@pytest.mark.parametrize(
    ("fields", "key", "reason"),
    [
        ({"CallStatus": "completed"}, "5", "delivered"),
        ({"CallStatus": "completed"}, "", "no_key"),
        ({"CallStatus": "busy"}, None, "busy"),
        ({"CallStatus": "busy", "CallSid": "CA1"}, None, "busy"),
        ({"CallStatus": "busy", "CallSid": "CA-of-another-copy"}, None, None),
    ],
)
async def test_receipt_before_the_answer(
    carriers: Carriers, fields: dict[str, str], key: str | None, reason: str | None
) -> None:
    """A receipt that overtakes its carrier's answer is kept, and settled with the hand-over."""
    carriers.recorder = Quick(carriers, Accepted("CA1"), key=key, **fields)
    message = await _ring(carriers)

    row, is_delivered = await carriers.row(message.id), reason == "delivered"
    assert row["reason"] == (None if is_delivered else reason)
    assert (row["delivered_at"] is not None) == is_delivered
    assert row["handed_over_at"] is not None
    assert (row["provider"], row["reference"]) == ("twilio", "CA1")
    assert await _counted(carriers) == {
        "accepted": 1,
        "delivered": int(is_delivered),
        "undelivered": int(reason not in {None, "delivered"}),
    }


async def test_early_receipt_of_a_carrier_that_failed(carriers: Carriers) -> None:
    """What a carrier said of its own copy is not told of the copy that the next one took."""
    carriers.recorder = Quick(carriers, TemporaryFailure("timeout"), CallStatus="busy")
    message = await _ring(carriers)

    assert (await carriers.row(message.id))["reason"] is None
    carriers.recorder = Other()
    carriers.house.clock.advance(seconds=3)
    await carriers.drain()

    row = await carriers.row(message.id)
    assert (row["provider"], row["reason"], row["refused_at"]) == ("webhook", None, None)


class Other(Recorder):
    """The next carrier."""

    name = "webhook"


class OfVonage(Recorder):
    """A carrier that fetches what a call says in its own words."""

    name = "vonage"


async def _counted(carriers: Carriers) -> dict[str, object] | None:
    found = await carriers.house.database.read(
        lambda tx: tx.fetch_one(
            "SELECT accepted, delivered, undelivered FROM route_hours WHERE provider = 'twilio'"
        )
    )
    return dict(found) if found else None


async def test_receipt_of_another_copy(carriers: Carriers) -> None:
    """A failure that names another id than the hand-over has changes nothing; its own does."""
    message = await _ring(carriers)
    path = f"/carrier/twilio/receipts/{message.id}"

    await carriers.twilio(path, CallStatus="failed", CallSid="CA-of-an-earlier-try")
    assert (await carriers.row(message.id))["reason"] is None
    await carriers.twilio(path, CallStatus="failed", CallSid="CA1")

    assert (await carriers.row(message.id))["reason"] == "unreachable"


async def test_receipt_of_a_stranger_is_logged(carriers: Carriers) -> None:
    """WH-03: a receipt for a message that its carrier never had changes nothing, and is logged."""
    message = await _ring(carriers)
    await _press(carriers, message, "5")
    before = await carriers.row(message.id)

    await carriers.webhook(message.id, {"status": "delivered"})
    await carriers.webhook("a-message-of-nobody", {"status": "undelivered"})
    await carriers.twilio(f"/carrier/twilio/receipts/{message.id}", CallStatus="completed")

    said = carriers.house.alarm.log.getvalue()
    assert said.count("receipt_of_a_stranger") == 2
    assert "a-message-of-nobody" not in said
    after = await carriers.row(message.id)
    assert {**before, "delivered_at": after["delivered_at"]} == after


# --- what the words mean -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("30003", Fault.UNREACHABLE),
        ("30004", Fault.BLOCKED),
        ("30005", Fault.NUMBER_INVALID),
        ("30006", Fault.LANDLINE),
        ("30007", Fault.BLOCKED),
        ("30008", Fault.UNREACHABLE),
        ("30034", Fault.NO_ROUTE),
        ("30410", Fault.NO_ROUTE),
        ("21610", Fault.OPTED_OUT),
        ("21614", Fault.LANDLINE),
        ("99999", Fault.UNREACHABLE),
        ("", Fault.UNREACHABLE),
    ],
)
def test_error_of_twilio(code: str, fault: Fault) -> None:
    """What is our own fault, or the route's, never blames the number."""
    body = urlencode({"MessageStatus": "undelivered", "ErrorCode": code, "MessageSid": "SM1"})

    receipt = TwilioCallbacks("token", "https://id.example.com").receipt(body.encode())

    assert receipt == Receipt("undelivered", fault, "SM1")


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        ({"type": "https://developer.vonage.com/api-errors/messages#1240"}, Fault.OPTED_OUT),
        ({"title": "1170"}, Fault.NUMBER_INVALID),
        ({"title": 1050}, Fault.BLOCKED),
        ({"code": 1280, "reason": "Number Blocked by Carrier"}, Fault.BLOCKED),
        ({"title": "1120"}, Fault.NO_ROUTE),
        ({"title": "1180"}, Fault.UNREACHABLE),
        ({"title": ["1240"]}, Fault.UNREACHABLE),
        ("1240", Fault.UNREACHABLE),
        (None, Fault.UNREACHABLE),
    ],
)
def test_error_of_vonage(error: object, fault: Fault) -> None:
    """The code is in the problem's type, or its title, or the older `code`."""
    told = {"status": "rejected", "message_uuid": "u1", "error": error}
    callbacks = VonageCallbacks("s" * 32, ManualClock(START))

    assert callbacks.receipt(json.dumps(told).encode()) == Receipt("undelivered", fault, "u1")


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        ("busy", Fault.BUSY),
        ("rejected", Fault.BUSY),
        ("timeout", Fault.NO_ANSWER),
        ("unanswered", Fault.NO_ANSWER),
        ("cancelled", Fault.NO_ANSWER),
        ("failed", Fault.UNREACHABLE),
        ("machine", None),
        ("timed-out-of-date", None),
    ],
)
def test_end_of_a_call_by_vonage(status: str, fault: Fault | None) -> None:
    """Each last status of a call has its reason; what it goes through before has none."""
    told = {"status": status, "uuid": "c1"}
    receipt = VonageCallbacks("s" * 32, ManualClock(START)).receipt(json.dumps(told).encode())

    assert receipt == (Receipt("undelivered", fault, "c1") if fault else None)


@pytest.mark.parametrize(
    "body",
    [
        *(urlencode({"MessageStatus": word, "MessageSid": "X1"}) for word in ("queued", "sent")),
        *(urlencode({"CallStatus": word, "CallSid": "X1"}) for word in ("initiated", "ringing")),
    ],
)
def test_twilio_says_that_it_has_it(body: str) -> None:
    """Whatever status comes after the taking proves it, though no answer ever came."""
    receipt = TwilioCallbacks("token", "https://id.example.com").receipt(body.encode())

    assert receipt == Receipt("taken", reference="X1")


@pytest.mark.parametrize(
    "told",
    [
        {"status": "submitted", "message_uuid": "X1"},
        {"status": "ringing", "uuid": "X1"},
    ],
)
def test_vonage_says_that_it_has_it(told: dict[str, str]) -> None:
    """The same of Vonage's texts and calls."""
    receipt = VonageCallbacks("s" * 32, ManualClock(START)).receipt(json.dumps(told).encode())

    assert receipt == Receipt("taken", reference="X1")
