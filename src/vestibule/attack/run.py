"""One run: each attack in turn, bounded in time and requests, and the verdict.

It prints nothing and reads no settings; `report` says what came out.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import httpx

from vestibule.attack.browser import LedAway, Unexpected
from vestibule.attack.ground import Ground, Member, NeedsSimulator, Pause
from vestibule.attack.outcome import Attack, Finding, NotTried, Outcome, Stopped, judged
from vestibule.attack.target import Target
from vestibule.attack.wire import Spent, Unreachable, Wire
from vestibule.clock import Clock
from vestibule.entropy import Entropy

SECONDS_PER_ATTACK = 120.0
SECONDS_PER_RUN = 600.0


class CannotRun(Exception):
    """Why not one attack can be tried, as a sentence."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one attack came to, and what it took."""

    attack: Attack
    outcome: Outcome
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Means:
    """Time, waiting and chance; in tests all three are given, and the transport too."""

    clock: Clock
    entropy: Entropy
    pause: Pause = asyncio.sleep
    transport: httpx.AsyncBaseTransport | None = None


@asynccontextmanager
async def ground_of(target: Target, means: Means, own: Member | None) -> AsyncIterator[Ground]:
    """The means of a run against a house that answers; raises `CannotRun`."""
    wire = Wire(target.origins, transport=means.transport)
    try:
        await _refuse_what_is_no_house(wire)
        has_simulator = (await wire.send("GET", "/simulator/messages")).is_success
        if not has_simulator and own is None:
            raise CannotRun(
                "Codes cannot be read there: no simulator runs. Name an account made for this, by"
                " --email, --password-file and --app-secret-file."
            )
        yield Ground(wire, means.clock, means.entropy, means.pause, own)
    finally:
        await wire.close()


async def _refuse_what_is_no_house(wire: Wire) -> None:
    for origin in wire.origins:
        try:
            answer = await wire.send("GET", "/session")
        except Unreachable as fault:
            raise CannotRun(f"{fault}.") from fault
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            raise CannotRun(f"{origin} is no Vestibule: GET /session is not 401 for a stranger.")


async def run(
    attacks: Sequence[Attack],
    ground: Ground,
    *,
    seconds_per_attack: float = SECONDS_PER_ATTACK,
    seconds_per_run: float = SECONDS_PER_RUN,
) -> AsyncIterator[Row]:
    """A row for each attack as it ends."""
    end = monotonic() + seconds_per_run
    for attack in attacks:
        began, before = monotonic(), ground.wire.requests
        left = min(seconds_per_attack, end - began)
        outcome = await _one(attack, ground, left)
        yield Row(attack, outcome, ground.wire.requests - before, monotonic() - began)


async def _one(attack: Attack, ground: Ground, seconds: float) -> Outcome:
    if seconds <= 0:
        return Stopped("the run's time was over")
    ground.found = []
    try:
        async with asyncio.timeout(seconds):
            return await attack.run(ground)
    except NeedsSimulator:
        return NotTried("needs the simulator")
    except LedAway as fault:
        return Finding("; ".join([*ground.found, str(fault)]))
    except TimeoutError:
        why = f"not done within {seconds:.0f} s"
    except (Unexpected, Unreachable, Spent) as fault:
        why = str(fault)
    if ground.found:
        return judged([*ground.found[:2], f"then it stopped: {why}"], "")
    return Stopped(why)


def exit_code(rows: Sequence[Row], *, is_strict: bool = False) -> int:
    """1 with a finding, else 2 if something could not be tried to its end, else 0.

    Strictly, 2 also where this target offers no way to try something.
    """
    if any(isinstance(row.outcome, Finding) for row in rows):
        return 1
    missing = (Stopped, NotTried) if is_strict else (Stopped,)
    return 2 if any(isinstance(row.outcome, missing) for row in rows) or not rows else 0
