"""Mails by a slow server: codes wait for no notice, and waiting for a turn is no failure.

The server is a real SMTP server on this machine.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.attack import rows
from tests.delivery.smtp_server import MailServer, mail_server
from tests.front_door import FrontDoor
from vestibule.delivery.providers.smtp import SmtpProvider, SmtpServer
from vestibule.domain.challenge import Channel, Purpose
from vestibule.flows import codes
from vestibule.flows.deliver import Delivering, Dispatcher
from vestibule.flows.notices import put_notice
from vestibule.flows.work import Caller, Work, work

pytestmark = pytest.mark.anyio

TAKES, MAY_TAKE = 0.5, timedelta(seconds=3)
"""Each mail takes a sixth of what an attempt may take; eight of them take more than that."""


@asynccontextmanager
async def mailing(house: FrontDoor) -> AsyncIterator[tuple[MailServer, Delivering]]:
    """A house whose mails go by one slow server."""
    async with mail_server() as server:
        server.takes = TAKES
        provider = SmtpProvider(
            SmtpServer.parse(f"smtp://127.0.0.1:{server.port}"), "a@example.com", house.clock
        )
        worker = house.built.worker.delivering
        routes = replace(
            worker.routes,
            providers={**worker.routes.providers, "smtp": provider},
            everywhere={**worker.routes.everywhere, "email": ("smtp",)},
        )
        try:
            yield (
                server,
                replace(worker, routes=routes, pace=replace(worker.pace, mail_for=MAY_TAKE)),
            )
        finally:
            await provider.close()


async def _write(house: FrontDoor, *, code_mails: int, notices: int) -> None:
    async def unit(one: Work) -> None:
        for turn in range(notices):
            await put_notice(
                one, kind="method_added", to=f"notice{turn}@example.com", account_id=None
            )
        for turn in range(code_mails):
            asked = codes.Asked(
                purpose=Purpose.SIGN_UP,
                binding_id=f"b{turn}",
                channel=Channel.EMAIL,
                destination=f"code{turn}@example.com",
            )
            assert isinstance(await codes.send(one, asked), codes.Sent)

    await work(house.built.means, Caller("198.51.100.1", "test", "request", "en"), unit)


async def _send_all(delivering: Delivering) -> None:
    dispatcher = Dispatcher(delivering)
    async with asyncio.timeout(60):
        await dispatcher.fill()
        while dispatcher.under_way:
            await dispatcher.next_done()
            await asyncio.sleep(0)
            await dispatcher.fill()


async def test_waiting_for_a_turn_is_no_failure(either_house: FrontDoor) -> None:
    """However many mails wait for the slow server, each is tried once, in its own time."""
    async with mailing(either_house) as (server, delivering):
        await _write(either_house, code_mails=8, notices=8)

        await _send_all(delivering)

        assert len(server.received) == 16
        tried = await rows(either_house, "SELECT outcome FROM delivery_attempts")
        assert [one["outcome"] for one in tried] == ["accepted"] * 16
        assert await rows(either_house, "SELECT * FROM route_breakers") == []


async def test_code_waits_for_no_notice(either_house: FrontDoor) -> None:
    """A code leaves first, with eight notices under way before it."""
    async with mailing(either_house) as (server, delivering):
        await _write(either_house, code_mails=0, notices=8)
        dispatcher = Dispatcher(delivering)
        await dispatcher.fill()
        await _write(either_house, code_mails=1, notices=0)

        await dispatcher.fill()
        async with asyncio.timeout(60):
            while dispatcher.under_way:
                await dispatcher.next_done()
                await asyncio.sleep(0)

        order = [one.recipients[0] for one in server.received]
        assert order.index("code0@example.com") <= 2, order
        assert len(order) == 9


async def test_code_that_ends_in_the_row_is_not_sent(either_house: FrontDoor) -> None:
    """Whoever waited for a turn is asked again whether the code is alive."""
    async with mailing(either_house) as (server, delivering):
        await _write(either_house, code_mails=3, notices=0)
        dispatcher = Dispatcher(delivering)
        await dispatcher.fill()
        async with asyncio.timeout(60):
            await server.first.wait()
        await either_house.database.transact(
            lambda tx: tx.execute("UPDATE challenges SET code_sealed = NULL")
        )

        async with asyncio.timeout(60):
            while dispatcher.under_way:
                await dispatcher.next_done()
                await asyncio.sleep(0)

        assert len(server.received) == 1
