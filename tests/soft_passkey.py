"""A passkey without a device: WebAuthn's two ceremonies as a truthful browser answers them.

Every word of an answer can be made untrue, one at a time: `dataclasses.replace` for what the
authenticator and the browser say, `altered` for what is changed after it was signed.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

ORIGIN = "http://localhost"
GONE = object()
"""In the place of a value: the field is not there at all."""

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
Options = Mapping[str, Any]


class Algorithm(StrEnum):
    """The three that are asked for, and one that is not."""

    ES256 = "ES256"
    EDDSA = "EdDSA"
    RS256 = "RS256"
    ES384 = "ES384"


def text_of(raw: bytes) -> str:
    """Base64url without padding, as browsers write it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(f"{text}===")


@dataclass(frozen=True)
class SoftPasskey:
    """One credential, and what it and its browser say with each use."""

    key: Key
    algorithm: Algorithm
    credential_id: bytes
    user_handle: bytes | None
    rp_id: str = "localhost"
    origin: str = ORIGIN
    sign_count: int = 0
    up: bool = True
    uv: bool = True
    be: bool = True
    bs: bool = True
    client: Mapping[str, object] = field(default_factory=dict)
    """What stands otherwise in the client data, and is signed so."""
    outer: Mapping[str, object] = field(default_factory=dict)
    """What stands otherwise in the answer itself, which nobody signs."""
    response: Mapping[str, object] = field(default_factory=dict)
    format: str = "none"
    statement: Mapping[str, object] = field(default_factory=dict)
    cose: Mapping[int, object] = field(default_factory=dict)
    """What stands otherwise in the public key that a set-up shows."""
    after: bytes = b""
    """What follows the authenticator's data, where nothing should."""

    # --- setting up -----------------------------------------------------------------------

    def attest(self, options: Options) -> str:
        """What `navigator.credentials.create` gives for these options, as JSON."""
        attested = (
            bytes(16)
            + len(self.credential_id).to_bytes(2, "big")
            + self.credential_id
            + cbor2.dumps({**_cose(self.key, self.algorithm), **self.cose})
        )
        data = self._data(flags=0x40) + attested + self.after
        made = {"fmt": self.format, "attStmt": dict(self.statement), "authData": data}
        inside = {
            "clientDataJSON": text_of(self._client_data("webauthn.create", options)),
            "attestationObject": text_of(cbor2.dumps(made)),
            "transports": ["internal", "hybrid"],
        }
        return self._answer(inside)

    # --- proving --------------------------------------------------------------------------

    def sign(self, options: Options) -> str:
        """What `navigator.credentials.get` gives for these options, as JSON."""
        client_data = self._client_data("webauthn.get", options)
        data = self._data(flags=0) + self.after
        signature = _sign(self.key, self.algorithm, data + hashlib.sha256(client_data).digest())
        handle = {"userHandle": text_of(self.user_handle)} if self.user_handle is not None else {}
        inside = {
            "clientDataJSON": text_of(client_data),
            "authenticatorData": text_of(data),
            "signature": text_of(signature),
            **handle,
        }
        return self._answer(inside)

    # --- what both say --------------------------------------------------------------------

    def _client_data(self, kind: str, options: Options) -> bytes:
        said = {
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps(_with(said, self.client)).encode()

    def _data(self, *, flags: int) -> bytes:
        for bit, is_set in ((0x01, self.up), (0x04, self.uv), (0x08, self.be), (0x10, self.bs)):
            flags |= bit if is_set else 0
        hashed = hashlib.sha256(self.rp_id.encode()).digest()
        return hashed + bytes([flags]) + self.sign_count.to_bytes(4, "big")

    def _answer(self, inside: Mapping[str, object]) -> str:
        told = {
            "id": text_of(self.credential_id),
            "rawId": text_of(self.credential_id),
            "type": "public-key",
            "response": _with(inside, self.response),
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
        }
        return json.dumps(_with(told, self.outer))

    def counted(self, sign_count: int) -> "SoftPasskey":
        """The same, whose counter stands here."""
        return replace(self, sign_count=sign_count)


def create(
    options: Options, *, algorithm: Algorithm = Algorithm.ES256, **said: Any
) -> tuple[SoftPasskey, str]:
    """A new passkey for these options, and the answer that hands it over."""
    key = _new_key(algorithm)
    made = SoftPasskey(
        key=key,
        algorithm=algorithm,
        credential_id=hashlib.sha256(cbor2.dumps(_cose(key, algorithm))).digest(),
        user_handle=raw_of(options["user"]["id"]),
        rp_id=options["rp"]["id"],
    )
    made = replace(made, **said)
    return made, made.attest(options)


def altered(answer: str, **response: object) -> str:
    """An answer of which these fields were exchanged after it was made."""
    told = json.loads(answer)
    return json.dumps({**told, "response": _with(told["response"], response)})


def flipped(answer: str, name: str, *, at: int) -> str:
    """The same with one bit of a field turned, wherever in it."""
    raw = bytearray(raw_of(json.loads(answer)["response"][name]))
    raw[at] ^= 1
    return altered(answer, **{name: text_of(bytes(raw))})


def _with(said: Mapping[str, object], other: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in {**said, **other}.items() if value is not GONE}


def _new_key(algorithm: Algorithm) -> Key:
    match algorithm:
        case Algorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.ES384:
            return ec.generate_private_key(ec.SECP384R1())
        case Algorithm.EDDSA:
            return ed25519.Ed25519PrivateKey.generate()
        case Algorithm.RS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _cose(key: Key, algorithm: Algorithm) -> dict[int, object]:
    """The public key as COSE writes it (RFC 9053)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()}
    if isinstance(key, rsa.RSAPrivateKey):
        shown = key.public_key().public_numbers()
        return {1: 3, 3: -257, -1: shown.n.to_bytes(256, "big"), -2: shown.e.to_bytes(3, "big")}
    point, size = key.public_key().public_numbers(), key.key_size // 8
    names = {1: 2, 3: -7, -1: 1} if algorithm is Algorithm.ES256 else {1: 2, 3: -35, -1: 2}
    return {**names, -2: point.x.to_bytes(size, "big"), -3: point.y.to_bytes(size, "big")}


def _sign(key: Key, algorithm: Algorithm, data: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), SHA256())
    hashed = SHA256() if algorithm is Algorithm.ES256 else SHA384()
    return key.sign(data, ec.ECDSA(hashed))
