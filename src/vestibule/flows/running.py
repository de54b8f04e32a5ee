"""The house's own starts and ends as events (AU-05).

Two starts with different marks had different settings. Nothing of the settings can be read from it.
"""

from vestibule.crypto.keyring import Purpose
from vestibule.domain.event import EventName
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.observability.logging import log_failure
from vestibule.storage.database import StorageDown, StorageError

THIS_PROCESS = Caller(source="", user_agent="vestibule", request_id="", locale="en")


async def note_start(means: Means, settings: str) -> None:
    """Tell of the start; raises where the journal takes no event, so that nothing is served.

    Where the disk is full the house starts all the same, since each door then says so.
    """
    mark = means.keyring.mac(Purpose.JOURNAL, "settings", settings)[-32:]

    async def unit(one: Work) -> None:
        await one.note(EventName.STARTED, settings=mark.hex()[:16])

    try:
        await work(means, THIS_PROCESS, unit)
    except StorageDown as error:
        log_failure("start_not_noted", error)


async def note_stop(means: Means) -> None:
    """Tell of the end, which nothing can hold up any more: a failure is a line of the log."""

    async def unit(one: Work) -> None:
        await one.note(EventName.STOPPED)

    try:
        await work(means, THIS_PROCESS, unit)
    except StorageError as error:
        log_failure("stop_not_noted", error)
