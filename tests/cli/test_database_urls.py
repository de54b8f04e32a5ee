"""What commands say of a database's address that leads nowhere: one sentence, and no password."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from vestibule.cli.main import app
from vestibule.crypto import root_key
from vestibule.entropy import SystemEntropy

SECRET = ("hunter", "2secret")
CANNOT_BE = [
    *(f"postgresql://door:hunter{mark}2secret@127.0.0.1:9/door" for mark in "/@#?%[]℀"),
    "postgresql://door:1/hunter2secret@127.0.0.1:9/door",
    "postgresql://door:hunter2secret@127.0.0.1:hunter/door",
    "postgresql://door:hunter2secret@127.0.0.1:99999/door",
    "postgresql://door:hunter2secret@[::1/door",
    "postgresql:/door:hunter2secret@127.0.0.1/door",
    "postgresql://door@127.0.0.1:9/door?hunter2secret",
    "mysql://door:hunter2secret@127.0.0.1/door",
    "sqlite://door:hunter2secret@127.0.0.1/door",
    "hunter2secret",
    "sqlite:///",
]
"""Refused as they are read."""
LEAD_NOWHERE = [
    "postgresql://door:hunter2secret@127.0.0.1:9/door",
    "postgresql://door:hunter:2%2Fsecret@127.0.0.1:9/door",
    "postgresql://door:hunter2secret@/door?host=/nowhere&port=hunter",
    "postgresql://door:hunter2secret@127.0.0.1:9/door?sslmode=hunter",
    "postgresql://door:hunter2secret@nowhere.invalid/door",
    "postgresql://door:hunter2secret@127.0.0.1:9/door?sslmode=verify-full&sslrootcert=/nowhere",
    "sqlite:////nowhere/hunter2secret/door.db",
]
"""Well formed, so that only connecting says what is wrong."""
ARGUMENTS = {
    "accounts suspend": ["ada@example.com", "--reason", "x"],
    "accounts unsuspend": ["ada@example.com"],
    "accounts end-sessions": ["ada@example.com"],
    "backup": ["copy.db"],
    "deliver allow": ["GB"],
    "deliver test": ["--channel", "email", "--to", "ada@example.com"],
    "keys retire": ["k1"],
    "restored": ["--yes"],
}
EXIT_1 = {("doctor",), ("deliver", "test")}
"""Each says more than that the database is missing."""
WITHOUT_DATABASE = {"version", "journal role", "journal key"}


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, one in getattr(group, "commands", {}).items():
        yield from _commands(one, (*path, name))
    if not hasattr(group, "commands"):
        yield path


COMMANDS = [
    command
    for command in _commands(typer.main.get_command(app))
    if " ".join(command) not in WITHOUT_DATABASE
]


def _said(folder: Path, command: tuple[str, ...], url: str) -> tuple[int, str]:
    """The exit status and all that the command printed; a traceback fails the test."""
    env = {
        "VESTIBULE_DATA": str(folder),
        "VESTIBULE_DATABASE_URL": url,
        "VESTIBULE_ROUTES_EMAIL": "smtp",
        "VESTIBULE_SMTP_URL": "smtp://127.0.0.1:9",
        "VESTIBULE_MAIL_FROM": "door@example.com",
        "VESTIBULE_PUBLIC_ORIGIN": "http://localhost:8000",
    }
    arguments = ARGUMENTS.get(" ".join(command), [])
    result = CliRunner().invoke(app, [*command, *arguments], env=env)
    fault = result.exception
    assert fault is None or isinstance(fault, SystemExit), (command, url, repr(fault))
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a root key, and a place where a copy could be made."""
    monkeypatch.chdir(tmp_path)
    root_key.make(tmp_path / "root.key", SystemEntropy())
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_address_that_cannot_be_is_one_sentence(folder: Path, command: tuple[str, ...]) -> None:
    """AU-02: each command refuses a broken address by one sentence that repeats nothing of it."""
    for url in CANNOT_BE:
        status, said = _said(folder, command, url)

        assert status == 2, (url, said)
        assert said.startswith("VESTIBULE_DATABASE_URL: "), (url, said)
        assert said.count("\n") == 1, (url, said)
        assert not any(part in said for part in SECRET), (url, said)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_database_that_is_not_there_is_told(folder: Path, command: tuple[str, ...]) -> None:
    """AU-02: where nothing answers each command ends with a sentence, and no password in it."""
    _assert_told(folder, command, LEAD_NOWHERE[0])


@pytest.mark.parametrize("command", [("migrate",), ("doctor",)], ids=" ".join)
def test_whatever_connecting_says_is_told(folder: Path, command: tuple[str, ...]) -> None:
    """AU-02: no fault of connecting is a traceback, or quotes the address."""
    for url in LEAD_NOWHERE:
        _assert_told(folder, command, url)


def _assert_told(folder: Path, command: tuple[str, ...], url: str) -> None:
    status, said = _said(folder, command, url)
    told = said.replace("hunter2secret/door.db", "") if url.startswith("sqlite") else said
    assert not any(part in told for part in SECRET), (url, said)
    assert status == (1 if command in EXIT_1 else 2), (url, said)
