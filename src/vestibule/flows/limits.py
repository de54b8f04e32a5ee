"""Limits on what may be asked for: looked at first, then taken, all of them or none.

Each is one conditional statement, so parallel requests never share one permission (RL-07). A
limit that the operator only tries out is counted and noted, and refuses nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.tolls import LimitName, hour_of
from vestibule.flows.alarms import raise_alarm
from vestibule.flows.work import Work
from vestibule.storage import throttles

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
NO_LIMIT = 2**62


class Limit(Protocol):
    """Something that a request draws on."""

    @property
    def name(self) -> LimitName: ...

    async def look(self, work: Work) -> Refused | None:
        """Why nothing can be taken now, or None. Takes nothing."""
        ...

    async def take(self, work: Work, *, counts_only: bool) -> Refused | None:
        """Take one; a race may have used it up since the look. `counts_only` never refuses."""
        ...

    async def tell(self, work: Work) -> None:
        """The operator learns that this limit refused somebody, where that is news."""
        ...


@dataclass(frozen=True, slots=True)
class Stopped:
    """Which limit refused, and what the person is told."""

    limit: Limit
    refused: Refused


@dataclass(frozen=True, slots=True)
class Budget:
    """So many in a period that starts with the first."""

    name: LimitName
    kind: str
    key: str
    limit: int
    period: timedelta
    reason: Reason = Reason.SEND_BUDGET_SPENT
    alarm: str | None = None

    async def look(self, work: Work) -> Refused | None:
        if self.limit < 1:
            return Refused(self.reason, details={"until": work.now + self.period})
        until = await throttles.spent_until(
            work.tx, self._bucket(work), limit=self.limit, now=work.now
        )
        return None if until is None else Refused(self.reason, details={"until": until})

    async def take(self, work: Work, *, counts_only: bool) -> Refused | None:
        until = await throttles.spend(
            work.tx,
            self._bucket(work),
            kind=self.kind,
            limit=NO_LIMIT if counts_only else self.limit,
            period=self.period,
            now=work.now,
        )
        return None if until is None else Refused(self.reason, details={"until": until})

    async def give_back(self, work: Work, count: int) -> None:
        """Return so many that were taken, as if nobody had asked for them."""
        await throttles.unspend(work.tx, self._bucket(work), count=count)

    async def tell(self, work: Work) -> None:
        if self.alarm is not None:
            await raise_alarm(work, self.alarm, hour_of(work.now), country=self.key)

    def _bucket(self, work: Work) -> bytes:
        return work.means.keyring.bucket(self.kind, self.key)


async def spend_all(work: Work, limits: Sequence[Limit], **facts: str) -> Stopped | None:
    """Take one of each, or say which refused; what is seen to refuse costs the others nothing.

    `facts` are noted where a limit that is being tried out would have refused.
    """
    tried_out = work.means.policy.tolls.track_only
    for limit in limits:
        refused = await limit.look(work)
        if refused is None:
            continue
        if limit.name in tried_out:
            await work.note(
                EventName.LIMIT_WOULD_REFUSE,
                reason=refused.reason,
                limit=limit.name.value,
                **facts,
            )
            continue
        await limit.tell(work)
        return Stopped(limit, refused)
    for limit in limits:
        refused = await limit.take(work, counts_only=limit.name in tried_out)
        if refused is not None:
            await limit.tell(work)
            return Stopped(limit, refused)
    return None
