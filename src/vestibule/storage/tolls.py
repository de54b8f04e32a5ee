"""What texts and calls cost and bring back: reservations, ledger, conversions, opt-outs, alarms.

Counting only: what a figure means is decided in `domain.tolls`. Of a number only keyed marks.
"""

from datetime import datetime

from vestibule.domain.routing import Route
from vestibule.domain.tolls import Figures, Floor
from vestibule.storage.database import Row, Transaction

# --- money --------------------------------------------------------------------------------


async def reserve(
    tx: Transaction, period: str, period_at: datetime, *, price: int, most: int
) -> int | None:
    """Reserve a price in a period; what is reserved by then, or None where it would pass `most`.

    One statement, so N parallel sends never reserve more than the budget (RL-07).
    """
    row = await tx.fetch_one(
        """INSERT INTO reservations (period, period_at, amount)
        SELECT CAST(:period AS TEXT), CAST(:period_at AS BIGINT), CAST(:price AS BIGINT)
        WHERE CAST(:wanted AS BIGINT) <= CAST(:most AS BIGINT)
        ON CONFLICT (period, period_at) DO UPDATE SET amount = reservations.amount + excluded.amount
        WHERE reservations.amount + excluded.amount <= CAST(:at_most AS BIGINT)
        RETURNING amount""",
        period=period,
        period_at=period_at,
        price=price,
        wanted=price,
        most=most,
        at_most=most,
    )
    return int(row["amount"]) if row else None


async def give_back(tx: Transaction, period: str, period_at: datetime, *, price: int) -> None:
    """Undo a reservation of this transaction, since another one of it was refused."""
    await tx.execute(
        """UPDATE reservations SET amount = amount - :price
        WHERE period = :period AND period_at = :period_at""",
        price=price,
        period=period,
        period_at=period_at,
    )


async def reserved(tx: Transaction, period: str, period_at: datetime) -> int:
    row = await tx.fetch_one(
        "SELECT amount FROM reservations WHERE period = :period AND period_at = :period_at",
        period=period,
        period_at=period_at,
    )
    return int(row["amount"]) if row else 0


async def record(
    tx: Transaction, hour_at: datetime, route: Route, *, messages: int, amount: int
) -> None:
    """Add to the ledger what a provider took."""
    await tx.execute(
        """INSERT INTO spending (hour_at, country, channel, provider, messages, amount)
        VALUES (:hour_at, :country, :channel, :provider, :messages, :amount)
        ON CONFLICT (hour_at, country, channel, provider) DO UPDATE SET
            messages = spending.messages + excluded.messages,
            amount = spending.amount + excluded.amount""",
        hour_at=hour_at,
        country=route.country,
        channel=route.channel,
        provider=route.provider,
        messages=messages,
        amount=amount,
    )


# --- conversion ---------------------------------------------------------------------------


async def figures(
    tx: Transaction, prefix_mac: bytes, *, since: datetime, before: datetime
) -> Figures:
    """Sends and codes entered of one mark, the days from `since` up to `before` added up."""
    row = await tx.fetch_one(
        """SELECT CAST(COALESCE(SUM(sent), 0) AS BIGINT) AS sent,
            CAST(COALESCE(SUM(converted), 0) AS BIGINT) AS converted
        FROM prefix_days
        WHERE prefix_mac = :prefix_mac AND day_at >= :since AND day_at < :before""",
        prefix_mac=prefix_mac,
        since=since,
        before=before,
    )
    return _figures(row)


async def figures_of_going(
    tx: Transaction, country: str, *, since: datetime, floor: Floor
) -> Figures:
    """A country's figures without its stopped prefixes: those are dealt with already."""
    row = await tx.fetch_one(
        """SELECT CAST(COALESCE(SUM(sent), 0) AS BIGINT) AS sent,
            CAST(COALESCE(SUM(converted), 0) AS BIGINT) AS converted
        FROM (SELECT CAST(SUM(sent) AS BIGINT) AS sent,
                CAST(SUM(converted) AS BIGINT) AS converted
            FROM prefix_days WHERE country = :country AND day_at >= :since
            GROUP BY prefix_mac) AS prefixes
        WHERE NOT (sent >= :floor_sent AND converted * 100 < :floor_percent * sent)""",
        country=country,
        since=since,
        floor_sent=floor.sent,
        floor_percent=floor.percent,
    )
    return _figures(row)


def _figures(row: Row | None) -> Figures:
    return Figures(int(row["sent"]), int(row["converted"])) if row else Figures(0, 0)


async def count_send(
    tx: Transaction,
    prefix_mac: bytes,
    day_at: datetime,
    *,
    country: str,
    earlier: Figures,
    floor: Floor,
) -> bool:
    """Count a send; False, and not counted, where the mark is stopped by now.

    `earlier` are the days before this one. One statement, so of N parallel sends no more leave
    than the floor allows.
    """
    row = await tx.fetch_one(
        """INSERT INTO prefix_days (prefix_mac, day_at, country, sent, converted)
        VALUES (:prefix_mac, :day_at, :country, 1, 0)
        ON CONFLICT (prefix_mac, day_at) DO UPDATE SET sent = prefix_days.sent + 1
        WHERE prefix_days.sent + :earlier_sent < :floor_sent
            OR (prefix_days.converted + :earlier_converted) * 100
                >= :floor_percent * (prefix_days.sent + :earlier_sent_too)
        RETURNING sent""",
        prefix_mac=prefix_mac,
        day_at=day_at,
        country=country,
        earlier_sent=earlier.sent,
        earlier_sent_too=earlier.sent,
        earlier_converted=earlier.converted,
        floor_sent=floor.sent,
        floor_percent=floor.percent,
    )
    return row is not None


async def count_conversion(
    tx: Transaction, prefix_mac: bytes, day_at: datetime, *, country: str
) -> None:
    await tx.execute(
        """INSERT INTO prefix_days (prefix_mac, day_at, country, sent, converted)
        VALUES (:prefix_mac, :day_at, :country, 0, 1)
        ON CONFLICT (prefix_mac, day_at) DO UPDATE SET converted = prefix_days.converted + 1""",
        prefix_mac=prefix_mac,
        day_at=day_at,
        country=country,
    )


async def forget_mark(tx: Transaction, prefix_mac: bytes) -> int:
    """The operator lets a prefix begin anew; how many days were forgotten."""
    return await tx.execute(
        "DELETE FROM prefix_days WHERE prefix_mac = :prefix_mac", prefix_mac=prefix_mac
    )


async def forget_country(tx: Transaction, country: str) -> int:
    """The same of every prefix of a country."""
    return await tx.execute("DELETE FROM prefix_days WHERE country = :country", country=country)


# --- opt-outs -----------------------------------------------------------------------------


async def opt_out(tx: Transaction, mark: bytes, source: str, now: datetime) -> bool:
    """Keep that a number asked for no texts; False where that was known."""
    added = await tx.execute(
        """INSERT INTO opt_outs (fingerprint_mac, source, opted_out_at)
        VALUES (:mark, :source, :at) ON CONFLICT (fingerprint_mac) DO NOTHING""",
        mark=mark,
        source=source,
        at=now,
    )
    return added == 1


async def opt_in(tx: Transaction, mark: bytes) -> bool:
    """The number asked for texts again; False where it had not asked for none."""
    gone = await tx.execute("DELETE FROM opt_outs WHERE fingerprint_mac = :mark", mark=mark)
    return gone == 1


async def is_opted_out(tx: Transaction, mark: bytes) -> bool:
    row = await tx.fetch_one(
        "SELECT 1 AS found FROM opt_outs WHERE fingerprint_mac = :mark", mark=mark
    )
    return row is not None


# --- alarms -------------------------------------------------------------------------------


async def raise_once(tx: Transaction, name: str, period_at: datetime, now: datetime) -> bool:
    """True for exactly one of any number that raise this alarm in this period."""
    added = await tx.execute(
        """INSERT INTO alarms (name, period_at, raised_at) VALUES (:name, :period_at, :at)
        ON CONFLICT (name, period_at) DO NOTHING""",
        name=name,
        period_at=period_at,
        at=now,
    )
    return added == 1


async def count_raised(tx: Transaction, name: str, period_at: datetime) -> int:
    """How many alarms of this name, each with other facts, a period has had."""
    row = await tx.fetch_one(
        """SELECT COUNT(*) AS raised FROM alarms
        WHERE period_at = :period_at AND substr(name, 1, :length) = :start""",
        period_at=period_at,
        length=len(name) + 1,
        start=f"{name} ",
    )
    return int(row["raised"]) if row else 0
