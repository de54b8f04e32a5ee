"""The mailed code that opens User Settings, or the wall of a first set-up (EM-04).

One mailbox, which never counts as a factor. It changes the session's id, so a cookie copied before
is dead (SE-05).
"""

from dataclasses import dataclass

from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.identifier import parse_email
from vestibule.domain.pending import WALL_LIFETIME, PendingSignIn, SignInState
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.domain.throttle import LONG_DIGITS
from vestibule.flows import (
    addresses,
    codes,
    gate_guesses,
    stale_numbers,
)
from vestibule.flows.notices import tell
from vestibule.flows.reauthenticate import Renewed
from vestibule.flows.sending import has_short_code
from vestibule.flows.work import Caller, Means, Work, digest, look, work
from vestibule.storage import accounts, challenges, sessions, sign_ins

WRONG_GATE_CODES = 5

GateKeeper = Session | PendingSignIn


@dataclass(frozen=True, slots=True)
class GateView:
    email: str
    challenge: Challenge | None
    digits: int
    """Of the code that is out, or of the one that would be sent now."""


# --- the mailed code ----------------------------------------------------------------------


def _purpose(keeper: GateKeeper) -> Purpose:
    return Purpose.SETTINGS_GATE if isinstance(keeper, Session) else Purpose.WALL


async def send_gate_code(means: Means, caller: Caller, keeper: GateKeeper) -> codes.Sent | Refused:
    """Mail a code to the account's address: for settings, or for the wall of a first set-up."""

    async def unit(work: Work) -> codes.Sent | Refused:
        account = await accounts.get(work.tx, keeper.account_id)
        if account is None:
            return Refused(Reason.SIGN_IN_EXPIRED)
        return await codes.send(
            work,
            codes.Asked(
                purpose=_purpose(keeper),
                binding_id=keeper.id,
                channel=Channel.EMAIL,
                destination=await addresses.mailbox(work, account),
                account_id=account.id,
                digits=await _digits(work, keeper),
                act="sign_in" if _must_reverify(keeper) else "",
            ),
        )

    return await work(means, caller, unit)


def _must_reverify(keeper: GateKeeper) -> bool:
    return isinstance(keeper, Session) and keeper.must_reverify()


async def view_gate(means: Means, caller: Caller, keeper: GateKeeper) -> GateView:
    async def unit(work: Work) -> GateView:
        account = await accounts.get(work.tx, keeper.account_id)
        mailbox = await addresses.mailbox(work, account) if account else ""
        live = await challenges.live(work.tx, _purpose(keeper), keeper.id)
        if live is not None:
            return GateView(mailbox, live, live.digits)
        is_long = isinstance(keeper, PendingSignIn) and not await has_short_code(work, mailbox)
        digits = LONG_DIGITS if is_long else await _digits(work, keeper)
        return GateView(mailbox, None, digits or means.policy.code_digits)

    return await look(means, caller, unit)


async def _digits(work: Work, keeper: GateKeeper) -> int:
    """How long the next code is; 0 for as long as usual."""
    if isinstance(keeper, PendingSignIn):
        return 0
    return await gate_guesses.digits(work, keeper.account_id)


async def submit_gate_code(
    means: Means, caller: Caller, keeper: GateKeeper, *, typed: str
) -> Renewed | Refused:
    """Open settings for this session, or the wall for this pending sign-in.

    Five wrong codes end what asked; they add no strikes.
    """

    async def reserve(work: Work) -> codes.Reserved | Refused:
        tried = await codes.reserve(work, _purpose(keeper), keeper.id, typed)
        if isinstance(tried, Refused) or not isinstance(keeper, Session):
            return tried
        return await gate_guesses.take(work, keeper.account_id, tried) or tried

    reserved = await work(means, caller, reserve)
    if isinstance(reserved, Refused):
        return reserved

    async def settle(work: Work) -> Renewed | Refused:
        proven = await codes.settle(work, reserved)
        if isinstance(proven, Refused):
            return await _fail_gate(work, keeper, proven)
        is_wall = isinstance(keeper, PendingSignIn)
        opened_name = EventName.EMAIL_CONFIRMED if is_wall else EventName.GATE_OPENED
        await work.note(opened_name, account_id=keeper.account_id)
        token, has_stopped = work.means.entropy.token(), False
        if isinstance(keeper, PendingSignIn):
            opened = await sign_ins.confirm_email(
                work.tx,
                keeper.id,
                token_digest=digest(token),
                now=work.now,
                expires_at=work.now + WALL_LIFETIME,
            )
        else:
            await gate_guesses.give_back(work, keeper.account_id, reserved)
            await _settle_address(work, keeper, proven.challenge)
            now = await sessions.get(work.tx, keeper.id, work.now)
            if now is not None and now.must_reverify():
                has_stopped = await stale_numbers.settle(work, now)
            opened = await sessions.open_gate(
                work.tx, keeper.id, token_digest=digest(token), now=work.now
            )
        return Renewed(token, has_stopped) if opened else Refused(Reason.SIGN_IN_EXPIRED)

    return await work(means, caller, settle)


async def _settle_address(work: Work, session: Session, proven: Challenge) -> None:
    """R8: after "not me" this mailbox and the session's second factor are proven together."""
    await accounts.hold(work.tx, session.account_id)
    account = await accounts.get(work.tx, session.account_id)
    now = await sessions.get(work.tx, session.id, work.now)
    if account is None or account.address_suspended_at is None:
        return
    # What was suspended or removed since proves nothing.
    if now is None or now.approves_changes_at is None:
        return
    address = parse_email(codes.destination_of(work, proven))
    if address is not None and await addresses.prove(work, account, address.key):
        back = await accounts.get(work.tx, account.id) or account
        await tell(work, back, kind="address_returned", act_id=session.id)


async def _fail_gate(work: Work, keeper: GateKeeper, refused: Refused) -> Refused:
    await work.note(
        EventName.GATE_FAILED,
        account_id=keeper.account_id,
        outcome="failure",
        reason=refused.reason,
    )
    if isinstance(keeper, PendingSignIn):
        if refused.reason is Reason.TOO_MANY_WRONG_CODES:
            await sign_ins.end(work.tx, keeper.id)
        return refused
    if await sessions.fail_gate(work.tx, keeper.id) >= WRONG_GATE_CODES:
        await sessions.end(work.tx, keeper.account_id, keeper.id)
        await work.note(EventName.SESSION_ENDED, account_id=keeper.account_id, reason="gate")
        return Refused(Reason.GATE_FAILED)
    return refused


def is_wall_closed(pending: PendingSignIn) -> bool:
    """Whether the first set-up still waits for its mailed code."""
    return pending.state is SignInState.ENROLLMENT and pending.email_confirmed_at is None
