"""WebAuthn's two ceremonies: every word of a valid answer altered in turn, and each is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.crypto.passkeys import (
    CHALLENGE,
    OTHER,
    OWNER,
    PARTY,
    believed,
    made,
    options_to_create,
    options_to_prove,
    prove,
)
from tests.soft_passkey import GONE, Algorithm, SoftPasskey, altered, flipped, text_of
from vestibule.crypto.passkey_proof import Credential, ProofRefused, read_answer, verify_created

Alter = Callable[[SoftPasskey], SoftPasskey]
Rewrite = Callable[[str], str]


# --- what is altered in both ----------------------------------------------------------------


def client(**said: object) -> Alter:
    return lambda passkey: replace(passkey, client=said)


def outer(**said: object) -> Alter:
    return lambda passkey: replace(passkey, outer=said)


def says(**said: Any) -> Alter:
    return lambda passkey: replace(passkey, **said)


BOTH: dict[str, Alter] = {
    "type of the other ceremony": lambda one: replace(one, client={"type": "payment.get"}),
    "type absent": client(type=GONE),
    "challenge of another question": client(challenge=OTHER),
    "challenge cut short": client(challenge=text_of(CHALLENGE[:-1])),
    "challenge empty": client(challenge=""),
    "challenge absent": client(challenge=GONE),
    "challenge a number": client(challenge=7),
    "origin a sibling host": says(origin="https://app.example.com"),
    "origin the parent domain": says(origin="https://example.com"),
    "origin a host below": says(origin="https://x.id.example.com"),
    "origin with our name in front": says(origin="https://id.example.com.evil.test"),
    "origin another port": says(origin="https://id.example.com:8443"),
    "origin our own port, written out": says(origin="https://id.example.com:443"),
    "origin without TLS": says(origin="http://id.example.com"),
    "origin with a slash": says(origin="https://id.example.com/"),
    "origin in capitals": says(origin="https://ID.example.com"),
    "origin null": says(origin="null"),
    "origin an app": says(origin="android:apk-key-hash:c2hhMjU2"),
    "origin a list": client(origin=[PARTY.origin]),
    "origin absent": client(origin=GONE),
    "crossOrigin": client(crossOrigin=True),
    "crossOrigin as a word": client(crossOrigin="false"),
    "crossOrigin as a number": client(crossOrigin=0),
    "crossOrigin null": client(crossOrigin=None),
    "topOrigin another site": client(topOrigin="https://evil.test"),
    "topOrigin our own": client(topOrigin=PARTY.origin),
    "topOrigin null": client(topOrigin=None),
    "rpIdHash of the parent domain": says(rp_id="example.com"),
    "rpIdHash of a sibling": says(rp_id="app.example.com"),
    "rpIdHash of the origin": says(rp_id=PARTY.origin),
    "nobody there": says(up=False),
    "user not verified": says(uv=False),
    "copied, though it cannot be": says(be=False, bs=True),
    "bytes after the data": says(after=b"\0"),
    "id beside another rawId": outer(id=OTHER),
    "rawId beside another id": outer(rawId=OTHER),
    "id with padding": lambda one: replace(one, outer={"id": text_of(one.credential_id) + "="}),
    "id absent": outer(id=GONE),
    "rawId absent": outer(rawId=GONE),
    "rawId a number": outer(rawId=7),
    "type of the answer": outer(type="password"),
    "type of the answer absent": outer(type=GONE),
    "response absent": outer(response=GONE),
    "response a list": outer(response=[]),
    "attachment unknown": outer(authenticatorAttachment="implanted"),
}


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.EDDSA, Algorithm.RS256])
def test_a_passkey_is_made_and_proves_itself(algorithm: Algorithm) -> None:
    """PK-02: each of the three algorithms is set up and proves its user, who was verified."""
    passkey, attestation = made(algorithm)

    created = verify_created(PARTY, attestation, challenge=CHALLENGE)

    assert created.credential.id == passkey.credential_id
    assert created.credential.transports == ("hybrid", "internal")
    assert (created.flags.is_copyable, created.flags.is_copied) == (True, True)
    signed = passkey.counted(7).sign(options_to_prove())
    proven = prove(created.credential, signed)
    assert proven.user_verified
    assert proven.flags.sign_count == 7
    assert read_answer(signed).user_handle == OWNER.handle


def test_a_credential_is_kept_as_text() -> None:
    """PK-02: what is sealed comes back as it was, ways and all."""
    credential = believed(made()[0])

    assert Credential.of_text(credential.to_text()) == credential


@pytest.mark.parametrize("altering", BOTH)
def test_no_word_of_an_attestation_may_differ(altering: str) -> None:
    """PK-02: a valid set-up with one word altered and all signed and hashed anew is refused."""
    passkey, attestation = made()
    verify_created(PARTY, attestation, challenge=CHALLENGE)
    other = BOTH[altering](passkey).attest(options_to_create())

    with pytest.raises(ProofRefused):
        verify_created(PARTY, other, challenge=CHALLENGE)


@pytest.mark.parametrize("altering", BOTH)
def test_no_word_of_an_assertion_may_differ(altering: str) -> None:
    """PK-02: a valid proof with one word altered, and signed so by the true key, is refused."""
    passkey, _ = made()
    credential = believed(passkey)
    prove(credential, passkey.sign(options_to_prove()))
    other = BOTH[altering](passkey).sign(options_to_prove())

    with pytest.raises(ProofRefused):
        prove(credential, other)


# --- setting up alone -----------------------------------------------------------------------

CREATED: dict[str, Alter] = {
    "type of a proof": client(type="webauthn.get"),
    "key of an algorithm nobody asked for": says(cose={3: -35}),
    "key of a broken algorithm": says(cose={3: -65535}),
    "key without an algorithm": says(cose={3: None}),
    "key of no kind": says(cose={1: 9}),
    "credential id too long": says(credential_id=bytes(1024)),
    "credential id empty": says(credential_id=b""),
    "attested id beside another": lambda one: replace(one, outer={"id": OTHER, "rawId": OTHER}),
    "attestation with a statement": says(statement={"sig": b"x"}),
    "attestation of a kind nobody asked for": says(format="fido-u2f"),
    "attestation of no kind": says(format="made-up"),
    "attestation that is signed by nobody": says(
        format="packed", statement={"alg": -7, "sig": b"no signature"}
    ),
}


@pytest.mark.parametrize("altering", CREATED)
def test_no_word_of_a_new_credential_may_differ(altering: str) -> None:
    """PK-02: what a set-up says of key, id and attestation is what was asked for, or refused."""
    passkey, _ = made()

    with pytest.raises(ProofRefused):
        verify_created(
            PARTY, CREATED[altering](passkey).attest(options_to_create()), challenge=CHALLENGE
        )


def test_another_algorithm_is_refused() -> None:
    """PK-02: a sound key of an algorithm that is not on the list is not bound."""
    _, attestation = made(Algorithm.ES384)

    with pytest.raises(ProofRefused, match="alg"):
        verify_created(PARTY, attestation, challenge=CHALLENGE)


def test_the_longest_credential_id_is_taken() -> None:
    """PK-02: an id of 1023 bytes is bound, so the bound is at its right place."""
    passkey, attestation = made(credential_id=bytes([7]) * 1023)

    created = verify_created(PARTY, attestation, challenge=CHALLENGE)

    assert created.credential.id == passkey.credential_id


def test_unknown_ways_are_not_kept() -> None:
    """PK-02: of the transports that a browser names, only those that are known are kept."""
    passkey, _ = made()
    told = replace(passkey, response={"transports": ["usb", "telepathy", 7, None]})

    created = verify_created(PARTY, told.attest(options_to_create()), challenge=CHALLENGE)

    assert created.credential.transports == ("usb",)


# --- proving alone --------------------------------------------------------------------------

SIGNED: dict[str, Rewrite] = {
    "signature, one bit": lambda text: flipped(text, "signature", at=20),
    "signature empty": lambda text: altered(text, signature=""),
    "signature absent": lambda text: altered(text, signature=GONE),
    "client data, one bit": lambda text: flipped(text, "clientDataJSON", at=-3),
    "rpIdHash, one bit": lambda text: flipped(text, "authenticatorData", at=0),
    "flags, one bit": lambda text: flipped(text, "authenticatorData", at=32),
    "counter, one bit": lambda text: flipped(text, "authenticatorData", at=36),
    "data cut short": lambda text: altered(text, authenticatorData=text_of(bytes(36))),
    "data absent": lambda text: altered(text, authenticatorData=GONE),
    "client data absent": lambda text: altered(text, clientDataJSON=GONE),
    "client data a list": lambda text: altered(text, clientDataJSON=text_of(b"[]")),
    "client data no text": lambda text: altered(text, clientDataJSON=text_of(b"\xff\xfe")),
    "user handle a number": lambda text: altered(text, userHandle=7),
    "user handle no base64": lambda text: altered(text, userHandle="\u00e4"),
}


@pytest.mark.parametrize("rewriting", SIGNED)
def test_nothing_is_altered_after_signing(rewriting: str) -> None:
    """PK-02: a proof that was changed on its way is refused, whichever field was."""
    passkey, _ = made()
    credential = believed(passkey)
    signed = passkey.sign(options_to_prove())
    other = SIGNED[rewriting](signed)
    assert other != signed

    with pytest.raises(ProofRefused):
        prove(credential, other)


def test_a_proof_is_of_this_ceremony() -> None:
    """PK-01, PK-02: signed client data that says "create" proves nothing."""
    passkey, _ = made()
    told = replace(passkey, client={"type": "webauthn.create"})

    with pytest.raises(ProofRefused):
        prove(believed(passkey), told.sign(options_to_prove()))


def test_another_key_signs_nothing() -> None:
    """PK-02: the right words, signed by another key of the same name, are refused."""
    passkey, other = made()[0], made()[0]
    credential = believed(passkey)
    forged = replace(other, credential_id=passkey.credential_id)

    with pytest.raises(ProofRefused):
        prove(credential, forged.sign(options_to_prove()))


def test_possession_alone_is_told_apart() -> None:
    """PK-03: where verification is not demanded, the proof says that there was none."""
    passkey, _ = made()
    signed = replace(passkey, uv=False).sign(options_to_prove(must_verify=False))
    credential = believed(passkey)

    assert not prove(credential, signed, must_verify=False).user_verified
    with pytest.raises(ProofRefused, match="verification"):
        prove(credential, signed, must_verify=True)


def test_a_device_bound_key_says_so() -> None:
    """PK-02: BE and BS are read from what was signed, and both unset is sound."""
    passkey, _ = made(be=False, bs=False)
    credential = believed(passkey)

    flags = prove(credential, passkey.sign(options_to_prove())).flags

    assert (flags.is_copyable, flags.is_copied) == (False, False)
