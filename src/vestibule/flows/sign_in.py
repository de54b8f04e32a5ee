"""Signing in: the password opens the first door, the second factor the second.

The password step makes a pending sign-in, which is no session and opens nothing but its own
next step (EF-03). Strangers learn nothing: every refusal before the right password is one and
the same (R6, EN-01).
"""

from dataclasses import dataclass, replace
from functools import partial

from vestibule.domain.account import Account
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.identifier import parse_email
from vestibule.domain.password import normalise
from vestibule.domain.pending import (
    SIGN_IN_LIFETIME,
    WALL_LIFETIME,
    PendingSignIn,
    SignInState,
)
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.sign_in import Complete, Evidence, Start, advance, begin
from vestibule.flows import passkeys, recovery_codes, second_factor, ways
from vestibule.flows.entering import SignedIn, enter, known_browser
from vestibule.flows.password_lanes import (
    PasswordTry,
    forgive_password_try,
    reserve_password_try,
)
from vestibule.flows.sign_up import guessed_first
from vestibule.flows.work import Caller, Means, Work, digest, look, work
from vestibule.storage import accounts, challenges, sign_ins


@dataclass(frozen=True, slots=True)
class PasswordAccepted:
    """The first door is open: what to keep in the cookie, and which step is next."""

    token: str | None
    """None where the browser's own pending sign-in goes on."""
    state: SignInState
    send_refused: Refused | None = None


async def submit_password(
    means: Means,
    caller: Caller,
    *,
    email: str,
    password: str,
    pending_token: str | None,
    return_to: str | None,
) -> PasswordAccepted | Refused:
    """Check address and password at equal cost for every address; one message for all faults.

    A second sign-in of the same browser continues the same pending one, so that two tabs and a
    double click have one challenge. Raises `Busy`.
    """
    address = parse_email(email)
    if address is None:
        return Refused(Reason.EMAIL_NOT_AN_ADDRESS, "email")
    if not password:
        return Refused(Reason.PASSWORD_MISSING, "password")
    means.passwords.refuse_if_full()
    stored = await work(means, caller, lambda unit: reserve_password_try(unit, address))
    if isinstance(stored, Refused):
        return stored
    right = len(password) <= 1024 and await means.passwords.matches(
        stored.password_mac, normalise(password)
    )
    if not right or stored.account is None:
        await work(means, caller, lambda unit: _note_wrong(unit, stored.account))
        return Refused(Reason.SIGN_IN_WRONG)
    tried = await _strengthen(means, caller, stored, password)
    guessed = guessed_first(means, password, stored.account)
    return await work(
        means,
        caller,
        lambda unit: _open_first_door(unit, tried, guessed, pending_token, return_to),
    )


async def _note_wrong(work: Work, account: Account | None) -> None:
    await work.note(
        EventName.PASSWORD_FAILED,
        account_id=account.id if account else None,
        outcome="failure",
        reason=Reason.SIGN_IN_WRONG,
    )


async def _strengthen(
    means: Means, caller: Caller, tried: PasswordTry, password: str
) -> PasswordTry:
    """PH-04: rehash below-policy parameters at a right password, never at a wrong one.

    The try, with what is stored of the same password now.
    """
    old, account = tried.password_mac, tried.account
    if old is None or account is None or not means.passwords.needs_rehash(old):
        return tried
    new = await means.passwords.hash(normalise(password))
    is_stored = await work(
        means,
        caller,
        lambda unit: accounts.rehash_password(unit.tx, account.id, old=old, new=new),
    )
    if is_stored:
        return replace(tried, password_mac=new)
    # Another request was first: with the same password, a double click say, or with a new one.
    first = await look(means, caller, lambda unit: accounts.password(unit.tx, account.id))
    if first is None or not await means.passwords.matches(first.password_mac, normalise(password)):
        return tried
    return replace(tried, password_mac=first.password_mac)


async def _open_first_door(
    work: Work,
    tried: PasswordTry,
    guessed: Reason | None,
    pending_token: str | None,
    return_to: str | None,
) -> PasswordAccepted | Refused:
    if tried.account is None:
        return Refused(Reason.SIGN_IN_WRONG)
    # Held, so that a change of password or factor that is under way is seen or sees this.
    await accounts.hold(work.tx, tried.account.id)
    account = await accounts.get(work.tx, tried.account.id)
    stored = await accounts.password(work.tx, account.id) if account else None
    # The password may have been changed while it was compared.
    if account is None or stored is None or stored.password_mac != tried.password_mac:
        return Refused(Reason.SIGN_IN_WRONG)
    await forgive_password_try(work, tried)
    await work.note(EventName.PASSWORD_ACCEPTED, account_id=account.id, reason=guessed)
    if guessed is not None:
        await accounts.require_new_password(work.tx, account.id, work.now)
    if pending_token:
        own = await sign_ins.find(work.tx, digest(pending_token), work.now)
        if own is not None and own.account_id == account.id:
            return PasswordAccepted(None, own.state)
        if own is not None:
            # This browser goes on as somebody else: its other code opens nothing more (OC-03).
            await _end(work, own.id)
    token = work.means.entropy.token()
    visit = work.visit_digest()
    again = await sign_ins.resume(
        work.tx, account.id, visit, token_digest=digest(token), now=work.now
    )
    if again is not None:
        return PasswordAccepted(token, again.state)
    pending = await _begin(work, account, return_to)
    await sign_ins.add(work.tx, pending, token_digest=digest(token), visit_digest=visit)
    refused = None
    if pending.channel in {Channel.SMS, Channel.VOICE}:
        holder = await holder_of(work, pending)
        if isinstance(holder, ways.Holder):
            sent = await ways.send(work, holder)
            refused = sent if isinstance(sent, Refused) else None
    return PasswordAccepted(token, pending.state, refused)


async def _begin(work: Work, account: Account, return_to: str | None) -> PendingSignIn:
    enrolled = account.is_enrolled
    return PendingSignIn(
        id=work.means.entropy.id(),
        account_id=account.id,
        state=SignInState.SECOND_FACTOR if enrolled else SignInState.ENROLLMENT,
        is_known_browser=await known_browser(work, work.caller, account),
        authenticator_id=account.default_authenticator_id,
        channel=account.default_channel,
        password_at=work.now,
        email_confirmed_at=None,
        recovered_at=None,
        return_to=return_to,
        source=work.caller.source,
        user_agent=work.caller.user_agent,
        created_at=work.now,
        expires_at=work.now + (SIGN_IN_LIFETIME if enrolled else WALL_LIFETIME),
    )


# --- the second door ----------------------------------------------------------------------


async def holder_of(work: Work, pending: PendingSignIn) -> ways.Holder | Refused:
    """The second factor that a pending sign-in asks for; the account's default where the
    chosen one is gone."""
    account = await accounts.get(work.tx, pending.account_id)
    if account is None or pending.state is not SignInState.SECOND_FACTOR:
        return Refused(Reason.SIGN_IN_EXPIRED)
    if account.reset_required_at is not None:
        # R8: told only now, after the right password; the recovery code is a way on.
        return Refused(Reason.RESET_NEEDED)
    return await ways.holder_for(
        work,
        account,
        purpose=Purpose.SIGN_IN,
        binding_id=pending.id,
        chosen=(pending.authenticator_id, pending.channel),
        known_browser=pending.is_known_browser,
    )


async def _find(work: Work, sign_in_id: str) -> ways.Holder | Refused:
    pending = await sign_ins.get(work.tx, sign_in_id, work.now)
    if pending is None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    return await holder_of(work, pending)


async def submit_code(
    means: Means, caller: Caller, *, sign_in_id: str, typed: str, next_typed: str = ""
) -> SignedIn | Refused:
    """Prove the second factor of a pending sign-in; a session, or why not."""

    async def give_up(work: Work) -> None:
        await sign_ins.end(work.tx, sign_in_id)

    return await second_factor.submit_code(
        means,
        caller,
        find=lambda unit: _find(unit, sign_in_id),
        typed=typed,
        next_typed=next_typed,
        then=partial(_complete, sign_in_id=sign_in_id),
        give_up=give_up,
    )


async def _complete(
    work: Work, holder: ways.Holder, evidence: Evidence, *, sign_in_id: str
) -> SignedIn | Refused:
    pending = await sign_ins.get(work.tx, sign_in_id, work.now)
    # A recovery code may have been used here while the code was compared.
    if pending is None or pending.state is not SignInState.SECOND_FACTOR:
        return Refused(Reason.SIGN_IN_EXPIRED)
    account = await accounts.get(work.tx, pending.account_id)
    if account is None or account.reset_required_at is not None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    state = advance(begin(pending.password_at, is_enrolled=True), evidence)
    if not isinstance(state, Complete):
        return Refused(Reason.SIGN_IN_EXPIRED)
    signed_in = await enter(
        work,
        state,
        account_id=pending.account_id,
        sign_in_id=pending.id,
        authenticator_id=holder.authenticator.id,
        return_to=pending.return_to,
        stale_since=holder.authenticator.stale_since(work.now),
    )
    if isinstance(signed_in, Refused) or signed_in.must_reverify:
        return signed_in
    has_stopped = await recovery_codes.stop_recovery(
        work, signed_in.account_id, session_id=signed_in.session_id
    )
    return replace(signed_in, has_stopped_recovery=has_stopped)


# --- with a passkey -----------------------------------------------------------------------


async def ask_passkey(means: Means, caller: Caller, sign_in_id: str) -> str | Refused:
    """What the browser asks of the account's passkeys, as the second factor after the password."""
    return await passkeys.ask(
        means, caller, find=lambda unit: _find(unit, sign_in_id), must_verify=False
    )


async def submit_passkey(
    means: Means, caller: Caller, *, sign_in_id: str, answer: str
) -> SignedIn | Refused:
    """The passkey in the place of a code; after the password its possession is enough (PK-03)."""
    return await passkeys.prove(
        means,
        caller,
        find=lambda unit: _find(unit, sign_in_id),
        answer=answer,
        must_verify=False,
        then=partial(_complete, sign_in_id=sign_in_id),
    )


async def ask_passkey_alone(means: Means, caller: Caller) -> str | Refused:
    """What the browser asks before anybody is known: it offers what it has for us (EN-05).

    No address is asked for and no credential named, so the answer is the same for everybody.
    """

    async def unit(work: Work) -> str | Refused:
        flooded = await passkeys.refuse_flood(work)
        return flooded or await passkeys.ask_anybody(work)

    return await work(means, caller, unit)


async def submit_passkey_alone(
    means: Means, caller: Caller, *, answer: str, return_to: str | None
) -> SignedIn | Refused:
    """A passkey that verified its user is both factors (R2, PK-03); a session, or why not.

    An unknown credential, one that was removed, a wrong signature and another account's handle
    are one refusal (EN-05).
    """

    async def unit(work: Work) -> SignedIn | Refused:
        proven = await passkeys.prove_anybody(work, answer)
        if isinstance(proven, Refused):
            return proven
        passkey, evidence = proven
        account = await accounts.get(work.tx, passkey.account_id)
        if account is None:
            return Refused(Reason.PASSKEY_WRONG)
        if account.reset_required_at is not None:
            # R8: told to whoever holds the passkey; with the mailbox it sets a new password.
            return Refused(Reason.RESET_NEEDED)
        state = advance(Start(), evidence)
        if not isinstance(state, Complete):
            return Refused(Reason.PASSKEY_WRONG)
        signed_in = await enter(
            work,
            state,
            account_id=account.id,
            sign_in_id=None,
            authenticator_id=passkey.id,
            return_to=return_to,
        )
        if isinstance(signed_in, Refused):
            return signed_in
        has_stopped = await recovery_codes.stop_recovery(
            work, account.id, session_id=signed_in.session_id
        )
        return replace(signed_in, has_stopped_recovery=has_stopped)

    return await work(means, caller, unit)


async def view(means: Means, caller: Caller, sign_in_id: str) -> ways.View | Refused:
    """What `/sign-in/code` shows; reading it sends nothing."""

    async def unit(work: Work) -> ways.View | Refused:
        holder = await _find(work, sign_in_id)
        return holder if isinstance(holder, Refused) else await ways.look(work, holder)

    return await look(means, caller, unit)


async def switch(
    means: Means, caller: Caller, *, sign_in_id: str, authenticator_id: str = "", channel: str = ""
) -> Refused | None:
    """Try another way, resend, or call instead of texting: empty texts mean the present way."""

    async def unit(work: Work) -> Refused | None:
        holder = await _find(work, sign_in_id)
        if isinstance(holder, Refused):
            return holder
        switched = await ways.switch(work, holder, authenticator_id, channel)
        if isinstance(switched, Refused):
            return switched
        await sign_ins.choose(
            work.tx,
            sign_in_id,
            authenticator_id=switched.authenticator_id,
            channel=switched.channel,
        )
        return switched.refused

    return await work(means, caller, unit)


async def find_pending(means: Means, caller: Caller, token: str) -> PendingSignIn | None:
    return await look(means, caller, lambda unit: sign_ins.find(unit.tx, digest(token), unit.now))


async def cancel(means: Means, caller: Caller, token: str) -> None:
    """Sign out of a pending sign-in."""

    async def unit(work: Work) -> None:
        pending = await sign_ins.find(work.tx, digest(token), work.now)
        if pending is not None:
            await _end(work, pending.id)

    await work(means, caller, unit)


async def _end(work: Work, sign_in_id: str) -> None:
    await sign_ins.end(work.tx, sign_in_id)
    # A code that still waits must not reach a phone whose owner has left (OC-03).
    await challenges.end_of_binding(work.tx, sign_in_id, work.now)
