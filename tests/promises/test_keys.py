"""Keys: one for each purpose, listed, kept apart from the database, and never a sample (A.17)."""

import ast
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

import vestibule
from tests.attack import rows
from tests.databases import migrated_sqlite
from tests.front_door import PASSWORD, FrontDoor
from vestibule.cli.main import app
from vestibule.crypto import root_key
from vestibule.crypto.keyring import Keyring, Purpose
from vestibule.crypto.password_hash import CHEAPEST, OWASP, PasswordHash
from vestibule.domain.refusal import Reason, Refused
from vestibule.entropy import SeededEntropy
from vestibule.flows import sign_in
from vestibule.flows.passwords import Passwords
from vestibule.flows.work import Caller, Means

SOURCE = Path(vestibule.__file__).parent
STRANGER = Caller("203.0.113.9", "", "", "en")
USES = {
    "flows": {
        "ADDRESS",
        "CODE",
        "JOURNAL",
        "JOURNAL_SIGNATURE",
        "NOT_ME",
        "PHONE_FINGERPRINT",
        "PHONE_PREFIX",
        "RECOVERY_CODE",
        "SESSION_REFERENCE",
        "THROTTLE",
    },
    "crypto": {"SEAL", "PASSWORD"},
    "web": {"CSRF"},
}


def _uses() -> dict[str, set[str]]:
    """Which purposes each room's modules name, by where they import the word from."""
    found: dict[str, set[str]] = defaultdict(set)
    # Migrations do once, to old rows, what a room does from then on.
    for path in set(SOURCE.rglob("*.py")) - set(SOURCE.rglob("migrations/**/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "vestibule.crypto.keyring"
            for alias in node.names
            if alias.name == "Purpose"
        }
        used = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        for node in used:
            if isinstance(node.value, ast.Name) and node.value.id in names:
                found[path.relative_to(SOURCE).parts[0]].add(node.attr)
    return dict(found)


def test_every_purpose_has_one_use() -> None:
    """KY-01: each purpose is used, each in one room, and no room uses one that is not listed."""
    assert _uses() == USES
    assert sorted(name for names in USES.values() for name in names) == sorted(Purpose.__members__)


def test_the_page_lists_the_keys() -> None:
    """KY-01: docs/reference/keys.md lists exactly the purposes of the code."""
    page = (SOURCE.parents[1] / "docs/reference/keys.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == [one.value for one in Purpose]


def test_no_two_keys_are_alike() -> None:
    """KY-01: every purpose of every root has a key of its own, 256 bits each."""
    ring = Keyring.from_root(bytes(range(32)), previous={"k0": bytes(range(1, 33))})
    keys = [ring.key(purpose, key_id) for purpose in Purpose for key_id in ("k0", "k1")]

    assert len(set(keys)) == len(keys) == 2 * len(Purpose)
    assert {len(key) for key in keys} == {32}


GOOD = "".join(f"{(n * 37 + 11) % 256:02x}" for n in range(31)) + "07"
BAD_KEYS = {
    "open to the group": (GOOD.encode(), 0o640, "chmod 600"),
    "open to all": (GOOD.encode(), 0o604, "chmod 600"),
    "short": (GOOD[:62].encode(), 0o600, "64 hexadecimal digits"),
    "long": ((GOOD + "00").encode(), 0o600, "64 hexadecimal digits"),
    "empty": (b"", 0o600, "64 hexadecimal digits"),
    "text": (b"change-me", 0o600, "64 hexadecimal digits"),
    "raw bytes": (bytes(range(128, 160)), 0o600, "64 hexadecimal digits"),
    "zeros": (b"00" * 32, 0o600, "sample"),
    "a pattern": (b"0123456789abcdef" * 4, 0o600, "sample"),
    "counted up": (bytes(range(32)).hex().encode(), 0o600, "sample"),
    "counted down": (bytes(range(255, 223, -1)).hex().encode(), 0o600, "sample"),
    "missing": (None, 0o600, "cannot be read"),
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_a_bad_root_key_stops_the_start(tmp_path: Path, name: str) -> None:
    """KY-02: a key that is open, short, a sample or missing stops the start with one sentence."""
    content, mode, said = BAD_KEYS[name]
    key = tmp_path / "root.key"
    if content is not None:
        key.write_bytes(content)
        key.chmod(mode)
    migrated_sqlite(tmp_path / "vestibule.db")

    settings = {"VESTIBULE_DATA": str(tmp_path), "VESTIBULE_SIMULATOR": "true"}
    try:
        done = CliRunner().invoke(app, ["serve"], env=settings)
    finally:
        # The command has sent the log to a stream that is closed by now.
        structlog.reset_defaults()

    assert done.exit_code == 2, done.output
    assert said in done.output
    assert "Traceback" not in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert GOOD[:20] not in done.output


def test_no_key_is_in_the_tree() -> None:
    """KY-02: no file of the sources holds 64 hexadecimal digits that could be a key."""
    for path in SOURCE.rglob("*"):
        if path.is_file() and path.suffix in {".py", ".html", ".js", ".toml", ".env"}:
            assert not re.search(r"\b[0-9a-f]{64}\b", path.read_text(encoding="utf-8")), path


async def _sign_in(means: Means) -> sign_in.PasswordAccepted | Refused:
    return await sign_in.submit_password(
        means,
        STRANGER,
        email="ada@example.com",
        password=PASSWORD,
        pending_token=None,
        return_to=None,
    )


def _with(means: Means, keyring: Keyring) -> Means:
    hasher = PasswordHash(keyring, SeededEntropy("PH-03"), CHEAPEST)
    return replace(means, keyring=keyring, passwords=Passwords(hasher, at_once=2, queued=10))


@pytest.mark.anyio
async def test_the_database_alone_verifies_no_password(house: FrontDoor) -> None:
    """PH-03: without the root key the right password does not fit the stored form."""
    await house.sign_up(house.browser(), "ada@example.com")
    stored = str((await rows(house, "SELECT password_mac FROM passwords"))[0]["password_mac"])
    stolen = Keyring.from_root(bytes(range(32)), key_id=house.built.means.keyring.current)

    assert not PasswordHash(stolen, SeededEntropy("x"), CHEAPEST).matches(stored, PASSWORD)
    hashing = _with(house.built.means, stolen).passwords
    means = replace(house.built.means, passwords=hashing)
    assert await _sign_in(means) == Refused(Reason.SIGN_IN_WRONG)


@pytest.mark.anyio
async def test_passwords_move_to_the_new_key(house: FrontDoor, tmp_path: Path) -> None:
    """PH-03: after a new root key old passwords still open, and are then tied to the new one."""
    await house.sign_up(house.browser(), "ada@example.com")
    [root] = root_key.read(tmp_path / "root.key").roots
    ring = Keyring.from_root(bytes(range(32)), key_id="k2", previous={"k1": root.key})

    assert isinstance(await _sign_in(_with(house.built.means, ring)), sign_in.PasswordAccepted)

    stored = str((await rows(house, "SELECT password_mac FROM passwords"))[0]["password_mac"])
    assert stored.endswith("$k=k2")
    alone = _with(house.built.means, Keyring.from_root(bytes(range(32)), key_id="k2"))
    assert isinstance(await _sign_in(alone), sign_in.PasswordAccepted)


def test_the_server_hashes_at_the_owasp_cost() -> None:
    """PH-03: the tag is keyed after Argon2id of 19 MiB, two passes, and says so."""
    hasher = PasswordHash(Keyring.from_root(bytes(range(32))), SeededEntropy("x"), OWASP)

    assert hasher.hash(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
