"""`vestibule doctor --attack` as an operator runs it: a command against real servers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import migrated_sqlite
from tests.faults.processes import free_ports
from tests.figures import Record, note
from tests.postgresql import Cluster
from tests.serving import ready, serving
from vestibule.attack.run import SECONDS_PER_RUN
from vestibule.attack.table import ATTACKS
from vestibule.crypto import root_key
from vestibule.entropy import SystemEntropy

pytestmark = pytest.mark.anyio

SERVERS = 4


def _doctor(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vestibule", "doctor", *options]
    return subprocess.run(
        command,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        # The run ends itself; on a machine with other work it may need that long.
        timeout=SECONDS_PER_RUN + 60,
        check=False,
    )


async def _attack(folder: Path, url: str, count: int) -> tuple[int, list[dict[str, int]], str]:
    root_key.make(folder / "root.key", SystemEntropy())
    ports, found = free_ports(count), folder / "found.json"
    origins = [f"http://127.0.0.1:{port}" for port in ports]
    async with serving(folder, url, ports):
        await ready(origins)
        targets = [part for origin in origins for part in ("--attack", origin)]
        done = _doctor(*targets, "--json", str(found))
    rows = json.loads(found.read_text())["attacks"] if found.exists() else []
    return done.returncode, rows, done.stdout + done.stderr


def _note(record: Record, rows: list[dict[str, int]]) -> None:
    note(
        record,
        attacks=len(rows),
        requests=sum(row["requests"] for row in rows),
        compared=sum(row["guesses"] or 0 for row in rows),
    )


async def test_attack_finds_nothing_in_one_house(tmp_path: Path, record_property: Record) -> None:
    """EF-01, OC-07, WB-05: every attack on a house that an operator started is tried and held."""
    url = migrated_sqlite(tmp_path / "vestibule.db")

    status, rows, said = await _attack(tmp_path, url, 1)

    assert status == 0, said
    assert len(rows) == len(ATTACKS)
    _note(record_property, rows)


async def test_attack_finds_nothing_in_four_processes(
    postgresql_cluster: Cluster, tmp_path: Path, record_property: Record
) -> None:
    """RL-07, OC-07: over four processes and one PostgreSQL the budgets are still one."""
    name = await postgresql_cluster.create()

    status, rows, said = await _attack(tmp_path, postgresql_cluster.url(name), SERVERS)

    assert status == 0, said
    assert len(rows) == len(ATTACKS)
    _note(record_property, rows)
    await postgresql_cluster.drop(name)


async def test_what_was_not_tried_fails_a_strict_job(tmp_path: Path) -> None:
    """Where a row could not be tried, the command says which and exits 0, and 2 with --strict."""
    url = migrated_sqlite(tmp_path / "vestibule.db")
    root_key.make(tmp_path / "root.key", SystemEntropy())
    password, secret = tmp_path / "password", tmp_path / "secret"
    password.write_text("four lanterns in a porch\n")
    secret.write_text("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n")
    account = ["--email", "a@example.com", "--password-file", str(password)]
    account += ["--app-secret-file", str(secret)]
    [port] = free_ports(1)
    origin = f"http://127.0.0.1:{port}"
    tried, left_out = ("--only", "forwarded"), ("--only", "race-text")
    async with serving(tmp_path, url, [port], has_simulator=False):
        await ready([origin])
        runs = [
            _doctor("--attack", origin, *account, "--json", str(tmp_path / str(n)), *options)
            for n, options in enumerate(
                [
                    (*tried, *left_out),
                    (*tried, *left_out, "--strict"),
                    (*tried, "--strict"),
                ]
            )
        ]

    statuses = [json.loads((tmp_path / str(n)).read_text())["exit"] for n in range(len(runs))]
    said = [run.stdout + run.stderr for run in runs]
    assert statuses == [run.returncode for run in runs] == [0, 2, 0], said
    for text in said[:2]:
        assert "1 of 2 attacks were not tried, so nothing is known of them:" in text
        assert "race-text: needs the simulator" in text
    assert "were not tried" not in said[2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--attack", "http://example.com"), "is not this machine"),
        (("--attack", "https://id.example.com", "--i-own-this-host", "example.com"), "is not"),
        (("--attack", "http://127.0.0.1:9"), "."),
        (("--attack", "http://127.0.0.1:9", "--only", "nothing"), "There is no attack nothing"),
        (("--attack", "http://127.0.0.1:9", "--email", "a@example.com"), "together"),
        (("--only", "timing"), "nothing says what to attack"),
        (("--i-own-this-host", "id.example.com"), "nothing says what to attack"),
    ],
)
def test_what_cannot_be_attacked_is_said(options: tuple[str, ...], said: str) -> None:
    """Another machine, a silent or missing one, an unknown attack, half an account: 2, and why."""
    done = _doctor(*options)

    assert done.returncode == 2, done.stdout
    assert said in done.stderr
