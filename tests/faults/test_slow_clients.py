"""A thousand clients that send a byte and wait do not keep anybody else out."""

import asyncio
from pathlib import Path

import pytest

from tests.databases import migrated_sqlite
from tests.faults.trial import trial_over
from tests.figures import Record, note

pytestmark = pytest.mark.anyio

CLIENTS = 1000


async def test_slow_clients_keep_nobody_out(tmp_path: Path, record_property: Record) -> None:
    """With 1,000 connections that never finish their request, members sign in as always."""
    async with trial_over(tmp_path, migrated_sqlite(tmp_path / "house.db")) as trial:
        port, writers = trial.houses.ports[0], []
        try:
            for turn in range(CLIENTS):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(
                    b"POST /sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\ncsrf="
                    if turn % 2
                    else b"GET /sign-in HTTP/1.1\r\nhost: loc"
                )
                writers.append(writer)
            trial.houses.advance(31)

            entered = [await one.sign_in(trial.houses.origins[0]) for one in trial.members]

            assert entered == [True] * len(trial.members)
            note(record_property, faults=CLIENTS, confirmed=len(entered), lost=entered.count(False))
        finally:
            for writer in writers:
                writer.close()
