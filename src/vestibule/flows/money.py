"""Money for texts and calls: reserved before a message is written, in the hour and in the day.

What is reserved stays reserved, also where a carrier refuses: many bill for that too. A share of
each budget is kept for confirmed numbers, and the last of it for known browsers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.tolls import (
    CEILINGS,
    LimitName,
    Spender,
    Tolls,
    ceiling,
    day_of,
    hour_of,
    levels_reached,
)
from vestibule.flows.alarms import raise_alarm
from vestibule.flows.limits import NO_LIMIT
from vestibule.flows.work import Work
from vestibule.storage import tolls

Period = Literal["hour", "day"]


@dataclass(frozen=True, slots=True)
class Money:
    """The budget of one period."""

    name: ClassVar[LimitName] = LimitName.MONEY
    period: Period
    budget: int
    price: int
    spender: Spender

    @classmethod
    def of(cls, decided: Tolls, price: int, spender: Spender) -> list["Money"]:
        """The budgets that there are; the day's first, since it is the scarcer one."""
        budgets: tuple[tuple[Period, int | None], ...] = (
            ("day", decided.budget_day),
            ("hour", decided.budget_hour),
        )
        return [cls(period, most, price, spender) for period, most in budgets if most is not None]

    async def look(self, work: Work) -> Refused | None:
        taken = await tolls.reserved(work.tx, self.period, self._began(work.now))
        if taken + self.price <= ceiling(self.budget, self.spender):
            return None
        return self._refused(work)

    async def take(self, work: Work, *, counts_only: bool) -> Refused | None:
        most = NO_LIMIT if counts_only else ceiling(self.budget, self.spender)
        after = await tolls.reserve(
            work.tx, self.period, self._began(work.now), price=self.price, most=most
        )
        if after is None:
            return self._refused(work)
        for level in levels_reached(after - self.price, after, self.budget):
            await self._alarm(work, level)
        return None

    async def tell(self, work: Work) -> None:
        await self._alarm(work, CEILINGS[self.spender])

    async def _alarm(self, work: Work, level: int) -> None:
        began = self._began(work.now)
        await raise_alarm(work, f"money_{self.period}", began, percent=str(level))

    def _refused(self, work: Work) -> Refused:
        ends = self._began(work.now) + timedelta(hours=1 if self.period == "hour" else 24)
        return Refused(Reason.SEND_MONEY_SPENT, details={"until": ends})

    def _began(self, now: datetime) -> datetime:
        return hour_of(now) if self.period == "hour" else day_of(now)
