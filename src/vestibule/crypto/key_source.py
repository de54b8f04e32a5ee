"""Where the root keys come from: a file, the environment, or a command that prints them (KY-02).

Must not log or repeat what it read.
"""

import os
import selectors
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from vestibule.crypto import root_key
from vestibule.crypto.root_key import MOST_CHARACTERS, RootKeyFault, RootKeys

COMMAND_SECONDS = 10.0
"""What a command may take before it is ended."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Only its owner can read it; `vestibule keys` changes it, and servers look again."""

    path: Path

    reread_every = timedelta(seconds=5)
    published_for = timedelta(seconds=60)

    @property
    def name(self) -> str:
        return f"the root key file {self.path}"

    def read(self) -> RootKeys:
        return root_key.read(self.path)


@dataclass(frozen=True, slots=True)
class KeyInEnvironment:
    """It stays as it was at the start, so a new key needs new starts."""

    text: str = field(repr=False)

    reread_every = None
    published_for = timedelta(hours=24)
    name = "VESTIBULE_ROOT_KEY"

    def read(self) -> RootKeys:
        return root_key.parse(self.text, "VESTIBULE_ROOT_KEY")


@dataclass(frozen=True, slots=True)
class KeyCommand:
    """A program, such as that of a key service, that prints the text of a key file."""

    command: str

    reread_every = timedelta(minutes=5)
    published_for = timedelta(minutes=30)
    name = "VESTIBULE_ROOT_KEY_COMMAND"

    def read(self) -> RootKeys:
        try:
            arguments = shlex.split(self.command)
        except ValueError as error:
            raise RootKeyFault("VESTIBULE_ROOT_KEY_COMMAND has a quote without its end.") from error
        text = output_of(arguments, seconds=COMMAND_SECONDS)
        return root_key.parse(text, "What VESTIBULE_ROOT_KEY_COMMAND printed")


KeySource = KeyFile | KeyInEnvironment | KeyCommand
"""`published_for` is how long a new key is read by every process before one writes with it."""


def source_of(command: str, text: str, path: Path) -> KeySource:
    """What was set: a command, else the text, else the file."""
    if command:
        return KeyCommand(command)
    return KeyInEnvironment(text) if text else KeyFile(path)


def output_of(arguments: list[str], *, seconds: float) -> str:
    """What a program prints, run without a shell; raises `RootKeyFault` for any failure.

    Its complaints go nowhere, since they may hold the key; ours name its kind of end only.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the operator's own setting, without a shell
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, IndexError, ValueError) as error:
        raise RootKeyFault("VESTIBULE_ROOT_KEY_COMMAND cannot be run.") from error
    deadline = time.monotonic() + seconds
    try:
        octets = _read_within(process, deadline)
        status = process.wait(max(0.0, deadline - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        raise RootKeyFault(
            f"VESTIBULE_ROOT_KEY_COMMAND did not end within {seconds:g} s."
        ) from error
    finally:
        _end(process)
    if status != 0:
        raise RootKeyFault(
            f"VESTIBULE_ROOT_KEY_COMMAND ended with status {status}: run it by hand to see why."
        )
    return octets.decode("ascii", "replace")


def _read_within(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    octets = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            chunk = os.read(process.stdout.fileno(), 4096)
            octets += chunk
            if len(octets) > MOST_CHARACTERS:
                raise RootKeyFault("VESTIBULE_ROOT_KEY_COMMAND printed more than root keys.")
            if not chunk:
                return bytes(octets)


def _end(process: subprocess.Popen[bytes]) -> None:
    """What did not end by itself is ended, with everything that it started."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
