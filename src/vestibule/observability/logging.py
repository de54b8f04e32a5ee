"""Log lines as JSON, one per event, safe against injection and free of secrets (AU-02, AU-03)."""

import logging
import sys
from typing import TextIO

import structlog

from vestibule.domain.event import Event, EventName
from vestibule.domain.journal import Row


def configure(stream: TextIO | None = None) -> None:
    """Write every log line as one JSON object on a line; call once at start."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            # ASCII only: control characters, newlines and bidi marks arrive as escapes.
            structlog.processors.JSONRenderer(ensure_ascii=True, sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def log_event(event: Event, row: Row) -> None:
    """One line for an event that was committed, with its place in the journal's chain.

    A log that is kept elsewhere is so a copy that the journal can be compared with.
    """
    logger = structlog.get_logger()
    write = logger.warning if event.name is EventName.ALARM_RAISED else logger.info
    write(
        event.name.value,
        **{key: str(value) for key, value in event.details.items()},
        id=event.id,
        at=event.occurred_at.isoformat(timespec="milliseconds"),
        outcome=event.outcome.value,
        reason=event.reason,
        account_id=event.account_id,
        actor_id=event.actor_id,
        session=event.session_mac.hex() if event.session_mac else None,
        sign_in=event.sign_in_mac.hex() if event.sign_in_mac else None,
        method=event.method,
        source=event.source,
        user_agent=event.user_agent,
        request_id=event.request_id,
        version=event.version,
        chain=row.entry.chain,
        seq=row.entry.seq,
        link=row.link_digest.hex(),
    )


def log_fact(what: str, **context: object) -> None:
    """One line for what an operator may look for, that is no event of the journal."""
    structlog.get_logger().info(what, **context)


def log_failure(what: str, error: BaseException, **context: object) -> None:
    """One line for a bug or broken infrastructure: the kind of error, never its values."""
    frames = error.__traceback__
    where = ""
    while frames is not None:
        where = f"{frames.tb_frame.f_code.co_filename}:{frames.tb_lineno}"
        frames = frames.tb_next
    structlog.get_logger().error(what, error=type(error).__name__, at=where, **context)
