"""What must hold after any fault: nothing confirmed is lost, nothing is spent twice."""

from collections import Counter
from dataclasses import dataclass

from tests.faults.house_process import EPOCH
from tests.faults.members import Member, is_inside
from tests.faults.processes import Houses
from vestibule.crypto import root_key
from vestibule.crypto.keyring import Keyring, Purpose
from vestibule.domain import totp
from vestibule.domain.session import SESSIONS_PER_ACCOUNT
from vestibule.storage.database import Transaction, connect

KEPT = SESSIONS_PER_ACCOUNT - 1
"""An account's oldest sessions end, where a slow machine makes more rounds than it may have; a test
may have opened one beside a member's book."""


@dataclass(frozen=True)
class Found:
    """The figures of one audit."""

    confirmed: int
    lost: int
    replayed: int
    signed_in: int
    steps: int
    sessions: int
    without_journal: int
    doubled: int
    """Sessions beyond the first that one time step of one account opened."""

    def assert_whole(self, *, besides: int = 0) -> None:
        """Nothing that was confirmed is lost, nothing single-use was spent twice.

        `besides` is how many codes the test itself entered, for nobody's book.
        """
        assert (self.lost, self.replayed, self.doubled, self.without_journal) == (0, 0, 0, 0), self
        assert self.confirmed <= self.signed_in <= self.steps + besides, self


async def audit(houses: Houses, database_url: str, members: list[Member]) -> Found:
    """Look at every confirmed session, replay every young code, and compare rows with journal.

    A member posts one code in a time step, so the journal's sessions of an account and a step are
    those that this one code opened: a second one is a code that was spent twice.
    """
    origin, lost, replayed = houses.origins[0], 0, 0
    for member in members:
        for session in list(member.confirmed.values())[-KEPT:]:
            lost += not await is_inside(origin, session)
        for step in sorted(member.confirmed)[-1:]:
            replayed += await member.post_code(origin, step)
    keyring = Keyring.of(root_key.read(houses.folder / "root.key"), EPOCH)
    sessions, told, entered = await _rows(database_url)
    marks = [
        set(keyring.macs(Purpose.SESSION_REFERENCE, "session", session)) for session in sessions
    ]
    return Found(
        confirmed=sum(len(member.confirmed) for member in members),
        lost=lost,
        replayed=replayed,
        signed_in=sum(entered.values()),
        steps=sum(len(member.tried) for member in members),
        sessions=len(sessions),
        without_journal=sum(not one & told for one in marks),
        doubled=sum(count - 1 for count in entered.values()),
    )


Entered = Counter[tuple[str, int]]
"""How many sessions began, by account and time step."""


async def _rows(database_url: str) -> tuple[list[str], set[bytes], Entered]:
    async def unit(tx: Transaction) -> tuple[list[str], set[bytes], Entered]:
        sessions = await tx.fetch_all("SELECT id FROM sessions")
        created = await tx.fetch_all(
            "SELECT account_id, occurred_at, session_mac FROM events WHERE name = 'session_created'"
        )
        return (
            [row["id"] for row in sessions],
            {bytes(row["session_mac"]) for row in created},
            Counter((row["account_id"], totp.step_at(row["occurred_at"])) for row in created),
        )

    database = connect(database_url)
    try:
        return await database.read(unit)
    finally:
        await database.close()
