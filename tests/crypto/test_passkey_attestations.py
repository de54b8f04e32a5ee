"""Statements that nobody asked for: an authenticator's own signature is taken, no maker's."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from tests.crypto.passkeys import CHALLENGE, PARTY, made, options_to_create
from tests.soft_passkey import SoftPasskey, raw_of
from vestibule.crypto.passkey_proof import ProofRefused, verify_created

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


def _signed(passkey: SoftPasskey) -> tuple[bytes, bytes]:
    """The authenticator's data of a set-up, and the digest of its client data."""
    told = json.loads(passkey.attest(options_to_create()))["response"]
    data = cbor2.loads(raw_of(told["attestationObject"]))["authData"]
    return data, hashlib.sha256(raw_of(told["clientDataJSON"])).digest()


def _key(passkey: SoftPasskey) -> ec.EllipticCurvePrivateKey:
    assert isinstance(passkey.key, ec.EllipticCurvePrivateKey)
    return passkey.key


def test_an_authenticators_own_signature_is_taken() -> None:
    """PK-02: `packed` without a certificate is signed by the new key itself, as WebAuthn 6.5.4
    lets an authenticator answer who asked for none; another key's signature is refused."""
    passkey, other = made()[0], made()[0]
    data, hashed = _signed(passkey)

    for key, is_taken in ((_key(passkey), True), (_key(other), False)):
        statement = {"alg": -7, "sig": key.sign(data + hashed, ec.ECDSA(SHA256()))}
        text = replace(passkey, format="packed", statement=statement).attest(options_to_create())
        if is_taken:
            created = verify_created(PARTY, text, challenge=CHALLENGE)
            assert created.credential.id == passkey.credential_id
        else:
            with pytest.raises(ProofRefused):
                verify_created(PARTY, text, challenge=CHALLENGE)


def test_a_makers_attestation_is_refused() -> None:
    """PK-02, PK-05: a sound U2F attestation, which says who made the device, was not asked for."""
    passkey, _ = made()
    data, hashed = _signed(passkey)
    maker = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a maker")])
    certificate = (
        x509.CertificateBuilder(
            name, name, maker.public_key(), 1, MADE_AT, MADE_AT.replace(year=2046)
        )
        .sign(maker, SHA256())
        .public_bytes(Encoding.DER)
    )
    point = _key(passkey).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    said = b"\0" + data[:32] + hashed + passkey.credential_id + point
    statement = {"sig": maker.sign(said, ec.ECDSA(SHA256())), "x5c": [certificate]}
    sound = replace(passkey, format="fido-u2f", statement=statement)

    with pytest.raises(ProofRefused, match="nobody asked for"):
        verify_created(PARTY, sound.attest(options_to_create()), challenge=CHALLENGE)
