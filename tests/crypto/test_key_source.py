"""Root keys from a file, the environment or a command: read, judged, and told by a sentence."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vestibule.crypto import root_key
from vestibule.crypto.key_source import (
    KeyCommand,
    KeyFile,
    KeyInEnvironment,
    output_of,
    source_of,
)
from vestibule.crypto.root_key import RootKeyFault, RootKeys
from vestibule.entropy import SeededEntropy

ENTROPY = SeededEntropy("key sources")
ONE, OTHER, THIRD = (ENTROPY.bytes(32) for _ in range(3))
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def _said(fault: pytest.ExceptionInfo[RootKeyFault]) -> str:
    text = str(fault.value)
    assert ONE.hex()[:16] not in text
    assert text.endswith(".")
    return text


def test_text_is_read_back() -> None:
    """What is written of keys is read back alike, the newest first."""
    keys = root_key.parse(ONE.hex(), "it", made_at=NOON - timedelta(days=9))
    more = root_key.with_new(keys, ENTROPY, now=NOON, published_for=timedelta(minutes=1))
    last = root_key.without(more, "k1", {"password": OTHER})

    assert root_key.parse(root_key.render(more), "it").roots == tuple(
        root_key.RootKey(one.id, one.key, one.from_at) for one in more.roots
    )
    assert root_key.parse(root_key.render(last), "it") == last
    assert [one.id for one in more.roots] == ["k2", "k1"]
    assert last.next_id == "k3"


def test_a_root_waits_for_its_time() -> None:
    """KY-03: the newest root whose time has come is written with; a later one is only read."""
    keys = root_key.parse(
        f"k1 2026-01-01T00:00:00Z {ONE.hex()}, k2 2026-11-26T12:00:00Z {OTHER.hex()}", "it"
    )

    assert keys.current(NOON - timedelta(seconds=1)).id == "k1"
    assert keys.current(NOON).id == "k2"
    assert keys.upcoming(NOON - timedelta(seconds=1)) == keys.roots[0]
    assert keys.upcoming(NOON) is None
    assert keys.current(datetime(2020, 1, 1, tzinfo=UTC)).id == "k1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("# nothing", "it is empty"),
        ("k1 now " + ONE.hex(), "a time"),
        ("k1 2026-01-01T00:00:00 " + ONE.hex(), "a time"),
        ("k 1 2 " + ONE.hex(), "id, time, key"),
        ("k1/../x " + ONE.hex(), "a kept key"),
        (f"{ONE.hex()}, {OTHER.hex()}", "twice"),
        (f"k1 2026-01-01T00:00Z {ONE.hex()}\nk2 2026-01-02T00:00Z {ONE.hex()}", "twice"),
        (f"{ONE.hex()}\nk1/password {OTHER.hex()}", "under the same id"),
        ("x" * 70_000, "more than root keys"),
        (ONE.hex()[:32] * 2, "a sample"),
        (b"correct horse battery staple, ok".hex(), "a sample"),
    ],
)
def test_a_bad_text_is_refused(text: str, said: str) -> None:
    """KY-02: what is no list of random keys is refused with one sentence that shows none."""
    with pytest.raises(RootKeyFault) as fault:
        root_key.parse(text, "it")

    assert said in _said(fault)


def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    """KY-02: a key file that belongs to somebody else is refused."""
    path = Path("/etc/passwd")
    if os.geteuid() == 0:
        path = tmp_path / "root.key"
        root_key.make(path, ENTROPY)
        os.chown(path, 65534, 65534)

    with pytest.raises(RootKeyFault, match="belongs to another user"):
        KeyFile(path).read()


def test_an_interrupted_change_is_told(tmp_path: Path) -> None:
    """A second change beside a first one, or after an interrupted one, writes nothing."""
    path = tmp_path / "root.key"
    root_key.make(path, ENTROPY)
    keys, before = root_key.read(path), path.read_bytes()
    (tmp_path / "root.key.new").touch()

    with pytest.raises(FileExistsError):
        root_key.write(path, keys)

    assert path.read_bytes() == before


def test_a_written_file_is_private(tmp_path: Path) -> None:
    """KY-02: the file that the commands write is readable by its owner only."""
    path = tmp_path / "root.key"
    root_key.make(path, ENTROPY)
    root_key.write(path, root_key.read(path))

    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["root.key"]


def _python(code: str) -> str:
    return f'{sys.executable} -c "{code}"'


def test_the_environment_and_a_command_hold_keys() -> None:
    """KY-02: the same text may come from the environment, or be printed by a command."""
    text = f"k2 2026-11-26T12:00:00Z {OTHER.hex()}, k1 2026-01-01T00:00:00Z {ONE.hex()}"
    expected: RootKeys = root_key.parse(text, "it")

    assert KeyInEnvironment(text).read() == expected
    assert KeyCommand(_python(f"print('{text}')")).read() == expected
    assert ONE.hex() not in repr(KeyInEnvironment(text))
    assert str(ONE) not in repr(expected)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/nowhere/at/all", "cannot be run"),
        ("", "cannot be run"),
        ("'", "a quote without its end"),
        (_python("print('$(id)')"), "64 hexadecimal digits"),
        (_python(f"import sys; print('{ONE.hex()}'); sys.exit(3)"), "ended with status 3"),
        (_python("import sys; sys.stdout.write('0' * 100000)"), "more than root keys"),
        (_python(f"import sys; sys.stderr.write('{ONE.hex()}'); sys.exit(1)"), "status 1"),
    ],
)
def test_a_command_that_fails_is_told(
    command: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """KY-02: a command is run without a shell; what goes wrong is one sentence, without the key."""
    with pytest.raises(RootKeyFault) as fault:
        KeyCommand(command).read()

    assert said in _said(fault)
    assert capfd.readouterr() == ("", "")


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    """KY-02: a command has its time; then it ends, with what it started."""
    fifo = tmp_path / "never"
    os.mkfifo(fifo)

    with pytest.raises(RootKeyFault, match=r"did not end within 0\.2 s"):
        output_of(["cat", str(fifo)], seconds=0.2)

    # Nobody reads any more: a writer that does not wait is told so at once.
    with pytest.raises(OSError, match="No such device"):
        os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)


def test_a_command_that_never_stops_printing_is_ended() -> None:
    """KY-02: what prints more than root keys is no key, and fills no memory."""
    with pytest.raises(RootKeyFault, match="printed more than root keys"):
        output_of(["yes"], seconds=20)


def test_a_command_comes_before_text_and_text_before_the_file(tmp_path: Path) -> None:
    """KY-02: keys are read from one place: the most private one that was named."""
    file = tmp_path / "root.key"

    assert source_of("print-keys", "text", file) == KeyCommand("print-keys")
    assert source_of("", "text", file) == KeyInEnvironment("text")
    assert source_of("", "", file) == KeyFile(file)
