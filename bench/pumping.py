"""What somebody gets who pumps texts: ten thousand sign-ups over a hundred blocks of numbers.

Real flows on SQLite with a clock of their own, over twelve hours; only the hashing is cheap. The
pumper has 5,000 networks and a mailbox for each sign-up, and enters no texted code. Meanwhile
honest people of the same ten countries set up phones of other blocks. Prints what left and what it
cost. `python -m bench.pumping --sign-ups 10000`
"""

import argparse
import asyncio
import logging
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import structlog

from tests.databases import sqlite_database
from tests.front_door import FrontDoor, front_door
from tests.pumping import COUNTRIES, Tally, number, set_up
from vestibule.flows.spending import spent

BLOCKS = 10
"""In each country; the honest ones have others."""
HOURS = 12
SOURCES = 5_000
HONEST_EACH = 24
"""People in each country, over the whole time."""
PRICES = {"price_sms": "0.05", "price_voice": "0.09"}


async def _pump(house: FrontDoor, sign_ups: int) -> tuple[Tally, Tally]:
    """The pumper goes round the blocks; now and then comes somebody who wants to get in."""
    pumped, honest = Tally(), Tally()
    step = timedelta(hours=HOURS) / sign_ups
    every = max(1, sign_ups // (HONEST_EACH * len(COUNTRIES)))
    for turn in range(sign_ups):
        house.clock.advance(step)
        country = COUNTRIES[turn % len(COUNTRIES)]
        block = turn // len(COUNTRIES) % BLOCKS
        last = turn // (len(COUNTRIES) * BLOCKS)
        at = turn % SOURCES
        source = f"198.{18 + at // 62500}.{at // 250 % 250}.{at % 250}"
        await set_up(house, number(country, block, last), tally=pumped, source=source, enters=False)
        if turn % every == 0:
            visit = turn // every
            phone = number(COUNTRIES[visit % len(COUNTRIES)], 50 + visit % 40, visit)
            source = f"192.0.{visit // 250}.{visit % 250}"
            await set_up(house, phone, tally=honest, source=source, enters=True)
    return pumped, honest


async def main(sign_ups: int) -> tuple[Tally, Tally]:
    """Print the figures of a run; what the pumper got, and the honest people."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = sqlite_database(folder / "pumping.db")
        began = time.monotonic()
        async with front_door(database, folder, settings=dict(PRICES)) as house:
            pumped, honest = await _pump(house, sign_ups)
            _print(pumped, honest)
            lines = await spent(house.built.means, days=1)
            cost, messages = sum(one.amount for one in lines), sum(one.messages for one in lines)
        await database.close()
    print(f"in the ledger: {messages} texts, {cost / 1_000_000:.2f} at 0.05 a text")
    print(f"took {time.monotonic() - began:.0f} s")
    return pumped, honest


def _print(pumped: Tally, honest: Tally) -> None:
    texts = sum(pumped.texts.values())
    print(f"pumper: {pumped.people} sign-ups, {texts} texts to {len(pumped.texts)} blocks")
    print(f"  a block: {pumped.most} at most, {min(pumped.texts.values())} at least")
    print(f"  refused: {_told(pumped)}")
    print(f"  without any limit: {pumped.people} texts, {pumped.people * 0.05:.2f}")
    print(f"honest: {honest.people} people, {honest.entered} entered their code")
    print(f"  refused: {_told(honest) or 'nobody'}")


def _told(tally: Tally) -> str:
    counted = Counter({reason.value: times for reason, times in tally.refused.items()})
    return ", ".join(f"{times} {reason}" for reason, times in counted.most_common())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sign-ups", type=int, default=10_000)
    pumper, people = asyncio.run(main(parser.parse_args().sign_ups))
    # TF-04, and what the page of figures says.
    raise SystemExit(pumper.most > 20 or people.entered < people.people)
