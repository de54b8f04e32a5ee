"""`vestibule keys`: what the operator reads at each step, and where keys are shown."""

import re
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from vestibule.cli.main import app
from vestibule.crypto import root_key
from vestibule.entropy import SystemEntropy
from vestibule.storage import migrate

KEY = re.compile(r'(?<!"link": ")[0-9a-f]{64}')
"""What a root key looks like; so does a row's digest on the lines of the log."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A migrated database and its root key."""
    migrate.upgrade(f"sqlite:///{tmp_path / 'vestibule.db'}")
    root_key.make(tmp_path / "root.key", SystemEntropy())
    return tmp_path


def run(folder: Path, *arguments: str, **settings: str) -> Result:
    env = {"VESTIBULE_DATA": str(folder), "VESTIBULE_SIMULATOR": "true"}
    env |= {f"VESTIBULE_{name}": value for name, value in settings.items()}
    try:
        return CliRunner().invoke(app, list(arguments), env=env)
    finally:
        structlog.reset_defaults()


def test_a_file_is_changed(folder: Path) -> None:
    """KY-03: `keys rotate` writes the new root beside the old one, shows none, and says what is
    next; `keys list` says which is written with."""
    done = run(folder, "keys", "rotate")

    assert done.exit_code == 0, done.output
    assert "k2 is in the root key file" in done.stdout
    assert "Then: vestibule keys reseal" in done.stdout
    listed = run(folder, "keys", "list").stdout
    assert re.search(r"^k2 {2}is read only; is written with from 20", listed, re.MULTILINE)
    assert "k1  is written with; 0 days old" in listed
    assert not KEY.search(done.output + listed)
    refused = run(folder, "keys", "retire", "k1")
    assert refused.exit_code == 2
    assert "`vestibule keys rotate` first" in refused.output


def test_what_cannot_be_written_is_shown(folder: Path) -> None:
    """KY-03: where the root comes from the environment, `keys rotate` shows the entry to add, on
    stdout only."""
    text = (folder / "root.key").read_text().strip()
    (folder / "root.key").unlink()

    done = run(folder, "keys", "rotate", ROOT_KEY=text)

    assert "Add this to VESTIBULE_ROOT_KEY" in done.stdout
    [fresh] = KEY.findall(done.stdout)
    assert not KEY.search(done.stderr)
    entry = next(line for line in done.stdout.splitlines() if fresh in line)
    listed = run(folder, "keys", "list", ROOT_KEY=f"{text}, {entry}").stdout
    assert "k2  is read only; is written with from" in listed


def test_one_place_names_the_key(folder: Path) -> None:
    """KY-02: two settings that name a root key stop the start with a sentence."""
    text = (folder / "root.key").read_text().strip()
    both = {"ROOT_KEY": text, "ROOT_KEY_COMMAND": "cat it"}

    done = run(folder, "keys", "list", **both)
    same = run(folder, "keys", "list", ROOT_KEY=text, ROOT_KEY_FILE=str(folder / "root.key"))

    assert (done.exit_code, same.exit_code) == (2, 2)
    assert "set one" in done.output
    assert "set one" in same.output
    assert not KEY.search(done.output + same.output)


def test_doctor_tells_the_age(folder: Path) -> None:
    """KY-03: `doctor` says how old the root is, and misses a new one after a year."""
    text = (folder / "root.key").read_text().strip()

    young = run(folder, "doctor")
    old = run(folder, "doctor", ROOT_KEY=f"k7 2024-01-01T00:00:00Z {text}")

    assert re.search(r"^fine +the root key file \S+, k1, 0 days old$", young.output, re.MULTILINE)
    assert re.search(r"^MISSING +k7 is written with for \d+ days", old.output, re.MULTILINE)
    assert old.exit_code == 1


def test_values_of_a_lost_key_are_told(folder: Path) -> None:
    """KY-03: `keys list` says where values are that no key here opens."""
    import sqlite3

    with sqlite3.connect(folder / "vestibule.db") as connection:
        connection.execute("INSERT INTO opt_outs VALUES (?, 'text', 0)", [b"k9." + bytes(32)])

    listed = run(folder, "keys", "list").stdout

    assert "Made with a key that is not here" in listed
    assert re.search(r"phone-fingerprint +opt_outs\.fingerprint_mac +1", listed)
