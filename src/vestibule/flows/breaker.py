"""The breaker over all accounts: one guess on each of thousands is seen, told and slowed (RL-11).

Budgets per account do nothing against somebody who holds many passwords. While the alarm lasts,
each source has a few tries at second factors of unknown browsers; known browsers notice nothing,
and nothing closes (product section 5).
"""

from datetime import datetime

from vestibule.domain.event import EventName
from vestibule.domain.throttle import (
    SPRAY_COMPARED_WITH,
    SPRAY_SLOWS_FOR,
    SPRAY_TRIES_PER_SOURCE,
    SPRAY_WINDOW,
    is_spray,
)
from vestibule.domain.tolls import hour_of
from vestibule.flows.alarms import raise_alarm
from vestibule.flows.sources import source_of
from vestibule.flows.work import Work
from vestibule.storage import throttles


async def slowed_until(work: Work) -> datetime | None:
    """Take a try at a second factor from an unknown browser; when to come back, where it waits."""
    alarm = _alarm(work)
    if not await throttles.has_lane(work.tx, alarm, work.now):
        return None
    source = source_of(work)
    if source is None:
        return None
    return await throttles.spend(
        work.tx,
        work.means.keyring.bucket("spray-source", source),
        kind="spray-source",
        limit=SPRAY_TRIES_PER_SOURCE,
        period=SPRAY_WINDOW,
        now=work.now,
    )


async def watch(work: Work) -> None:
    """After a wrong second factor: raise the alarm where too many accounts had one of late."""
    older_than = work.now - SPRAY_COMPARED_WITH
    lately = await throttles.accounts_with_strikes(
        work.tx, since=work.now - SPRAY_WINDOW, until=work.now, older_than=older_than
    )
    if not is_spray(lately, 0):
        return
    before = await throttles.accounts_with_strikes(
        work.tx, since=older_than, until=work.now - SPRAY_WINDOW, older_than=older_than
    )
    windows = SPRAY_COMPARED_WITH / SPRAY_WINDOW - 1
    alarm = _alarm(work)
    if not is_spray(lately, before / windows):
        return
    is_new = not await throttles.has_lane(work.tx, alarm, work.now)
    await throttles.open_lane(work.tx, alarm, work.now + SPRAY_SLOWS_FOR)
    if is_new:
        await work.note(EventName.SPRAY_SUSPECTED, outcome="failure", accounts=lately)
        await raise_alarm(work, "spray", hour_of(work.now))


def _alarm(work: Work) -> bytes:
    return work.means.keyring.bucket("spray-alarm", "everybody")
