"""A carrier that blocks our texts or calls: no other way helps, so the operator has to know."""

from vestibule.domain.tolls import hour_of
from vestibule.flows.alarms import raise_alarm
from vestibule.flows.work import NOBODY, Means, Work, work


async def blocked_by(means: Means, provider: str) -> None:
    """Raise the alarm, once an hour for each provider."""

    async def unit(work: Work) -> None:
        await raise_alarm(work, "carrier_blocks", hour_of(work.now), provider=provider)

    await work(means, NOBODY, unit)
