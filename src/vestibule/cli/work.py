"""Delivering and clearing in a process of its own, beside servers on the same PostgreSQL."""

import asyncio
import signal

from vestibule.bootstrap import WrongRevision, build_house, refuse_unfit
from vestibule.flows.pulse import DatabaseRestored
from vestibule.observability.logging import configure, take_over
from vestibule.settings import Settings
from vestibule.storage.database import StorageDown, connect, dialect_of


class CannotWork(Exception):
    """Why there is nothing for a worker to do here; the text is a sentence."""


def refuse_split(settings: Settings) -> None:
    """Raise `CannotWork` where serving and delivering belong into one process."""
    if dialect_of(settings.database) == "sqlite":
        raise CannotWork(
            "With SQLite `vestibule serve` delivers by itself; a worker of its own needs PostgreSQL"
            " (VESTIBULE_DATABASE_URL)."
        )
    if settings.simulator:
        raise CannotWork(
            "The simulator's phone is in the server's memory, so the server delivers by itself:"
            " a worker of its own needs VESTIBULE_SIMULATOR=false."
        )


def work(settings: Settings) -> None:
    """Deliver until SIGINT or SIGTERM, then let what is under way end."""
    refuse_split(settings)
    configure()
    take_over()
    try:
        asyncio.run(_work(settings))
    except (DatabaseRestored, WrongRevision) as fault:
        raise CannotWork(str(fault)) from fault
    except StorageDown as fault:
        raise CannotWork(f"The database does not answer ({fault}).") from fault


async def _work(settings: Settings) -> None:
    database = connect(settings.database)
    await refuse_unfit(settings, database)
    ended = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    built = build_house(settings, database=database)
    async with built.running():
        await ended.wait()
