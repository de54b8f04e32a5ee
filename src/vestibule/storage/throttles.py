"""Budgets: how often something may happen in a window, and the strikes of an account.

Every statement takes before it answers, so parallel requests cannot share one permission.
"""

from datetime import datetime, timedelta

from vestibule.domain.throttle import LONG_DIGITS, Strikes
from vestibule.storage.database import Transaction


async def spend(
    tx: Transaction,
    bucket: bytes,
    *,
    kind: str,
    limit: int,
    period: timedelta,
    now: datetime,
    ends_after_last: bool = False,
) -> datetime | None:
    """Take one of `limit` per `period`; None when taken, else the time the window ends.

    The window starts with the first hit, and ends a period later; or a period after the last, so
    that none so long, wherever it begins, has more than `limit`. One statement, so N parallel
    requests take at most `limit` (RL-07).
    """
    taken = await tx.fetch_one(
        """INSERT INTO throttles (bucket_mac, kind, hits, until_at)
        VALUES (:bucket, :kind, 1, :until_at)
        ON CONFLICT (bucket_mac) DO UPDATE SET
            hits = CASE WHEN throttles.until_at <= :now THEN 1 ELSE throttles.hits + 1 END,
            until_at = CASE WHEN throttles.until_at <= :slid_from THEN excluded.until_at
                ELSE throttles.until_at END
        WHERE throttles.until_at <= :same_now OR throttles.hits < :most
        RETURNING hits""",
        bucket=bucket,
        kind=kind,
        until_at=now + period,
        now=now,
        # Which windows give way to the one that begins now: those that are over, or every one.
        slid_from=now + period if ends_after_last else now,
        same_now=now,
        most=limit,
    )
    if taken:
        return None
    row = await tx.fetch_one(
        "SELECT until_at FROM throttles WHERE bucket_mac = :bucket", bucket=bucket
    )
    until: datetime | None = row["until_at"] if row else None
    return until or now


async def unspend(tx: Transaction, bucket: bytes, *, count: int) -> None:
    """Return what was taken; with nothing left taken, the next one begins its period."""
    await tx.execute(
        "DELETE FROM throttles WHERE bucket_mac = :bucket AND hits <= :count",
        bucket=bucket,
        count=count,
    )
    await tx.execute(
        "UPDATE throttles SET hits = hits - :count WHERE bucket_mac = :bucket",
        bucket=bucket,
        count=count,
    )


async def spent_until(
    tx: Transaction, bucket: bytes, *, limit: int, now: datetime
) -> datetime | None:
    """When a window that is used up ends; None while something is left. Takes nothing."""
    row = await tx.fetch_one(
        """SELECT until_at FROM throttles
        WHERE bucket_mac = :bucket AND hits >= :most AND until_at > :now""",
        bucket=bucket,
        most=limit,
        now=now,
    )
    until: datetime | None = row["until_at"] if row else None
    return until


async def hold_lane(
    tx: Transaction, bucket: bytes, now: datetime, *, kind: str = "password"
) -> tuple[int, datetime]:
    """The failures of a password lane and until when it waits, held until the commit.

    The row lock orders parallel tries, so each is counted before any is compared.
    """
    row = await tx.fetch_one(
        """INSERT INTO throttles (bucket_mac, kind, hits, until_at)
        VALUES (:bucket, :kind, 0, :until_at)
        ON CONFLICT (bucket_mac) DO UPDATE SET hits = throttles.hits
        RETURNING hits, until_at""",
        bucket=bucket,
        kind=kind,
        until_at=now,
    )
    return (int(row["hits"]), row["until_at"]) if row else (0, now)


async def count_failure(tx: Transaction, bucket: bytes, until_at: datetime) -> None:
    """Count a try as failed before it is compared; a right one is given back afterwards."""
    await tx.execute(
        "UPDATE throttles SET hits = hits + 1, until_at = :until_at WHERE bucket_mac = :bucket",
        bucket=bucket,
        until_at=until_at,
    )


async def set_lane(tx: Transaction, bucket: bytes, until_at: datetime) -> None:
    """Move a lane that is held: what it holds is told by its time alone."""
    await tx.execute(
        "UPDATE throttles SET until_at = :until_at WHERE bucket_mac = :bucket",
        bucket=bucket,
        until_at=until_at,
    )


async def open_lane(tx: Transaction, bucket: bytes, until_at: datetime) -> None:
    """Give somebody a password lane of their own until then."""
    await tx.execute(
        """INSERT INTO throttles (bucket_mac, kind, hits, until_at)
        VALUES (:bucket, 'own-lane', 0, :until_at)
        ON CONFLICT (bucket_mac) DO UPDATE SET until_at = excluded.until_at""",
        bucket=bucket,
        until_at=until_at,
    )


async def has_lane(tx: Transaction, bucket: bytes, now: datetime) -> bool:
    row = await tx.fetch_one(
        "SELECT 1 AS found FROM throttles WHERE bucket_mac = :bucket AND until_at > :now",
        bucket=bucket,
        now=now,
    )
    return row is not None


async def forgive(tx: Transaction, bucket: bytes) -> None:
    """The try was right: the lane starts afresh."""
    await tx.execute("DELETE FROM throttles WHERE bucket_mac = :bucket", bucket=bucket)


async def return_one(tx: Transaction, bucket: bytes, *, seen: int, now: datetime) -> None:
    """Give a shared lane one reserved try back, no more: others' failures stay counted."""
    await tx.execute(
        """UPDATE throttles SET hits = hits - 1,
            until_at = CASE WHEN hits = :seen THEN :until_at ELSE until_at END
        WHERE bucket_mac = :bucket AND hits > 0""",
        bucket=bucket,
        seen=seen,
        until_at=now,
    )


# --- strikes of the second factor (section 5; RL-05, RL-06) --------------------------------


async def add_strike(
    tx: Transaction,
    *,
    strike_id: str,
    account_id: str,
    sign_in_id: str,
    password_epoch: int,
    digits: int,
    most: int,
    now: datetime,
) -> int | None:
    """Count one guess before it is compared; how many its own sign-in has made by now.

    None past `most`: what is not compared is not counted either, so a burst costs the account
    no more than one guess after the other. Whoever counts holds the account. Guesses of ten
    digits and more draw on none of the account's budgets: they are worth nothing.
    """
    counted = await tx.execute(
        """INSERT INTO strikes (id, account_id, sign_in_id, password_epoch, digits, made_at)
        SELECT :id, :account_id, :sign_in_id, :password_epoch, :digits, :made_at
        WHERE (SELECT COUNT(*) FROM strikes WHERE sign_in_id = :same_sign_in_id) < :most""",
        id=strike_id,
        account_id=account_id,
        sign_in_id=sign_in_id,
        same_sign_in_id=sign_in_id,
        password_epoch=password_epoch,
        digits=digits,
        most=most,
        made_at=now,
    )
    if not counted:
        return None
    row = await tx.fetch_one(
        "SELECT COUNT(*) AS n FROM strikes WHERE sign_in_id = :id", id=sign_in_id
    )
    return int(row["n"]) if row else 0


async def clear_strikes(tx: Transaction, sign_in_id: str) -> None:
    """A success clears the strikes of its own sign-in and no others (RL-06)."""
    await tx.execute("DELETE FROM strikes WHERE sign_in_id = :id", id=sign_in_id)


async def strikes(
    tx: Transaction, account_id: str, *, password_epoch: int, now: datetime
) -> Strikes:
    """The account's strikes: in this password's epoch and over 365 days, with the milestones."""
    year = await tx.fetch_one(
        "SELECT COUNT(*) AS n FROM strikes WHERE account_id = :id AND digits < :long"
        " AND made_at > :since",
        id=account_id,
        long=LONG_DIGITS,
        since=now - timedelta(days=365),
    )
    rows = await tx.fetch_all(
        """SELECT made_at FROM strikes WHERE account_id = :id AND password_epoch = :epoch
            AND digits < :long
        ORDER BY made_at LIMIT 21""",
        id=account_id,
        epoch=password_epoch,
        long=LONG_DIGITS,
    )
    times = [row["made_at"] for row in rows]
    return Strikes(
        epoch=len(times),
        year=int(year["n"]) if year else 0,
        tenth_at=times[9] if len(times) > 9 else None,
        fifteenth_at=times[14] if len(times) > 14 else None,
    )


# --- the breaker over all accounts (RL-11) -------------------------------------------------


async def accounts_with_strikes(
    tx: Transaction, *, since: datetime, until: datetime, older_than: datetime
) -> int:
    """How many accounts, made before a moment, had guesses at their second factor meanwhile."""
    row = await tx.fetch_one(
        """SELECT COUNT(DISTINCT strikes.account_id) AS n FROM strikes
        JOIN accounts ON accounts.id = strikes.account_id
        WHERE strikes.made_at > :since AND strikes.made_at <= :until
            AND accounts.created_at <= :older_than""",
        since=since,
        until=until,
        older_than=older_than,
    )
    return int(row["n"]) if row else 0
