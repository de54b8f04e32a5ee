"""Serving: one process, the worker inside it unless workers of their own deliver."""

import asyncio

import typer
import uvicorn

from vestibule.bootstrap import WrongRevision, build_house, refuse_unfit
from vestibule.cli.work import refuse_split
from vestibule.flows.pulse import DatabaseRestored
from vestibule.observability.logging import configure, take_over
from vestibule.settings import Settings
from vestibule.storage.database import StorageDown, connect


def serve(settings: Settings, *, with_worker: bool = True) -> None:
    """Serve until SIGINT or SIGTERM, then end cleanly."""
    if not with_worker:
        refuse_split(settings)
    if not settings.routes("email"):
        typer.echo(
            "Nobody carries mails, and without them nobody can sign up:"
            " set VESTIBULE_ROUTES_EMAIL, or VESTIBULE_SIMULATOR=true on this machine.",
            err=True,
        )
        raise typer.Exit(2)
    try:
        asyncio.run(_check(settings))
    except (DatabaseRestored, WrongRevision) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from fault
    except StorageDown as fault:
        typer.echo(
            f"The database does not answer ({fault}). A new one is made by `vestibule migrate`.",
            err=True,
        )
        raise typer.Exit(2) from fault
    configure()
    take_over()
    built = build_house(settings, with_worker=with_worker)
    typer.echo(f"{settings.name} is at {settings.public_origin}", err=True)
    if built.inbox is not None:
        typer.echo(f"Its phone and mailbox: {settings.public_origin}/simulator", err=True)
    uvicorn.run(
        built.app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        date_header=True,
        # httptools has no limit for headers: one client could fill the memory (WB-07).
        http="h11",
        # The house has none, and a handshake would be held open past every limit of ours.
        ws="none",
        h11_max_incomplete_event_size=32 * 1024,
        timeout_graceful_shutdown=5,
    )


async def _check(settings: Settings) -> None:
    database = connect(settings.database)
    try:
        await refuse_unfit(settings, database)
    finally:
        await database.close()
