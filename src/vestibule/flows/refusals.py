"""What can be caused without end is written down so many times an hour, each kind for itself.

Each would be a row of the journal for its whole retention and a line of the log, and costs whoever
causes it nothing: refusals of a source, and what an account may do again and again. Must not decide
whether something is refused or done: it always is.
"""

from datetime import timedelta

from vestibule.domain.event import EventName
from vestibule.flows.sources import network_of
from vestibule.flows.work import Work
from vestibule.storage import throttles

REFUSALS_PER_SOURCE_HOUR = 100
"""Of each name, for an IPv4 address or an IPv6 /48."""
TRIFLES_PER_ACCOUNT_HOUR = 20
"""Of each name, for an account, wherever its browsers are."""
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
        untold = await _take(work, bucket, "refusals-hour", REFUSALS_PER_SOURCE_HOUR)
        if untold is None:
            return
        details |= untold
    await work.note(
        name,
        account_id=account_id,
        outcome="failure",
        reason=reason,
        method=method,
        **details,
    )


async def note_trifle(
    work: Work,
    name: EventName,
    *,
    account_id: str,
    session_id: str | None = None,
    method: str | None = None,
    **details: str,
) -> None:
    """The same for what changes nothing that protects the account, and has no other limit.

    Else whoever stands at its wall, with nothing proven but a mailbox, could fill the journal, and
    a thief inside bury in it what the owner should see.
    """
    bucket = work.means.keyring.bucket("trifles-hour", name.value, account_id)
    untold = await _take(work, bucket, "trifles-hour", TRIFLES_PER_ACCOUNT_HOUR)
    if untold is not None:
        await work.note(
            name, account_id=account_id, session_id=session_id, method=method, **details, **untold
        )


async def _take(work: Work, bucket: bytes, kind: str, limit: int) -> dict[str, str] | None:
    """What one more says besides, which is until when it is the last; None where it is untold."""
    spent = await throttles.spend(
        work.tx, bucket, kind=kind, limit=limit, period=HOUR, now=work.now
    )
    if spent is not None:
        return None
    until = await throttles.spent_until(work.tx, bucket, limit=limit, now=work.now)
    return {} if until is None else {"untold_until": until.isoformat()}
