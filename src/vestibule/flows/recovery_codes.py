"""The recovery code: made, shown once, typed back, replaced (RC-01 to RC-05).

The code is sealed for the one page that may show it, which takes it by one `DELETE …
RETURNING`; after that only its keyed MAC is left (R7).
"""

from dataclasses import dataclass
from datetime import timedelta

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.crypto.seal import Place
from vestibule.domain import recovery_code
from vestibule.domain.account import RecoveryCode
from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.safety import Made
from vestibule.flows.causes import note_made
from vestibule.flows.notices import tell
from vestibule.flows.work import Caller, Means, Work, look, work
from vestibule.storage import accounts, recovery_codes, sign_ins

VIEW_LIFETIME = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Shown:
    """A code while it may be seen: in the one page, and in its forms."""

    code: str
    record: RecoveryCode


async def make(
    work: Work,
    account_id: str,
    *,
    owner_id: str,
    is_provisional: bool = False,
    act_id: str | None = None,
) -> None:
    """Make an unacknowledged code and leave it sealed for the one page of its owner.

    A provisional one is made on the way through a recovery and only resumes it. `act_id` is the
    act it came from where that is not its owner.
    """
    entropy = work.means.entropy
    code, code_id = recovery_code.issue(entropy), entropy.id()
    record = RecoveryCode(
        id=code_id,
        account_id=account_id,
        label=recovery_code.label(entropy),
        made_at=work.now,
        acknowledged_at=None,
        ended_at=None,
        ended_by=None,
    )
    code_mac = work.means.keyring.mac(KeyPurpose.RECOVERY_CODE, account_id, code)
    await recovery_codes.add(work.tx, record, code_mac=code_mac, is_provisional=is_provisional)
    place = Place("recovery_code_views", "code_sealed", code_id)
    await recovery_codes.put_view(
        work.tx,
        code_id,
        owner_id=owner_id,
        code_sealed=work.means.seal.seal(code, place),
        expires_at=work.now + VIEW_LIFETIME,
    )
    await note_made(
        work, account_id, kind=Made.RECOVERY_CODE, thing_id=code_id, act_id=act_id or owner_id
    )
    await work.note(EventName.RECOVERY_CODE_MADE, account_id=account_id, label=record.label)


async def stop_recovery(work: Work, account_id: str, *, session_id: str) -> bool:
    """An old method still serves its owner, so a recovery under way was not needed, or not theirs.

    It ends, what it issued is void, and another code is made (product.md E); True where so.
    """
    ended = await sign_ins.end_replacements(work.tx, account_id)
    if not ended and not await recovery_codes.has_provisional(work.tx, account_id):
        return False
    await recovery_codes.end_current(work.tx, account_id, by="recovery", now=work.now)
    await make(work, account_id, owner_id=session_id)
    await work.note(EventName.RECOVERY_STOPPED, account_id=account_id)
    account = await accounts.get(work.tx, account_id)
    if account is not None:
        await tell(work, account, kind="recovery_stopped", act_id=session_id)
    return True


async def take(means: Means, caller: Caller, *, account_id: str, owner_id: str) -> Shown | None:
    """Show the code, once: a reload, another tab or the back button gets None."""

    async def unit(work: Work) -> Shown | None:
        row = await recovery_codes.take_view(work.tx, owner_id, work.now)
        if row is None:
            return None
        place = Place("recovery_code_views", "code_sealed", row["recovery_code_id"])
        code = work.means.seal.open(row["code_sealed"], place)
        found = await _current(work, account_id, code)
        if found is not None:
            await work.note(EventName.RECOVERY_CODE_SHOWN, account_id=account_id)
        return found

    return await work(means, caller, unit)


async def is_waiting(means: Means, caller: Caller, *, owner_id: str) -> bool:
    """Whether a code waits to be shown; it goes on waiting."""
    return await look(
        means, caller, lambda unit: recovery_codes.has_view(unit.tx, owner_id, unit.now)
    )


async def echo(means: Means, caller: Caller, *, account_id: str, code: str) -> Shown | None:
    """The code that the page's own form carries back, only while it is the current one (R7)."""
    parsed = recovery_code.parse(code)
    if parsed is None:
        return None
    return await look(means, caller, lambda unit: _current(unit, account_id, parsed))


async def _current(work: Work, account_id: str, code: str) -> Shown | None:
    record = await recovery_codes.find(work.tx, account_id, macs(work, account_id, code))
    if record is None or record.ended_at is not None or record.acknowledged_at is not None:
        return None
    return Shown(code, record)


async def acknowledge(
    means: Means, caller: Caller, *, account_id: str, code: str, last_group: str
) -> Refused | None:
    """Finish: the person types the last group back, which replaces the code before it."""
    parsed = recovery_code.parse(code)
    if parsed is None:
        return Refused(Reason.RECOVERY_CODE_GONE)
    if not recovery_code.is_last_group(parsed, last_group):
        return Refused(Reason.LAST_GROUP_WRONG, "last_group")

    async def unit(work: Work) -> Refused | None:
        # Held, so that no code is replaced by one that another act ends at the same moment.
        await accounts.hold(work.tx, account_id)
        found = await recovery_codes.find(work.tx, account_id, macs(work, account_id, parsed))
        if found is not None and found.ended_at is None and found.acknowledged_at is not None:
            # Pressed twice, or back and again: it is saved, and nothing is wrong.
            return None
        shown = await _current(work, account_id, parsed)
        if shown is None or not await recovery_codes.acknowledge(
            work.tx, account_id, shown.record.id, work.now
        ):
            return Refused(Reason.RECOVERY_CODE_GONE)
        await work.note(
            EventName.RECOVERY_CODE_ACKNOWLEDGED, account_id=account_id, label=shown.record.label
        )
        return None

    return await work(means, caller, unit)


async def standing(means: Means, caller: Caller, account_id: str) -> list[RecoveryCode]:
    """The codes that would work now, newest first."""
    return await look(means, caller, lambda unit: recovery_codes.current(unit.tx, account_id))


def macs(work: Work, account_id: str, code: str) -> list[bytes]:
    return work.means.keyring.macs(KeyPurpose.RECOVERY_CODE, account_id, code)
