"""`vestibule doctor`: each configured provider is reached and shown its credentials."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.delivery.carrier import Said, carrier
from vestibule.cli.doctor import Finding, probe_all
from vestibule.cli.main import app
from vestibule.delivery.provider import Message, Outcome, Probe, TemporaryFailure


def test_each_provider_is_asked(tmp_path: Path) -> None:
    """A finding tells of every provider; one that lets nobody in is missing something."""
    file = tmp_path / "settings.env"
    with carrier("twilio_api_v2010.json") as twilio, carrier("vonage_account.json") as vonage:
        twilio.says = Said(401, {"code": 20003})
        vonage.says = Said(200, {"_embedded": {}})
        lines = {
            "DATA": str(tmp_path),
            "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
            "TWILIO_AUTH_TOKEN": "an auth token",
            "TWILIO_API_URL": twilio.url,
            "VONAGE_API_KEY": "abcd1234",
            "VONAGE_API_SECRET": "a secret",
            "VONAGE_API_URL": vonage.url,
        }
        file.write_text("".join(f"VESTIBULE_{name}={value}\n" for name, value in lines.items()))
        result = CliRunner().invoke(app, ["doctor", "--settings", str(file)])

    assert twilio.refused == vonage.refused == []
    assert "MISSING  twilio: does not let us in (twilio 20003)" in result.output
    assert "fine     vonage: lets us in (key)" in result.output
    assert result.exit_code == 1


SID, KEY = "AC" + "0a" * 16, "SK" + "2c" * 16
TWILIO = {
    "PUBLIC_ORIGIN": "https://id.example.com",
    "TWILIO_ACCOUNT_SID": SID,
    "TWILIO_AUTH_TOKEN": "an auth token",
    "TWILIO_FROM": "+14155550100",
    "ROUTES_SMS": "twilio",
    "ROUTES_VOICE": "twilio",
}


def examined(tmp_path: Path, values: dict[str, str]) -> str:
    """What doctor prints with these settings."""
    file = tmp_path / "settings.env"
    file.touch(0o600)
    lines = {"DATA": str(tmp_path), **values}
    file.write_text("".join(f"VESTIBULE_{name}={value}\n" for name, value in lines.items()))
    result = CliRunner().invoke(app, ["doctor", "--settings", str(file)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.output


@pytest.mark.parametrize(
    ("origin", "is_reached"),
    [
        ("http://localhost:8000", False),
        ("https://acme.localhost", False),
        ("https://127.0.0.1:8443", False),
        ("https://10.1.2.3", False),
        ("https://id.example.com", True),
    ],
)
def test_calls_need_an_origin_that_carriers_reach(
    tmp_path: Path, origin: str, is_reached: bool
) -> None:
    """A call fetches what it says from the public origin, so one out of reach is a finding."""
    url = {"PUBLIC_ORIGIN": origin, "TWILIO_API_URL": "https://api.twilio.invalid"}

    said = examined(tmp_path, TWILIO | url)

    found = f"MISSING  twilio cannot fetch what a call says from {origin}" in said
    assert found == (not is_reached), said


def test_what_texts_may_cost_is_told(tmp_path: Path) -> None:
    """TF-02, TF-03: all countries, or no budget, with a carrier that costs money is told."""
    url = {"TWILIO_API_URL": "http://127.0.0.1:9"}
    bounds = {"COUNTRIES": "GB", "BUDGET_DAY": "50", "PRICE_SMS": "0.05", "PRICE_VOICE": "0.1"}

    bare, bounded = examined(tmp_path, TWILIO | url), examined(tmp_path, TWILIO | url | bounds)

    assert "WARNING  texts and calls go to every country" in bare
    assert "WARNING  nothing limits what texts and calls cost" in bare
    assert "WARNING" not in bounded
    assert "WARNING" not in examined(tmp_path, {"SIMULATOR": "true"})


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        ({}, False),
        ({"CODE_DIGITS": "8"}, False),
        ({"APP_DIGITS": "8"}, True),
        ({"APP_ALGORITHM": "SHA256"}, True),
    ],
)
def test_apps_that_may_not_understand_are_told(
    tmp_path: Path, values: dict[str, str], is_told: bool
) -> None:
    """TO-01: whoever chooses what many apps ignore is warned, and still starts."""
    said = examined(tmp_path, {"SIMULATOR": "true"} | values)

    found = "WARNING  new authentication apps are asked for" in said
    assert found is is_told, said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://10.1.2.3/", "VESTIBULE_WEBHOOK_URL: it is in a private network; name that in"),
        ("https://169.254.169.254/", "it is at an address that nothing is posted to"),
    ],
)
def test_where_posts_would_lead_is_told(tmp_path: Path, url: str, said: str) -> None:
    """WH-04: a webhook that leads into a private network is told, and how to allow that."""
    webhook = {"WEBHOOK_URL": url, "WEBHOOK_SECRET": "a secret " * 3, "ROUTES_SMS": "webhook"}

    assert said in examined(tmp_path, webhook)


class Waiting:
    """A provider that answers once another one was asked too, or never."""

    def __init__(self, name: str, mine: asyncio.Event, others: asyncio.Event) -> None:
        self.name = name
        self.is_closed = False
        self._mine, self._others = mine, others

    async def send(self, message: Message, to: str) -> Outcome:  # noqa: ARG002 - the protocol's
        return TemporaryFailure("never asked")

    async def probe(self) -> Probe:
        self._mine.set()
        await self._others.wait()
        return Probe(True, f"{self.name}: here")

    async def close(self) -> None:
        self.is_closed = True


async def test_all_at_once_and_in_time() -> None:
    """Providers are asked at the same time, and one that hangs is given up."""
    one, other, never = asyncio.Event(), asyncio.Event(), asyncio.Event()
    providers = [Waiting("a", one, other), Waiting("b", other, one), Waiting("c", never, never)]
    hanging = Waiting("d", asyncio.Event(), asyncio.Event())

    found = await probe_all([*providers, hanging], seconds=0.2)

    assert found == [
        Finding(True, "a: here"),
        Finding(True, "b: here"),
        Finding(True, "c: here"),
        Finding(False, "d: no answer within 0.2 s"),
    ]
    assert all(provider.is_closed for provider in [*providers, hanging])


def _said(file: Path) -> str:
    return CliRunner().invoke(app, ["doctor", "--settings", str(file)]).output


def test_files_that_others_read_are_told(tmp_path: Path) -> None:
    """KY-02: a secret's file, a settings file with a secret, a database and a data folder that are
    open to others are named, each until it is closed; a file without a secret never is."""
    file, secret, folder = (tmp_path / name for name in ("settings.env", "token", "data"))
    folder.mkdir(0o700)
    database = folder / "vestibule.db"
    secret.write_text("a token that is long enough to be one, and no real one")
    database.touch()
    lines = f"VESTIBULE_DATA={folder}\nVESTIBULE_METRICS_TOKEN_FILE={secret}\n"
    file.write_text(lines)
    for one in (file, secret, database):
        one.chmod(0o644)
    before = _said(file)
    folder.chmod(0o777)
    file.write_text(lines + "VESTIBULE_SMTP_URL=smtp://127.0.0.1:9\n")
    after = _said(file)
    for one in (file, secret):
        one.chmod(0o640)
    folder.chmod(0o700)
    closed = _said(file)

    token = f"WARNING  VESTIBULE_METRICS_TOKEN_FILE: {secret} can be read by everybody"
    assert token in before
    assert before.count("WARNING") == 1, before
    assert token in after
    assert f"WARNING  The settings file {file} can be read by everybody" in after
    assert f"WARNING  The database {database} can be read by everybody" in after
    assert f"WARNING  The data folder {folder} can be written by others" in after
    assert "WARNING" not in closed, closed


def test_what_commands_write_is_their_owners(tmp_path: Path) -> None:
    """KY-02: with a umask of 000 everything that `migrate`, a server's files beside the database
    and `backup` leave is for its owner only, and so are the folders that are made on the way."""
    folder = tmp_path / "one" / "two"
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    env |= {"VESTIBULE_DATA": str(folder), "VESTIBULE_SIMULATOR": "true"}
    env |= {"VESTIBULE_PUBLIC_ORIGIN": "http://localhost:8000"}
    _run("migrate", env=env)
    with closing(sqlite3.connect(folder / "vestibule.db", isolation_level=None)) as served:
        served.execute("UPDATE accounts SET id = id WHERE 1 = 0")
        _run("backup", str(tmp_path / "one" / "copy.db"), env=env)
        found = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "one").rglob("*")}
        found["one"] = (tmp_path / "one").stat().st_mode & 0o077

    named = {"one", "two", "vestibule.db", "vestibule.db-wal", "vestibule.db-shm"}
    assert found.keys() >= {*named, "root.key", "copy.db", "last-beat.json"}
    assert set(found.values()) == {0}, found


def _run(*arguments: str, env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "vestibule", *arguments]
    subprocess.run(command, env=env, umask=0, check=True, capture_output=True)


def test_a_copy_follows_no_link(tmp_path: Path) -> None:
    """KY-02: where somebody put a link in the copy's place nothing is written through it."""
    target = tmp_path / "elsewhere"
    (tmp_path / "copy.db").symlink_to(target)
    env = {"VESTIBULE_DATA": str(tmp_path), "VESTIBULE_SIMULATOR": "true"}
    env |= {"VESTIBULE_PUBLIC_ORIGIN": "http://localhost:8000"}
    migrated = CliRunner().invoke(app, ["migrate"], env=env)
    said = CliRunner().invoke(app, ["backup", str(tmp_path / "copy.db")], env=env)

    assert (migrated.exit_code, said.exit_code) == (0, 2), said.output
    assert "cannot be made" in said.output
    assert not target.exists()
