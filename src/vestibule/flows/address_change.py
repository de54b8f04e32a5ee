"""Changing the account's address: a code to the new mailbox, and the old one stays until then (R5).

What is asked for is the challenge alone, so an abandoned change leaves no trace. An address that
somebody has looks exactly like a free one: its owner gets a mail, and no code answers (EN-06).
"""

from dataclasses import dataclass

from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.identifier import EmailAddress, parse_email
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows import addresses, codes
from vestibule.flows.account_settings import fresh_account
from vestibule.flows.entering import end_everything_else
from vestibule.flows.notices import tell, tell_owner
from vestibule.flows.reauthenticate import Renewed
from vestibule.flows.work import Caller, Means, Work, digest, look, work
from vestibule.storage import accounts, challenges, sessions


@dataclass(frozen=True, slots=True)
class View:
    """The address that was typed, for whoever typed it, and its code."""

    email: str
    challenge: Challenge


async def start(
    means: Means, caller: Caller, session: Session, *, email: str
) -> codes.Sent | Refused:
    """Mail a code to the address that is to be the account's; nothing else changes."""
    address = parse_email(email)
    if address is None:
        return Refused(Reason.EMAIL_NOT_AN_ADDRESS, "email")
    return await work(means, caller, lambda unit: _send(unit, session, address))


async def resend(means: Means, caller: Caller, session: Session) -> codes.Sent | Refused:
    """The same code again while it lasts, else a new one, to the address that was typed."""

    async def unit(work: Work) -> codes.Sent | Refused:
        live = await challenges.live(work.tx, Purpose.ADDRESS, session.id)
        address = _destination(work, live) if live else None
        if address is None:
            return Refused(Reason.SET_UP_EXPIRED)
        return await _send(work, session, address)

    return await work(means, caller, unit)


async def _send(work: Work, session: Session, address: EmailAddress) -> codes.Sent | Refused:
    account = await fresh_account(work, session)
    if isinstance(account, Refused):
        return account
    if address.key == account.email_key:
        return Refused(Reason.ADDRESS_ALREADY_YOURS, "email")
    claim = await addresses.claim_on(work, address.key, besides=account.id)
    live = await challenges.live(work.tx, Purpose.ADDRESS, session.id)
    is_decoy = claim is not None
    if live is not None and (_destination(work, live), live.is_decoy) != (address, is_decoy):
        await challenges.end(work.tx, Purpose.ADDRESS, session.id, work.now)
    sent = await codes.send(
        work,
        codes.Asked(
            purpose=Purpose.ADDRESS,
            binding_id=session.id,
            channel=Channel.EMAIL,
            destination=address.address,
            account_id=account.id,
            is_decoy=is_decoy,
        ),
    )
    if isinstance(sent, codes.Sent):
        if claim is not None:
            # Of nobody's account: who asks reads their own journal, and would learn of the other.
            await work.note(EventName.ADDRESS_WANTED_BY_OTHER)
        await tell_owner(work, address.address, claim, kind="address_wanted")
    return sent


def _destination(work: Work, challenge: Challenge) -> EmailAddress | None:
    return parse_email(codes.destination_of(work, challenge))


async def view(means: Means, caller: Caller, session: Session) -> View | None:
    """What the page of the code shows; None where none was asked for."""

    async def unit(work: Work) -> View | None:
        live = await challenges.live(work.tx, Purpose.ADDRESS, session.id)
        address = _destination(work, live) if live else None
        return View(address.address, live) if live and address else None

    return await look(means, caller, unit)


async def verify(
    means: Means, caller: Caller, session: Session, *, typed: str
) -> Renewed | Refused:
    """Prove the new mailbox: the address changes, and everything but this session ends (EM-05)."""

    async def reserve(work: Work) -> codes.Reserved | Refused:
        account = await fresh_account(work, session)
        if isinstance(account, Refused):
            return account
        return await codes.reserve(work, Purpose.ADDRESS, session.id, typed)

    reserved = await work(means, caller, reserve)
    if isinstance(reserved, Refused):
        return reserved

    async def settle(work: Work) -> Renewed | Refused:
        # Asked first, so that a change which may not be made uses no code up.
        account = await fresh_account(work, session)
        if isinstance(account, Refused):
            return account
        proven = await codes.settle(work, reserved)
        if isinstance(proven, Refused):
            await codes.note_wrong(work, reserved.challenge, proven)
            return proven
        to = _destination(work, proven.challenge)
        if to is None or not await addresses.move(work, account, to, act_id=session.id):
            return Refused(Reason.ADDRESS_TAKEN_MEANWHILE, "email")
        return await _finish(work, session)

    return await work(means, caller, settle)


async def _finish(work: Work, session: Session) -> Renewed | Refused:
    """End what the old address may have opened (EM-01), tell everybody, and go on."""
    await end_everything_else(work, session.account_id, session_id=session.id)
    account = await accounts.get(work.tx, session.account_id)
    if account is None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    await tell(work, account, kind="address_changed", act_id=session.id)
    token = work.means.entropy.token()
    renewed = await sessions.renew(work.tx, session.id, token_digest=digest(token))
    return Renewed(token) if renewed else Refused(Reason.SIGN_IN_EXPIRED)
