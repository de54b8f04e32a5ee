"""Answers that leave on a beat, so that the clock tells nobody whose an address is (EN-03).

Known and unknown addresses cost the same work where that can be had; what is left, a row more or
less, is some tenths of a millisecond, and goes under in a wait that is a hundred times as long.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BEAT = 0.02
"""Seconds; an answer waits half as long on average."""


@asynccontextmanager
async def on_the_beat(beat: float) -> AsyncIterator[None]:
    """The block, whether or not it raises, ends a whole number of beats after it began.

    None are waited for where `beat` is 0.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        yield
    finally:
        if beat:
            await asyncio.sleep(beat - (loop.time() - began) % beat)
