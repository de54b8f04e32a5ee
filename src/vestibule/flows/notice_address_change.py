"""Setting and removing the second address: proven as a change is, then by a code sent there.

What is asked for is the challenge alone, and nobody is looked up: an address that somebody else
signs in by, or that other accounts tell too, looks like any other (EN-06).
"""

from dataclasses import dataclass

from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.identifier import EmailAddress, mask_email, parse_email
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows import codes, notice_addresses
from vestibule.flows.account_settings import fresh_account
from vestibule.flows.notices import tell
from vestibule.flows.work import Caller, Means, Work, look, work
from vestibule.storage import challenges


@dataclass(frozen=True, slots=True)
class View:
    """The second address, and the one whose code is out for this session."""

    standing: EmailAddress | None
    asked: EmailAddress | None
    challenge: Challenge | None


async def view(means: Means, caller: Caller, session: Session) -> View:
    """What User Settings shows its owner; looking sends nothing."""

    async def unit(work: Work) -> View:
        live = await challenges.live(work.tx, Purpose.NOTICE_ADDRESS, session.id)
        if live is not None and live.is_expired(work.now):
            live = None
        return View(
            standing=await notice_addresses.standing(work, session.account_id),
            asked=_destination(work, live) if live else None,
            challenge=live,
        )

    return await look(means, caller, unit)


async def start(
    means: Means, caller: Caller, session: Session, *, email: str
) -> codes.Sent | Refused:
    """Mail a code to the address that is to be told too; nothing else changes."""
    address = parse_email(email)
    if address is None:
        return Refused(Reason.EMAIL_NOT_AN_ADDRESS, "email")
    return await work(means, caller, lambda unit: _send(unit, session, address))


async def resend(means: Means, caller: Caller, session: Session) -> codes.Sent | Refused:
    """The same code again while it lasts, else a new one, to the address that was typed."""

    async def unit(work: Work) -> codes.Sent | Refused:
        live = await challenges.live(work.tx, Purpose.NOTICE_ADDRESS, session.id)
        address = _destination(work, live) if live else None
        if address is None:
            return Refused(Reason.SET_UP_EXPIRED)
        return await _send(work, session, address)

    return await work(means, caller, unit)


async def _send(work: Work, session: Session, address: EmailAddress) -> codes.Sent | Refused:
    refused = await _refuse(work, session, address)
    if refused is not None:
        return refused
    live = await challenges.live(work.tx, Purpose.NOTICE_ADDRESS, session.id)
    if live is not None and _destination(work, live) != address:
        await challenges.end(work.tx, Purpose.NOTICE_ADDRESS, session.id, work.now)
    return await codes.send(
        work,
        codes.Asked(
            purpose=Purpose.NOTICE_ADDRESS,
            binding_id=session.id,
            channel=Channel.EMAIL,
            destination=address.address,
            account_id=session.account_id,
        ),
    )


async def _refuse(work: Work, session: Session, address: EmailAddress) -> Refused | None:
    account = await fresh_account(work, session)
    if isinstance(account, Refused):
        return account
    if address.key == account.email_key:
        return Refused(Reason.ADDRESS_ALREADY_YOURS, "email")
    present = await notice_addresses.standing(work, account.id)
    if present is not None and present.key == address.key:
        return Refused(Reason.ADDRESS_TOLD_ALREADY, "email")
    return None


def _destination(work: Work, challenge: Challenge) -> EmailAddress | None:
    return parse_email(codes.destination_of(work, challenge))


async def verify(means: Means, caller: Caller, session: Session, *, typed: str) -> Refused | None:
    """Prove the mailbox: it is told from now on, with all that were told before (EM-07)."""

    async def reserve(work: Work) -> codes.Reserved | Refused:
        account = await fresh_account(work, session)
        if isinstance(account, Refused):
            return account
        return await codes.reserve(work, Purpose.NOTICE_ADDRESS, session.id, typed)

    reserved = await work(means, caller, reserve)
    if isinstance(reserved, Refused):
        return reserved

    async def settle(work: Work) -> Refused | None:
        # Asked first, so that a change which may not be made uses no code up.
        account = await fresh_account(work, session)
        if isinstance(account, Refused):
            return account
        proven = await codes.settle(work, reserved)
        if isinstance(proven, Refused):
            await codes.note_wrong(work, reserved.challenge, proven)
            return proven
        address = _destination(work, proven.challenge)
        if address is None:
            return Refused(Reason.SET_UP_EXPIRED)
        refused = await _refuse(work, session, address)
        if refused is not None:
            return refused
        await notice_addresses.put(work, account.id, address, act_id=session.id)
        await tell(
            work,
            account,
            kind="notice_address_set",
            act_id=session.id,
            address=mask_email(address),
        )
        return None

    return await work(means, caller, settle)


async def remove(means: Means, caller: Caller, session: Session) -> Refused | None:
    """Take the second address off: everybody is told, and it for seven days more (R8)."""

    async def unit(work: Work) -> Refused | None:
        account = await fresh_account(work, session)
        if isinstance(account, Refused):
            return account
        gone = await notice_addresses.take_off(work, account.id, session_id=session.id)
        if gone is None:
            return Refused(Reason.METHOD_UNKNOWN)
        await challenges.end(work.tx, Purpose.NOTICE_ADDRESS, session.id, work.now)
        await tell(work, account, kind="notice_address_removed", act_id=session.id, address=gone)
        return None

    return await work(means, caller, unit)
