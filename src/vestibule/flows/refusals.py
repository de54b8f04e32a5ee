"""Refusals that anybody can cause without end, written down so many times an hour a source.

Each would be a row of the journal for its whole retention and a line of the log, and costs whoever
causes it nothing. Must not decide whether something is refused: it always is.
"""

from datetime import timedelta

from vestibule.domain.event import EventName
from vestibule.flows.sources import network_of
from vestibule.flows.work import Work
from vestibule.storage import throttles

REFUSALS_PER_SOURCE_HOUR = 100
"""Of each name, for an IPv4 address or an IPv6 /48."""
HOUR = timedelta(hours=1)


async def note_refusal(
    work: Work,
    name: EventName,
    *,
    account_id: str | None = None,
    reason: str | None = None,
    method: str | None = None,
    **details: str,
) -> None:
    """Tell it as `work.note` does, unless this source has caused enough of them for now (AU-05).

    The last one that is told says until when others are not.
    """
    source = network_of(work, ipv4=32)
    if source is not None:
        bucket = work.means.keyring.bucket("refusals-hour", name.value, source)
        spent = await throttles.spend(
            work.tx,
            bucket,
            kind="refusals-hour",
            limit=REFUSALS_PER_SOURCE_HOUR,
            period=HOUR,
            now=work.now,
        )
        if spent is not None:
            return
        until = await throttles.spent_until(
            work.tx, bucket, limit=REFUSALS_PER_SOURCE_HOUR, now=work.now
        )
        if until is not None:
            details["untold_until"] = until.isoformat()
    await work.note(
        name,
        account_id=account_id,
        outcome="failure",
        reason=reason,
        method=method,
        **details,
    )
