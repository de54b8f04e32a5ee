"""What browsers tell of pages that broke their content policy: lines of the log, so many a source.

Anybody may send one, so it proves nothing and is no event of the journal.
"""

from datetime import timedelta

from vestibule.flows.sources import source_of
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.observability.logging import log_fact
from vestibule.storage import throttles

REPORTS_PER_SOURCE_HOUR = 20


async def note(means: Means, caller: Caller, *, directive: str, blocked: str) -> bool:
    """Whether it was written down: which directive, and which host or kind of thing it stopped.

    False where this source has told enough for now. Nothing else of a report is kept: the page's
    address and a sample of its text may hold what is secret.
    """

    async def reserve(work: Work) -> bool:
        source = source_of(work)
        if source is None:
            return True
        bucket = work.means.keyring.bucket("policy-report", source)
        until = await throttles.spend(
            work.tx,
            bucket,
            kind="policy-report",
            limit=REPORTS_PER_SOURCE_HOUR,
            period=timedelta(hours=1),
            now=work.now,
        )
        return until is None

    is_taken = await work(means, caller, reserve)
    if is_taken:
        log_fact(
            "content_policy_broken",
            directive=directive,
            blocked=blocked,
            source=caller.source,
            request_id=caller.request_id,
        )
    return is_taken
