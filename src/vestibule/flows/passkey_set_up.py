"""Setting up a passkey: asked for, made in the browser, and then handed to `binding`.

The set-up's row holds its challenge and the handle of its owner; it goes with the first answer,
whatever that is, so no answer comes twice (PK-01), and an abandoned one leaves no trace (R5).
"""

import json
from dataclasses import dataclass, replace
from typing import Self

from vestibule.crypto.passkey_proof import (
    Owner,
    ProofRefused,
    Registered,
    ask_to_create,
    digest,
    verify_created,
)
from vestibule.crypto.seal import Place
from vestibule.domain.account import Account, AuthenticatorKind
from vestibule.domain.challenge import Channel
from vestibule.domain.event import EventName
from vestibule.domain.passkey import ANSWER_WITHIN, PASSKEYS_PER_ACCOUNT
from vestibule.domain.pending import Enrollment, PendingSignIn, SignInState
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows.binding import Added, Binder, BoundPasskey, account_of, bind
from vestibule.flows.enroll import NAME_LENGTH
from vestibule.flows.entering import SignedIn
from vestibule.flows.passkeys import (
    CHALLENGE_LENGTH,
    credential_of,
    handle_of,
    of_account,
    party_of,
)
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import authenticators, passkeys
from vestibule.storage.transaction import UniqueViolation

HANDLE_LENGTH = 64
"""Bytes, drawn and of no meaning (PK-05)."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a set-up's row holds, sealed."""

    challenge: bytes
    handle: bytes

    def to_text(self) -> str:
        return json.dumps([self.challenge.hex(), self.handle.hex()])

    @classmethod
    def of_text(cls, text: str) -> Self:
        return cls(*(bytes.fromhex(one) for one in json.loads(text)))


async def start(means: Means, caller: Caller, binder: Binder) -> str | Refused:
    """What the browser is asked to make, as JSON; an earlier question of this binder is gone."""

    async def unit(work: Work) -> str | Refused:
        account = await account_of(work, binder)
        if isinstance(account, Refused):
            return account
        present = await of_account(work, account.id)
        is_replacing = isinstance(binder, PendingSignIn) and binder.state is SignInState.REPLACEMENT
        if len(present) >= PASSKEYS_PER_ACCOUNT and not is_replacing:
            return Refused(Reason.PASSKEYS_TOO_MANY)
        begun = await _begin(work, binder, account)
        return ask_to_create(
            party_of(means),
            Owner(begun.handle, account.email, account.name),
            challenge=begun.challenge,
            # What a recovery replaces may be made anew on the same device.
            present=[] if is_replacing else [credential_of(means, one) for one in present],
            within=ANSWER_WITHIN,
        )

    return await work(means, caller, unit)


async def _begin(work: Work, binder: Binder, account: Account) -> _Begun:
    known = await handle_of(work, account.id)
    drawn = work.means.entropy.bytes
    begun = _Begun(drawn(CHALLENGE_LENGTH), known or drawn(HANDLE_LENGTH))
    enrollment_id = work.means.entropy.id()
    enrollment = Enrollment(
        id=enrollment_id,
        owner_id=binder.id,
        account_id=account.id,
        kind=AuthenticatorKind.PASSKEY,
        name="",
        secret_sealed=work.means.seal.seal(begun.to_text(), _place(enrollment_id)),
        fingerprint_mac=None,
        created_at=work.now,
        expires_at=work.now + ANSWER_WITHIN,
    )
    await authenticators.begin_enrollment(work.tx, enrollment)
    await work.note(EventName.ENROLLMENT_STARTED, account_id=account.id, method="passkey")
    return begun


def _place(enrollment_id: str) -> Place:
    return Place("enrollments", "secret_sealed", enrollment_id)


async def finish(
    means: Means, caller: Caller, binder: Binder, *, answer: str, name: str
) -> SignedIn | Added | Refused:
    """Bind what the browser made, if it is what was asked for; the question is gone either way."""
    name = " ".join(name.split())
    if len(name) > NAME_LENGTH:
        return Refused(Reason.NAME_TOO_LONG, "app_name", {"most": NAME_LENGTH})

    async def unit(work: Work) -> SignedIn | Added | Refused:
        enrollment = await authenticators.enrollment_of(
            work.tx, binder.id, AuthenticatorKind.PASSKEY, work.now
        )
        if enrollment is None:
            return Refused(Reason.PASSKEY_TOO_LATE)
        begun = _Begun.of_text(means.seal.open(enrollment.secret_sealed, _place(enrollment.id)))
        try:
            made = verify_created(party_of(means), answer, challenge=begun.challenge)
        except ProofRefused:
            return await _refuse(work, enrollment)
        if await passkeys.find(work.tx, digest(made.credential.id)) is not None:
            # PK-02: nobody's credential is bound twice, and nobody is told whose it is.
            return await _refuse(work, enrollment)
        known = await handle_of(work, enrollment.account_id)
        if known is not None and known != begun.handle:
            # Two first passkeys were begun at once, each with a handle of its own (PK-05).
            return await _refuse(work, enrollment)
        bound = await _bind(work, binder, enrollment, begun, made, name)
        if isinstance(bound, Refused):
            # Sound, and not to be bound now: no answer comes twice all the same (PK-01).
            await authenticators.finish_enrollment(work.tx, enrollment.id)
        return bound

    try:
        return await work(means, caller, unit)
    except UniqueViolation:
        # Another account bound the same credential in this moment (PK-02).
        return Refused(Reason.PASSKEY_WRONG)


async def _bind(
    work: Work,
    binder: Binder,
    enrollment: Enrollment,
    begun: _Begun,
    made: Registered,
    name: str,
) -> SignedIn | Added | Refused:
    kept = replace(
        enrollment,
        name=name or "Passkey",
        secret_sealed=work.means.seal.seal(made.credential.to_text(), _place(enrollment.id)),
    )
    passkey = BoundPasskey(
        credential_digest=digest(made.credential.id),
        flags=made.flags,
        handle=begun.handle,
    )
    return await bind(work, binder, kept, Channel.PASSKEY, step=0, offset=0, passkey=passkey)


async def _refuse(work: Work, enrollment: Enrollment) -> Refused:
    await authenticators.finish_enrollment(work.tx, enrollment.id)
    return Refused(Reason.PASSKEY_WRONG)
