"""A code does not go to a number that changed hands: its owner may be somebody else by now (PN-06).

Asks the operator's adapter, where there is one. Where it does not answer the code goes out: a
signal that is down must lock nobody out.
"""

import asyncio

from vestibule.delivery.number_signal import NumberSignal
from vestibule.domain.delivery import Fault
from vestibule.domain.event import EventName
from vestibule.flows.work import NOBODY, Means, Work, work
from vestibule.observability.logging import log_failure
from vestibule.storage import outbox
from vestibule.storage.outbox import Waiting

ANSWER_WITHIN = 2.0
"""Seconds; a person waits for the code."""


async def refuse_changed_number(
    means: Means, signal: NumberSignal | None, waiting: Waiting, to: str
) -> bool:
    """Refuse a code to a number that changed hands, and note it; whether it was refused."""
    if signal is None or waiting.challenge_id is None or waiting.country is None:
        return False
    try:
        has_changed = await asyncio.wait_for(signal.changed_lately(to), ANSWER_WITHIN)
    except Exception as error:
        log_failure("number_signal_failed", error, message_id=waiting.id)
        return False
    if has_changed:
        await work(means, NOBODY, lambda unit: _refuse(unit, waiting))
    return has_changed


async def _refuse(work: Work, waiting: Waiting) -> None:
    is_ours = await outbox.refuse(
        work.tx, waiting, provider="none", reason=Fault.CHANGED_HANDS, now=work.now
    )
    if is_ours:
        await work.note(
            EventName.NUMBER_CHANGED_HANDS,
            account_id=waiting.account_id,
            outcome="failure",
            method=waiting.channel.value,
        )
