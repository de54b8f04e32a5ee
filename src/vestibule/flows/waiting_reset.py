"""A reset takes effect: at once, or after a day where a text alone proved it (B.3).

Called by `reset`, by the worker when a wait is over, and by who cancels. Never signs in.
"""

from datetime import datetime, timedelta

from vestibule.domain.account import Account, AuthenticatorKind
from vestibule.domain.challenge import Channel
from vestibule.domain.event import EventName
from vestibule.domain.pending import Reset
from vestibule.domain.safety import (
    BROWSER_KNOWN_AFTER,
    NOT_ME_FOR,
    QUIET_AFTER_RESET,
    RESET_WAITS_FOR,
    ActKind,
    EndedBy,
    Made,
)
from vestibule.flows import addresses, causes
from vestibule.flows.entering import end_everything_else
from vestibule.flows.notices import tell
from vestibule.flows.work import NOBODY, Means, Work, digest, work
from vestibule.observability.logging import log_failure
from vestibule.storage import accounts, acts, authenticators, safeguards, sessions, waiting_resets
from vestibule.storage.database import StorageDown
from vestibule.storage.waiting_resets import WaitingReset

PUT_OFF_FOR = timedelta(minutes=10)
_INSTANT = timedelta(microseconds=1)


async def must_wait(work: Work, account: Account, reset: Reset) -> bool:
    """Whether mailbox and number alone, or a method that was removed, prove it in a new browser.

    Whoever has a copy of the SIM and the mailbox comes from a browser that nobody knows.
    """
    if reset.authenticator_id is None:
        # It had no second factor to ask for, and ends with the first set-up.
        return False
    if await _is_browser_known(work, account.id):
        return False
    standing = await authenticators.get(work.tx, account.id, reset.authenticator_id)
    return standing is None or reset.channel in {Channel.SMS, Channel.VOICE}


async def _is_browser_known(work: Work, account_id: str) -> bool:
    """R11's sense: its first full sign-in is a day old, or it completed the set-up."""
    token = work.caller.browser_token
    if token is None:
        return False
    since = await sessions.known_since(work.tx, digest(token), account_id)
    if since is None:
        return False
    if work.now - since >= BROWSER_KNOWN_AFTER:
        return True
    known = await acts.of_account(work.tx, account_id, work.now - NOT_ME_FOR)
    return any(
        act.kind is ActKind.SET_UP
        and act.browser_digest == digest(token)
        # A recovery may have forgotten it since.
        and since <= act.made_at
        for act in known
    )


async def wait(work: Work, account: Account, proven: WaitingReset) -> datetime:
    """Keep the new password aside, and tell everybody who can still say no; until when."""
    act_id = await waiting_resets.put(work.tx, proven)
    if proven.address_id is not None:
        # Proven on its last day it may come back a day later, and what waits may be put off.
        await addresses.hold_longer(work, proven.address_id, proven.due_at + RESET_WAITS_FOR)
    await work.note(EventName.PASSWORD_RESET_WAITS, account_id=account.id)
    when = proven.due_at.isoformat()
    await tell(work, account, kind="reset_waits", act_id=act_id, when=when)
    return proven.due_at


async def take_effect(work: Work, account: Account, proven: WaitingReset) -> bool:
    """Set the password; everything else ends, and what was proven with it comes back.

    The account is held. False where the method or the mailbox that proved it proves nothing any
    more.
    """
    address_key = await _proven_address(work, account, proven.address_id)
    if address_key is None:
        return False
    if account.is_enrolled and not await _bring_back(work, account, proven.authenticator_id):
        return False
    mailbox_from = await addresses.giver(work, account, proven.address_id)
    if account.address_suspended_at is not None:
        await addresses.prove(work, account, address_key)
    await accounts.replace_password(
        work.tx, account.id, password_mac=proven.password_mac, now=work.now
    )
    await end_everything_else(work, account.id, session_id=None)
    await _note_causes(work, account, proven, mailbox_from)
    if account.is_enrolled:
        await safeguards.end_required_reset(work.tx, account.id)
        await safeguards.be_quiet(work.tx, account.id, work.now + QUIET_AFTER_RESET)
        await safeguards.require_review(work.tx, account.id, work.now)
    await work.note(EventName.PASSWORD_RESET, account_id=account.id)
    now = await accounts.get(work.tx, account.id) or account
    if account.address_suspended_at is not None:
        await tell(work, now, kind="address_returned", act_id=proven.reset_id)
    await tell(work, now, kind="password_reset", act_id=proven.reset_id)
    return True


async def _proven_address(work: Work, account: Account, former_id: str | None) -> str | None:
    """The key of the address whose mailbox proved it, while that may be the account's (R8)."""
    if former_id is None:
        return account.email_key
    if account.address_suspended_at is None:
        return None
    return await addresses.key_of(work, account, former_id)


async def _note_causes(
    work: Work, account: Account, proven: WaitingReset, mailbox_from: str | None
) -> None:
    """A reset follows from who bound the method that proved it, and from who gave the mailbox."""
    reset_id = proven.reset_id
    doubted = (account.reset_required_at, account.address_suspended_at)
    answers_not_me = doubted != (None, None)
    proof = await causes.maker(work, Made.AUTHENTICATOR, proven.authenticator_id)
    await causes.note_act(
        work,
        account.id,
        act_id=reset_id,
        kind=ActKind.RESET,
        causes=[proof, mailbox_from],
        # Before its own barrier: a mailbox alone must not void one answer after the other.
        made_at=work.now - _INSTANT,
    )
    if answers_not_me:
        await causes.note_barrier(work, account.id)
    await causes.note_made(
        work, account.id, kind=Made.PASSWORD, thing_id=account.id, act_id=reset_id
    )


async def _bring_back(work: Work, account: Account, authenticator_id: str) -> bool:
    """What was proven together with the mailbox stands again (R8); True where it stands."""
    if await authenticators.get(work.tx, account.id, authenticator_id) is not None:
        return True
    # Without a limit: it was asked within the seven days, and may have waited since.
    for ended in await _returnable(work, account, since=account.created_at):
        if ended.authenticator.id != authenticator_id:
            continue
        await authenticators.restore(
            work.tx, account.id, authenticator_id, approves_at=work.now + QUIET_AFTER_RESET
        )
        default_id = account.default_authenticator_id or ""
        if await authenticators.get(work.tx, account.id, default_id) is None:
            await accounts.set_default(
                work.tx,
                account.id,
                authenticator_id=authenticator_id,
                channel=ended.authenticator.channels[0],
                now=work.now,
            )
        await work.note(
            EventName.AUTHENTICATOR_RETURNED,
            account_id=account.id,
            method=ended.authenticator.kind.value,
        )
        return True
    return False


async def returnable(work: Work, account: Account) -> list[authenticators.Ended]:
    """What may be asked for now: only after "not me", and within seven days."""
    return await _returnable(work, account, since=work.now - NOT_ME_FOR)


async def _returnable(
    work: Work, account: Account, *, since: datetime
) -> list[authenticators.Ended]:
    if account.reset_required_at is None:
        return []
    found = await authenticators.ended(work.tx, account.id, since)
    # What was taken from the account is asked before what was added to it.
    # A passkey that went does not come back: its device makes another in a moment.
    kinds = {AuthenticatorKind.PHONE, AuthenticatorKind.TOTP}
    back = [one for one in found if one.is_returnable and one.authenticator.kind in kinds]
    return sorted(back, key=lambda one: one.ended_by is not EndedBy.REMOVAL)


async def apply_due(means: Means) -> int:
    """Let every reset whose wait is over take effect; how many did.

    One that cannot now, since the account's key is lost say, is put off and holds up no other.
    """
    count = 0
    while True:
        account_id = await means.database.read(
            lambda tx: waiting_resets.next_due(tx, means.clock())
        )
        if account_id is None:
            return count
        try:
            await work(means, NOBODY, lambda unit, one=account_id: _apply(unit, one))  # type: ignore[misc]  # one per turn
        except StorageDown:
            raise
        except Exception as error:
            log_failure("reset_put_off", error, account_id=account_id)
            await _put_off(means, account_id)
        else:
            count += 1


async def _put_off(means: Means, account_id: str) -> None:
    now = means.clock()
    await means.database.transact(
        lambda tx: waiting_resets.put_off(tx, account_id, now=now, until=now + PUT_OFF_FOR)
    )


async def _apply(work: Work, account_id: str) -> None:
    await accounts.hold(work.tx, account_id)
    due = await waiting_resets.take_due(work.tx, account_id, work.now)
    account = await accounts.get(work.tx, account_id)
    if due is None or account is None:
        return
    if not await take_effect(work, account, due):
        await work.note(EventName.PASSWORD_RESET_CANCELLED, account_id=account_id)


async def cancel(work: Work, account: Account, *, reset_id: str) -> bool:
    """Somebody who was told says no; False where nothing of it waits."""
    if not await waiting_resets.cancel(work.tx, account.id, reset_id=reset_id):
        return False
    await work.note(EventName.PASSWORD_RESET_CANCELLED, account_id=account.id)
    await tell(work, account, kind="reset_cancelled", act_id=reset_id)
    return True
