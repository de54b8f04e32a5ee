"""Who we are to passkeys in these tests, what is asked, and passkeys that are believed."""

import json
from datetime import timedelta
from typing import Any

from tests.soft_passkey import Algorithm, SoftPasskey, create, text_of
from vestibule.crypto.passkey_proof import (
    Credential,
    Owner,
    ProofRefused,
    Proven,
    RelyingParty,
    ask_to_create,
    ask_to_prove,
    read_answer,
    verify_created,
    verify_proof,
)

PARTY = RelyingParty(host="id.example.com", origin="https://id.example.com", name="Vestibule")
OWNER = Owner(handle=bytes(range(64)), email="ada@example.com", name="Ada")
CHALLENGE = bytes(range(100, 132))
OTHER = text_of(bytes(32))
FIVE_MINUTES = timedelta(minutes=5)


def options_to_create(present: tuple[Credential, ...] = ()) -> dict[str, Any]:
    asked = ask_to_create(PARTY, OWNER, challenge=CHALLENGE, present=present, within=FIVE_MINUTES)
    return dict(json.loads(asked))


def options_to_prove(
    *, among: tuple[Credential, ...] = (), must_verify: bool = True
) -> dict[str, Any]:
    asked = ask_to_prove(
        PARTY, challenge=CHALLENGE, among=among, must_verify=must_verify, within=FIVE_MINUTES
    )
    return dict(json.loads(asked))


def made(algorithm: Algorithm = Algorithm.ES256, **said: Any) -> tuple[SoftPasskey, str]:
    """A passkey for our host, and its valid attestation."""
    return create(options_to_create(), algorithm=algorithm, origin=PARTY.origin, **said)


def believed(passkey: SoftPasskey) -> Credential:
    return verify_created(
        PARTY, passkey.attest(options_to_create()), challenge=CHALLENGE
    ).credential


def prove(credential: Credential, text: str, *, must_verify: bool = True) -> Proven:
    """As the flow does: what the answer names is ours, then the proof itself."""
    answer = read_answer(text)
    if answer.challenge != CHALLENGE or answer.credential_id != credential.id:
        raise ProofRefused("not asked, or somebody else's")
    return verify_proof(PARTY, answer, credential, must_verify=must_verify)
