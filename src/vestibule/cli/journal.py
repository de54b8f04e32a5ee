"""Verifying the journal and copies of it, and the rights of the role that serves."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from vestibule.bootstrap import build_house
from vestibule.crypto.signature import is_signed
from vestibule.domain.journal_check import Break
from vestibule.domain.journal_copy import Checked, check
from vestibule.flows import journal_verify
from vestibule.flows.history import public_keys
from vestibule.flows.journal_verify import Copied, Report
from vestibule.flows.work import Caller, Means
from vestibule.observability.logging import configure
from vestibule.settings import Settings

NAMED = 100
OPERATOR = Caller(source="", user_agent="vestibule journal verify", request_id="", locale="en")


class CannotVerify(Exception):
    """Why nothing was verified; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to verify: everything, one account, or a copy that was kept elsewhere."""

    account: str | None = None
    against: Path | None = None


def verified(settings: Settings, asked: Asked, *, is_json: bool) -> tuple[list[str], bool]:
    """What to say after walking the chains, and whether they are whole.

    Raises `CannotVerify`. The first breaks are named, up to a hundred; all are counted.
    """
    report, breaks = asyncio.run(_run(settings, asked))
    is_whole = report.breaks == 0
    if is_json:
        return [_as_json(report, breaks)], is_whole
    lines = [_told(one) for one in breaks]
    if report.breaks > len(breaks):
        lines.append(f"… and {report.breaks - len(breaks)} more")
    counted = f"{report.chains} chains" if asked.against is None else "the copy"
    lines.append(f"{'whole' if is_whole else 'BROKEN':<8} {counted}, {report.rows} rows")
    return lines, is_whole


async def _run(settings: Settings, asked: Asked) -> tuple[Report, list[Break]]:
    configure()
    built = build_house(settings)
    report, breaks = Report(), list[Break]()
    try:
        async for found in _breaks(built.means, asked, report):
            if len(breaks) < NAMED:
                breaks.append(found)
        await journal_verify.alarm(built.means, OPERATOR, report)
    finally:
        await built.close()
    return report, breaks


async def _breaks(means: Means, asked: Asked, report: Report) -> AsyncIterator[Break]:
    if asked.against is not None:
        walk = journal_verify.compare(means, _copies(asked.against), report)
    elif asked.account is not None:
        chain = await journal_verify.chain_named(means, asked.account)
        if chain is None:
            raise CannotVerify("There is no account of this id or address.")
        walk = journal_verify.verify_chain(means, chain, report)
    else:
        walk = journal_verify.verify(means, report)
    async for found in walk:
        yield found


def _told(found: Break) -> str:
    return f"BROKEN   {found.chain} at {found.seq}: {found.kind.value.replace('_', ' ')}"


def _as_json(report: Report, breaks: list[Break]) -> str:
    return json.dumps(
        {
            "whole": report.breaks == 0,
            "chains": report.chains,
            "rows": report.rows,
            "breaks": [
                {"chain": one.chain, "seq": one.seq, "kind": one.kind.value} for one in breaks
            ],
        }
    )


def _copies(path: Path) -> Iterator[Copied]:
    """The rows that the lines of a log name; other lines are passed over."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                held = json.loads(line)
                yield Copied(held["chain"], int(held["seq"]), bytes.fromhex(held["link"]))
            except (ValueError, KeyError, TypeError):
                continue


# --- a person's copy --------------------------------------------------------------------------


def checked(path: Path, key_file: Path, *, is_json: bool) -> tuple[list[str], bool]:
    """What to say of a downloaded copy, and whether it is whole."""
    found = _check_file(path, key_file)
    is_whole = found.fault is None
    if is_json:
        told = {"whole": is_whole, "rows": found.rows, "fault": found.fault}
        return [json.dumps({**told, "account": found.account_id, "at": found.made_at})], is_whole
    if found.fault is None:
        return [f"whole    {found.rows} rows of {found.account_id}, as of {found.made_at}"], True
    return [f"BROKEN   {found.fault.value.replace('_', ' ')}"], False


def _check_file(path: Path, key_file: Path) -> Checked:
    """A downloaded copy by published keys; needs no settings. Raises `CannotVerify`."""
    try:
        published = json.loads(key_file.read_text(encoding="utf-8"))
        keys = {one["id"]: base64.b64decode(one["public_key"]) for one in published["keys"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotVerify(
            f"{key_file} is not what /.well-known/vestibule-journal.json answers."
        ) from error
    try:
        with path.open(encoding="utf-8") as lines:
            return check(lines, keys, is_signed)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotVerify(f"{path} cannot be read.") from error


def keys(settings: Settings) -> str:
    """The public keys, as they are published."""
    built = build_house(settings)
    try:
        return json.dumps(public_keys(built.means), indent=2)
    finally:
        asyncio.run(built.close())


# --- rights ---------------------------------------------------------------------------------


ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_RIGHTS = """-- Run as the owner of the tables, after every `vestibule migrate`.
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role};
REVOKE UPDATE, DELETE, TRUNCATE ON events FROM {role};
REVOKE DELETE, TRUNCATE ON journal_heads FROM {role};
REVOKE EXECUTE ON FUNCTION journal_prune(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_prune(text, bigint) TO {role};"""


def role(name: str) -> str:
    """The SQL that gives a PostgreSQL role what serving needs: the journal by appending only."""
    if not ROLE.fullmatch(name):
        raise CannotVerify("A role's name is of lower-case letters, digits and _.")
    return _RIGHTS.format(role=name)
