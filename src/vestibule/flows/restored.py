"""Making a database from a backup safe: what could have been used or ended since then ends (KY-06).

Owners sign in with password and second factor, and then set another password: the one of the
copy may be one that they gave up since. In one transaction, so that it happens as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vestibule.domain.event import EventName
from vestibule.domain.totp import step_at
from vestibule.flows.pulse import Mark
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import pulse, restored

OPERATOR = Caller(source="", user_agent="vestibule restored", request_id="", locale="en")


@dataclass(frozen=True, slots=True)
class Ended:
    """How much of each kind ended, in an operator's words."""

    counts: Mapping[str, int]
    epoch: int


async def make_safe(means: Means, mark: Mark, *, after: int) -> Ended:
    """End whatever may be good again, and begin an epoch later than `after`."""

    async def unit(work: Work) -> tuple[Ended, pulse.Pulse]:
        tx, now = work.tx, work.now
        counts = {name: await restored.empty(tx, table) for name, table in restored.GONE.items()}
        counts["codes that were out"] = await restored.end_challenges(tx, now)
        counts["recovery codes"] = await restored.end_recovery_codes(tx, now)
        counts["apps whose shown codes are used"] = await restored.use_up_steps(tx, step_at(now))
        counts["answers to notices"] = await restored.end_answers(tx, now)
        counts["messages that waited"] = await restored.withdraw_messages(tx, now)
        counts["own lanes"] = await restored.close_own_lanes(tx)
        counts["closings that waited"] = await restored.keep_accounts(tx)
        counts["accounts that set another password"] = await restored.require_new_passwords(tx, now)
        counts["accounts that look at what is theirs"] = await restored.require_reviews(tx, now)
        begun = await pulse.begin_epoch(tx, new_id=means.entropy.id(), after=after, now=now)
        await work.note(EventName.DATABASE_RESTORED, epoch=begun.epoch, ended=_told(counts))
        return Ended(counts, begun.epoch), begun

    ended, begun = await work(means, OPERATOR, unit)
    mark.path.unlink(missing_ok=True)
    mark.write(begun)
    return ended


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)
