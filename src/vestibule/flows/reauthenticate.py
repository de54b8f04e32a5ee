"""Proving it again: the step-up before a change, and the password of an idle session.

The step-up (SU-01) is password and second factor together, or one passkey that verified its user.
It changes the session's id, so a cookie copied before is dead (SE-05, SU-03). The mailed code that
comes before it is in `gate_codes`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from vestibule.domain.account import Account
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.identifier import parse_email
from vestibule.domain.password import normalise
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.domain.sign_in import Evidence
from vestibule.flows import (
    freeze,
    passkeys,
    second_factor,
    ways,
)
from vestibule.flows.password_lanes import forgive_password_try, reserve_password_try
from vestibule.flows.work import Caller, Means, Work, digest, look, work
from vestibule.storage import accounts, sessions


@dataclass(frozen=True, slots=True)
class Renewed:
    """The proof was right: what asked, session or pending sign-in, goes on under this token."""

    token: str
    has_stopped_recovery: bool = False
    """As at a sign-in that needs no mailed code: another recovery code waits to be shown."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Password and second factor as they were typed together, or a passkey's answer for both."""

    password: str = ""
    code: str = ""
    next_code: str = ""
    passkey: str | None = None


Act = Callable[[Work], Awaitable[Refused | None]]
"""What a proof is for, done in the transaction that uses the proof up."""


# --- step-up ------------------------------------------------------------------------------


async def _holder(
    work: Work, session_id: str, purpose: Purpose = Purpose.STEP_UP
) -> ways.Holder | Refused:
    """The method that the session chose to step up with, else the account's default."""
    session = await sessions.get(work.tx, session_id, work.now)
    account = await accounts.get(work.tx, session.account_id) if session else None
    if session is None or account is None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    keys = await passkeys.of_account(work, account.id)
    chosen = (session.step_up_authenticator_id, session.step_up_channel)
    holder = await ways.holder_for(
        work,
        account,
        purpose=purpose,
        binding_id=session.id,
        chosen=(keys[0].id, Channel.PASSKEY) if keys else chosen,
        known_browser=True,
        has_mailbox=session.gate_opened_at is not None,
    )
    # SU-04: who has a passkey changes nothing by what a page in between could relay.
    is_only = bool(keys)
    return holder if isinstance(holder, Refused) else replace(holder, is_only=is_only)


async def view_step_up(
    means: Means, caller: Caller, session: Session, *, purpose: Purpose = Purpose.STEP_UP
) -> ways.View | Refused:
    async def unit(work: Work) -> ways.View | Refused:
        holder = await _holder(work, session.id, purpose)
        return holder if isinstance(holder, Refused) else await ways.look(work, holder)

    return await look(means, caller, unit)


async def switch_step_up(
    means: Means,
    caller: Caller,
    session: Session,
    *,
    authenticator_id: str,
    channel: str,
    purpose: Purpose = Purpose.STEP_UP,
    act: str = "",
) -> Refused | None:
    """Step up by this way; a phone gets its code at once, with the act named in its text."""

    async def unit(work: Work) -> Refused | None:
        holder = await _holder(work, session.id, purpose)
        if isinstance(holder, Refused):
            return holder
        named = replace(holder, act=act)
        switched = await ways.switch(work, named, authenticator_id, channel)
        if isinstance(switched, Refused):
            return switched
        await sessions.choose_step_up(
            work.tx,
            session.id,
            authenticator_id=switched.authenticator_id,
            channel=switched.channel,
        )
        return switched.refused

    return await work(means, caller, unit)


async def submit_step_up(
    means: Means,
    caller: Caller,
    session: Session,
    proof: Proof,
    *,
    purpose: Purpose = Purpose.STEP_UP,
    act: Act | None = None,
) -> Renewed | Refused:
    """Password and second factor, both now; neither alone opens anything. Raises `Busy`.

    A passkey that verified its user stands for both (PK-03). With an act, whose codes say what
    they are for, nothing else is what was proven for.
    """
    if proof.passkey is not None:
        return await passkeys.prove(
            means,
            caller,
            find=lambda unit: _holder(unit, session.id, purpose),
            answer=proof.passkey,
            must_verify=True,
            then=partial(_proven, session=session, act=act),
        )
    account = await prove_password(means, caller, session, proof.password)
    if isinstance(account, Refused):
        return account

    async def give_up(work: Work) -> None:
        await sessions.end(work.tx, account.id, session.id)
        await work.note(EventName.SESSION_ENDED, account_id=account.id, reason="step_up")

    return await second_factor.submit_code(
        means,
        caller,
        find=lambda unit: _holder(unit, session.id, purpose),
        typed=proof.code,
        next_typed=proof.next_code,
        then=partial(_proven, session=session, act=act),
        give_up=give_up,
    )


async def _proven(
    work: Work,
    holder: ways.Holder,
    _evidence: Evidence,
    *,
    session: Session,
    act: Act | None,
) -> Renewed | Refused:
    if holder.authenticator.approves_changes_at > work.now:
        until = holder.authenticator.approves_changes_at
        return Refused(Reason.METHOD_TOO_NEW, details={"until": until})
    await freeze.lift(work, holder.account.id, proven_by=holder.authenticator.id)
    refused = await act(work) if act is not None else None
    if refused is not None:
        return refused
    return await _renew(work, session, holder, is_for_changes=act is None)


async def ask_passkey(
    means: Means, caller: Caller, session: Session, *, purpose: Purpose = Purpose.STEP_UP
) -> str | Refused:
    """What the browser asks of the account's passkeys before a change."""
    return await passkeys.ask(
        means,
        caller,
        find=lambda unit: _holder(unit, session.id, purpose),
        must_verify=True,
    )


async def _renew(
    work: Work, session: Session, holder: ways.Holder, *, is_for_changes: bool
) -> Renewed | Refused:
    """Under a new token; changes are open only by codes that speak of changes (SU-03)."""
    token = work.means.entropy.token()
    if is_for_changes:
        renewed = await sessions.step_up(
            work.tx,
            session.id,
            token_digest=digest(token),
            method=holder.channel,
            authenticator_id=holder.authenticator.id,
            now=work.now,
        )
    else:
        renewed = await sessions.renew(work.tx, session.id, token_digest=digest(token))
    await sessions.use_gate(work.tx, session.id, work.now)
    account_id = holder.account.id
    await work.note(EventName.SESSION_RENEWED, account_id=account_id, session_id=session.id)
    await work.note(
        EventName.STEP_UP_SUCCEEDED,
        account_id=account_id,
        session_id=session.id,
        method=holder.channel.value,
    )
    return Renewed(token) if renewed else Refused(Reason.SIGN_IN_EXPIRED)


async def prove_password(
    means: Means, caller: Caller, session: Session, password: str
) -> Account | Refused:
    """The account's password, counted in its lane first; the account where it is right."""
    if not password:
        return Refused(Reason.PASSWORD_MISSING, "password")
    account = await look(means, caller, lambda unit: accounts.get(unit.tx, session.account_id))
    address = parse_email(account.email) if account else None
    if account is None or address is None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    means.passwords.refuse_if_full()
    tried = await work(means, caller, lambda unit: reserve_password_try(unit, address))
    if isinstance(tried, Refused):
        return replace(tried, reason=Reason.PASSWORD_THROTTLED)
    if len(password) > 1024 or not await means.passwords.matches(
        tried.password_mac, normalise(password)
    ):
        await work(means, caller, lambda unit: _note_wrong(unit, account.id))
        return Refused(Reason.PASSWORD_WRONG, "password")
    await work(means, caller, lambda unit: forgive_password_try(unit, tried))
    return account


async def _note_wrong(work: Work, account_id: str) -> None:
    await work.note(
        EventName.PASSWORD_FAILED,
        account_id=account_id,
        outcome="failure",
        reason=Reason.PASSWORD_WRONG,
    )


async def resume(
    means: Means, caller: Caller, session: Session, *, password: str
) -> Renewed | Refused:
    """An idle session goes on after the password alone, until its absolute limit (SE-04)."""
    account = await prove_password(means, caller, session, password)
    if isinstance(account, Refused):
        return account

    async def unit(work: Work) -> Renewed | Refused:
        token = work.means.entropy.token()
        if not await sessions.resume(work.tx, session.id, token_digest=digest(token), now=work.now):
            return Refused(Reason.SIGN_IN_EXPIRED)
        await work.note(EventName.SESSION_RESUMED, account_id=account.id, session_id=session.id)
        return Renewed(token)

    return await work(means, caller, unit)
