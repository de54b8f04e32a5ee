"""A whole house in a process of its own, to be killed: `python -m tests.faults.house_process FILE`.

FILE holds its settings and the file of its clock as JSON, and the certificate where it speaks
https and writes down each request. Real storage, real HTTP; only the time
is given, and hashing is cheap.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from vestibule.bootstrap import build_house
from vestibule.crypto.password_hash import CHEAPEST
from vestibule.settings import Settings
from vestibule.storage.database import connect
from vestibule.storage.transaction import Database

EPOCH = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class FileClock:
    """The time that a file says, in seconds after `EPOCH`; the test moves it for all processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> datetime:
        # A reader may meet the moment between truncation and text.
        while not (text := self._path.read_text()):
            continue
        return EPOCH + timedelta(seconds=float(text))


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    settings = Settings.model_validate(given["settings"])
    database: Database = connect(settings.database, sqlite_synchronous="FULL", busy_for=3.0)
    built = build_house(
        settings, clock=FileClock(Path(given["clock"])), profile=CHEAPEST, database=database
    )
    certificate = given.get("certificate")
    uvicorn.run(
        built.app,
        host="127.0.0.1",
        port=settings.port,
        access_log=bool(certificate),
        log_level="info" if certificate else "warning",
        ssl_certfile=certificate,
        server_header=False,
        http="h11",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
