"""WebAuthn's two ceremonies: what a browser is asked, and whether its answer holds (PK-02).

The signatures, and the steps of level 3's 7.1 and 7.2, are py_webauthn's; what it leaves to its
caller is looked at here. Nothing is stored, and no time is read: attestations are not asked for.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    parse_authentication_credential_json,
    parse_authenticator_data,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

ALGORITHMS = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
_FORMATS = {AttestationFormat.NONE, AttestationFormat.PACKED}
"""Who asks for no attestation is sent none, or the authenticator's own signature (6.5.4)."""
LONGEST_ANSWER = 16_384
LONGEST_CREDENTIAL_ID = 1023
"""Bytes (WebAuthn 7.1)."""
TRANSPORTS = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})
"""How a browser reaches an authenticator; other words are not kept."""


class ProofRefused(Exception):
    """The answer is not what was asked for, or not ours; what exactly goes to the log alone."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who we are to a passkey: our own host, never the domain above it (PK-07)."""

    host: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is to own a new passkey, as its authenticator will list them."""

    handle: bytes
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Credential:
    """What a set-up brought: kept sealed, since it says what its owner carries."""

    id: bytes
    public_key: bytes
    """As COSE encodes it (RFC 9052)."""
    transports: tuple[str, ...] = ()

    def to_text(self) -> str:
        return json.dumps([_text(self.id), _text(self.public_key), list(self.transports)])

    @classmethod
    def of_text(cls, text: str) -> Self:
        credential_id, public_key, transports = json.loads(text)
        return cls(_raw(credential_id), _raw(public_key), tuple(transports))


@dataclass(frozen=True, slots=True)
class Flags:
    """What an authenticator says of itself in a proof: its counter, BE and BS."""

    sign_count: int
    is_copyable: bool
    is_copied: bool


@dataclass(frozen=True, slots=True)
class Registered:
    credential: Credential
    flags: Flags


@dataclass(frozen=True, slots=True)
class Answer:
    """A browser's answer to a request for a proof: read, and not yet believed."""

    text: str
    challenge: bytes
    credential_id: bytes
    user_handle: bytes | None
    shown: Flags


@dataclass(frozen=True, slots=True)
class Proven:
    user_verified: bool
    flags: Flags


# --- asking -------------------------------------------------------------------------------


def ask_to_create(
    party: RelyingParty,
    owner: Owner,
    *,
    challenge: bytes,
    present: Sequence[Credential],
    within: timedelta,
) -> str:
    """What `navigator.credentials.create` takes, as JSON: a discoverable one that verifies (PK-05).

    `present` are the account's own: an authenticator that has one of them makes no second.
    """
    return options_to_json(
        generate_registration_options(
            rp_id=party.host,
            rp_name=party.name,
            user_id=owner.handle,
            user_name=owner.email,
            user_display_name=owner.name,
            challenge=challenge,
            timeout=int(within.total_seconds() * 1000),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_described(present),
            supported_pub_key_algs=list(ALGORITHMS),
        )
    )


def ask_to_prove(
    party: RelyingParty,
    *,
    challenge: bytes,
    among: Sequence[Credential],
    must_verify: bool,
    within: timedelta,
) -> str:
    """What `navigator.credentials.get` takes, as JSON; `among` nobody lets the browser offer."""
    wanted = UserVerificationRequirement
    return options_to_json(
        generate_authentication_options(
            rp_id=party.host,
            challenge=challenge,
            timeout=int(within.total_seconds() * 1000),
            allow_credentials=_described(among),
            user_verification=wanted.REQUIRED if must_verify else wanted.PREFERRED,
        )
    )


def _described(credentials: Sequence[Credential]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.id, transports=[AuthenticatorTransport(way) for way in one.transports]
        )
        for one in credentials
    ]


# --- verifying ----------------------------------------------------------------------------


def verify_created(party: RelyingParty, text: str, *, challenge: bytes) -> Registered:
    """The new credential; `ProofRefused` where any step of WebAuthn 7.1 fails."""
    try:
        parsed = parse_registration_credential_json(_small(text))
        _refuse_frames(parsed.response.client_data_json)
        made = verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
    except ProofRefused:
        raise
    except Exception as error:
        # Bytes of anybody: whatever their reader says of them, they are refused.
        raise ProofRefused(str(error)) from error
    if made.fmt not in _FORMATS or len(made.credential_id) > LONGEST_CREDENTIAL_ID:
        raise ProofRefused("an attestation or an id that nobody asked for")
    if made.credential_id != parsed.raw_id:
        raise ProofRefused("the id beside the attestation is another one")
    ways = tuple(sorted({str(one.value) for one in parsed.response.transports or []} & TRANSPORTS))
    is_copyable = made.credential_device_type.value == "multi_device"
    return Registered(
        Credential(made.credential_id, made.credential_public_key, ways),
        Flags(made.sign_count, is_copyable, made.credential_backed_up),
    )


def read_answer(text: str) -> Answer:
    """Take an answer apart: what it answers, and whose it is. `ProofRefused` if it is none."""
    try:
        parsed = parse_authentication_credential_json(_small(text))
        client_data = _refuse_frames(parsed.response.client_data_json)
        data = parse_authenticator_data(parsed.response.authenticator_data)
        challenge = base64url_to_bytes(str(client_data["challenge"]))
    except ProofRefused:
        raise
    except Exception as error:
        raise ProofRefused(str(error)) from error
    return Answer(
        text=text,
        challenge=challenge,
        credential_id=parsed.raw_id,
        user_handle=parsed.response.user_handle,
        shown=Flags(data.sign_count, data.flags.be, data.flags.bs),
    )


def verify_proof(
    party: RelyingParty, answer: Answer, credential: Credential, *, must_verify: bool
) -> Proven:
    """Whether its user was verified; `ProofRefused` where any step of WebAuthn 7.2 fails.

    Its challenge must have been found among ours before. Counters are the caller's (PK-04).
    """
    try:
        proven = verify_authentication_response(
            credential=answer.text,
            expected_challenge=answer.challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=credential.public_key,
            credential_current_sign_count=0,
            require_user_verification=must_verify,
        )
    except Exception as error:
        raise ProofRefused(str(error)) from error
    return Proven(proven.user_verified, answer.shown)


def digest(raw: bytes) -> bytes:
    """What a challenge, or a credential's id, is found by."""
    return hashlib.sha256(raw).digest()


def is_owned(answer: Answer, handle: bytes) -> bool:
    """Whether the answer names this owner, where it names one (7.2 step 6)."""
    return answer.user_handle is None or hmac.compare_digest(answer.user_handle, handle)


def _small(text: str) -> str:
    if len(text) > LONGEST_ANSWER:
        raise ProofRefused("longer than any answer")
    return text


def _refuse_frames(client_data_json: bytes) -> dict[str, object]:
    """PK-02: the browser's own word, signed with the rest, that no other site embeds our page."""
    found = json.loads(client_data_json)
    if not isinstance(found, dict):
        raise ProofRefused("the client data is no object")
    if found.get("crossOrigin", False) is not False or "topOrigin" in found:
        raise ProofRefused("made in another site's frame")
    return found


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text)
