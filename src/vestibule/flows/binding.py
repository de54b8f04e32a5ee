"""Turning a proven set-up into an authenticator, at the wall, after a recovery, or in settings.

The only place that adds a second factor. Each way is one transaction, so an old method stays
valid until its replacement is bound, and not a moment longer (R5, PN-03).
"""

from dataclasses import dataclass
from datetime import timedelta

from vestibule.crypto.passkey_proof import Flags
from vestibule.crypto.seal import Place
from vestibule.domain.account import Account, Authenticator, AuthenticatorKind
from vestibule.domain.challenge import Channel
from vestibule.domain.event import EventName
from vestibule.domain.passkey import Passkey
from vestibule.domain.pending import Enrollment, PendingSignIn, SignInState
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.safety import ActKind, EndedBy, Made
from vestibule.domain.session import Session
from vestibule.domain.sign_in import (
    Bound,
    Complete,
    EmailConfirmed,
    RecoveryCodeProven,
    State,
    advance,
    begin,
)
from vestibule.flows import causes, recovery_codes
from vestibule.flows.changes import waits
from vestibule.flows.entering import (
    SignedIn,
    end_everything_else,
    enter,
    refuse_suspended,
)
from vestibule.flows.notices import tell
from vestibule.flows.work import Work
from vestibule.storage import accounts, authenticators, passkeys, safeguards, sessions, sign_ins
from vestibule.storage import recovery_codes as stored_codes

NEWLY_RECOVERED_FOR = timedelta(hours=24)
"""What was bound during a recovery approves no other change for so long (product.md E)."""

Binder = PendingSignIn | Session
"""Who may bind: a pending sign-in whose wall is open, or a session with a fresh step-up."""


@dataclass(frozen=True, slots=True)
class Added:
    """Bound within a session; `shows_code` where a new recovery code waits to be shown."""

    shows_code: bool


@dataclass(frozen=True, slots=True)
class BoundPasskey:
    """What stands beside an authenticator that is a passkey."""

    credential_digest: bytes
    flags: Flags
    handle: bytes
    """Who its owner is to it."""


async def account_of(work: Work, binder: Binder) -> Account | Refused:
    """The binder's account, held, if the binder still stands and may bind at all.

    Held first: of two first set-ups that finish at once, the second finds itself ended.
    """
    await accounts.hold(work.tx, binder.account_id)
    account = await accounts.get(work.tx, binder.account_id)
    if account is None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    if isinstance(binder, PendingSignIn):
        pending = await sign_ins.get(work.tx, binder.id, work.now)
        if pending is None or not _may_bind(pending, account):
            return Refused(Reason.SIGN_IN_EXPIRED)
        # Before anything is bound, since nobody would be told, and no recovery code be made.
        if (stopped := await refuse_suspended(work, account.id, pending.id)) is not None:
            return stopped
    else:
        session = await sessions.get(work.tx, binder.id, work.now)
        if session is None:
            return Refused(Reason.SIGN_IN_EXPIRED)
        if not (session.may_change(work.now) and session.has_gate_open(work.now)):
            return Refused(Reason.STEP_UP_NEEDED)
        if (refused := waits(session, account, work.caller, work.now)) is not None:
            return refused
        await sessions.use_gate(work.tx, session.id, work.now)
    return account


def _may_bind(pending: PendingSignIn, account: Account) -> bool:
    if pending.state is SignInState.ENROLLMENT:
        # Once a second factor is bound, password and mailbox alone replace it no more (R2).
        return pending.email_confirmed_at is not None and not account.is_enrolled
    return pending.state is SignInState.REPLACEMENT


async def bind(
    work: Work,
    binder: Binder,
    enrollment: Enrollment,
    channel: Channel,
    *,
    step: int,
    offset: int,
    passkey: BoundPasskey | None = None,
) -> SignedIn | Added | Refused:
    """Turn a proven set-up into an authenticator, in the binder's way."""
    account = await account_of(work, binder)
    if isinstance(account, Refused):
        return account
    if not await authenticators.finish_enrollment(work.tx, enrollment.id):
        return Refused(Reason.SET_UP_EXPIRED)
    before = await authenticators.of_account(work.tx, account.id)
    is_recovered = isinstance(binder, PendingSignIn) and binder.recovered_at is not None
    bound = await _keep(work, enrollment, step=step, offset=offset, is_recovered=is_recovered)
    if passkey is not None:
        await _keep_passkey(work, bound, passkey)
    await causes.note_made(
        work, account.id, kind=Made.AUTHENTICATOR, thing_id=bound.id, act_id=binder.id
    )
    await work.note(
        EventName.AUTHENTICATOR_BOUND, account_id=account.id, method=enrollment.kind.value
    )
    if isinstance(binder, PendingSignIn):
        return await _bind_first(work, binder, account, bound, channel, before)
    return await _bind_more(work, binder, account, bound, channel, before)


async def _keep(
    work: Work, enrollment: Enrollment, *, step: int, offset: int, is_recovered: bool
) -> Authenticator:
    """The authenticator, stored, with what the set-up held sealed in its own place."""
    bound_id = work.means.entropy.id()
    opened = work.means.seal.open(
        enrollment.secret_sealed, Place("enrollments", "secret_sealed", enrollment.id)
    )
    place = Place("authenticators", "secret_sealed", bound_id)
    bound = Authenticator(
        id=bound_id,
        account_id=enrollment.account_id,
        kind=enrollment.kind,
        name=enrollment.name,
        secret_sealed=work.means.seal.seal(opened, place),
        fingerprint_mac=enrollment.fingerprint_mac,
        last_step=step,
        step_offset=offset,
        created_at=work.now,
        last_used_at=work.now,
        approves_changes_at=work.now + (NEWLY_RECOVERED_FOR if is_recovered else timedelta()),
        algorithm=enrollment.algorithm,
        digits=enrollment.digits,
    )
    await authenticators.add(work.tx, bound)
    return bound


async def _keep_passkey(work: Work, bound: Authenticator, passkey: BoundPasskey) -> None:
    place = Place("passkey_users", "handle_sealed", bound.account_id)
    handle_sealed = work.means.seal.seal(passkey.handle.hex(), place)
    await passkeys.keep_handle(work.tx, bound.account_id, handle_sealed)
    kept = Passkey(
        authenticator_id=bound.id,
        account_id=bound.account_id,
        sign_count=passkey.flags.sign_count,
        is_copyable=passkey.flags.is_copyable,
        is_copied=passkey.flags.is_copied,
    )
    await passkeys.add(work.tx, kept, credential_digest=passkey.credential_digest)


async def _bind_first(
    work: Work,
    pending: PendingSignIn,
    account: Account,
    bound: Authenticator,
    channel: Channel,
    before: list[Authenticator],
) -> SignedIn | Refused:
    """The wall falls: the state machine completes, and a session begins."""
    state = advance(_state_of(pending), Bound(bound.id, channel, work.now))
    if not isinstance(state, Complete):
        return Refused(Reason.SIGN_IN_EXPIRED)
    is_first = pending.state is SignInState.ENROLLMENT
    await accounts.set_default(
        work.tx, account.id, authenticator_id=bound.id, channel=channel, now=work.now
    )
    if is_first:
        await causes.note_act(work, account.id, act_id=pending.id, kind=ActKind.SET_UP)
    else:
        await _complete_recovery(work, account, before)
    await end_everything_else(work, account.id, session_id=None, sign_in_id=pending.id)
    signed_in = await enter(
        work,
        state,
        account_id=account.id,
        sign_in_id=pending.id,
        authenticator_id=bound.id,
        return_to=pending.return_to,
        kind=ActKind.SET_UP if is_first else ActKind.RECOVERY,
    )
    if isinstance(signed_in, Refused):
        return signed_in
    if is_first:
        # Of the set-up as its method is: no "not me" takes away what an account began with.
        await recovery_codes.make(
            work, account.id, owner_id=signed_in.session_id, act_id=pending.id
        )
    else:
        await stored_codes.confirm(work.tx, account.id)
    await tell(
        work,
        await accounts.get(work.tx, account.id) or account,
        kind="method_added" if is_first else "recovery_finished",
        act_id=signed_in.session_id,
        removed=frozenset(one.id for one in before),
        unless_text_to=bound.id,
        method=bound.kind.value,
    )
    return signed_in


async def _complete_recovery(work: Work, account: Account, before: list[Authenticator]) -> None:
    """What was lost goes, only now and at once, and does not come back.

    Nothing reaches across it, and the sign-in after it asks "still yours?" (R8, R12).
    """
    for old in before:
        await _unbind(work, account, old, by=EndedBy.LOST)
    await authenticators.let_go(work.tx, account.id)
    await causes.note_barrier(work, account.id)
    await safeguards.require_review(work.tx, account.id, work.now + timedelta(microseconds=1))
    if account.reset_required_at is not None:
        # The old password was doubted: this very sign-in sets another one.
        await accounts.require_new_password(work.tx, account.id, work.now)
        await safeguards.end_required_reset(work.tx, account.id)


def _state_of(pending: PendingSignIn) -> State:
    """The machine's state that a stored pending sign-in stands for."""
    if pending.state is SignInState.REPLACEMENT and pending.recovered_at is not None:
        after = advance(
            begin(pending.password_at, is_enrolled=True), RecoveryCodeProven(pending.recovered_at)
        )
    else:
        after = begin(pending.password_at, is_enrolled=False)
        if pending.email_confirmed_at is not None:
            after = advance(after, EmailConfirmed(pending.email_confirmed_at))
    if not isinstance(after, State):
        raise TypeError("a stored sign-in is in a state the machine refuses")
    return after


async def _bind_more(
    work: Work,
    session: Session,
    account: Account,
    bound: Authenticator,
    channel: Channel,
    before: list[Authenticator],
) -> Added:
    """An addition or a change of number: the old number goes as the new one comes (PN-03)."""
    old_phones = [one for one in before if one.kind is AuthenticatorKind.PHONE]
    is_change = bound.kind is AuthenticatorKind.PHONE and bool(old_phones)
    if is_change:
        was_default = account.default_authenticator_id in {one.id for one in old_phones}
        if was_default:
            await accounts.set_default(
                work.tx, account.id, authenticator_id=bound.id, channel=channel, now=work.now
            )
        for old in old_phones:
            await _unbind(work, account, old, by=EndedBy.REMOVAL)
        await recovery_codes.make(work, account.id, owner_id=session.id)
    await end_everything_else(work, account.id, session_id=session.id)
    await tell(
        work,
        account,
        kind="number_changed" if is_change else "method_added",
        act_id=session.id,
        removed=frozenset(one.id for one in old_phones) if is_change else frozenset(),
        unless_text_to=bound.id,
        method=bound.kind.value,
    )
    return Added(shows_code=is_change)


async def _unbind(work: Work, account: Account, old: Authenticator, *, by: EndedBy) -> None:
    """Take away what a new one replaces; its number is told with the rest."""
    await authenticators.remove(work.tx, account.id, old.id, by=by, now=work.now)
    await work.note(EventName.AUTHENTICATOR_UNBOUND, account_id=account.id, method=old.kind.value)
