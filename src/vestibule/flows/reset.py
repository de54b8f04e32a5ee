"""A forgotten password: mailed code, second factor, new password; it never signs in (AR-01).

Bound to the browser that asked. The second factor is asked before the new password, so one
mailbox alone changes nothing, and 2FA is neither touched nor skipped. Asking changes nothing
(AR-04). An unknown address meets the same pages and a code that was never sent.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from vestibule.domain.account import Account
from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.identifier import parse_email
from vestibule.domain.password import normalise
from vestibule.domain.pending import RESET_LIFETIME, Reset, ResetStage
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.safety import RESET_WAITS_FOR
from vestibule.domain.sign_in import Evidence
from vestibule.flows import codes, passkeys, second_factor, waiting_reset, ways
from vestibule.flows.addresses import account_named, returning, written
from vestibule.flows.entering import known_browser
from vestibule.flows.password_lanes import open_own_lane
from vestibule.flows.sign_up import refuse_password
from vestibule.flows.work import Caller, Means, Work, digest, look, work
from vestibule.storage import accounts, challenges, resets
from vestibule.storage.waiting_resets import WaitingReset


@dataclass(frozen=True, slots=True)
class Moved:
    """The reset goes on at another stage, under a new token."""

    token: str
    stage: ResetStage
    browser_token: str | None = None
    """Set where the mailbox was proven: this browser's password tries have their own lane."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The new password is kept aside and counts from then on, unless somebody says no."""

    until: datetime


@dataclass(frozen=True, slots=True)
class View:
    reset: Reset
    challenge: Challenge | None


async def request(
    means: Means, caller: Caller, *, email: str, old_token: str | None
) -> Moved | Refused:
    """Mail a code if the account exists; the answer is the same if it does not (EN-01)."""
    address = parse_email(email)
    if address is None:
        return Refused(Reason.EMAIL_NOT_AN_ADDRESS, "email")
    token = means.entropy.token()

    async def unit(work: Work) -> Moved | Refused:
        account = await account_named(work, address.key)
        if account is not None and await written(work, account, address.key) is None:
            # R8: an address that "not me" doubts gets no code, so it is one that nobody has.
            account = None
        known = await known_browser(work, caller, account)
        reset = Reset(
            id=means.entropy.id(),
            account_id=account.id if account else None,
            email=address.address,
            stage=ResetStage.CODE,
            authenticator_id=None,
            channel=None,
            is_known_browser=known,
            created_at=work.now,
            expires_at=work.now + RESET_LIFETIME,
        )
        sent = await codes.send(work, await _asked(work, reset, account))
        if isinstance(sent, Refused):
            return replace(sent, field="email")
        if old_token:
            await _drop(work, old_token)
        await resets.add(work.tx, reset, token_digest=digest(token))
        await work.note(EventName.PASSWORD_RESET_REQUESTED, account_id=reset.account_id)
        return Moved(token, ResetStage.CODE)

    return await work(means, caller, unit)


async def _drop(work: Work, token: str) -> None:
    old = await resets.find(work.tx, digest(token), work.now)
    if old is not None:
        await resets.end(work.tx, old.id, seen=old.stage)


async def _asked(work: Work, reset: Reset, account: Account | None) -> codes.Asked:
    """To the account's own address, however it was typed; the page shows what was typed."""
    # EN-03: it is read for nobody too.
    key = _key_of(reset)
    to = await written(work, account, key) if account else None
    return codes.Asked(
        purpose=Purpose.RESET,
        binding_id=reset.id,
        channel=Channel.EMAIL,
        destination=to or reset.email,
        account_id=reset.account_id,
        digits=codes.RESET_CODE_LENGTH,
        is_decoy=to is None,
        known_browser=reset.is_known_browser,
    )


def _key_of(reset: Reset) -> str:
    address = parse_email(reset.email)
    return address.key if address else ""


async def find(means: Means, caller: Caller, token: str) -> Reset | None:
    return await look(means, caller, lambda unit: resets.find(unit.tx, digest(token), unit.now))


async def cancel(means: Means, caller: Caller, reset: Reset) -> None:
    """Leave it: whoever copied its cookie goes no further either."""

    async def unit(work: Work) -> None:
        await resets.end(work.tx, reset.id, seen=reset.stage)
        await challenges.end_of_binding(work.tx, reset.id, work.now)

    await work(means, caller, unit)


async def view(means: Means, caller: Caller, reset: Reset) -> View:
    async def unit(work: Work) -> View:
        return View(reset, await challenges.live(work.tx, Purpose.RESET, reset.id))

    return await look(means, caller, unit)


async def resend(means: Means, caller: Caller, reset: Reset) -> codes.Sent | Refused:
    async def unit(work: Work) -> codes.Sent | Refused:
        account = await accounts.get(work.tx, reset.account_id or "")
        return await codes.send(work, await _asked(work, reset, account))

    return await work(means, caller, unit)


async def submit_code(means: Means, caller: Caller, reset: Reset, *, typed: str) -> Moved | Refused:
    """Prove the mailbox: next comes the second factor, where the account has one."""
    if reset.stage is not ResetStage.CODE:
        return Refused(Reason.SIGN_IN_EXPIRED)
    reserved = await work(
        means, caller, lambda unit: codes.reserve(unit, Purpose.RESET, reset.id, typed)
    )
    if isinstance(reserved, Refused):
        return reserved

    async def settle(work: Work) -> Moved | Refused:
        proven = await codes.settle(work, reserved)
        if isinstance(proven, Refused):
            await work.note(
                EventName.PASSWORD_RESET_FAILED,
                account_id=reset.account_id,
                outcome="failure",
                reason=proven.reason,
            )
            return proven
        # Held, so that a first set-up that ends at the same moment is seen or ends this.
        await accounts.hold(work.tx, reset.account_id or "")
        account = await accounts.get(work.tx, reset.account_id or "")
        if account is None:
            return Refused(Reason.SIGN_IN_EXPIRED)
        # An account whose set-up was never finished has no second factor to ask for.
        stage = ResetStage.SECOND_FACTOR if account.is_enrolled else ResetStage.PASSWORD
        moved = await _move(work, reset, stage)
        if isinstance(moved, Refused):
            return moved
        return replace(moved, browser_token=await open_own_lane(work, account.id))

    return await work(means, caller, settle)


async def _move(work: Work, reset: Reset, to: ResetStage) -> Moved | Refused:
    token = work.means.entropy.token()
    if not await resets.advance(
        work.tx, reset.id, seen=reset.stage, to=to, token_digest=digest(token)
    ):
        return Refused(Reason.SIGN_IN_EXPIRED)
    return Moved(token, to)


# --- the second factor ----------------------------------------------------------------------


async def _holder(work: Work, reset: Reset) -> ways.Holder | Refused:
    account = await accounts.get(work.tx, reset.account_id or "")
    if account is None or reset.stage is not ResetStage.SECOND_FACTOR:
        return Refused(Reason.SIGN_IN_EXPIRED)
    is_doubted = account.address_suspended_at is not None and _key_of(reset) == account.email_key
    # An address and a method that "not me" took away must not bring each other back.
    back = [] if is_doubted else await waiting_reset.returnable(work, account)
    return await ways.holder_for(
        work,
        account,
        purpose=Purpose.RESET_FACTOR,
        binding_id=reset.id,
        chosen=(reset.authenticator_id, reset.channel),
        known_browser=reset.is_known_browser,
        besides=tuple(one.authenticator for one in back),
        has_mailbox=True,
    )


async def view_second_factor(means: Means, caller: Caller, reset: Reset) -> ways.View | Refused:
    async def unit(work: Work) -> ways.View | Refused:
        holder = await _holder(work, reset)
        return holder if isinstance(holder, Refused) else await ways.look(work, holder)

    return await look(means, caller, unit)


async def switch(
    means: Means, caller: Caller, token: str, *, authenticator_id: str = "", channel: str = ""
) -> Refused | None:
    """Prove it by this way; a phone gets its code at once."""

    async def unit(work: Work) -> Refused | None:
        reset = await resets.find(work.tx, digest(token), work.now)
        if reset is None:
            return Refused(Reason.SIGN_IN_EXPIRED)
        holder = await _holder(work, reset)
        if isinstance(holder, Refused):
            return holder
        switched = await ways.switch(work, holder, authenticator_id, channel)
        if isinstance(switched, Refused):
            return switched
        await resets.choose(
            work.tx,
            reset.id,
            authenticator_id=switched.authenticator_id,
            channel=switched.channel,
        )
        return switched.refused

    return await work(means, caller, unit)


async def submit_second_factor(
    means: Means, caller: Caller, reset: Reset, *, typed: str, next_typed: str
) -> Moved | Refused:
    async def give_up(work: Work) -> None:
        await resets.end(work.tx, reset.id, seen=reset.stage)

    return await second_factor.submit_code(
        means,
        caller,
        find=lambda unit: _holder(unit, reset),
        typed=typed,
        next_typed=next_typed,
        then=partial(_prove, reset=reset),
        give_up=give_up,
    )


async def _prove(
    work: Work, holder: ways.Holder, _evidence: Evidence, *, reset: Reset
) -> Moved | Refused:
    # What proved it decides how soon the new password counts.
    await resets.choose(
        work.tx, reset.id, authenticator_id=holder.authenticator.id, channel=holder.channel
    )
    return await _move(work, reset, ResetStage.PASSWORD)


async def ask_passkey(means: Means, caller: Caller, reset: Reset) -> str | Refused:
    """What the browser asks of the account's passkeys, after its mailbox."""
    return await passkeys.ask(
        means, caller, find=lambda unit: _holder(unit, reset), must_verify=False
    )


async def submit_passkey(
    means: Means, caller: Caller, reset: Reset, *, answer: str
) -> Moved | Refused:
    return await passkeys.prove(
        means,
        caller,
        find=lambda unit: _holder(unit, reset),
        answer=answer,
        must_verify=False,
        then=partial(_prove, reset=reset),
    )


# --- the new password -----------------------------------------------------------------------


async def set_password(
    means: Means, caller: Caller, reset: Reset, *, new_password: str
) -> Waits | Refused | None:
    """Set it, once; every session and pending sign-in ends, and nobody is signed in.

    Where mailbox and number alone prove it in a new browser, it waits for a day (B.3).
    """
    account = await look(means, caller, lambda unit: accounts.get(unit.tx, reset.account_id or ""))
    if account is None or reset.stage is not ResetStage.PASSWORD:
        return Refused(Reason.SIGN_IN_EXPIRED)
    context = (account.name, account.email)
    refused = refuse_password(means, new_password, context=context, field="new_password")
    if refused is not None:
        return refused
    old = await look(means, caller, lambda unit: accounts.password(unit.tx, account.id))
    if await means.passwords.matches(old.password_mac if old else None, normalise(new_password)):
        # The second factor is proven by now, so this tells nobody else's secret.
        return Refused(Reason.PASSWORD_SAME, "new_password")
    password_mac = await means.passwords.hash(normalise(new_password))

    async def unit(work: Work) -> Waits | Refused | None:
        await accounts.hold(work.tx, account.id)
        if not await resets.end(work.tx, reset.id, seen=ResetStage.PASSWORD):
            return Refused(Reason.SIGN_IN_EXPIRED)
        now = await accounts.get(work.tx, account.id) or account
        former = await returning(work, now, _key_of(reset))
        proven = WaitingReset(
            account_id=account.id,
            reset_id=reset.id,
            password_mac=password_mac,
            authenticator_id=reset.authenticator_id or "",
            due_at=work.now + RESET_WAITS_FOR,
            address_id=former.id if former else None,
        )
        if await waiting_reset.must_wait(work, now, reset):
            return Waits(await waiting_reset.wait(work, now, proven))
        is_done = await waiting_reset.take_effect(work, now, proven)
        return None if is_done else Refused(Reason.SIGN_IN_EXPIRED)

    return await work(means, caller, unit)
