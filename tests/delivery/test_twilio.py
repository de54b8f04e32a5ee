"""Texts and calls by Twilio, against a server that holds requests to Twilio's own document."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]  # no types

from tests.delivery.carrier import Carrier, Said, carrier, resetting_carrier
from tests.delivery.phone_messages import (
    CALL,
    CODE,
    MAIL,
    NUMBER,
    ORIGIN,
    PAGELESS_CALL,
    TEXT,
    trial,
)
from vestibule.delivery.http_call import LARGEST_ANSWER
from vestibule.delivery.provider import (
    Accepted,
    InDoubt,
    Message,
    NotThisWay,
    Outcome,
    PermanentFailure,
    Probe,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.providers.twilio import FAULTS, THROTTLES, TwilioAccount, TwilioProvider
from vestibule.domain.delivery import Fault

SID = "AC" + "0a" * 16
TOKEN = "an auth token of Twilio"
HANGS, ENOUGH = timedelta(seconds=1), timedelta(seconds=20)
"""For a carrier that says nothing, and for one that answers."""
ACCOUNT = TwilioAccount(sid=SID, auth_token=TOKEN, sender="+14155550100")
CREATED = Said(201, {"sid": "SM" + "1b" * 16, "status": "queued", "error_code": None})
ACCEPTED = Accepted("SM" + "1b" * 16)


@pytest.fixture(scope="module")
def served() -> Iterator[Carrier]:
    with carrier("twilio_api_v2010.json") as running:
        yield running


@pytest.fixture
def twilio(served: Carrier) -> Iterator[Carrier]:
    """A carrier that has got nothing yet; all that it gets must fit the document."""
    served.says = CREATED
    served.got.clear()
    served.refused.clear()
    yield served
    assert served.refused == []


async def sent(
    url: str,
    message: Message = TEXT,
    account: TwilioAccount = ACCOUNT,
    *,
    origin: str = ORIGIN,
    patience: timedelta = ENOUGH,
) -> Outcome:
    provider = TwilioProvider(replace(account, api_url=url), origin=origin, patience=patience)
    try:
        return await provider.send(message, NUMBER)
    finally:
        await provider.close()


# ── What is asked ────────────────────────────────────────────────────────────────────────────


async def test_a_text(twilio: Carrier) -> None:
    """A text has its sender, its life, and where receipts go; nothing else."""
    assert await sent(twilio.url) == ACCEPTED

    [got] = twilio.got
    assert got.path == f"/2010-04-01/Accounts/{SID}/Messages.json"
    assert got.login == f"{SID}:{TOKEN}"
    assert got.form == {
        "To": [NUMBER],
        "From": ["+14155550100"],
        "Body": [TEXT.text],
        "ValidityPeriod": ["600"],
        "SmartEncoded": ["true"],
        "StatusCallback": [f"{ORIGIN}/carrier/twilio/receipts/message_1-A"],
    }


async def test_a_text_of_a_messaging_service(twilio: Carrier) -> None:
    """A Messaging Service chooses the sender; an API key signs in; redaction is asked for."""
    account = replace(
        ACCOUNT,
        api_key="SK" + "2c" * 16,
        api_secret="a secret: with a colon",
        messaging_service="MG" + "3d" * 16,
        redacts=True,
    )
    assert await sent(twilio.url, TEXT, account) == ACCEPTED

    [got] = twilio.got
    assert got.login == f"{account.api_key}:{account.api_secret}"
    assert got.form["MessagingServiceSid"] == [account.messaging_service]
    assert got.form["ContentRetention"] == ["discard"]
    assert got.form["AddressRetention"] == ["obfuscate"]
    assert "From" not in got.form


@pytest.mark.parametrize(("seconds", "asked"), [(0, "1"), (90, "90"), (90_000, "36000")])
async def test_how_long_a_text_lives(twilio: Carrier, seconds: int, asked: str) -> None:
    """A text lives as long as its code, within what Twilio takes."""
    await sent(twilio.url, replace(TEXT, valid_for_seconds=seconds))

    assert twilio.got[0].form["ValidityPeriod"] == [asked]


async def test_a_call(twilio: Carrier) -> None:
    """TF-05: a call rings for 30 s, lasts as long as its code needs, and is not recorded."""
    assert await sent(twilio.url, CALL) == ACCEPTED

    assert CALL.script
    [got] = twilio.got
    assert got.path == f"/2010-04-01/Accounts/{SID}/Calls.json"
    assert got.form == {
        "To": [NUMBER],
        "From": ["+14155550100"],
        "Url": [f"{ORIGIN}/carrier/twilio/calls/ref_1-A"],
        "Method": ["POST"],
        "Timeout": ["30"],
        "TimeLimit": [str(CALL.script.seconds_at_most)],
        "Record": ["false"],
        "StatusCallback": [f"{ORIGIN}/carrier/twilio/receipts/message_1-A"],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
    }


async def test_a_call_says_no_code(twilio: Carrier) -> None:
    """Neither address nor headers nor body of a call's request hold its code or its script."""
    await sent(twilio.url, CALL)

    said = twilio.got[0].everything
    assert CODE not in said
    assert urlencode({"": ", ".join(CODE)})[1:] not in said
    assert "Twiml" not in said


async def test_a_call_with_a_code_needs_its_page(twilio: Carrier) -> None:
    """A call whose page nobody could fetch is not placed, and its code is not said another way."""
    assert await sent(twilio.url, PAGELESS_CALL) == TemporaryFailure("no page for the call")
    assert twilio.got == []


async def test_a_trial_call_is_said_at_once(twilio: Carrier) -> None:
    """A call without a code carries its words itself, escaped."""
    message = trial("voice")
    assert message.script is not None
    script = replace(message.script, greeting="R&D <Acme>")

    assert await sent(twilio.url, replace(message, script=script)) == ACCEPTED
    assert twilio.got[0].form["Twiml"] == [
        "<Response><Say>R&amp;D &lt;Acme&gt;</Say><Say>Goodbye.</Say></Response>"
    ]


async def test_this_machine_is_not_called_back_from_elsewhere() -> None:
    """A carrier elsewhere is given no address of this machine: it would refuse the text for it."""
    provider = TwilioProvider(ACCOUNT, origin="http://localhost:8000")

    # Nothing leaves this machine: a call with a code needs a page, and there is none to name.
    assert await provider.send(CALL, NUMBER) == TemporaryFailure("no page for the call")
    await provider.close()


async def test_a_carrier_on_this_machine_calls_back_here(twilio: Carrier) -> None:
    """A trial carrier beside us reaches us by the origin of this machine."""
    await sent(twilio.url, CALL, origin="http://localhost:8000")

    assert twilio.got[0].form["Url"] == ["http://localhost:8000/carrier/twilio/calls/ref_1-A"]


async def test_mails_are_not_for_twilio(twilio: Carrier) -> None:
    """A mail is left to the next provider."""
    assert await sent(twilio.url, MAIL) == TemporaryFailure("not a text or call")
    assert twilio.got == []


# ── What the answer means ────────────────────────────────────────────────────────────────────


def error(code: object, status: int = 400) -> Said:
    """An error as Twilio words it: with the number in it."""
    return Said(
        status,
        {
            "code": code,
            "message": f"The number {NUMBER} with {CODE} is at fault",
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        },
    )


@pytest.mark.parametrize(("code", "fault"), FAULTS.items())
@pytest.mark.parametrize("message", [TEXT, CALL], ids=["text", "call"])
async def test_the_number_is_at_fault(
    twilio: Carrier, code: int, fault: Fault, message: Message
) -> None:
    """Each error that is the number's own stops the message, told by Twilio's number of it."""
    twilio.says = error(code)

    assert await sent(twilio.url, message) == PermanentFailure(fault, f"twilio {code}")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (20003, 401),
        (20003, 403),
        (20404, 404),
        (21212, 400),
        (21606, 400),
        (30029, 400),
        (21612, 500),
        (21612, 401),
        (60223, 403),
        (21211, 500),
        (21211, 401),
    ],
)
async def test_others_may_do_better(twilio: Carrier, code: int, status: int) -> None:
    """What is wrong with us, Twilio, or the way between is not the number's: it may go on."""
    twilio.says = error(code, status)

    assert await sent(twilio.url) == TemporaryFailure(f"twilio {code}")


@pytest.mark.parametrize("code", [21214, 21612])
async def test_a_number_that_this_sender_cannot_reach(twilio: Carrier, code: int) -> None:
    """A number out of this sender's reach says nothing of Twilio, nor for good: not this way."""
    twilio.says = error(code)

    assert await sent(twilio.url) == NotThisWay(f"twilio {code}")


@pytest.mark.parametrize("code", sorted(THROTTLES))
async def test_twilio_is_busy(twilio: Carrier, code: int) -> None:
    """Each limit of Twilio asks to wait, whatever HTTP status it comes with."""
    twilio.says = error(code)

    assert await sent(twilio.url) == Throttled(30)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("17", 17),
        ("99999", 3600),
        ("soon", 30),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 30),
        ("-1", 30),
        ("", 30),
        ("9" * 5000, 30),
    ],
)
async def test_how_long_to_wait(twilio: Carrier, asked: str, seconds: int) -> None:
    """`Retry-After` is believed within an hour."""
    twilio.says = replace(error(20429, 429), headers={"Retry-After": asked})

    assert await sent(twilio.url) == Throttled(seconds)


DOUBTFUL: list[tuple[Said, str]] = [
    (Said(200, b"<html>Sign in to the hotel's network</html>"), "not an answer of twilio"),
    (Said(201, {"sid": 7}), "not an answer of twilio"),
    (Said(201, {"sid": ""}), "not an answer of twilio"),
    (Said(201, [1]), "not an answer of twilio"),
    (Said(201, b"[" * 50_000), "not an answer of twilio"),
    (Said(201, b"\xff\xfe"), "not an answer of twilio"),
    (Said(201, b" " * (LARGEST_ANSWER + 1)), "answer too long"),
    (replace(CREATED, breaks_off=True), "connection lost"),
]
NOT_TAKEN: list[tuple[Said, str]] = [
    (Said(400, b"Bad request"), "HTTP 400"),
    (Said(400, {"code": NUMBER}), "HTTP 400"),
    (Said(400, {"code": 447400123456}), "HTTP 400"),
    (Said(400, {"code": True}), "HTTP 400"),
    (Said(500, {"message": "Internal Server Error"}), "HTTP 500"),
    (Said(503, b""), "HTTP 503"),
    (Said(302, b"", {"Location": "/elsewhere"}), "HTTP 302"),
]


@pytest.mark.parametrize(("says", "reason"), DOUBTFUL)
async def test_no_proper_answer(twilio: Carrier, says: Said, reason: str) -> None:
    """Garbage that says success, or half an answer: the message may have been taken."""
    twilio.says = says

    assert await sent(twilio.url) == InDoubt(reason)
    assert len(twilio.got) == 1


@pytest.mark.parametrize(("says", "reason"), NOT_TAKEN)
async def test_an_answer_that_takes_nothing(twilio: Carrier, says: Said, reason: str) -> None:
    """Any answer but success says that nothing was taken, and leaves it to the next provider."""
    twilio.says = says

    assert await sent(twilio.url) == TemporaryFailure(reason)
    assert len(twilio.got) == 1


async def test_a_carrier_that_hangs(twilio: Carrier) -> None:
    """A carrier that says nothing costs the patience, and may have the message."""
    twilio.says = Said(hangs=True)

    outcome = await sent(twilio.url, patience=HANGS)
    assert outcome == InDoubt("timeout")


async def test_a_carrier_that_resets() -> None:
    """A connection that is reset once the request has begun leaves its message in doubt."""
    with resetting_carrier() as url:
        assert await sent(url) == InDoubt("connection lost")


async def test_nobody_there() -> None:
    """A connection that is refused leaves the message to the next provider."""
    assert await sent("http://127.0.0.1:1") == TemporaryFailure("not connected")


def test_errors_are_read_as_twilio_reads_them() -> None:
    """The number in an error is the one that Twilio's own library finds there."""
    body = error(21610).body
    assert isinstance(body, dict)
    found = TwilioRestException(400, "/Messages.json", body["message"], body["code"])
    assert found.code == 21610
    assert FAULTS[found.code] is Fault.OPTED_OUT


# ── What is never said ───────────────────────────────────────────────────────────────────────


def test_secrets_are_not_shown() -> None:
    """Printing an account tells no secret."""
    shown = repr(replace(ACCOUNT, api_key="SK1", api_secret="api secret"))

    assert TOKEN not in shown
    assert "api secret" not in shown


def test_only_private_addresses() -> None:
    """What holds codes and secrets goes over plain http to this machine only."""
    with pytest.raises(ValueError, match="use https"):
        replace(ACCOUNT, api_url="http://api.example.com")


# ── Doctor ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("says", "probe"),
    [
        (Said(200, {"incoming_phone_numbers": []}), Probe(True, "twilio: lets us in")),
        (error(20003, 401), Probe(False, "twilio: does not let us in (twilio 20003)")),
        (error(70051, 403), Probe(False, "twilio: does not let us in (twilio 70051)")),
        (Said(200, b"<html>"), Probe(False, "twilio: does not let us in (HTTP 200)")),
        (Said(hangs=True), Probe(False, "twilio: no answer (timeout)")),
    ],
)
async def test_probe(twilio: Carrier, says: Said, probe: Probe) -> None:
    """A probe shows the credentials to something that a standard API key may read."""
    twilio.says = says
    provider = TwilioProvider(replace(ACCOUNT, api_url=twilio.url), origin=ORIGIN, patience=HANGS)
    assert await provider.probe() == probe
    await provider.close()
    [got] = twilio.got
    assert (got.method, got.query) == ("GET", "PageSize=1")
    assert got.path == f"/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers.json"
    assert got.login == f"{SID}:{TOKEN}"


@pytest.mark.parametrize(
    ("says", "probe"),
    [
        (Said(200, {"incoming_phone_numbers": []}), "twilio: lets us in (API key, auth token)"),
        (error(20003, 401), "twilio: does not let the API key in (twilio 20003)"),
    ],
)
async def test_probe_shows_both_credentials(twilio: Carrier, says: Said, probe: str) -> None:
    """The auth token proves Twilio's callbacks, so it is shown beside the API key that signs in."""
    twilio.says = says
    account = replace(ACCOUNT, api_url=twilio.url, api_key="SK" + "2c" * 16, api_secret="shh")
    provider = TwilioProvider(account, origin=ORIGIN)

    assert (await provider.probe()).text == probe
    await provider.close()
    logins = [f"{account.api_key}:shh", f"{SID}:{TOKEN}"]
    assert [one.login for one in twilio.got] == (logins if "lets us" in probe else logins[:1])


# ── The server itself ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "form",
    [
        {"From": "+14155550100", "Body": "x"},
        {"To": NUMBER, "From": "+1", "Body": "x", "ValidityPeriod": "ten minutes"},
        {"To": NUMBER, "From": "+1", "Body": "x", "ContentRetention": "shred"},
        {"To": NUMBER, "MessagingServiceSid": "MG1", "Body": "x"},
        {"To": NUMBER, "From": "+1", "Body": "x", "Retention": "discard"},
    ],
)
async def test_the_server_refuses_what_the_document_does(
    served: Carrier, form: dict[str, Any]
) -> None:
    """A field that is missing, unknown, or not of its type is refused: the server can fail."""
    served.says = CREATED
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"{served.url}/2010-04-01/Accounts/{SID}/Messages.json"
        answer = await client.post(url, data=form, auth=(SID, TOKEN))
        no_login = await client.post(url, data={"To": NUMBER, "From": "+1", "Body": "x"})
    assert answer.status_code == 422
    assert no_login.status_code == 422
    assert len(served.refused) >= 2
