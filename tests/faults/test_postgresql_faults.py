"""PostgreSQL stopped, killed and replaced under load: what was confirmed holds on whatever is left.

While it is gone nobody signs in, every page says so, and the health addresses are honest.
"""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.audit import Found, audit
from tests.faults.lasting import Lasting, lasting_postgresql
from tests.faults.load import Load
from tests.faults.members import Member
from tests.faults.processes import PATIENCE
from tests.faults.trial import Trial, trial_over
from tests.figures import Record, note_audit
from vestibule.storage import migrate

pytestmark = pytest.mark.anyio

ROUNDS = 4


@pytest.fixture
def lasting() -> Iterator[Lasting]:
    with lasting_postgresql() as server:
        migrate.upgrade(server.url())
        yield server


async def _holds(trial: Trial, url: str) -> Found:
    found = await audit(trial.houses, url, trial.members)
    found.assert_whole()
    assert found.confirmed >= len(trial.members), found
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
async def test_database_that_comes_back_has_all_that_was_confirmed(
    lasting: Lasting, tmp_path: Path, how: signal.Signals, record_property: Record
) -> None:
    """A PostgreSQL restarted or killed under load loses no confirmed sign-in; servers reconnect."""
    async with trial_over(tmp_path, lasting.url(), count=2) as trial:
        load = Load(trial.houses, trial.members, seed=how.name)

        for _ in range(ROUNDS):
            await load.round(lambda: _bounce(lasting, how))
            await trial.houses.ready()
            await load.round(lambda: None)

        note_audit(record_property, await _holds(trial, lasting.url()), faults=ROUNDS)


def _bounce(lasting: Lasting, how: signal.Signals) -> None:
    lasting.stop(how)
    lasting.start()


async def test_lost_primary_is_replaced_by_its_standby(
    lasting: Lasting, tmp_path: Path, record_property: Record
) -> None:
    """The primary is lost under load, its synchronous standby promoted: nothing confirmed is lost,
    and no code that was used on the one works on the other."""
    standby = await asyncio.to_thread(lasting.standby, lasting.folder / "standby")
    try:
        async with trial_over(tmp_path, lasting.url(), count=2) as trial:
            load = Load(trial.houses, trial.members, seed="standby")
            for _ in range(2):
                await load.round(lambda: None)
            await load.round(lambda: lasting.stop(signal.SIGKILL))

            await asyncio.to_thread(standby.promote)
            trial.houses.kill()
            trial.houses.use(standby.url())
            await trial.houses.restart()

            await _holds(trial, standby.url())
            await load.round(lambda: None)
            note_audit(record_property, await _holds(trial, standby.url()), faults=1)
    finally:
        standby.stop()


async def test_nothing_opens_while_the_database_is_gone(lasting: Lasting, tmp_path: Path) -> None:
    """RL-07: without its database a house opens nothing, says so by 503, and forgets nothing."""
    async with trial_over(tmp_path, lasting.url()) as trial:
        member, origin = trial.members[0], trial.houses.origins[0]
        trial.houses.advance(31)
        assert await member.sign_in(origin)
        session = next(iter(member.confirmed.values()))
        await asyncio.to_thread(lasting.stop)

        async with httpx.AsyncClient(base_url=origin, timeout=PATIENCE) as client:
            seen = {
                path: (await client.get(path, headers={"cookie": f"session={session}"})).status_code
                for path in ("/", "/settings", "/session", "/sign-in", "/readyz", "/livez")
            }
            gone = await client.get("/", headers={"cookie": f"session={session}"})

        assert seen == {
            "/": 503,
            "/settings": 503,
            "/session": 503,
            "/sign-in": 503,
            "/readyz": 503,
            "/livez": 200,
        }
        assert gone.headers["retry-after"]
        await asyncio.to_thread(lasting.start)
        await trial.houses.ready()
        await _holds_one(trial, session)


async def test_silent_database_keeps_nobody_waiting(
    lasting: Lasting, tmp_path: Path, record_property: Record
) -> None:
    """RL-07: a database that does not answer is told by 503, by the health page first of all."""
    async with trial_over(tmp_path, lasting.url()) as trial:
        trial.houses.advance(31)
        origin, member = trial.houses.origins[0], trial.members[0]
        assert await member.sign_in(origin)
        inside = {"cookie": f"session={next(iter(member.confirmed.values()))}"}
        async with httpx.AsyncClient(base_url=origin, timeout=PATIENCE) as client:
            with lasting.frozen():
                page = asyncio.create_task(client.get("/", headers=inside))
                entering = asyncio.create_task(_tries(trial.members[1], origin))
                ready = await client.get("/readyz")
                assert not page.done(), "the health page waited as long as everybody"
                assert (await client.get("/livez")).status_code == 200
                told = [ready.status_code, (await page).status_code]
                assert not await entering
        assert told == [503, 503]
        await trial.houses.ready()
        trial.houses.advance(31)

        assert all([await member.sign_in(origin) for member in trial.members])
        note_audit(record_property, await _holds(trial, lasting.url()), faults=1)


async def _tries(member: Member, origin: str) -> bool:
    try:
        return await member.sign_in(origin)
    except (httpx.TransportError, AssertionError):
        return False


async def _holds_one(trial: Trial, session: str) -> None:
    async with httpx.AsyncClient(base_url=trial.houses.origins[0], timeout=PATIENCE) as client:
        answer = await client.get("/", headers={"cookie": f"session={session}"})
        assert answer.status_code == 200


async def test_read_only_database_opens_nothing_and_readiness_says_so(
    lasting: Lasting, tmp_path: Path, record_property: Record
) -> None:
    """RL-07: a PostgreSQL that turns read only under load lets nobody in, and `/readyz` tells it
    although reading works; writable again, all goes on without a restart."""
    async with trial_over(tmp_path, lasting.url(), count=2) as trial:
        load = Load(trial.houses, trial.members, seed="read only")
        await load.round(lambda: None)
        await load.round(lambda: _turn(lasting, "on"))
        trial.houses.advance(31)
        before = sum(len(member.confirmed) for member in trial.members)
        await load.round(lambda: None)
        origin = trial.houses.origins[0]
        async with httpx.AsyncClient(base_url=origin, timeout=PATIENCE) as client:
            seen = [(await client.get(path)).status_code for path in ("/readyz", "/livez")]

        await asyncio.to_thread(_turn, lasting, "off")
        await trial.houses.ready()
        await load.round(lambda: None)

        assert seen == [503, 200]
        after = sum(len(member.confirmed) for member in trial.members)
        assert after == before + len(trial.members)
        note_audit(record_property, await _holds(trial, lasting.url()), faults=1)


def _turn(lasting: Lasting, read_only: str) -> None:
    lasting.turn("default_transaction_read_only", read_only)
