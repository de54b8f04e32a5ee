"""`vestibule serve | migrate | doctor | version`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from vestibule import __version__
from vestibule.cli import doctor as doctor_command
from vestibule.cli import migrate as migrate_command
from vestibule.cli import serve as serve_command
from vestibule.crypto.root_key import RootKeyFault
from vestibule.settings import Settings, SettingsFault, load

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A self-hosted front door with a second factor that nobody can switch off.",
)

EnvFile = Annotated[
    Path | None,
    typer.Option("--settings", help="A file of VESTIBULE_… lines; the environment wins over it."),
]


def _settings(path: Path | None) -> Settings:
    try:
        return load(path)
    except SettingsFault as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from fault


@app.command()
def serve(settings: EnvFile = None) -> None:
    """Serve the front door until interrupted."""
    try:
        serve_command.serve(_settings(settings))
    except (RootKeyFault, SettingsFault) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from fault


@app.command()
def migrate(settings: EnvFile = None) -> None:
    """Bring the database to this version's schema; a new one also gets its root key."""
    typer.echo(migrate_command.migrate(_settings(settings)))


@app.command()
def doctor(settings: EnvFile = None) -> None:
    """Say what is missing before this can serve; exits 1 if anything is."""
    findings = doctor_command.examine(_settings(settings))
    for finding in findings:
        typer.echo(f"{'fine   ' if finding.is_fine else 'MISSING'}  {finding.text}")
    if not all(finding.is_fine for finding in findings):
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"vestibule {__version__} (Python {sys.version.split()[0]})")


def main() -> None:
    app()
