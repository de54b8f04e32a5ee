"""The second door: the one place where a session is made.

Every way in ends here, with a `Complete` that only the state machine can have made (EF-05).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from vestibule.domain.account import Account
from vestibule.domain.assurance import amr
from vestibule.domain.challenge import Channel
from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.safety import ActKind, Made
from vestibule.domain.session import Session
from vestibule.domain.sign_in import Complete
from vestibule.flows import causes
from vestibule.flows.notices import tell
from vestibule.flows.work import Caller, Work, digest
from vestibule.storage import (
    accounts,
    authenticators,
    challenges,
    resets,
    sessions,
    sign_ins,
    waiting_resets,
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session was opened: its bearer token and the browser's, for their cookies."""

    session_token: str
    browser_token: str
    session_id: str
    account_id: str
    return_to: str | None
    must_reverify: bool = False
    """A number of old proved it (PN-04): the mailed code comes first."""
    has_stopped_recovery: bool = False
    """Somebody had used the recovery code: that ended, and a new code waits to be shown."""


async def enter(
    work: Work,
    complete: Complete,
    *,
    account_id: str,
    sign_in_id: str | None,
    authenticator_id: str,
    return_to: str | None,
    kind: ActKind = ActKind.SESSION,
    stale_since: datetime | None = None,
) -> SignedIn | Refused:
    """Destroy the pending sign-in and open a session under a new id (EF-06), once.

    A passkey alone has none: its question is used up in the same transaction instead (PK-01).

    The browser of a set-up is known at once (R11); a plain sign-in from a new one is told.
    `stale_since` is the last use of a number that had rested: its session opens nothing, and
    makes no browser known, before the mailbox is proven in it too (PN-04).
    """
    # Held, so that a change under way either sees this session or has ended this sign-in.
    await accounts.hold(work.tx, account_id)
    if sign_in_id is not None and not await sign_ins.end(work.tx, sign_in_id):
        return Refused(Reason.SIGN_IN_EXPIRED)
    stopped = await refuse_suspended(work, account_id, sign_in_id)
    if stopped is not None:
        return stopped
    token, session_id = work.means.entropy.token(), work.means.entropy.id()
    session = _new_session(work, complete, session_id, account_id, authenticator_id)
    session = replace(session, stale_since_at=stale_since)
    await sessions.add(work.tx, session, token_digest=digest(token))
    browser_token = await _browser_token(work, account_id)
    is_new = not await sessions.knows_browser(work.tx, digest(browser_token), account_id)
    if stale_since is None:
        await sessions.remember_browser(work.tx, digest(browser_token), account_id, work.now)
    causes_known = [sign_in_id, await causes.maker(work, Made.AUTHENTICATOR, authenticator_id)]
    await _note_causes(
        work,
        account_id,
        session_id=session_id,
        kind=kind,
        browser_token=browser_token,
        causes_known=causes_known,
    )
    await _note(work, complete, session, sign_in_id)
    await _welcome(work, session, kind, is_new=is_new)
    must_reverify = stale_since is not None
    return SignedIn(token, browser_token, session_id, account_id, return_to, must_reverify)


async def _welcome(work: Work, session: Session, kind: ActKind, *, is_new: bool) -> None:
    """What follows from a sign-in besides: who is told, and what it says of its browser."""
    account_id, session_id = session.account_id, session.id
    if session.stale_since_at is not None:
        await _tell(work, account_id, session_id, "number_stale")
        return
    if is_new and kind is ActKind.SESSION:
        await _tell(work, account_id, session_id, "new_browser")
    await _follow_time_zone(work, account_id, is_new=is_new)
    if kind is ActKind.SESSION and session.second_factor_method is Channel.SMS:
        await _offer_passkey(work, account_id)


async def _note(work: Work, complete: Complete, session: Session, sign_in_id: str | None) -> None:
    """Into the account's own journal: how it was entered, and by what."""
    account_id, session_id = session.account_id, session.id
    await work.note(
        EventName.SIGNED_IN,
        account_id=account_id,
        session_id=session_id,
        sign_in_id=sign_in_id,
        method=complete.second_factor.method.value,
        amr=",".join(amr(complete.events)),
    )
    await work.note(EventName.SESSION_CREATED, account_id=account_id, session_id=session_id)
    if session.stale_since_at is not None:
        await work.note(EventName.NUMBER_STALE, account_id=account_id, session_id=session_id)


async def _follow_time_zone(work: Work, account_id: str, *, is_new: bool) -> None:
    """After the notice of this sign-in, which speaks to the owner as before."""
    zone = work.caller.time_zone
    if zone is not None:
        await accounts.follow_time_zone(work.tx, account_id, zone, is_known_browser=not is_new)


async def _offer_passkey(work: Work, account_id: str) -> None:
    """Once, after a sign-in that a passkey would have made safer; its page looks for that."""
    if work.means.policy.has_passkeys:
        await accounts.offer_passkey(work.tx, account_id, work.now)


async def _tell(work: Work, account_id: str, session_id: str, kind: str) -> None:
    account = await accounts.get(work.tx, account_id)
    if account is not None:
        await tell(work, account, kind=kind, act_id=session_id)


async def refuse_suspended(work: Work, account_id: str, sign_in_id: str | None) -> Refused | None:
    """Why nobody is let in, told to whoever has proven everything and to nobody else (R6)."""
    account = await accounts.get(work.tx, account_id)
    if account is None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    if account.suspended_at is None:
        return None
    await work.note(
        EventName.SIGN_IN_SUSPENDED,
        account_id=account_id,
        outcome="failure",
        reason=Reason.ACCOUNT_SUSPENDED,
        sign_in_id=sign_in_id,
    )
    return Refused(Reason.ACCOUNT_SUSPENDED)


def _new_session(
    work: Work, complete: Complete, session_id: str, account_id: str, authenticator_id: str
) -> Session:
    return Session(
        id=session_id,
        account_id=account_id,
        password_at=complete.password_at,
        second_factor_at=complete.second_factor.at,
        second_factor_method=Channel(complete.second_factor.method.value),
        authenticator_id=authenticator_id,
        signed_in_at=work.now,
        last_seen_at=work.now,
        expires_at=work.now + work.means.policy.session.absolute,
        gate_opened_at=None,
        gate_used_at=None,
        gate_failures=0,
        step_up_authenticator_id=None,
        step_up_channel=None,
        source=work.caller.source,
        user_agent=work.caller.user_agent,
    )


async def _note_causes(
    work: Work,
    account_id: str,
    *,
    session_id: str,
    kind: ActKind,
    browser_token: str,
    causes_known: Sequence[str | None],
) -> None:
    """A sign-in follows from who bound its method, and from who set its password (R8)."""
    await causes.note_act(
        work,
        account_id,
        act_id=session_id,
        kind=kind,
        causes=[*causes_known, await causes.maker(work, Made.PASSWORD, account_id)],
        browser_digest=digest(browser_token),
    )


async def _browser_token(work: Work, account_id: str) -> str:
    """The mark that this browser has, while this account is known by it; else a new one.

    One that we never gave, that a recovery has forgotten, or that somebody else was given at this
    browser may be in other hands. The others who are known here are so by the new mark.
    """
    token, fresh = work.caller.browser_token, work.means.entropy.token()
    if token is None:
        return fresh
    if await sessions.knows_browser(work.tx, digest(token), account_id):
        return token
    await sessions.mark_anew(work.tx, digest(token), digest(fresh))
    return fresh


async def end_everything_else(
    work: Work, account_id: str, *, session_id: str | None, sign_in_id: str | None = None
) -> None:
    """A password or factor changed: other sessions, sign-ins, set-ups, resets and codes end.

    Resets too (SE-07, AR-05): one begun before there was a second factor asked for none.
    """
    ended = await sessions.end_others(work.tx, account_id, kept=session_id)
    await sign_ins.end_others(work.tx, account_id, kept=sign_in_id)
    # EF-08: whoever began one elsewhere knows its secret.
    await authenticators.end_enrollments(
        work.tx, account_id, session_id=session_id, sign_in_id=sign_in_id
    )
    await resets.end_of_account(work.tx, account_id)
    if await waiting_resets.cancel(work.tx, account_id):
        # Somebody was told that it would count: the journal says that it does not.
        await work.note(EventName.PASSWORD_RESET_CANCELLED, account_id=account_id)
    await challenges.end_of_account(work.tx, account_id, work.now)
    if ended:
        await work.note(EventName.SESSION_ENDED, account_id=account_id, ended=ended)


async def known_browser(work: Work, caller: Caller, account: Account | None) -> bool:
    """Whether this browser has completed a sign-in of this account before (RL-03)."""
    if not caller.browser_token:
        return False
    # EN-03: looked for where there is none too.
    account_id = account.id if account else ""
    return await sessions.knows_browser(work.tx, digest(caller.browser_token), account_id)
