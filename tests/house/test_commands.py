"""`make run` tells the server what it needs and hands it the terminal's signals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Without what a surrounding `make test` says to the makes below it.
BARE = {"PATH": os.environ["PATH"]}  # noqa: TID251 - where make and bash are
SERVER = f"""#!{sys.executable}
import os, select, signal, sys

def say(*words):
    os.write(1, (" ".join(words) + "\\n").encode())

def end(*_):
    select.select([], [], [], 0.2)  # a real server finishes its requests first
    say("ended")
    sys.exit(0)

if sys.argv[1] == "migrate":
    say("migrated")
else:
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    names = ("PUBLIC_ORIGIN", "PORT", "DATA", "SIMULATOR")
    say(sys.argv[1], *(os.environ["VESTIBULE_" + name] for name in names))
    signal.pause()
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the Makefile, and an environment that counts as made."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "scripts").mkdir()
    names = ["Makefile", "pyproject.toml", "scripts/environment"]
    for name in [*names, *(path.name for path in ROOT.glob("requirements*.txt"))]:
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for name in (".run", ".dev"):
        (tmp_path / ".venv" / name).touch()
    server = tmp_path / ".venv" / "bin" / "vestibule"
    server.write_text(SERVER)
    server.chmod(0o755)
    return tmp_path


def start(clone: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["make", "run", *arguments],
        cwd=clone,
        env=BARE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def next_line(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "serve http://localhost:8000 8000 var true"),
        (("PORT=9123", "DATA=/tmp/my data"), "serve http://localhost:9123 9123 /tmp/my data true"),
    ],
)
def test_run_passes_port_and_data(clone: Path, arguments: tuple[str, ...], said: str) -> None:
    """The server hears its origin, port, data folder and simulator, after the migration."""
    with start(clone, *arguments) as running:
        lines = [next_line(running), next_line(running)]
        os.killpg(running.pid, signal.SIGINT)

    assert lines == ["migrated", said]


def test_run_ends_without_a_complaint_on_ctrl_c(clone: Path) -> None:
    """The terminal's Ctrl-C reaches the server, and make prints no error."""
    with start(clone) as running:
        next_line(running)
        next_line(running)
        os.killpg(running.pid, signal.SIGINT)
        rest, _ = running.communicate(timeout=60)

    assert rest == "ended\n"


def test_run_passes_on_a_stop_from_outside(clone: Path) -> None:
    """A supervisor's SIGTERM to make ends the server too, not only the shell between them."""
    with start(clone) as running:
        next_line(running)
        next_line(running)
        os.kill(running.pid, signal.SIGTERM)
        rest, _ = running.communicate(timeout=60)

    assert "ended\n" in rest


def test_commands_have_a_list(clone: Path) -> None:
    """Plain `make` says what there is, the two for a newcomer first."""
    listed = subprocess.run(
        ["make"], cwd=clone, env=BARE, capture_output=True, text=True, check=True
    )

    commands = [line.split()[0] for line in listed.stdout.splitlines()]
    assert commands[:3] == ["help", "run", "test"]
    assert {"check", "fix", "quick", "e2e"} <= set(commands)
