"""What an attacker does at the doors: wrong codes, many at once, and a look at what it cost.

Works through pages as `Person` does; the looks read rows and journal past the pages.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.front_door import FrontDoor
from tests.person import Person
from vestibule.storage.database import Transaction


def wrong(code: str, *, by: int = 1) -> str:
    """Another code of the same length."""
    return str((int(code) + by) % 10 ** len(code)).zfill(len(code))


async def all_at_once(
    person: Person, button: str, typed: list[dict[str, str]]
) -> list[httpx.Response]:
    """Press one button of the page that is open once for each filling, in parallel."""
    posts = []
    for fields in typed:
        action, data = person.filled(button, **fields)
        posts.append(person.client.post(action, data=data))
    return await asyncio.gather(*posts)


async def rows(house: FrontDoor, sql: str, **params: object) -> list[Mapping[str, Any]]:
    """What is stored, read past the pages."""

    async def unit(tx: Transaction) -> list[Mapping[str, Any]]:
        return await tx.fetch_all(sql, **params)

    return await house.database.read(unit)


async def count(house: FrontDoor, table: str) -> int:
    """How many rows a table has."""
    found = await rows(house, f"SELECT COUNT(*) AS n FROM {table}")  # noqa: S608 - our own name
    return int(found[0]["n"])


@dataclass(frozen=True)
class Noted:
    """One entry of the journal, as far as the tests compare it."""

    name: str
    outcome: str
    reason: str | None
    account_id: str | None
    details: Mapping[str, Any]


async def journal(house: FrontDoor, name: str | None = None) -> list[Noted]:
    """Every entry, oldest first, or those of one name."""
    found = await rows(
        house,
        "SELECT name, outcome, reason, account_id, details FROM events ORDER BY occurred_at, id",
    )
    return [
        Noted(**{**row, "details": json.loads(row["details"])})
        for row in found
        if name is None or row["name"] == name
    ]


async def state(house: FrontDoor, *tables: str) -> dict[str, Counter[str]]:
    """The rows of these tables as a comparable value: equal before and after means no change."""
    taken = {}
    for table in tables:
        found = await rows(house, f"SELECT * FROM {table}")  # noqa: S608 - our own name
        taken[table] = Counter(repr(sorted(row.items())) for row in found)
    return taken


ENTRIES = ("accounts", "passwords", "authenticators", "recovery_codes", "sessions", "sign_ups")
"""The tables that a refused form must leave alone."""
