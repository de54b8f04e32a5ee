"""A newcomer's first command, for real: nothing is there but the files of the repository."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import httpx

from tests.faults.processes import free_ports

ROOT = Path(__file__).parents[2]
PATIENCE = 120


def test_make_run_serves_from_a_fresh_copy(tmp_path: Path) -> None:
    """`make run` installs what the server needs and no more, migrates, serves, and ends cleanly."""
    copy, [port] = tmp_path / "copy", free_ports(1)
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().splitlines():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    inherited = os.environ.items()  # noqa: TID251 - the child gets this one, less our settings
    outside = {k: v for k, v in inherited if not k.startswith(("VESTIBULE_", "MAKE"))}
    server = subprocess.Popen(
        ["make", "run", f"PORT={port}", f"DATA={tmp_path / 'data'}"],
        cwd=copy,
        env=outside,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert server.stderr is not None
        # The server says where its simulator is once it is about to listen.
        said = ""
        while "/simulator" not in said:
            line = server.stderr.readline()
            assert line, f"make run ended without serving: {said}"
            said += line
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=PATIENCE) as client:
            page = client.get(f"http://localhost:{port}/sign-up")
    finally:
        os.killpg(server.pid, signal.SIGINT)
        _, rest = server.communicate(timeout=PATIENCE)

    assert page.status_code == 200
    assert "Create account" in page.text
    assert "Error" not in rest
    assert (tmp_path / "data" / "root.key").stat().st_mode & 0o077 == 0
