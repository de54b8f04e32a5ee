"""Signing in: the password opens the first door, the second factor the second.

The password step makes a pending sign-in, which is no session and opens nothing but its own
next step (EF-03). Strangers learn nothing: every refusal before the right password is one and
the same (R6, EN-01).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.domain.account import Account
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.identifier import EmailAddress, parse_email
from vestibule.domain.password import normalise
from vestibule.domain.pending import (
    SIGN_IN_LIFETIME,
    WALL_LIFETIME,
    PendingSignIn,
    SignInState,
)
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.sign_in import Complete, Evidence, advance, begin
from vestibule.domain.throttle import password_wait
from vestibule.flows import recovery_codes, second_factor, ways
from vestibule.flows.addresses import account_named
from vestibule.flows.entering import SignedIn, enter, known_browser
from vestibule.flows.sending import source_of
from vestibule.flows.work import Caller, Means, Work, digest, look, work
from vestibule.storage import accounts, challenges, sign_ins, throttles

OWN_LANE_FOR = timedelta(days=1)
OWN_LANES_A_DAY = 5
"""For each account: who reads its mail has so many more tries at its password, and no more."""


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
    return await work(
        means,
        caller,
        lambda unit: _open_first_door(unit, tried, pending_token, return_to),
    )


@dataclass(frozen=True, slots=True)
class PasswordTry:
    """A counted try: the lanes it was taken from, and what to compare with, if anything."""

    account: Account | None
    password_mac: str | None
    lane: bytes
    source_lane: bytes | None
    source_failures: int


async def reserve_password_try(work: Work, address: EmailAddress) -> PasswordTry | Refused:
    """Count the try in the account's lane and the source's before comparing (RL-01).

    A browser that has completed a sign-in of this account has its own lane (RL-03); an address
    without an account has one too, so that waiting tells nothing.
    """
    account = await account_named(work, address.key)
    is_known = account is not None and await known_browser(work, work.caller, account.id)
    keyring, source = work.means.keyring, source_of(work)
    if account is not None and not is_known:
        is_known = await _has_own_lane(work, account.id)
    whose = f"browser {work.caller.browser_token}" if is_known else "anybody"
    lane = keyring.bucket("password", address.key, whose)
    source_lane = None
    if source is not None and not is_known:
        source_lane = keyring.bucket("password-source", source)
    lanes = [bucket for bucket in (lane, source_lane) if bucket is not None]
    source_failures, until = await _take_try(work, lanes)
    if until is not None:
        await work.note(
            EventName.PASSWORD_THROTTLED,
            account_id=account.id if account else None,
            outcome="failure",
            reason=Reason.SIGN_IN_THROTTLED,
        )
        return Refused(Reason.SIGN_IN_THROTTLED, details={"until": until})
    password = await accounts.password(work.tx, account.id) if account else None
    return PasswordTry(
        account, password.password_mac if password else None, lane, source_lane, source_failures
    )


async def open_own_lane(work: Work, account_id: str) -> str:
    """Its mailbox was proven in this browser: for a day its password tries wait for nobody's.

    The browser's token, which may be new. Failures elsewhere keep no owner out (R4). Past five
    browsers in a day it is one of the unknown ones still (RL-02).
    """
    token = work.caller.browser_token or work.means.entropy.token()
    spent_until = await throttles.spend(
        work.tx,
        work.means.keyring.bucket("own-lanes-day", account_id),
        kind="own-lanes-day",
        limit=OWN_LANES_A_DAY,
        period=OWN_LANE_FOR,
        now=work.now,
    )
    if spent_until is None:
        lane = work.means.keyring.bucket("own-lane", account_id, token)
        await throttles.open_lane(work.tx, lane, work.now + OWN_LANE_FOR)
    return token


async def _has_own_lane(work: Work, account_id: str) -> bool:
    token = work.caller.browser_token
    if token is None:
        return False
    # Under each key: it was opened for a day, and outlives a change of the root.
    for lane in work.means.keyring.macs(KeyPurpose.THROTTLE, "own-lane", account_id, token):
        if await throttles.has_lane(work.tx, lane, work.now):
            return True
    return False


async def _take_try(work: Work, lanes: list[bytes]) -> tuple[int, datetime | None]:
    """Take a try of every lane, or of none: the last one's count, or when all are open again.

    Held before any is counted, so that a source which has to wait slows no account (RL-03).
    """
    held = [await throttles.hold_lane(work.tx, bucket, work.now) for bucket in lanes]
    until = max(until for _, until in held)
    if until > work.now:
        return held[-1][0], until
    for bucket, (failed, _) in zip(lanes, held, strict=True):
        await throttles.count_failure(work.tx, bucket, work.now + password_wait(failed + 1))
    return held[-1][0] + 1, None


async def forgive_password_try(work: Work, tried: PasswordTry) -> None:
    """The password was right: its own lane starts afresh, the source gets this one try back."""
    await throttles.forgive(work.tx, tried.lane)
    if tried.source_lane is not None:
        await throttles.return_one(
            work.tx, tried.source_lane, seen=tried.source_failures, now=work.now
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
    return replace(tried, password_mac=new) if is_stored else tried


async def _open_first_door(
    work: Work, tried: PasswordTry, pending_token: str | None, return_to: str | None
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
    await work.note(EventName.PASSWORD_ACCEPTED, account_id=account.id)
    if pending_token:
        own = await sign_ins.find(work.tx, digest(pending_token), work.now)
        if own is not None and own.account_id == account.id:
            return PasswordAccepted(None, own.state)
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
        is_known_browser=await known_browser(work, work.caller, account.id),
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

    async def complete(work: Work, holder: ways.Holder, evidence: Evidence) -> SignedIn | Refused:
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

    async def give_up(work: Work) -> None:
        await sign_ins.end(work.tx, sign_in_id)

    return await second_factor.submit_code(
        means,
        caller,
        find=lambda unit: _find(unit, sign_in_id),
        typed=typed,
        next_typed=next_typed,
        then=complete,
        give_up=give_up,
    )


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
            await sign_ins.end(work.tx, pending.id)
            # A code that still waits must not reach a phone whose owner has left (OC-03).
            await challenges.end_of_binding(work.tx, pending.id, work.now)

    await work(means, caller, unit)
