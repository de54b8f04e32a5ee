"""Texts and calls by Vonage, against a server that holds requests to Vonage's own documents."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwt
from joserfc.jwk import RSAKey

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
from vestibule.clock import ManualClock
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
from vestibule.delivery.providers.vonage import FAULTS, VonageAccount, VonageProvider
from vestibule.domain.delivery import Fault
from vestibule.entropy import SeededEntropy

HANGS, ENOUGH = timedelta(seconds=1), timedelta(seconds=20)
"""For a carrier that says nothing, and for one that answers."""
NOW = datetime(2026, 11, 23, 10, 42, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
APPLICATION = VonageAccount(
    sender="+447700900000",
    application_id="aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
    private_key=PEM,
)
KEY_ONLY = VonageAccount(sender="Acme", api_key="abcd1234", api_secret="a secret: of Vonage")
UUID = "bbbbbbbb-bbbb-cccc-dddd-0123456789ab"
SENT, PLACED = Said(202, {"message_uuid": UUID}), Said(201, {"uuid": UUID, "status": "started"})


@pytest.fixture(scope="module")
def served() -> Iterator[Carrier]:
    with carrier("vonage_messages.json", "vonage_voice.json", "vonage_account.json") as running:
        yield running


@pytest.fixture
def vonage(served: Carrier) -> Iterator[Carrier]:
    """A carrier that has got nothing yet; all that it gets must fit a document."""
    served.says = SENT
    served.got.clear()
    served.refused.clear()
    yield served
    assert served.refused == []


def provider(
    url: str,
    account: VonageAccount = APPLICATION,
    *,
    origin: str = ORIGIN,
    patience: timedelta = ENOUGH,
) -> VonageProvider:
    return VonageProvider(
        replace(account, api_url=url),
        ManualClock(NOW),
        entropy=SeededEntropy("vonage"),
        origin=origin,
        patience=patience,
    )


async def sent(url: str, message: Message = TEXT, **made: Any) -> Outcome:
    found = provider(url, **made)
    try:
        return await found.send(message, NUMBER)
    finally:
        await found.close()


# ── What is asked ────────────────────────────────────────────────────────────────────────────


async def test_a_text(vonage: Carrier) -> None:
    """A text has its sender, its life, and where receipts go; nothing else."""
    assert await sent(vonage.url) == Accepted(UUID)

    [got] = vonage.got
    assert got.path == "/v1/messages"
    assert got.json == {
        "message_type": "text",
        "channel": "sms",
        "to": "447400123456",
        "from": "447700900000",
        "text": TEXT.text,
        "client_ref": "message_1-A",
        "ttl": 600,
        "webhook_url": f"{ORIGIN}/carrier/vonage/receipts/message_1-A",
        "webhook_version": "v1",
    }


async def test_the_application_signs_in(vonage: Carrier) -> None:
    """Each request has a token of its own, signed by the application's key, good for 5 minutes."""
    found = provider(vonage.url)
    await found.send(TEXT, NUMBER)
    await found.send(TEXT, NUMBER)
    await found.close()

    public = RSAKey.import_key(
        KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    tokens = [got.headers["authorization"].removeprefix("Bearer ") for got in vonage.got]
    claims = [jwt.decode(token, public, algorithms=["RS256"]).claims for token in tokens]
    assert claims[0] == {
        "application_id": APPLICATION.application_id,
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 300,
        "jti": claims[0]["jti"],
    }
    assert claims[0]["jti"] != claims[1]["jti"]


async def test_a_key_signs_in_for_texts(vonage: Carrier) -> None:
    """Without an application the account's key and secret send texts, from a name too."""
    assert await sent(vonage.url, account=KEY_ONLY) == Accepted(UUID)

    assert vonage.got[0].login == "abcd1234:a secret: of Vonage"
    assert vonage.got[0].json["from"] == "Acme"


@pytest.mark.parametrize(("seconds", "asked"), [(20, 20), (90, 90), (9_000_000, 604_800)])
async def test_how_long_a_text_lives(vonage: Carrier, seconds: int, asked: int) -> None:
    """A text lives as long as its code, within what Vonage takes."""
    await sent(vonage.url, replace(TEXT, valid_for_seconds=seconds))

    assert vonage.got[0].json["ttl"] == asked


async def test_a_text_is_never_asked_to_outlive_its_code(vonage: Carrier) -> None:
    """Vonage knows no life below 20 s: a code that ends before is left to other providers."""
    outcome = await sent(vonage.url, replace(TEXT, valid_for_seconds=19))

    assert outcome == NotThisWay("too late for the shortest life of a text")
    assert vonage.got == []


async def test_a_call(vonage: Carrier) -> None:
    """TF-05: a call rings for 30 s, lasts as long as its code needs, listens for no machine."""
    vonage.says = PLACED
    assert await sent(vonage.url, CALL) == Accepted(UUID)

    assert CALL.script
    [got] = vonage.got
    assert got.path == "/v1/calls"
    assert got.json == {
        "to": [{"type": "phone", "number": "447400123456"}],
        "from": {"type": "phone", "number": "447700900000"},
        "ringing_timer": 30,
        "length_timer": CALL.script.seconds_at_most,
        "answer_url": [f"{ORIGIN}/carrier/vonage/calls/ref_1-A"],
        "answer_method": "POST",
        "event_url": [f"{ORIGIN}/carrier/vonage/receipts/message_1-A"],
        "event_method": "POST",
    }
    assert CODE not in got.everything


async def test_a_call_with_a_code_needs_its_page(vonage: Carrier) -> None:
    """A call whose page nobody could fetch is not placed, and its code is not said another way."""
    assert await sent(vonage.url, PAGELESS_CALL) == TemporaryFailure("no page for the call")
    assert vonage.got == []


async def test_a_trial_call_is_said_at_once(vonage: Carrier) -> None:
    """A call without a code carries its words itself."""
    vonage.says = PLACED
    assert await sent(vonage.url, trial("voice")) == Accepted(UUID)

    said = [step["text"] for step in vonage.got[0].json["ncco"]]
    assert said == [trial("voice").text, "Goodbye."]


async def test_a_call_needs_an_application(vonage: Carrier) -> None:
    """The account's key places no calls: such a call is left to the next provider."""
    outcome = await sent(vonage.url, CALL, account=KEY_ONLY)
    assert outcome == TemporaryFailure("no application for the call")
    assert vonage.got == []


async def test_mails_are_not_for_vonage(vonage: Carrier) -> None:
    """A mail is left to the next provider."""
    assert await sent(vonage.url, MAIL) == TemporaryFailure("not a text or call")
    assert vonage.got == []


# ── What the answer means ────────────────────────────────────────────────────────────────────


def problem(kind: str, status: int = 422, title: str = "Problem", **more: object) -> Said:
    """An error as RFC 7807 and Vonage word it: with the number in it."""
    return Said(
        status,
        {
            "type": f"https://developer.vonage.com/api-errors/messages#{kind}",
            "title": title,
            "detail": f"The number {NUMBER} with {CODE} is at fault",
            "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf",
            **more,
        },
    )


@pytest.mark.parametrize(("code", "fault"), FAULTS.items())
async def test_the_number_is_at_fault(vonage: Carrier, code: str, fault: Fault) -> None:
    """Each error that is the number's own stops the message, told by Vonage's code of it."""
    vonage.says = problem(code)

    assert await sent(vonage.url) == PermanentFailure(fault, f"vonage {code}")


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (problem("110", title="Invalid recipient"), "vonage 110"),
        (problem("1150", invalid_parameters=[{"name": "to", "reason": "x"}]), "vonage 1150"),
        (
            problem("bad-request", 400, invalid_parameters=[{"name": "to[0].number"}]),
            "vonage bad-request",
        ),
    ],
)
async def test_the_recipient_is_no_number(vonage: Carrier, says: Said, reason: str) -> None:
    """An error that names the recipient, and it alone, says that the number is none."""
    vonage.says = says

    outcome = await sent(vonage.url)
    assert outcome == PermanentFailure(Fault.NUMBER_INVALID, reason)


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (problem("unauthorized", 401), "vonage unauthorized"),
        (problem("unprovisioned", 401), "vonage unprovisioned"),
        (problem("low-balance", 402), "vonage low-balance"),
        (problem("1120", title="Invalid sender"), "vonage 1120"),
        (problem("1160"), "vonage 1160"),
        (
            problem("1150", invalid_parameters=[{"name": "to"}, {"name": "from"}]),
            "vonage 1150",
        ),
        (problem("1150", invalid_parameters="to"), "vonage 1150"),
        (problem("1170", 500), "vonage 1170"),
        (problem(NUMBER), "HTTP 422"),
        (Said(400, b"Bad request"), "HTTP 400"),
        (Said(400, {"type": 7, "title": None}), "HTTP 400"),
        (Said(503, b""), "HTTP 503"),
        (Said(302, b"", {"Location": "/elsewhere"}), "HTTP 302"),
    ],
)
async def test_others_may_do_better(vonage: Carrier, says: Said, reason: str) -> None:
    """What is wrong with us, Vonage, or the way between is not the number's: it may go on."""
    vonage.says = says

    assert await sent(vonage.url) == TemporaryFailure(reason)
    assert len(vonage.got) == 1


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (Said(200, b"<html>"), "not an answer of vonage"),
        (Said(202, {"message_uuid": [UUID]}), "not an answer of vonage"),
        (replace(SENT, breaks_off=True), "connection lost"),
    ],
)
async def test_no_proper_answer(vonage: Carrier, says: Said, reason: str) -> None:
    """Garbage that says success, or half an answer: the message may have been taken."""
    vonage.says = says

    assert await sent(vonage.url) == InDoubt(reason)


async def test_vonage_is_busy(vonage: Carrier) -> None:
    """429 asks to wait, for as long as it says."""
    vonage.says = replace(problem("1000", 429), headers={"Retry-After": "17"})
    assert await sent(vonage.url) == Throttled(17)

    vonage.says = problem("1000", 429)
    assert await sent(vonage.url) == Throttled(30)


async def test_a_carrier_that_hangs(vonage: Carrier) -> None:
    """A carrier that says nothing costs the patience, and may have the message."""
    vonage.says = Said(hangs=True)

    outcome = await sent(vonage.url, patience=HANGS)
    assert outcome == InDoubt("timeout")


async def test_a_carrier_that_resets() -> None:
    """A connection that is reset once the request has begun leaves its message in doubt."""
    with resetting_carrier() as url:
        assert await sent(url) == InDoubt("connection lost")


# ── What is never said, and what is refused at start ─────────────────────────────────────────


def test_secrets_are_not_shown() -> None:
    """Printing an account tells no secret."""
    assert "PRIVATE" not in repr(APPLICATION)
    assert "a secret" not in repr(KEY_ONLY)


def test_a_key_in_one_line() -> None:
    """A key whose line ends are written as a backslash and an n is read all the same."""
    assert replace(APPLICATION, private_key=PEM.replace("\n", "\\n")).signing_key().is_private


@pytest.mark.parametrize(
    "key",
    [
        "",
        "secret words",
        PEM[:200],
        KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        .decode(),
    ],
    ids=["none", "words", "half", "public", "another kind"],
)
def test_a_key_that_cannot_sign(key: str) -> None:
    """Another key than a private RSA key stops the start, and nothing of it is repeated."""
    with pytest.raises(ValueError, match="private") as refusal:
        replace(APPLICATION, private_key=key)

    assert not key or key not in str(refusal.value)
    assert refusal.value.__cause__ is None


# ── Doctor ───────────────────────────────────────────────────────────────────────────────────

BOTH = replace(APPLICATION, api_key="abcd1234", api_secret="a secret: of Vonage")


async def test_probe(vonage: Carrier) -> None:
    """A probe shows each of the credentials, without a secret in an address."""
    vonage.says = Said(200, {"_embedded": {}})
    found = provider(vonage.url, BOTH)
    assert await found.probe() == Probe(True, "vonage: lets us in (application, key)")
    await found.close()

    assert [got.path for got in vonage.got] == ["/v1/calls", "/accounts/abcd1234/secrets"]
    assert vonage.got[1].login == "abcd1234:a secret: of Vonage"


@pytest.mark.parametrize(
    ("says", "text"),
    [
        (
            problem("unauthorized", 401),
            "vonage: does not let the application in (vonage unauthorized)",
        ),
        (Said(200, b"<html>"), "vonage: does not let the application in (HTTP 200)"),
        (Said(hangs=True), "vonage: no answer (timeout)"),
    ],
)
async def test_probe_fails(vonage: Carrier, says: Said, text: str) -> None:
    """A probe that is refused names what was not let in, or that nobody answered."""
    vonage.says = says
    found = provider(vonage.url, BOTH, patience=HANGS)
    assert await found.probe() == Probe(False, text)
    await found.close()


# ── The server itself ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/messages", {"channel": "sms", "to": "447400123456", "from": "Acme", "text": "x"}),
        (
            "/v1/messages",
            {
                "message_type": "text",
                "channel": "sms",
                "to": NUMBER,
                "from": "Acme",
                "text": "x",
            },
        ),
        ("/v1/calls", {"to": [{"type": "phone", "number": "447400123456"}]}),
        ("/v1/calls", {"to": [{"type": "phone", "number": NUMBER}], "answer_url": ["https://x"]}),
        ("/v1/call", {}),
    ],
)
async def test_the_server_refuses_what_the_document_does(
    served: Carrier, path: str, asked: dict[str, object]
) -> None:
    """A field that is missing or not of its kind is refused: the server can fail."""
    served.says = SENT
    headers = {"Authorization": "Bearer x"}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{served.url}{path}", json=asked, headers=headers)
    assert answer.status_code == 422
    assert served.refused
