"""What no browser answers, and what browsers are asked, in WebAuthn's two ceremonies."""

import json

import pytest

from tests.crypto.passkeys import (
    CHALLENGE,
    OWNER,
    PARTY,
    believed,
    made,
    options_to_create,
    options_to_prove,
    prove,
)
from tests.soft_passkey import altered, raw_of, text_of
from vestibule.crypto.passkey_proof import (
    LONGEST_ANSWER,
    ProofRefused,
    read_answer,
    verify_created,
)

# --- garbage --------------------------------------------------------------------------------

DEEP = "[" * 8000
GARBAGE = {
    "nothing": "",
    "no JSON": "passkey",
    "null": "null",
    "a list": "[]",
    "a number": "7",
    "a word": '"id"',
    "an empty object": "{}",
    "nested": DEEP,
    "nested objects": '{"a":' * 3000,
    "half a surrogate": '{"id":"\\ud800","rawId":"\\ud800","type":"public-key","response":{}}',
    "not a number": '{"id":NaN}',
    "a long number": '{"id":' + "9" * 8000 + "}",
    "a null byte": "\0",
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_refused(kind: str) -> None:
    """PK-02: what is no answer at all is refused like a wrong one, and raises nothing else."""
    with pytest.raises(ProofRefused):
        read_answer(GARBAGE[kind])
    with pytest.raises(ProofRefused):
        verify_created(PARTY, GARBAGE[kind], challenge=CHALLENGE)


@pytest.mark.parametrize(
    "name", ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]
)
@pytest.mark.parametrize("inside", ["", "!", "\u00e4", "A", text_of(b"\xff" * 40), text_of(b"{")])
def test_garbage_inside_is_refused(name: str, inside: str) -> None:
    """PK-02: the same of each part of an answer that is a sound one otherwise."""
    passkey, attestation = made()
    credential = believed(passkey)
    signed = passkey.sign(options_to_prove())

    if name in {"clientDataJSON", "attestationObject"}:
        with pytest.raises(ProofRefused):
            verify_created(PARTY, altered(attestation, **{name: inside}), challenge=CHALLENGE)
    if name in {"clientDataJSON", "authenticatorData", "signature"}:
        with pytest.raises(ProofRefused):
            prove(credential, altered(signed, **{name: inside}))


@pytest.mark.parametrize("flags", [0x40, 0x80, 0xC0])
def test_flags_that_promise_more_are_refused(flags: int) -> None:
    """PK-02: data that says a credential or extensions follow, where none does, is refused."""
    passkey, _ = made()
    signed = passkey.sign(options_to_prove())
    raw = bytearray(raw_of(json.loads(signed)["response"]["authenticatorData"]))
    raw[32] |= flags

    with pytest.raises(ProofRefused):
        read_answer(altered(signed, authenticatorData=text_of(bytes(raw))))


def test_an_over_long_answer_is_not_read() -> None:
    """PK-02: an answer longer than any real one is refused before it is taken apart."""
    passkey, attestation = made()
    credential = believed(passkey)
    signed = passkey.sign(options_to_prove())
    for text in (attestation, signed):
        assert len(text) < LONGEST_ANSWER / 4, "real ones are far from the bound"
    room = " " * LONGEST_ANSWER

    with pytest.raises(ProofRefused, match="longer"):
        prove(credential, signed + room)
    with pytest.raises(ProofRefused, match="longer"):
        verify_created(PARTY, attestation + room, challenge=CHALLENGE)
    prove(credential, signed + room[: LONGEST_ANSWER - len(signed)])


# --- what is asked --------------------------------------------------------------------------


def test_a_set_up_asks_for_a_verified_discoverable_one() -> None:
    """PK-05: user.id is the handle, the own ones are excluded, no attestation is asked for."""
    present = believed(made()[0])

    asked = options_to_create((present,))

    assert asked["rp"] == {"id": "id.example.com", "name": "Vestibule"}
    assert asked["user"] == {
        "id": text_of(OWNER.handle),
        "name": "ada@example.com",
        "displayName": "Ada",
    }
    assert raw_of(asked["challenge"]) == CHALLENGE
    assert asked["timeout"] == 300_000
    selection = asked["authenticatorSelection"]
    assert selection["residentKey"] == "required"
    assert selection["requireResidentKey"] is True
    assert selection["userVerification"] == "required"
    assert "authenticatorAttachment" not in selection
    assert asked.get("attestation", "none") == "none"
    assert [one["alg"] for one in asked["pubKeyCredParams"]] == [-7, -8, -257]
    assert [one["id"] for one in asked["excludeCredentials"]] == [text_of(present.id)]
    assert asked["excludeCredentials"][0]["transports"] == ["hybrid", "internal"]


def test_a_proof_is_asked_of_who_is_known() -> None:
    """PK-03, EN-05: alone and at step-up it must verify, and nobody's credential is named."""
    present = believed(made()[0])

    alone = options_to_prove()
    second = options_to_prove(among=(present,), must_verify=False)

    assert alone["userVerification"] == "required"
    assert alone.get("allowCredentials", []) == []
    assert alone["rpId"] == "id.example.com"
    assert raw_of(alone["challenge"]) == CHALLENGE
    assert alone["timeout"] == 300_000
    assert second["userVerification"] == "preferred"
    assert [one["id"] for one in second["allowCredentials"]] == [text_of(present.id)]
