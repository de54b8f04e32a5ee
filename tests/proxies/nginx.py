"""A real nginx with the configuration that we ship, its names and ports replaced."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path("deploy/nginx.conf")
NAME = "localhost"
PATIENCE = 60.0

_AROUND = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where it listens, and the house that it passes requests to."""

    http: int
    https: int
    house: int


@asynccontextmanager
async def nginx(folder: Path, ports: Ports, certificate: Path) -> AsyncIterator[None]:
    """It runs while the block does. `certificate` holds chain and key."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    assert program, "nginx is missing: scripts/components nginx"
    (folder / "site.conf").write_text(_site(ports, certificate))
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder))
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = await asyncio.create_subprocess_exec(*command, "-e", str(folder / "error.log"))
    try:
        await _listening(process, ports.https, folder)
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)


def _site(ports: Ports, certificate: Path) -> str:
    """What we ship; each replacement has to be found, so the file cannot drift from the test."""
    text = SHIPPED.read_text()
    for shipped, here in (
        ("/etc/letsencrypt/live/id.example.com/fullchain.pem", str(certificate)),
        ("/etc/letsencrypt/live/id.example.com/privkey.pem", str(certificate)),
        ("https://id.example.com$", f"https://{NAME}:{ports.https}$"),
        ("id.example.com", NAME),
        ("listen 443", f"listen 127.0.0.1:{ports.https}"),
        ("listen 80", f"listen 127.0.0.1:{ports.http}"),
        ("127.0.0.1:8000", f"127.0.0.1:{ports.house}"),
    ):
        assert shipped in text, shipped
        text = text.replace(shipped, here)
    return text


async def _listening(process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            assert process.returncode is None, (folder / "error.log").read_text()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return
