"""Changing what is bound: default method, names, removals, password, recovery code, sessions.

Whoever calls has passed the gate and a fresh step-up; each flow asks again, in its own
transaction, whether the session is still fresh (SU-01). Nothing here can take the last second
factor away (EF-02).
"""

from datetime import datetime

from vestibule.domain.account import Account, Authenticator
from vestibule.domain.challenge import Channel
from vestibule.domain.event import EventName
from vestibule.domain.password import normalise
from vestibule.domain.pending import PendingSignIn, SignInState
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.safety import EndedBy, Made
from vestibule.domain.session import Session
from vestibule.flows import recovery_codes as codes
from vestibule.flows import ways
from vestibule.flows.causes import note_made
from vestibule.flows.changes import waits
from vestibule.flows.enroll import NAME_LENGTH
from vestibule.flows.entering import end_everything_else
from vestibule.flows.names import folded
from vestibule.flows.notices import tell
from vestibule.flows.reauthenticate import Renewed
from vestibule.flows.refusals import note_trifle
from vestibule.flows.sign_up import refuse_password
from vestibule.flows.work import Caller, Means, Work, digest, look, work
from vestibule.storage import accounts, authenticators, recovery_codes, sessions, sign_ins


async def fresh_account(
    work: Work, session: Session, *, is_password: bool = False
) -> Account | Refused:
    """The account, held, if its session stands, its gate is open and its proofs are fresh.

    And if its browser may change something by now (R11).
    """
    await accounts.hold(work.tx, session.account_id)
    now = await sessions.get(work.tx, session.id, work.now)
    account = await accounts.get(work.tx, session.account_id)
    if now is None or account is None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    if not (now.may_change(work.now) and now.has_gate_open(work.now)):
        return Refused(Reason.STEP_UP_NEEDED)
    refused = waits(now, account, work.caller, work.now, is_password=is_password)
    if refused is not None:
        return refused
    await sessions.use_gate(work.tx, session.id, work.now)
    return account


async def set_default(
    means: Means, caller: Caller, session: Session, *, method: str
) -> Refused | None:
    """Make a way the one asked first: `sms`, `voice`, or an app's id."""

    async def unit(work: Work) -> Refused | None:
        account = await fresh_account(work, session)
        if isinstance(account, Refused):
            return account
        for way in await ways.ways_of(work, account):
            value = way.authenticator_id if way.channel is Channel.TOTP else way.channel.value
            present = (account.default_authenticator_id, account.default_channel)
            if value == method and (way.authenticator_id, way.channel) == present:
                return None
            if value == method:
                await accounts.set_default(
                    work.tx,
                    account.id,
                    authenticator_id=way.authenticator_id,
                    channel=way.channel,
                    now=work.now,
                )
                await work.note(
                    EventName.DEFAULT_METHOD_CHANGED,
                    account_id=account.id,
                    session_id=session.id,
                    method=way.channel.value,
                )
                await _tell(work, account, session, "default_method_changed")
                return None
        return Refused(Reason.METHOD_UNKNOWN, "method")

    return await work(means, caller, unit)


async def _tell(
    work: Work,
    account: Account,
    session: Session,
    kind: str,
    *,
    removed: frozenset[str] = frozenset(),
) -> None:
    await end_everything_else(work, account.id, session_id=session.id)
    await tell(work, account, kind=kind, act_id=session.id, removed=removed)


async def rename_app(
    means: Means, caller: Caller, session: Session, *, app_id: str, name: str
) -> Refused | None:
    name = folded(name)
    if not name:
        return Refused(Reason.NAME_MISSING, "app_name")
    if len(name) > NAME_LENGTH:
        return Refused(Reason.NAME_TOO_LONG, "app_name", {"most": NAME_LENGTH})

    async def unit(work: Work) -> Refused | None:
        account = await fresh_account(work, session)
        if isinstance(account, Refused):
            return account
        if not await authenticators.rename(work.tx, account.id, app_id, name):
            return Refused(Reason.METHOD_UNKNOWN)
        await note_trifle(
            work, EventName.AUTHENTICATOR_RENAMED, account_id=account.id, session_id=session.id
        )
        return None

    return await work(means, caller, unit)


async def remove_method(
    means: Means, caller: Caller, session: Session, *, authenticator_id: str
) -> Refused | None:
    """Unbind a phone or app; of two racing removals of the last two, one is refused (EF-02)."""

    async def unit(work: Work) -> Refused | None:
        account = await fresh_account(work, session)
        if isinstance(account, Refused):
            return account
        bound = await authenticators.of_account(work.tx, account.id)
        going = next((one for one in bound if one.id == authenticator_id), None)
        if going is None:
            return Refused(Reason.METHOD_UNKNOWN)
        staying = [one for one in bound if one.id != going.id]
        if not staying:
            return Refused(Reason.LAST_METHOD)
        return await _unbind(work, session, account.id, going, staying[0])

    return await work(means, caller, unit)


async def _unbind(
    work: Work, session: Session, account_id: str, going: Authenticator, heir: Authenticator
) -> Refused | None:
    account = await accounts.get(work.tx, account_id)
    if account is None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    if account.default_authenticator_id == going.id:
        await accounts.set_default(
            work.tx,
            account.id,
            authenticator_id=heir.id,
            channel=heir.channels[0],
            now=work.now,
        )
    if not await authenticators.remove(
        work.tx, account.id, going.id, by=EndedBy.REMOVAL, now=work.now
    ):
        return Refused(Reason.LAST_METHOD)
    await work.note(
        EventName.AUTHENTICATOR_UNBOUND,
        account_id=account.id,
        session_id=session.id,
        method=going.kind.value,
    )
    await _tell(work, account, session, "method_removed", removed=frozenset({going.id}))
    return None


async def generate_recovery_code(means: Means, caller: Caller, session: Session) -> Refused | None:
    """Replace the recovery code: the old one is invalid at once, in this transaction (RC-05)."""

    async def unit(work: Work) -> Refused | None:
        account = await fresh_account(work, session)
        if isinstance(account, Refused):
            return account
        await recovery_codes.end_current(work.tx, account.id, by="replacement", now=work.now)
        await codes.make(work, account.id, owner_id=session.id)
        await tell(work, account, kind="recovery_code_replaced", act_id=session.id)
        return None

    return await work(means, caller, unit)


async def make_another_code(
    means: Means, caller: Caller, owner: Session | PendingSignIn
) -> Refused | None:
    """One press makes another while no code was ever saved; after that, as any change.

    A session must have proven both factors lately: a stolen one makes no code.
    """

    async def unit(work: Work) -> Refused | None:
        await accounts.hold(work.tx, owner.account_id)
        now = await _standing(work, owner)
        account = await accounts.get(work.tx, owner.account_id)
        if now is None or account is None:
            return Refused(Reason.SIGN_IN_EXPIRED)
        current = await recovery_codes.current(work.tx, account.id)
        is_saved = any(one.acknowledged_at is not None for one in current)
        if not may_make_another(now, work.now, is_saved=is_saved):
            return Refused(Reason.STEP_UP_NEEDED)
        if isinstance(now, Session):
            refused = waits(now, account, work.caller, work.now)
            if refused is not None:
                return refused
        is_recovering = not isinstance(now, Session)
        await codes.make(work, account.id, owner_id=now.id, is_provisional=is_recovering)
        await tell(work, account, kind="recovery_code_replaced", act_id=now.id)
        return None

    return await work(means, caller, unit)


async def _standing(work: Work, owner: Session | PendingSignIn) -> Session | PendingSignIn | None:
    """Who asks as it is now: "not me" or the owner's own sign-in may have ended it meanwhile."""
    if isinstance(owner, Session):
        return await sessions.get(work.tx, owner.id, work.now)
    pending = await sign_ins.get(work.tx, owner.id, work.now)
    is_recovering = pending is not None and pending.state is SignInState.REPLACEMENT
    return pending if is_recovering else None


def may_make_another(owner: Session | PendingSignIn, now: datetime, *, is_saved: bool) -> bool:
    """Whether one press makes another code: fresh proofs, and the gate too once one was saved."""
    if not isinstance(owner, Session):
        return not is_saved
    if is_saved:
        return owner.may_change(now) and owner.has_gate_open(now)
    return owner.is_fresh(now) and not owner.is_downgraded()


async def change_password(
    means: Means, caller: Caller, session: Session, *, new_password: str, is_required: bool
) -> Renewed | Refused:
    """Set another password; every other session and pending sign-in ends (PW-08).

    This session goes on under a new token, so whoever copied its cookie is out too (SE-05).
    `is_required` is the change that the account's strikes demand: the sign-in just completed
    is its proof, so freshness is asked, and the gate in browsers that change nothing yet (R11).
    Raises `Busy`.
    """
    account = await look(means, caller, lambda unit: accounts.get(unit.tx, session.account_id))
    if account is None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    context = (account.name, account.email)
    refused = refuse_password(means, new_password, context=context, field="new_password")
    if refused is not None:
        return refused
    old = await look(means, caller, lambda unit: accounts.password(unit.tx, account.id))
    if await means.passwords.matches(old.password_mac if old else None, normalise(new_password)):
        return Refused(Reason.PASSWORD_SAME, "new_password")
    password_mac = await means.passwords.hash(normalise(new_password))

    async def unit(work: Work) -> Renewed | Refused:
        allowed = await _may_change_password(work, session, is_required=is_required)
        if isinstance(allowed, Refused):
            return allowed
        await accounts.replace_password(
            work.tx, account.id, password_mac=password_mac, now=work.now
        )
        await note_made(
            work, account.id, kind=Made.PASSWORD, thing_id=account.id, act_id=session.id
        )
        await work.note(EventName.PASSWORD_CHANGED, account_id=account.id, session_id=session.id)
        await _tell(work, account, session, "password_changed")
        token = work.means.entropy.token()
        renewed = await sessions.renew(work.tx, session.id, token_digest=digest(token))
        return Renewed(token) if renewed else Refused(Reason.SIGN_IN_EXPIRED)

    return await work(means, caller, unit)


async def _may_change_password(
    work: Work, session: Session, *, is_required: bool
) -> Refused | None:
    if is_required:
        await accounts.hold(work.tx, session.account_id)
        account = await accounts.get(work.tx, session.account_id)
        now = await sessions.get(work.tx, session.id, work.now)
        demanded_at = account.new_password_required_at if account else None
        if now is None or demanded_at is None or now.must_prove_mailbox(demanded_at):
            return Refused(Reason.STEP_UP_NEEDED)
        return None if now.is_fresh(work.now) else Refused(Reason.STEP_UP_NEEDED)
    account_or_refusal = await fresh_account(work, session, is_password=True)
    return account_or_refusal if isinstance(account_or_refusal, Refused) else None


# --- sessions -----------------------------------------------------------------------------


async def list_sessions(means: Means, caller: Caller, session: Session) -> list[Session]:
    return await look(
        means, caller, lambda unit: sessions.of_account(unit.tx, session.account_id, unit.now)
    )


async def end_sessions(
    means: Means, caller: Caller, session: Session, *, which: str
) -> Refused | None:
    """End one session by its id, all `others`, or `all`; reducing needs no second factor."""

    async def unit(work: Work) -> Refused | None:
        # Held, so that a sign-in under way is seen, or finds itself ended.
        await accounts.hold(work.tx, session.account_id)
        if which in {"others", "all"}:
            kept = session.id if which == "others" else None
            await sessions.end_others(work.tx, session.account_id, kept=kept)
            await sign_ins.end_others(work.tx, session.account_id, kept=None)
        elif not await sessions.end(work.tx, session.account_id, which):
            return Refused(Reason.SESSION_OVER)
        await work.note(
            EventName.SESSION_ENDED, account_id=session.account_id, session_id=session.id
        )
        account = await accounts.get(work.tx, session.account_id)
        if account is not None:
            await tell(work, account, kind="sessions_ended", act_id=session.id)
        return None

    return await work(means, caller, unit)


async def sign_out(means: Means, caller: Caller, session: Session) -> None:
    async def unit(work: Work) -> None:
        await sessions.end(work.tx, session.account_id, session.id)
        await work.note(EventName.SIGNED_OUT, account_id=session.account_id, session_id=session.id)

    await work(means, caller, unit)


async def find_session(means: Means, caller: Caller, token: str) -> tuple[Session, Account] | None:
    """The session that a cookie names, with its account."""

    async def unit(work: Work) -> tuple[Session, Account] | None:
        session = await sessions.find(work.tx, digest(token), work.now)
        account = await accounts.get(work.tx, session.account_id) if session else None
        if session is None or account is None or account.suspended_at is not None:
            return None
        return session, account

    return await look(means, caller, unit)


async def touch(means: Means, caller: Caller, session: Session) -> None:
    """The person is here: the idle time starts again."""

    async def unit(work: Work) -> None:
        await sessions.touch(work.tx, session.id, work.now)

    await work(means, caller, unit)
