"""How we and the operator's own service sign, and how the secret of it is changed."""

import base64
import hashlib
import hmac

import pytest

from vestibule.delivery.webhook_signature import MOST_SIGNATURES, Secrets, key_id, signature

OLD, NEW = "an old secret of the operator's making", "a new secret of the operator's making"
AT, BODY = 1_795_600_000, b'{"status": "delivered"}'


def _post(secrets: Secrets, body: bytes = BODY) -> dict[str, str]:
    headers = secrets.headers(message_id="message-1", timestamp=AT, body=body)
    return {name.lower(): value for name, value in headers.items()}


def _receiver_takes(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """A service of one secret that does what the how-to says, and nothing of ours."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mark = hmac.digest(secret.encode(), signed, hashlib.sha256)
    mine = f"v1,{base64.b64encode(mark).decode()}"
    return any(hmac.compare_digest(mine, one) for one in headers["webhook-signature"].split(" "))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Secrets(OLD), OLD),
        (Secrets(NEW, OLD), OLD),
        (Secrets(NEW, OLD), NEW),
        (Secrets(NEW), NEW),
    ],
    ids=["before", "ours changed", "theirs changed", "after"],
)
def test_a_change_of_the_secret_refuses_nothing(ours: Secrets, theirs: str) -> None:
    """WH-02: at each step of a change both sides take what the other signs."""
    assert _receiver_takes(theirs, _post(ours), BODY)
    assert ours.signed(_post(Secrets(theirs)), BODY) == AT


def test_a_secret_that_is_gone_signs_nothing() -> None:
    """WH-02: once the change is over, the old secret is worth nothing to either side."""
    assert not _receiver_takes(OLD, _post(Secrets(NEW)), BODY)
    assert Secrets(NEW).signed(_post(Secrets(OLD)), BODY) is None


def test_a_service_of_one_secret_sees_what_it_always_saw() -> None:
    """WH-02: without a change under way the header is one signature, as before."""
    assert _post(Secrets(OLD))["webhook-signature"] == signature(
        OLD, message_id="message-1", timestamp=AT, body=BODY
    )


def test_key_ids_name_the_secrets() -> None:
    """WH-02: each signature's secret is named, in the same order, by what does not tell it.

    The how-to makes the same name with OpenSSL.
    """
    made = hmac.digest(NEW.encode(), b"vestibule webhook key", hashlib.sha256).hex()[:8]
    headers = _post(Secrets(NEW, OLD))

    assert headers["webhook-key-ids"] == f"{made} {key_id(OLD)}"
    assert [_receiver_takes(one, headers, BODY) for one in (NEW, OLD)] == [True, True]
    assert headers["webhook-signature"].split(" ")[0] == signature(
        NEW, message_id="message-1", timestamp=AT, body=BODY
    )


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "message-2"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(AT + 1)},
        {"webhook-timestamp": f"{AT}.0"},
        {"webhook-timestamp": "١٧٩٥٦٠٠٠٠٠"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,é"},
    ],
    ids=str,
)
def test_anything_else_is_not_signed(change: dict[str, str]) -> None:
    """WH-02: another id, another time, or no signature of ours is none."""
    assert Secrets(NEW, OLD).signed(_post(Secrets(OLD)) | change, BODY) is None


def test_the_very_bytes_are_signed() -> None:
    """WH-02: the same JSON written anew is another body."""
    assert Secrets(OLD).signed(_post(Secrets(OLD)), b'{"status":"delivered"}') is None


def test_many_signatures_are_not_looked_at() -> None:
    """WH-02: a header of many signatures costs no more than a few of them."""
    headers = _post(Secrets(OLD))
    last = " ".join(["v1,x"] * (MOST_SIGNATURES - 1) + [headers["webhook-signature"]])
    late = " ".join(["v1,x"] * MOST_SIGNATURES + [headers["webhook-signature"]])

    assert Secrets(OLD).signed(headers | {"webhook-signature": last}, BODY) == AT
    assert Secrets(OLD).signed(headers | {"webhook-signature": late}, BODY) is None
