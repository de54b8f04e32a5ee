"""“This was not me”: the answer to a notice. It only reduces, by cause, and never gives back (R8).

From the mailbox it ends every session, suspends what the named act and its successors added, voids
the recovery codes they made, forgets the browsers they made known, and asks for a new password
through a reset. From a phone number alone it stops changes for a while. It signs nobody in.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.domain import typed_code
from vestibule.domain.account import Account, Authenticator
from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason, Refused
from vestibule.entropy import CROCKFORD
from vestibule.flows import (
    addresses,
    causes,
    closing_day,
    freeze,
    notice_addresses,
    waiting_reset,
)
from vestibule.flows.causes import Consequences
from vestibule.flows.entering import end_everything_else
from vestibule.flows.notices import NOT_ME_CODE_LENGTH, tell
from vestibule.flows.sources import network_of
from vestibule.flows.work import Caller, Means, Work, digest, look, work
from vestibule.storage import (
    accounts,
    authenticators,
    disavowals,
    recovery_codes,
    safeguards,
    sessions,
    throttles,
)
from vestibule.storage.disavowals import Disavowal

CODES_PER_SOURCE_HOUR = 10


class Effect(StrEnum):
    """What the answer did; `wording` has the sentence."""

    SECURED = "secured"
    FROZEN = "frozen"
    CANCELLED = "cancelled"
    CLOSING_SECURED = "closing_secured"
    CLOSING_FROZEN = "closing_frozen"
    """The same as secured and frozen, and the account is not closed."""
    SETTLED = "settled"
    """Answered already, or secured since by a recovery or another answer."""


@dataclass(frozen=True, slots=True)
class View:
    """What the page behind a mailed link shows: no name, no address, no number."""

    notice: Disavowal
    is_used: bool


async def view(means: Means, caller: Caller, token: str) -> View | Refused:
    """What the link is about; looking changes nothing (R7)."""

    async def unit(work: Work) -> View | Refused:
        found = await disavowals.find_by_token(work.tx, digest(token), work.now)
        if found is None:
            return Refused(Reason.NOT_ME_UNKNOWN)
        return View(found, found.used_at is not None)

    return await look(means, caller, unit)


async def press(means: Means, caller: Caller, token: str) -> Effect | Refused:
    """The button behind a mailed link, once."""
    shown = await view(means, caller, token)
    if isinstance(shown, Refused):
        # Guesses take no lock.
        return shown

    async def unit(work: Work) -> Effect | Refused:
        found = await disavowals.find_by_token(work.tx, digest(token), work.now)
        if found is None:
            return Refused(Reason.NOT_ME_UNKNOWN)
        account = await _spend(work, found)
        if account is None:
            return Effect.SETTLED
        if found.notice == "reset_waits" and await waiting_reset.cancel(
            work, account, reset_id=found.act_id
        ):
            return Effect.CANCELLED
        if found.notice_address_id is not None:
            return _named(await _stop(work, account, found), account)
        return _named(await answer(work, account, found), account)

    return await work(means, caller, unit)


async def _spend(work: Work, found: Disavowal) -> Account | None:
    """Hold the account and use the answer up; None where it was used before."""
    await accounts.hold(work.tx, found.account_id)
    if not await disavowals.use(work.tx, found.id, work.now):
        return None
    second = found.notice_address_id
    if second is not None and not await notice_addresses.answers(work, second):
        return None
    return await accounts.get(work.tx, found.account_id)


async def press_code(means: Means, caller: Caller, *, typed: str) -> Effect | Refused:
    """The code of a text: whoever holds the number alone stops changes, and nothing else."""
    code = typed_code.to_crockford(typed_code.compact(typed) or "")
    if len(code) != NOT_ME_CODE_LENGTH or any(symbol not in CROCKFORD for symbol in code):
        return Refused(Reason.NOT_ME_CODE_MALFORMED, "not_me_code")
    slowed = await work(means, caller, _reserve)
    if slowed is not None:
        return slowed

    async def unit(work: Work) -> Effect | Refused:
        macs = work.means.keyring.macs(KeyPurpose.NOT_ME, code)
        found = await disavowals.find_by_code(work.tx, macs, work.now)
        if found is None:
            await work.note(EventName.NOT_ME_FAILED, outcome="failure")
            return Refused(Reason.NOT_ME_UNKNOWN, "not_me_code")
        account = await _spend(work, found)
        if account is None:
            return Effect.SETTLED
        if found.notice == "reset_waits" and await waiting_reset.cancel(
            work, account, reset_id=found.act_id
        ):
            return Effect.CANCELLED
        return _named(await _freeze(work, account, found), account)

    return await work(means, caller, unit)


async def _reserve(work: Work) -> Refused | None:
    """Count the try before anything is looked for."""
    # Behind one address of IPv4 there may be many people, and a thief among them.
    network = network_of(work, ipv4=32)
    if network is None:
        return None
    bucket = work.means.keyring.bucket("not-me-source", network)
    until = await throttles.spend(
        work.tx,
        bucket,
        kind="not-me-source",
        limit=CODES_PER_SOURCE_HOUR,
        period=timedelta(hours=1),
        now=work.now,
    )
    return None if until is None else Refused(Reason.NOT_ME_SLOWED, details={"until": until})


def _named(effect: Effect, account: Account) -> Effect:
    """The effect in its full words, for the account as it was before."""
    if account.closes_at is None:
        return effect
    return Effect.CLOSING_SECURED if effect is Effect.SECURED else Effect.CLOSING_FROZEN


async def _freeze(work: Work, account: Account, doubted: Disavowal) -> Effect:
    # Changes are stopped, and the greatest of them with the others; it can be asked for again.
    await closing_day.cancel(work, account, act_id=doubted.act_id)
    is_new = await freeze.begin(work, account, act_id=doubted.act_id, named_at=doubted.made_at)
    return Effect.FROZEN if is_new else Effect.SETTLED


async def _stop(work: Work, account: Account, doubted: Disavowal) -> Effect:
    """From a second address: what was doubted is signed out, and changes stop; nothing more.

    No password is voided and nothing is taken away, for whoever reads that mailbox alone may be
    a stranger, and must not make the owner prove everything anew.
    """
    left = await causes.consequences(
        work, account.id, act_id=doubted.act_id, named_at=doubted.made_at
    )
    await work.note(EventName.NOT_ME_PRESSED, account_id=account.id, notice=doubted.notice)
    ended = 0
    for act_id in sorted(left.acts):
        ended += await sessions.end(work.tx, account.id, act_id)
    if ended:
        await work.note(
            EventName.SESSION_ENDED, account_id=account.id, reason="not_me", ended=ended
        )
    effect = await _freeze(work, account, doubted)
    return Effect.FROZEN if ended else effect


# --- taking back ----------------------------------------------------------------------------


async def answer(work: Work, account: Account, doubted: Disavowal) -> Effect:
    """Take back what the doubted act and its successors left behind; the account is held."""
    left = await causes.consequences(
        work, account.id, act_id=doubted.act_id, named_at=doubted.made_at
    )
    await work.note(
        EventName.NOT_ME_PRESSED,
        account_id=account.id,
        notice=doubted.notice,
        is_past_barrier=left.is_past_barrier,
    )
    if left.is_past_barrier:
        # Secured since: ending that again would let an old link undo it.
        await _suspend(work, account, left)
        if await sessions.end(work.tx, account.id, doubted.act_id):
            await work.note(EventName.SESSION_ENDED, account_id=account.id, reason="not_me")
        await addresses.suspend(work, account, left.acts)
        await notice_addresses.disown(work, account.id, left.acts)
        return await _freeze(work, account, doubted)
    # Whoever asked for a closing, it is not what somebody wants who says "not me".
    await closing_day.cancel(work, account, act_id=doubted.act_id)
    # In this order: the database lets the last method be suspended only while a reset is required.
    await safeguards.require_reset(work.tx, account.id, work.now)
    await end_everything_else(work, account.id, session_id=None)
    await _suspend(work, account, left)
    await _void_and_forget(work, account, left)
    await addresses.suspend(work, account, left.acts)
    await notice_addresses.disown(work, account.id, left.acts)
    await safeguards.require_review(work.tx, account.id, work.now)
    await causes.note_barrier(work, account.id)
    await tell(work, account, kind="not_me", act_id=doubted.act_id)
    return Effect.SECURED


async def _suspend(work: Work, account: Account, left: Consequences) -> None:
    """What they added proves nothing; another method of the account is asked first instead."""
    standing = await authenticators.of_account(work.tx, account.id)
    going = [one for one in standing if one.id in left.authenticators]
    staying = [one for one in standing if one.id not in left.authenticators]
    if left.is_past_barrier and not staying:
        return
    if staying and account.default_authenticator_id in {one.id for one in going}:
        await _ask_first(work, account, staying[0])
    for one in going:
        await authenticators.suspend(work.tx, account.id, one.id, work.now)
        await work.note(
            EventName.AUTHENTICATOR_SUSPENDED, account_id=account.id, method=one.kind.value
        )


async def _ask_first(work: Work, account: Account, heir: Authenticator) -> None:
    await accounts.set_default(
        work.tx,
        account.id,
        authenticator_id=heir.id,
        channel=heir.channels[0],
        now=work.now,
    )


async def _void_and_forget(work: Work, account: Account, left: Consequences) -> None:
    voided = 0
    for code_id in sorted(left.recovery_codes):
        voided += await recovery_codes.void(work.tx, account.id, code_id, work.now)
    if voided:
        await work.note(EventName.RECOVERY_CODE_VOIDED, account_id=account.id, voided=voided)
    forgotten = 0
    for token_digest, since in left.browsers:
        forgotten += await sessions.forget_browser(work.tx, account.id, token_digest, since=since)
    if forgotten:
        await work.note(EventName.BROWSERS_FORGOTTEN, account_id=account.id, forgotten=forgotten)
