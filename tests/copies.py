"""Copies of a database, made and put back as `docs/how-to/backup.md` says."""

import asyncio
import shutil
import subprocess
from pathlib import Path

from tests.postgresql import Cluster, program
from vestibule.cli import backup
from vestibule.settings import Settings
from vestibule.storage.database import dialect_of


async def back_up(url: str, file: Path, data: Path) -> None:
    """A copy of this database in a new file; `data` is the house's own folder."""
    if dialect_of(url) == "sqlite":
        await asyncio.to_thread(backup.backup, Settings(data=data, database_url=url), file)
    else:
        await run("pg_dump", "--format=custom", f"--file={file}", url)


async def put_back(cluster: Cluster | None, file: Path, to: Path) -> str:
    """The URL of a new database that is the copy: at `to`, or in the cluster."""
    if cluster is None:
        shutil.copyfile(file, to)
        return f"sqlite:///{to}"
    url = cluster.url(await cluster.create_empty())
    await run("pg_restore", "--no-owner", f"--dbname={url}", str(file))
    return url


async def run(name: str, *arguments: str) -> bytes:
    """What one of PostgreSQL's programs printed."""
    done = await asyncio.to_thread(
        subprocess.run, [program(name), *arguments], capture_output=True, check=True
    )
    return bytes(done.stdout)
