"""`vestibule work` delivers, `serve --no-worker` serves: only where they can be two processes."""

import logging
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from tests.databases import migrated_sqlite
from vestibule.cli.main import app
from vestibule.crypto import root_key
from vestibule.entropy import SystemEntropy


def _run(command: list[str], settings: dict[str, str]) -> Result:
    before = logging.getLogger().handlers
    try:
        return CliRunner().invoke(app, command, env=settings)
    finally:
        # The command has sent the log to a stream that is closed by now.
        structlog.reset_defaults()
        logging.getLogger().handlers = before


@pytest.mark.parametrize("command", [["work"], ["serve", "--no-worker"]])
@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "needs PostgreSQL"),
        (
            {
                "VESTIBULE_SIMULATOR": "true",
                "VESTIBULE_DATABASE_URL": "postgresql://127.0.0.1:1/nowhere",
            },
            "VESTIBULE_SIMULATOR=false",
        ),
    ],
)
def test_split_is_refused_with_a_sentence(
    tmp_path: Path, command: list[str], more: dict[str, str], says: str
) -> None:
    """With SQLite or the simulator serving and delivering stay together, and that is said."""
    root_key.make(tmp_path / "root.key", SystemEntropy())
    url = migrated_sqlite(tmp_path / "vestibule.db")
    settings = {"VESTIBULE_DATA": str(tmp_path), "VESTIBULE_DATABASE_URL": url, **more}

    done = _run(command, settings)

    assert done.exit_code == 2, done.output
    assert says in done.output


def test_work_says_when_the_database_is_gone(tmp_path: Path) -> None:
    """A worker without its database ends with a sentence, not with a trace."""
    root_key.make(tmp_path / "root.key", SystemEntropy())
    settings = {
        "VESTIBULE_DATA": str(tmp_path),
        "VESTIBULE_DATABASE_URL": "postgresql://127.0.0.1:1/nowhere",
    }

    done = _run(["work"], settings)

    assert (done.exit_code, "does not answer" in done.output) == (2, True), done.output


def test_routes_are_told_when_nothing_was_sent(tmp_path: Path) -> None:
    """`vestibule deliver routes` works on a fresh house."""
    root_key.make(tmp_path / "root.key", SystemEntropy())
    url = migrated_sqlite(tmp_path / "vestibule.db")
    settings = {"VESTIBULE_DATA": str(tmp_path), "VESTIBULE_DATABASE_URL": url}

    done = _run(["deliver", "routes"], settings)

    assert (done.exit_code, "Nothing was sent" in done.output) == (0, True), done.output
