"""Numbers that proved nothing for a year, and may be a stranger's by now (PN-04, decision 0037).

Such a number is fresh again once it and the mailbox are proven on one way: a sign-in that asks
for the mailed code too, a reset, a step-up, or the page of User Settings whose code is here.
Nothing is taken away meanwhile: the number goes on to prove its owner.
"""

from dataclasses import dataclass
from datetime import datetime

from vestibule.domain.account import Account, Authenticator, AuthenticatorKind
from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.delivery import Delivery
from vestibule.domain.event import EventName
from vestibule.domain.identifier import PhoneNumber, is_landline
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows import codes, recovery_codes
from vestibule.flows.ways import phone_number
from vestibule.flows.work import Caller, Means, Work, look, work
from vestibule.storage import accounts, authenticators, challenges, outbox, sessions


@dataclass(frozen=True, slots=True)
class Resting:
    """A number that is asked to be proven again."""

    authenticator: Authenticator
    number: PhoneNumber
    used_at: datetime
    channels: tuple[Channel, ...]
    """By which a code may leave for it now."""


@dataclass(frozen=True, slots=True)
class View:
    resting: Resting
    challenge: Challenge | None
    delivery: Delivery | None


async def refresh(work: Work, authenticator: Authenticator) -> None:
    """It and the mailbox are proven: from now on the number proves alone again."""
    await authenticators.mark_used(work.tx, authenticator.id, work.now)
    await work.note(
        EventName.NUMBER_REVERIFIED,
        account_id=authenticator.account_id,
        method=authenticator.kind.value,
    )


async def settle(work: Work, session: Session) -> bool:
    """The mailbox is proven too, so the sign-in is a full one from here; the account is held.

    True where that stopped a recovery, whose new code waits to be shown.
    """
    proof = await authenticators.get(work.tx, session.account_id, session.authenticator_id or "")
    if proof is not None:
        await refresh(work, proof)
    if session.browser_digest is not None:
        await sessions.remember_browser(
            work.tx, session.browser_digest, session.account_id, work.now
        )
    return await recovery_codes.stop_recovery(work, session.account_id, session_id=session.id)


# --- asked for in settings ------------------------------------------------------------------


async def of_account(work: Work, account_id: str) -> Resting | None:
    """The account's number, where it has rested for a year."""
    for one in await authenticators.of_account(work.tx, account_id):
        number, used_at = phone_number(work.means, one), one.stale_since(work.now)
        if one.kind is AuthenticatorKind.PHONE and number is not None and used_at is not None:
            return Resting(one, number, used_at, _channels(work.means, number))
    return None


def _channels(means: Means, number: PhoneNumber) -> tuple[Channel, ...]:
    is_open = means.policy.channels_to(number.region)
    ways = (Channel.VOICE,) if is_landline(number) else (Channel.SMS, Channel.VOICE)
    return tuple(one for one in ways if one in is_open)


async def find(means: Means, caller: Caller, session: Session) -> Resting | None:
    return await look(means, caller, lambda unit: of_account(unit, session.account_id))


async def view(means: Means, caller: Caller, session: Session) -> View | None:
    """What the page shows; None where no number has rested."""

    async def unit(work: Work) -> View | None:
        resting = await of_account(work, session.account_id)
        if resting is None:
            return None
        live = await challenges.live(work.tx, Purpose.REVERIFY, session.id)
        if live is not None and live.authenticator_id != resting.authenticator.id:
            live = None
        return View(resting, live, await outbox.delivery_of(work.tx, live.id) if live else None)

    return await look(means, caller, unit)


async def _open(work: Work, session: Session) -> tuple[Account, Resting] | Refused:
    """The account, held, and its number: for a session whose mailbox is proven, and no other."""
    await accounts.hold(work.tx, session.account_id)
    now = await sessions.get(work.tx, session.id, work.now)
    account = await accounts.get(work.tx, session.account_id)
    if now is None or account is None or not now.has_gate_open(work.now):
        return Refused(Reason.SIGN_IN_EXPIRED)
    resting = await of_account(work, account.id)
    if resting is None:
        return Refused(Reason.METHOD_UNKNOWN)
    await sessions.use_gate(work.tx, session.id, work.now)
    return account, resting


async def send(
    means: Means, caller: Caller, session: Session, *, channel: str
) -> codes.Sent | Refused:
    """Send a code to the number that rested; nothing changes before it comes back."""

    async def unit(work: Work) -> codes.Sent | Refused:
        found = await _open(work, session)
        if isinstance(found, Refused):
            return found
        account, resting = found
        way = next((one for one in resting.channels if one.value == channel), None)
        if way is None:
            return Refused(Reason.METHOD_CLOSED)
        return await codes.send(
            work,
            codes.Asked(
                purpose=Purpose.REVERIFY,
                binding_id=session.id,
                channel=way,
                destination=resting.number,
                account_id=account.id,
                authenticator_id=resting.authenticator.id,
                known_browser=True,
            ),
        )

    return await work(means, caller, unit)


async def verify(means: Means, caller: Caller, session: Session, *, typed: str) -> Refused | None:
    """Prove that the number is still its owner's.

    A wrong code adds no strikes: whoever may ask gains nothing by a guess, for what it opens is
    opened by the mailbox already.
    """

    async def reserve(work: Work) -> codes.Reserved | Refused:
        found = await _open(work, session)
        if isinstance(found, Refused):
            return found
        return await codes.reserve(work, Purpose.REVERIFY, session.id, typed)

    reserved = await work(means, caller, reserve)
    if isinstance(reserved, Refused):
        return reserved

    async def settle(work: Work) -> Refused | None:
        found = await _open(work, session)
        if isinstance(found, Refused):
            return found
        _, resting = found
        proven = await codes.settle(work, reserved)
        if isinstance(proven, Refused):
            await codes.note_wrong(work, reserved.challenge, proven)
            return proven
        if proven.challenge.authenticator_id != resting.authenticator.id:
            # Another number took its place while the code was on its way.
            return Refused(Reason.METHOD_UNKNOWN)
        await refresh(work, resting.authenticator)
        return None

    return await work(means, caller, settle)
