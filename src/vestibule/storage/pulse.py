"""The database's own count of how long it lived, to be compared with a mark kept outside of it."""

from dataclasses import dataclass
from datetime import datetime

from vestibule.storage.database import Row, Transaction


@dataclass(frozen=True, slots=True)
class Pulse:
    """Later ones of one database are greater by epoch, then by beats."""

    database_id: str
    epoch: int
    """How often it was restored, as far as is known."""
    beats: int
    beat_at: datetime

    @property
    def age(self) -> tuple[int, int]:
        return self.epoch, self.beats


def _pulse(row: Row) -> Pulse:
    return Pulse(row["database_id"], int(row["epoch"]), int(row["beats"]), row["beat_at"])


async def beat(tx: Transaction, *, new_id: str, now: datetime) -> Pulse:
    """One beat more, of a database that is named at its first; one statement."""
    row = await tx.fetch_one(
        """INSERT INTO pulse (name, database_id, beat_at) VALUES ('database', :id, :now)
        ON CONFLICT (name) DO UPDATE SET beats = pulse.beats + 1, beat_at = excluded.beat_at
        RETURNING database_id, epoch, beats, beat_at""",
        id=new_id,
        now=now,
    )
    if row is None:
        raise TypeError("an insert that updates on conflict returns its row")
    return _pulse(row)


async def last(tx: Transaction) -> Pulse | None:
    """The last beat; None before the first."""
    row = await tx.fetch_one("SELECT database_id, epoch, beats, beat_at FROM pulse")
    return _pulse(row) if row else None


async def begin_epoch(tx: Transaction, *, new_id: str, after: int, now: datetime) -> Pulse:
    """A new epoch, later than the database's own and than this one."""
    await beat(tx, new_id=new_id, now=now)
    await tx.execute(
        """UPDATE pulse SET epoch = 1 + CASE WHEN epoch < CAST(:after AS BIGINT)
            THEN CAST(:same AS BIGINT) ELSE epoch END""",
        after=after,
        same=after,
    )
    return await beat(tx, new_id=new_id, now=now)
