"""What is known of each route: its attempts, its hours, and whether it rests.

All processes share it, so that one process's failures spare the others theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Literal

from vestibule.domain.routing import (
    BREAKS_AFTER,
    MEASURED_FOR,
    TYPED_WITHIN,
    Breaker,
    Figures,
    Route,
    Score,
    hour_of,
    rest_for,
)
from vestibule.storage.database import Row, Transaction

AttemptOutcome = Literal[
    "accepted", "temporary", "throttled", "permanent", "in_doubt", "not_this_way"
]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one provider with one message, as the operator may read it."""

    id: str
    message_id: str
    route: Route
    outcome: AttemptOutcome
    reason: str | None
    reference: str | None
    started_at: datetime
    milliseconds: int


_FIGURES = ", ".join(one.name for one in fields(Figures))
_VALUES = ", ".join(f":{one.name}" for one in fields(Figures))
_SUMS = ", ".join(f"CAST(SUM({one.name}) AS BIGINT) AS {one.name}" for one in fields(Figures))
_ADD_HOUR = ", ".join(
    f"{one.name} = route_hours.{one.name} + excluded.{one.name}" for one in fields(Figures)
)
_ADD_TOTAL = ", ".join(
    f"{one.name} = route_totals.{one.name} + excluded.{one.name}" for one in fields(Figures)
)


# --- counting --------------------------------------------------------------------------------


async def add_attempt(tx: Transaction, attempt: Attempt) -> None:
    await tx.execute(
        """INSERT INTO delivery_attempts (id, message_id, channel, country, provider, outcome,
            reason, reference, started_at, milliseconds)
        VALUES (:id, :message_id, :channel, :country, :provider, :outcome, :reason, :reference,
            :started_at, :milliseconds)""",
        id=attempt.id,
        message_id=attempt.message_id,
        channel=attempt.route.channel,
        country=attempt.route.country or None,
        provider=attempt.route.provider,
        outcome=attempt.outcome,
        reason=attempt.reason,
        reference=attempt.reference,
        started_at=attempt.started_at,
        milliseconds=attempt.milliseconds,
    )


async def count(tx: Transaction, route: Route, figures: Figures, at: datetime) -> None:
    """Add to the route's hour. Whoever counts several routes does it in their order (deadlocks)."""
    await tx.execute(
        f"""INSERT INTO route_hours (provider, channel, country, hour_at, {_FIGURES})
        VALUES (:provider, :channel, :country, :hour_at, {_VALUES})
        ON CONFLICT (provider, channel, country, hour_at) DO UPDATE SET {_ADD_HOUR}""",
        provider=route.provider,
        channel=route.channel,
        country=route.country,
        hour_at=hour_of(at),
        **_columns(figures),
    )


async def count_receipt(
    tx: Transaction, route: Route, *, is_delivered: bool, handed_over_at: datetime, now: datetime
) -> None:
    """A receipt of a message that the route carried; called once for each message.

    It counts in the hour of the hand-over, as the send did.
    """
    took = max(now - handed_over_at, timedelta())
    figures = Figures(
        delivered=int(is_delivered),
        undelivered=int(not is_delivered),
        receipt_milliseconds=_milliseconds(took) if is_delivered else 0,
    )
    await count(tx, route, figures, handed_over_at)


async def fold(tx: Transaction, until: datetime) -> int:
    """Move the hours up to `until` into the totals, so that no counter falls; how many went.

    One DELETE hands each hour to one process.
    """
    rows = await tx.fetch_all(
        f"""DELETE FROM route_hours WHERE hour_at <= :until
        RETURNING provider, channel, country, {_FIGURES}""",
        until=until,
    )
    totals: dict[Route, Figures] = {}
    for row in rows:
        totals[_route(row)] = totals.get(_route(row), Figures()).plus(_figures(row))
    for route in sorted(totals):
        await _add_total(tx, route, totals[route])
    return len(rows)


async def _add_total(tx: Transaction, route: Route, figures: Figures) -> None:
    await tx.execute(
        f"""INSERT INTO route_totals (provider, channel, country, {_FIGURES})
        VALUES (:provider, :channel, :country, {_VALUES})
        ON CONFLICT (provider, channel, country) DO UPDATE SET {_ADD_TOTAL}""",
        provider=route.provider,
        channel=route.channel,
        country=route.country,
        **_columns(figures),
    )


# --- reading ---------------------------------------------------------------------------------


async def figures_since(tx: Transaction, since: datetime) -> dict[Route, Figures]:
    """What was counted of each route in the hours from `since` on."""
    rows = await tx.fetch_all(
        f"""SELECT provider, channel, country, {_SUMS} FROM route_hours WHERE hour_at >= :since
        GROUP BY provider, channel, country""",
        since=since,
    )
    return _by_route(rows)


async def figures_ever(tx: Transaction) -> dict[Route, Figures]:
    """What was ever counted of each route."""
    rows = await tx.fetch_all(
        f"""SELECT provider, channel, country, {_SUMS} FROM (
            SELECT provider, channel, country, {_FIGURES} FROM route_hours
            UNION ALL SELECT provider, channel, country, {_FIGURES} FROM route_totals
        ) AS counted GROUP BY provider, channel, country"""
    )
    return _by_route(rows)


async def scores(tx: Transaction, *, channel: str, country: str, now: datetime) -> dict[str, Score]:
    """The last day's score of each provider of a channel and country that has figures."""
    rows = await tx.fetch_all(
        """SELECT provider, CAST(SUM(codes) AS BIGINT) AS codes,
            CAST(SUM(converted) AS BIGINT) AS converted,
            CAST(SUM(delivered) AS BIGINT) AS delivered,
            CAST(SUM(undelivered) AS BIGINT) AS undelivered
        FROM route_hours WHERE hour_at > :since AND channel = :channel AND country = :country
        GROUP BY provider""",
        since=now - MEASURED_FOR,
        channel=channel,
        country=country,
    )
    open_codes = await _codes_that_may_still_come(tx, channel, country, now)
    return {
        row["provider"]: Score(
            codes=max(row["codes"] - open_codes.get(row["provider"], 0), 0),
            converted=row["converted"],
            delivered=row["delivered"],
            undelivered=row["undelivered"],
        )
        for row in rows
    }


async def _codes_that_may_still_come(
    tx: Transaction, channel: str, country: str, now: datetime
) -> dict[str, int]:
    rows = await tx.fetch_all(
        """SELECT provider, COUNT(*) AS n FROM outbox
        WHERE handed_over_at > :since AND converted_at IS NULL AND challenge_id IS NOT NULL
            AND channel = :channel AND COALESCE(country, '') = :country
        GROUP BY provider""",
        since=now - TYPED_WITHIN,
        channel=channel,
        country=country,
    )
    return {row["provider"]: int(row["n"]) for row in rows}


async def breakers(tx: Transaction, *, channel: str, country: str) -> dict[str, Breaker]:
    rows = await tx.fetch_all(
        """SELECT provider, failures, open_until_at FROM route_breakers
        WHERE channel = :channel AND country = :country""",
        channel=channel,
        country=country,
    )
    return {row["provider"]: Breaker(row["failures"], row["open_until_at"]) for row in rows}


async def all_breakers(tx: Transaction) -> dict[Route, Breaker]:
    rows = await tx.fetch_all(
        "SELECT provider, channel, country, failures, open_until_at FROM route_breakers"
    )
    return {_route(row): Breaker(row["failures"], row["open_until_at"]) for row in rows}


async def spent_since(tx: Transaction, since: datetime) -> dict[Route, tuple[int, int]]:
    """What each route's messages were and cost in the hours from `since` on, in millionths."""
    rows = await tx.fetch_all(
        """SELECT provider, channel, country, CAST(SUM(messages) AS BIGINT) AS messages,
            CAST(SUM(amount) AS BIGINT) AS amount
        FROM spending WHERE hour_at >= :since GROUP BY provider, channel, country""",
        since=since,
    )
    return {_route(row): (row["messages"], row["amount"]) for row in rows}


# --- the breaker -----------------------------------------------------------------------------


async def count_failure(tx: Transaction, route: Route, now: datetime) -> None:
    """One more failure in a row; from the fifth on the route rests, longer each time."""
    row = await tx.fetch_one(
        """INSERT INTO route_breakers (provider, channel, country, failures, open_until_at)
        VALUES (:provider, :channel, :country, 1, :now)
        ON CONFLICT (provider, channel, country)
            DO UPDATE SET failures = route_breakers.failures + 1
        RETURNING failures""",
        provider=route.provider,
        channel=route.channel,
        country=route.country,
        now=now,
    )
    rest = rest_for(row["failures"] if row else 0)
    if rest is not None:
        await let_rest(tx, route, now=now, until=now + rest)


async def let_rest(tx: Transaction, route: Route, *, now: datetime, until: datetime) -> None:
    """Nobody asks the route before `until`; a longer rest that was set already stays."""
    await tx.execute(
        """INSERT INTO route_breakers (provider, channel, country, failures, open_until_at)
        VALUES (:provider, :channel, :country, 0, :until)
        ON CONFLICT (provider, channel, country) DO UPDATE SET open_until_at =
            CASE WHEN route_breakers.open_until_at > excluded.open_until_at
                AND route_breakers.open_until_at > :now
            THEN route_breakers.open_until_at ELSE excluded.open_until_at END""",
        provider=route.provider,
        channel=route.channel,
        country=route.country,
        until=until,
        now=now,
    )


async def close_breaker(tx: Transaction, route: Route) -> None:
    """The route took a message: its failures are over. One that was only throttled rests on."""
    await tx.execute(
        """DELETE FROM route_breakers WHERE provider = :provider AND channel = :channel
            AND country = :country AND failures > 0""",
        provider=route.provider,
        channel=route.channel,
        country=route.country,
    )


async def take_trial(tx: Transaction, route: Route, *, now: datetime, until: datetime) -> bool:
    """Whether this process tries a rested route; it rests on for the others until the result."""
    taken = await tx.execute(
        """UPDATE route_breakers SET open_until_at = :until
        WHERE provider = :provider AND channel = :channel AND country = :country
            AND failures >= :breaks_after AND open_until_at <= :now""",
        until=until,
        provider=route.provider,
        channel=route.channel,
        country=route.country,
        breaks_after=BREAKS_AFTER,
        now=now,
    )
    return taken == 1


def _figures(row: Row) -> Figures:
    return Figures(*(int(row[one.name]) for one in fields(Figures)))


def _columns(figures: Figures) -> dict[str, int]:
    return {one.name: getattr(figures, one.name) for one in fields(Figures)}


def _by_route(rows: Iterable[Row]) -> dict[Route, Figures]:
    return {_route(row): _figures(row) for row in rows}


def _route(row: Row) -> Route:
    return Route(row["provider"], row["channel"], row["country"])


def _milliseconds(took: timedelta) -> int:
    return took // timedelta(milliseconds=1)
