"""Log lines as JSON, one per event, safe against injection and free of secrets (AU-02, AU-03)."""

import logging
import sys
from collections import Counter
from typing import TextIO

import structlog

from vestibule.domain.event import Event, EventName
from vestibule.domain.journal import Row

MOST_AN_HOUR = 100
"""Lines of each kind; the last of them says that more are not written."""
MOST_KINDS = 50
_OTHERS = "others"
_HOUR = 3600


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


class ServerWords(logging.Handler):
    """What the server and the libraries say by themselves: our lines, and not without end.

    Of an error the kind and the place. A stranger makes a server speak with every byte that is no
    HTTP (AU-02, AU-05).
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._hour = 0
        self._said: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        said = self._count(f"{type(error).__name__} {record.name} {record.msg}", record.created)
        if said > MOST_AN_HOUR:
            return
        more = {"is_last_this_hour": True} if said == MOST_AN_HOUR else {}
        if error is not None:
            log_failure("server_failed", error, logger=record.name, **more)
        else:
            write = structlog.get_logger().warning
            write("server_said", logger=record.name, text=record.getMessage(), **more)

    def _count(self, kind: str, at: float) -> int:
        """How often this kind was said in the hour, with this time."""
        hour = int(at // _HOUR)
        if hour != self._hour:
            self._hour = hour
            self._said.clear()
        if kind not in self._said and len(self._said) >= MOST_KINDS:
            # Words that differ each time must not be kinds without end.
            kind = _OTHERS
        self._said[kind] += 1
        return self._said[kind]


def take_over() -> None:
    """Let `ServerWords` alone write what Python's logging is told; call once at start."""
    logging.getLogger().handlers = [ServerWords()]
