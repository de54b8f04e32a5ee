"""Answers on a beat: how long they wait, and whose do (EN-03)."""

from asyncio import get_running_loop

import pytest

from vestibule.web.beat import on_the_beat
from vestibule.web.doors import DOORS
from vestibule.web.guard import Needs

pytestmark = pytest.mark.anyio

BEAT = 0.05


@pytest.mark.parametrize("is_refused", [False, True])
async def test_the_block_ends_on_a_beat(is_refused: bool) -> None:
    """EN-03: not before a whole beat, and refused is as late as accepted."""
    loop = get_running_loop()
    began = loop.time()

    try:
        async with on_the_beat(BEAT):
            if is_refused:
                raise ValueError
    except ValueError:
        pass

    # A loop's timer may be early by the grain of its clock.
    assert loop.time() - began >= BEAT - 0.002


async def test_a_beat_that_was_missed_is_not_made_up() -> None:
    """EN-03: what took one and a half beats leaves with the second."""
    loop = get_running_loop()
    began = loop.time()

    async with on_the_beat(BEAT):
        while loop.time() - began < 1.5 * BEAT:
            pass

    assert loop.time() - began >= 2 * BEAT - 0.002


async def test_without_a_beat_nobody_waits() -> None:
    """Not even for the next turn of the loop."""
    loop = get_running_loop()
    passed: list[bool] = []
    loop.call_soon(passed.append, True)

    async with on_the_beat(0):
        pass

    assert passed == []


def test_forms_that_could_tell_wait_for_the_beat() -> None:
    """EN-03: whatever a stranger asks of an address, and what somebody inside asks of another's."""
    on_it = {door.path for door in DOORS if door.is_on_the_beat}
    asked = {
        door.path for door in DOORS if door.post and door.needs in {Needs.NOBODY, Needs.SIGN_UP}
    }

    assert on_it == asked | {
        "/forgot-password",
        "/forgot-password/code",
        "/forgot-password/code/send",
        "/settings/address",
        "/settings/address/code",
        "/settings/address/send",
    }
