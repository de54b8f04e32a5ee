"""Noting and verifying for the journal's tests, and tampering past Vestibule."""

from dataclasses import dataclass
from typing import Any

from tests.databases import Store, run_script
from vestibule.domain.event import EventName
from vestibule.domain.journal import Row
from vestibule.domain.journal_check import Break
from vestibule.flows import journal_verify
from vestibule.flows.journal_verify import Report
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import events

CALLER = Caller(source="192.0.2.9", user_agent="test", request_id="r", locale="en")
SOMEBODY = "somebody"

FREE = {
    "sqlite": (
        "DROP TRIGGER events_are_not_changed",
        "DROP TRIGGER events_are_not_deleted",
        "DROP TRIGGER journal_heads_do_not_go_back",
        "DROP TRIGGER journal_heads_are_not_deleted",
    ),
    "postgresql": (
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "ALTER TABLE journal_heads DISABLE TRIGGER ALL",
    ),
}
"""What somebody who owns the database does first."""


@dataclass(frozen=True)
class Verified:
    report: Report
    breaks: list[Break]


async def note(means: Means, account_id: str | None = SOMEBODY, **more: Any) -> None:
    """One event; the first of an account is the one that opens its chain."""

    async def unit(one: Work) -> None:
        await one.note(more.pop("name", EventName.GATE_OPENED), account_id=account_id, **more)

    await work(means, CALLER, unit)


async def write(means: Means, events_wanted: int, account_id: str = SOMEBODY) -> None:
    """A chain of so many rows, in a house that has its own chains already."""
    await note(means, None)
    await note(means, account_id, name=EventName.SIGN_UP_VERIFIED)
    for number in range(1, events_wanted):
        await note(means, account_id, number=number)


async def verify(means: Means) -> Verified:
    report = Report()
    breaks = [one async for one in journal_verify.verify(means, report)]
    assert report.breaks == len(breaks)
    return Verified(report, breaks)


def literal(store: Store, octets: bytes) -> str:
    """Bytes in the dialect's SQL."""
    return f"x'{octets.hex()}'" if store.dialect == "sqlite" else f"'\\x{octets.hex()}'"


async def tamper(store: Store, *statements: str) -> None:
    """Change rows as an owner of the database could, who has no key."""
    await run_script(store.url, *FREE[store.dialect], *statements)


async def rows_of(means: Means, chain: str) -> list[Row]:
    return await means.database.read(lambda tx: events.following(tx, chain, 0, 1000))
