"""The attacker model over real HTTP: four server processes, one PostgreSQL, everybody at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.processes import Houses
from tests.figures import Record, note
from tests.model.crowd import Crowd
from tests.model.watch import EPOCH_BUDGET, YEAR_BUDGET
from tests.postgresql import Cluster
from vestibule.storage.database import Transaction, connect

pytestmark = pytest.mark.anyio

SERVERS, ACCOUNTS, ATTACKERS, ROUNDS = 4, 4, 2, 7
MOST_ROUNDS = 14
"""How many guesses are compared in a round is chance's, and the machine's."""


@pytest.fixture
async def crowd(postgresql_cluster: Cluster, tmp_path: Path) -> AsyncIterator[tuple[Crowd, str]]:
    """People in front of four servers, and the database behind them; no secret is left there."""
    name = await postgresql_cluster.create()
    url = postgresql_cluster.url(name)
    houses = Houses(tmp_path, url, count=SERVERS)
    made = Crowd(houses, seed="crowd")
    try:
        await houses.restart()
        await made.move_in(ACCOUNTS)
        yield made, url
        houses.kill()
        found = await houses.leaks()
        assert found == [], found
    finally:
        await made.leave()
        houses.kill()
    await postgresql_cluster.drop(name)


async def test_crowd_steals_nothing_and_locks_nobody_out(
    crowd: tuple[Crowd, str], record_property: Record
) -> None:
    """RL-05, RL-12, D.6: over four processes no account gets a guess more than its budget.

    Nobody but owners comes in, each owner does in every round, and every process took part.
    """
    made, url = crowd
    rounds = 0
    while rounds < ROUNDS or (rounds < MOST_ROUNDS and not _has_met_its_ends(made)):
        # Past the pause of an hour every third time, else within those of a quarter.
        await made.round(attackers=ATTACKERS, later=3700 if rounds % 3 == 0 else 1000)
        rounds += 1

    assert [one.refused for one in made.residents] == [[]] * ACCOUNTS
    assert made.counted["owners' sign-ins"] == ACCOUNTS * (rounds + 1)
    assert made.counted["stolen"] == 0
    assert all(made.counted[f"to process {index}"] > 50 for index in range(SERVERS))
    in_epoch, in_all, sessions, compared = await _figures(url)
    assert 0 < max(in_epoch) <= EPOCH_BUDGET, in_epoch
    assert max(in_all) <= YEAR_BUDGET, in_all
    # Those of the set-up besides.
    assert sessions == made.counted["owners' sign-ins"] + ACCOUNTS
    assert _has_met_its_ends(made), made.counted
    assert made.counted["replays"] > 0
    note(
        record_property,
        requests=made.counted["requests"],
        compared=compared,
        confirmed=made.counted["owners' sign-ins"],
        lost=0,
        twice=made.counted["stolen"],
    )


def _has_met_its_ends(made: Crowd) -> bool:
    """Whether as many demands as there are accounts came of the guesses, of either kind."""
    return all(
        made.counted[f"{what} demanded"] >= ACCOUNTS for what in ("two codes", "new passwords")
    )


async def _figures(url: str) -> tuple[list[int], list[int], int, int]:
    """Six-digit strikes by account and password, by account; sign-ins; wrong codes compared."""

    async def unit(tx: Transaction) -> tuple[list[int], list[int], int, int]:
        strikes = "SELECT COUNT(*) AS n FROM strikes WHERE digits = 6 GROUP BY account_id"
        in_epoch = await tx.fetch_all(f"{strikes}, password_epoch")
        in_all = await tx.fetch_all(strikes)
        entered = await tx.fetch_one(
            "SELECT COUNT(*) AS n FROM events WHERE name = :name", name="authn_login_success"
        )
        compared = await tx.fetch_one(
            "SELECT COUNT(*) AS n FROM events"
            " WHERE name IN ('authn_login_fail', 'authn_token_reuse')"
        )
        assert entered is not None
        assert compared is not None
        return (
            [int(row["n"]) for row in in_epoch],
            [int(row["n"]) for row in in_all],
            int(entered["n"]),
            int(compared["n"]),
        )

    database = connect(url)
    try:
        return await database.read(unit)
    finally:
        await database.close()
