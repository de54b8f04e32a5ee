"""`vestibule doctor --attack`: reads what the operator gave, runs, prints, ends with a status."""

import asyncio
import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from vestibule.attack import report, run
from vestibule.attack.ground import Member
from vestibule.attack.outcome import Attack
from vestibule.attack.run import CannotRun, Row
from vestibule.attack.table import ATTACKS
from vestibule.attack.target import Target, TargetRefused, target
from vestibule.clock import Clock, SystemClock
from vestibule.domain import totp
from vestibule.entropy import SystemEntropy

CANNOT_RUN = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's options."""

    urls: Sequence[str]
    owned_host: str | None = None
    email: str | None = None
    password_file: Path | None = None
    app_secret_file: Path | None = None
    only: Sequence[str] = ()
    json_file: Path | None = None
    is_strict: bool = False


def attack(asked: Asked) -> int:
    """0 where everything held, 1 with a finding, 2 where something could not be tried."""
    clock = SystemClock()
    try:
        aim = target(asked.urls, owned_host=asked.owned_host)
        chosen, own = _chosen(asked.only), _own_account(asked, clock)
        rows = asyncio.run(_rows(aim, chosen, own, run.Means(clock, SystemEntropy())))
    except (TargetRefused, CannotRun) as fault:
        typer.echo(str(fault), err=True)
        return CANNOT_RUN
    status = run.exit_code(rows, is_strict=asked.is_strict)
    for line in report.left_out(rows):
        typer.echo(line)
    typer.echo(report.summary(rows))
    if asked.json_file is not None:
        text = json.dumps(report.as_json(rows, aim, status), indent=2, ensure_ascii=False)
        asked.json_file.write_text(text + "\n", encoding="utf-8")
    return status


async def _rows(
    aim: Target, chosen: Sequence[Attack], own: Member | None, means: run.Means
) -> list[Row]:
    rows = []
    async with run.ground_of(aim, means, own) as ground:
        typer.echo(report.heading(chosen))
        async for row in run.run(chosen, ground):
            typer.echo(report.line(row, chosen))
            rows.append(row)
    return rows


def _chosen(only: Sequence[str]) -> Sequence[Attack]:
    slugs = [one.slug for one in ATTACKS]
    unknown = [slug for slug in only if slug not in slugs]
    if unknown:
        raise CannotRun(f"There is no attack {unknown[0]}; there are {', '.join(slugs)}.")
    return [one for one in ATTACKS if not only or one.slug in only]


def _own_account(asked: Asked, clock: Clock) -> Member | None:
    given = (asked.email, asked.password_file, asked.app_secret_file)
    if not any(given):
        return None
    if asked.email is None or asked.password_file is None or asked.app_secret_file is None:
        raise CannotRun("An account is --email, --password-file and --app-secret-file together.")
    try:
        password = asked.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        written = asked.app_secret_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise CannotRun(f"A file of the account cannot be read: {fault}.") from fault
    # The step that is on now may have been used by the app itself.
    return Member(
        asked.email,
        password,
        _secret(written),
        totp.parameters_of(written),
        last_step=totp.step_at(clock()),
    )


def _secret(written: str) -> bytes:
    """Base 32 as pages show it, in groups or not; also the whole otpauth address."""
    text = written.strip()
    if "secret=" in text:
        text = text.split("secret=", 1)[1].split("&", 1)[0]
    text = "".join(text.split()).replace("-", "").upper().rstrip("=")
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as fault:
        raise CannotRun("The app's secret is not base 32, as its set-up page shows it.") from fault
