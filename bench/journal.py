"""What the chain costs: the same events appended with it and as bare rows, turn by turn.

`python -m bench.journal`, with `--postgresql URL` of an empty database too. A unit appends three
events, as a sign-in does. Prints medians of the rounds, and of the ratio within each round; the
processor's time of this process, which SQLite is a part of, and the time that passes.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from vestibule.crypto.keyring import Keyring
from vestibule.domain.event import Event, EventName, Outcome
from vestibule.domain.journal import NOTHING, Row, entry_of
from vestibule.entropy import SystemEntropy
from vestibule.flows.journal import append
from vestibule.storage import events, migrate
from vestibule.storage.database import Database, Transaction, connect

ROUNDS, UNITS, AT_ONCE, PER_UNIT = 7, 320, 32, 3
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ENTROPY = SystemEntropy()
KEYRING = Keyring.from_root(ENTROPY.bytes(32))
Unit = Callable[[Transaction], Awaitable[object]]


def _event(account_id: str, name: EventName = EventName.PASSWORD_ACCEPTED) -> Event:
    return Event(
        id=ENTROPY.id(),
        occurred_at=NOW,
        name=name,
        outcome=Outcome.SUCCESS,
        reason=None,
        account_id=account_id,
        actor_id=account_id,
        session_mac=None,
        sign_in_mac=None,
        method="totp",
        source="192.0.2.7",
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        request_id=ENTROPY.id(),
        version="bench",
        details={"amr": "pwd,otp,mfa"},
    )


def _chained(account_id: str) -> Unit:
    told = [_event(account_id) for _ in range(PER_UNIT)]
    return lambda tx: append(tx, KEYRING, told, NOW)


def _bare(account_id: str) -> Unit:
    """The rows alone, as they were before: no head, no link, no mark."""
    told = [_event(account_id) for _ in range(PER_UNIT)]

    async def unit(tx: Transaction) -> None:
        for event in told:
            # A chain of its own name for each keeps the index as it would be.
            entry = entry_of(event, chain=event.id, seq=1)
            await events.add(tx, Row(entry, NOTHING, NOTHING, NOTHING))

    return unit


async def _open(database: Database, accounts: list[str]) -> None:
    for account in accounts:
        first = [_event(account, EventName.SIGN_UP_VERIFIED)]
        await database.transact(partial(append, keyring=KEYRING, told=first, now=NOW))


async def _microseconds(database: Database, units: list[Unit]) -> tuple[float, float]:
    """Per unit, with so many at once: what passed, and what this process computed."""
    waiting = iter(units)

    async def one_after_another() -> None:
        for unit in waiting:
            await database.transact(unit)

    began, computed = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    passed, spent = time.perf_counter() - began, time.process_time() - computed
    return passed / len(units) * 1e6, spent / len(units) * 1e6


async def _measure(url: str) -> None:
    database = connect(url, connections=AT_ONCE)
    many = [ENTROPY.id() for _ in range(UNITS)]
    await _open(database, many)
    for name, accounts in (("an account each", many), ("one account", many[:1] * UNITS)):
        bare, chained = [], []
        for _ in range(ROUNDS):
            bare.append(await _microseconds(database, [_bare(one) for one in accounts]))
            chained.append(await _microseconds(database, [_chained(one) for one in accounts]))
        for kind, what in enumerate(("passes", "computes")):
            pairs = [(a[kind], b[kind]) for a, b in zip(bare, chained, strict=True)]
            ratio = statistics.median(b / a for a, b in pairs)
            before, after = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(
                f"{database.dialect:<10} {name:<15} {what:<8}  bare {before:6.0f} µs"
                f"   chained {after:6.0f} µs   ratio {ratio:.2f}"
            )
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", help="The URL of an empty database.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for url in (f"sqlite:///{Path(folder) / 'bench.db'}", given.postgresql):
            if url:
                migrate.upgrade(url)
                asyncio.run(_measure(url))


if __name__ == "__main__":
    main()
