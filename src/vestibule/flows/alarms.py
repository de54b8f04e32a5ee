"""What an operator must hear of: once per name and period, in journal, log and mailbox.

An alarm's facts are countries, percentages, ids and the like: never a number, a prefix or an
address.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from vestibule.crypto.seal import Place
from vestibule.domain.challenge import Channel
from vestibule.domain.event import EventName
from vestibule.flows.work import Work
from vestibule.storage import outbox, tolls
from vestibule.storage.retention import KEPT

ALARM_KIND = "notice_alarm"
OPERATORS_LOCALE = "en"


async def raise_alarm(work: Work, name: str, period: datetime, **facts: str) -> bool:
    """Raise it unless it was raised in this period with these facts; whether it was.

    `period` is the moment at which the period began, an hour's or a day's say.
    """
    if not await _is_news(work, name, period, facts):
        return False
    await _tell(work, name, facts)
    return True


async def raise_at_most(work: Work, most: int, name: str, period: datetime, **facts: str) -> None:
    """The same, `most` of this name in a period: one last, "_many", says that there are more."""
    if not await _is_news(work, name, period, facts):
        return
    if await tolls.count_raised(work.tx, name, period) > most:
        await raise_alarm(work, f"{name}_many", period)
    else:
        await _tell(work, name, facts)


async def _is_news(work: Work, name: str, period: datetime, facts: Mapping[str, str]) -> bool:
    named = " ".join([name, *(f"{key}={value}" for key, value in sorted(facts.items()))])
    return await tolls.raise_once(work.tx, named, period, work.now)


async def _tell(work: Work, name: str, facts: Mapping[str, str]) -> None:
    await work.note(EventName.ALARM_RAISED, alarm=name, **facts)
    to = work.means.policy.tolls.alarm_email
    if to:
        await _mail(work, to, {**facts, "alarm": name, "at": work.now.isoformat()})


async def _mail(work: Work, to: str, facts: dict[str, str]) -> None:
    message_id, seal = work.means.entropy.id(), work.means.seal
    await outbox.put(
        work.tx,
        outbox.Waiting(
            id=message_id,
            challenge_id=None,
            account_id=None,
            kind=ALARM_KIND,
            channel=Channel.EMAIL,
            locale=OPERATORS_LOCALE,
            destination_sealed=seal.seal(to, Place("outbox", "destination_sealed", message_id)),
            body_sealed=seal.seal(json.dumps(facts), Place("outbox", "body_sealed", message_id)),
            written_at=work.now,
            expires_at=work.now + KEPT["outbox"][1],
            attempts=0,
        ),
    )
    work.has_mail = True
