"""The commands: `vestibule serve | work | deliver | keys | journal | migrate | backup | …`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from vestibule import __version__
from vestibule.bootstrap import WrongRevision
from vestibule.cli import accounts as accounts_command
from vestibule.cli import attack as attack_command
from vestibule.cli import backup as backup_command
from vestibule.cli import deliver as deliver_command
from vestibule.cli import doctor as doctor_command
from vestibule.cli import journal as journal_command
from vestibule.cli import keys as keys_command
from vestibule.cli import migrate as migrate_command
from vestibule.cli import restored as restored_command
from vestibule.cli import routes as routes_command
from vestibule.cli import serve as serve_command
from vestibule.cli import tolls as tolls_command
from vestibule.cli import work as work_command
from vestibule.cli.accounts import CannotSupervise
from vestibule.cli.backup import CannotCopy
from vestibule.cli.journal import CannotVerify
from vestibule.cli.restored import NotRestored
from vestibule.cli.tolls import CannotAllow
from vestibule.cli.work import CannotWork
from vestibule.crypto.root_key import RootKeyFault
from vestibule.delivery.provider import Accepted, Channel
from vestibule.flows.keys import CannotChangeKeys
from vestibule.flows.pulse import DatabaseRestored
from vestibule.settings import Settings, SettingsFault, load
from vestibule.storage.database import StorageError

TOLD = (
    CannotAllow,
    CannotChangeKeys,
    CannotCopy,
    CannotSupervise,
    CannotVerify,
    CannotWork,
    DatabaseRestored,
    NotRestored,
    RootKeyFault,
    SettingsFault,
    StorageError,
    WrongRevision,
)
"""What an operator reads as a sentence."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A self-hosted front door with a second factor that nobody can switch off.",
)

deliver = typer.Typer(no_args_is_help=True, help="How messages leave.")
app.add_typer(deliver, name="deliver")
keys = typer.Typer(no_args_is_help=True, help="The root keys, changed while the house serves.")
app.add_typer(keys, name="keys")

accounts = typer.Typer(no_args_is_help=True, help="What operators may do to an account.")
app.add_typer(accounts, name="accounts")

journal = typer.Typer(no_args_is_help=True, help="Whether the journal is what was written.")
app.add_typer(journal, name="journal")

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


@contextmanager
def _telling() -> Iterator[None]:
    """What cannot be is told as its sentence, and ends with status 2."""
    try:
        yield
    except TOLD as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from fault


@app.command()
def serve(
    settings: EnvFile = None,
    worker: Annotated[
        bool, typer.Option(help="Deliver in this process too; else `vestibule work` does.")
    ] = True,
) -> None:
    """Serve the front door until interrupted."""
    with _telling():
        serve_command.serve(_settings(settings), with_worker=worker)


@app.command()
def work(settings: EnvFile = None) -> None:
    """Deliver messages until interrupted, without serving; for PostgreSQL."""
    with _telling():
        work_command.work(_settings(settings))


@deliver.command("routes")
def deliver_routes(settings: EnvFile = None) -> None:
    """Say in which order providers are asked at present, and why."""
    with _telling():
        typer.echo(routes_command.show(_settings(settings)))


@app.command()
def migrate(settings: EnvFile = None) -> None:
    """Bring the database to this version's schema; a new one also gets its root key."""
    with _telling():
        typer.echo(migrate_command.migrate(_settings(settings)))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file for the copy.")],
    settings: EnvFile = None,
) -> None:
    """Copy a SQLite database while it is served; PostgreSQL has pg_dump."""
    with _telling():
        typer.echo(backup_command.backup(_settings(settings), file))


@app.command()
def restored(
    yes: Annotated[
        bool, typer.Option("--yes", help="It came from a backup, though nothing shows it.")
    ] = False,
    settings: EnvFile = None,
) -> None:
    """After putting a backup in place: end the sessions and codes that became good again."""
    with _telling():
        typer.echo(restored_command.restored(_settings(settings), is_sure=yes))


@app.command()
def doctor(
    settings: EnvFile = None,
    attack: Annotated[
        list[str] | None,
        typer.Option(help="Attack the running house at this origin; once for each process."),
    ] = None,
    i_own_this_host: Annotated[
        str | None, typer.Option(help="The host of --attack, where it is not this machine.")
    ] = None,
    email: Annotated[
        str | None, typer.Option(help="A throw-away account with an app, without a simulator.")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="Its password.")] = None,
    app_secret_file: Annotated[Path | None, typer.Option(help="Its app's secret.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this attack; repeatable.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="The result as JSON.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 2 if any was not tried.")] = False,
) -> None:
    """Say what is missing before this can serve; exits 1 if anything is.

    With --attack: try every known attack on a running house and say what held; exits 1 with a
    finding, 2 where something could not be tried to its end (with --strict, or not at all).
    """
    given = (email, password_file, app_secret_file, only or (), json_file, strict)
    if not attack and any((i_own_this_host, *given)):
        typer.echo("These options are for --attack, and nothing says what to attack.", err=True)
        raise typer.Exit(attack_command.CANNOT_RUN)
    if attack:
        raise typer.Exit(
            attack_command.attack(attack_command.Asked(attack, i_own_this_host, *given))
        )
    findings = doctor_command.examine(_settings(settings), settings)
    for finding in findings:
        typer.echo(f"{finding.word}  {finding.text}")
    if not all(finding.is_fine for finding in findings):
        raise typer.Exit(1)


@deliver.command("test")
def deliver_test(
    channel: Annotated[Channel, typer.Option(help="Over what.")],
    to: Annotated[str, typer.Option(help="The number, or for mails the address.")],
    provider: Annotated[str | None, typer.Option(help="Only this one of the route.")] = None,
    settings: EnvFile = None,
) -> None:
    """Send a real message without a code by the channel's route; exits 1 if nobody accepts it."""
    try:
        trial = deliver_command.try_route(_settings(settings), channel, to, provider)
    except (deliver_command.CannotTry, SettingsFault) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from fault
    attempts = trial.attempts
    for line in [*trial.order, *(attempt.line for attempt in attempts)]:
        typer.echo(line)
    if not any(isinstance(attempt.outcome, Accepted) for attempt in attempts):
        raise typer.Exit(1)
    if attempts[-1].provider == "simulator":
        typer.echo("This command's own simulator took it: a running server's shows nothing.")
    else:
        typer.echo("Accepted is not yet delivered: look whether it arrives.")
    if channel == "voice":
        typer.echo(
            "Not tried: the page of a call with a code, which a carrier fetches from"
            " VESTIBULE_PUBLIC_ORIGIN of the running server."
        )


@deliver.command("spend")
def deliver_spend(
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back.")] = 30,
    settings: EnvFile = None,
) -> None:
    """Say what texts and calls cost by country and provider, and what a code that came back did."""
    with _telling():
        typer.echo(tolls_command.spend(_settings(settings), days))


@deliver.command("allow")
def deliver_allow(
    what: Annotated[
        str,
        typer.Argument(
            help="A number without its last four digits, as +44740012, or a country, as GB."
        ),
    ],
    settings: EnvFile = None,
) -> None:
    """Let people set up phones again where codes did not come back: the count begins anew."""
    with _telling():
        typer.echo(tolls_command.allow(_settings(settings), what))


@keys.command("list")
def keys_list(settings: EnvFile = None) -> None:
    """Say which keys there are, and what was made with each."""
    with _telling():
        typer.echo(keys_command.show(_settings(settings)))


@keys.command("rotate")
def keys_rotate(settings: EnvFile = None) -> None:
    """Make a new root key: every process reads it, and after a while they write with it."""
    with _telling():
        typer.echo(keys_command.rotate(_settings(settings)))


@keys.command("reseal")
def keys_reseal(settings: EnvFile = None) -> None:
    """Seal everything anew with the newest key, beside running servers."""
    with _telling():
        typer.echo(keys_command.reseal(_settings(settings)))


@keys.command("retire")
def keys_retire(
    key: Annotated[str, typer.Argument(help="The id of the key, as k1.")],
    at_once: Annotated[
        bool, typer.Option(help="Do not wait a day for forms that are open somewhere.")
    ] = False,
    settings: EnvFile = None,
) -> None:
    """Take an old root key away once nothing needs it."""
    with _telling():
        typer.echo(keys_command.retire(_settings(settings), key, at_once=at_once))


Whose = Annotated[str, typer.Argument(help="The account's address or id.")]
BY_ID = {"ignore_unknown_options": True}
"""One id in sixty-four begins with a dash, and is no option for that."""
Reason = Annotated[str, typer.Option(help="Why; its owner reads it in a mail.")]


@accounts.command("end-sessions", context_settings=BY_ID)
def accounts_end_sessions(
    account: Annotated[str | None, typer.Argument(help="The account's address or id.")] = None,
    reason: Reason = "",
    everybody: Annotated[bool, typer.Option(help="Of every account instead.")] = False,
    settings: EnvFile = None,
) -> None:
    """Sign an account out everywhere, pending sign-ins too; its owner can sign in again."""
    with _telling():
        asked = accounts_command.Asked(account, reason, everybody)
        typer.echo(accounts_command.end_sessions(_settings(settings), asked))


@accounts.command("suspend", context_settings=BY_ID)
def accounts_suspend(
    account: Whose,
    reason: Annotated[str, typer.Option(help="Why; its owner reads it in a mail.")],
    settings: EnvFile = None,
) -> None:
    """Sign an account out and let nobody in; its methods stay as they are."""
    with _telling():
        typer.echo(accounts_command.suspend(_settings(settings), account, reason))


@accounts.command("unsuspend", context_settings=BY_ID)
def accounts_unsuspend(account: Whose, reason: Reason = "", settings: EnvFile = None) -> None:
    """Let an account that was suspended sign in again, with both factors as always."""
    with _telling():
        typer.echo(accounts_command.unsuspend(_settings(settings), account, reason))


@journal.command("verify")
def journal_verify(
    settings: EnvFile = None,
    account: Annotated[
        str | None, typer.Option(help="Only this account, by address or id; or this chain.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Compare with the rows that the lines of this log name."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="Check a downloaded copy instead; needs --key only.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="What /.well-known/vestibule-journal.json answered.")
    ] = None,
    json_wanted: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say where each chain breaks first; exits 1 if any does, and raises an alarm."""
    with _telling():
        if file is not None:
            if key is None:
                raise CannotVerify("--file needs --key, and neither needs the house.")
            lines, is_whole = journal_command.checked(file, key, is_json=json_wanted)
        else:
            asked = journal_command.Asked(account, against)
            lines, is_whole = journal_command.verified(
                _settings(settings), asked, is_json=json_wanted
            )
    for line in lines:
        typer.echo(line)
    if not is_whole:
        raise typer.Exit(1)


@journal.command("key")
def journal_key(settings: EnvFile = None) -> None:
    """Print the public keys that copies of the journal are checked with."""
    with _telling():
        typer.echo(journal_command.keys(_settings(settings)))


@journal.command("role")
def journal_role(
    name: Annotated[str, typer.Argument(help="The PostgreSQL role that `serve` connects as.")],
) -> None:
    """Print the SQL that lets a role serve, and append to the journal only."""
    with _telling():
        typer.echo(journal_command.role(name))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"vestibule {__version__} (Python {sys.version.split()[0]})")


def main() -> None:
    # Whatever a command writes is its owner's, the folders that it makes on the way there too.
    os.umask(os.umask(0o077) | 0o077)
    app()
