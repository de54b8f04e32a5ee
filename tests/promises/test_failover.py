"""The same code goes by the next carrier at once; what fails rests, what hangs holds up nobody.

The carriers are real HTTP servers on this machine; the house reaches them by its webhook.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.attack import rows
from tests.front_door import FrontDoor
from tests.loopback_carrier import Behaviour
from tests.ways import GIVES_UP, NEVER, PACE, notify, text_somebody, ways
from vestibule.delivery.provider import Message, Outcome, Probe
from vestibule.delivery.providers.webhook import WebhookProvider
from vestibule.delivery.routing import attempt
from vestibule.domain.challenge import Channel
from vestibule.flows.deliver import Dispatcher

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("fault", ["fails", "throttles", "hangs", "resets", "garbage"])
async def test_same_code_goes_by_the_next_at_once(house: FrontDoor, fault: Behaviour) -> None:
    """What one carrier does not take now, whatever it does instead, goes by the next: same code."""
    async with ways(house, fault, "accepts") as at:
        person = await at.asked()

        await at.drain()

        assert [one["text"] for one in at.first.got] == [one["text"] for one in at.second.got]
        assert (await at.message())["provider"] == "second"
        outcome = {"throttles": "throttled", "fails": "temporary"}.get(fault, "in_doubt")
        assert await at.attempts() == [("first", outcome), ("second", "accepted")]
        await person.press("Verify", code=at.second.got[0]["text"][:6])
        assert person.path == "/", person.text
        assert (await at.message())["converted_at"] is not None


async def test_permanent_fault_stops_and_is_told(house: FrontDoor) -> None:
    """A number that cannot take texts is tried with nobody else, and the person reads why."""
    async with ways(house, "refuses", "accepts") as at:
        person = await at.asked()

        await at.drain()

        await person.get("/sign-in/code")
        assert await at.attempts() == [("first", "permanent")]
        assert at.second.got == []
        assert "This number takes calls only." in person.text, person.text
        assert await at.breaker() is None


async def test_all_failing_is_tried_again_while_the_code_lives(house: FrontDoor) -> None:
    """After the last carrier failed it begins anew; a mended carrier gets the same code."""
    async with ways(house, "fails", "fails") as at:
        await at.asked()
        await at.drain()
        await at.drain()
        assert len(at.first.got) == 1, "not before its time"
        at.second.behaviour = "accepts"

        at.house.clock.advance(seconds=3)
        await at.drain()

        codes = {one["text"].split(" ")[0] for one in at.first.got + at.second.got}
        assert len(codes) == 1, "the words count down, the code stays"
        assert (await at.message())["handed_over_at"] is not None


async def test_back_off_ends_with_the_code(house: FrontDoor) -> None:
    """It is retried after 2, 4, 8 … 60 s, never past its end; then the person is told: no route."""
    async with ways(house, "fails", "fails") as at:
        await at.asked()
        for _ in range(700):
            at.house.clock.advance(seconds=1)
            await at.drain()
            if (await at.message())["refused_at"] is not None:
                break

        message = await at.message()
        assert message["reason"] == "no_route"
        assert message["refused_at"] < message["expires_at"]
        times = [one["id"] for one in at.first.got]
        assert 10 <= len(times) <= 18


@pytest.mark.parametrize("ending", ["expired", "ended"])
async def test_never_sent_late(house: FrontDoor, ending: str) -> None:
    """A code that expired or whose sign-in has ended is not sent, however long it waited."""
    async with ways(house, "accepts", "accepts") as at:
        person = await at.asked()
        if ending == "expired":
            at.house.clock.advance(seconds=600)
        else:
            await person.press("Sign out")

        await at.drain()

        assert at.first.got == at.second.got == []


async def test_carrier_is_told_the_seconds_that_are_left(house: FrontDoor) -> None:
    """A carrier gets the code's own seconds, never more: what it holds back is not sent late."""
    async with ways(house, "accepts", "accepts") as at:
        await at.asked()
        at.house.clock.advance(seconds=62)
        await at.drain()

        assert at.first.got[0]["expires_in"] == 538


async def test_ended_between_two_carriers(house: FrontDoor) -> None:
    """A code that ends while the first carrier hangs does not go by the second."""
    async with ways(house, "hangs", "accepts", gives_up=NEVER) as at:
        person = await at.asked()
        sending = asyncio.create_task(at.drain())
        await at.first.until(1)

        await person.press("Sign out")
        at.first.hang_up()
        await sending

        assert at.second.got == []
        assert (await at.message())["handed_over_at"] is None


async def test_lease_lost_between_two_carriers(house: FrontDoor) -> None:
    """Whoever lost the lease while a carrier hung asks no further one, and writes nothing of it."""
    async with ways(house, "hangs", "accepts", gives_up=NEVER) as at:
        await at.asked()
        sending = asyncio.create_task(at.drain())
        await at.first.until(1)
        at.house.clock.advance(seconds=31)
        at.first.behaviour = "accepts"

        await at.drain()
        at.first.hang_up()
        await sending

        assert at.second.got == []
        assert len(at.first.got) == 2, "the one that hung, and the one of the next claim"
        assert (await at.message())["attempts"] == 2
        assert (await at.message())["provider"] == "first"


async def test_failing_carrier_rests_and_is_tried_by_one(house: FrontDoor) -> None:
    """Five failures in a row and it is asked no more; after 30 s one message tries it."""
    async with ways(house, "fails", "accepts") as at:
        for _ in range(6):
            await text_somebody(at)
            await at.drain()
        assert len(at.first.got) == 5
        assert len(at.second.got) == 6
        house.clock.advance(seconds=31)
        at.first.behaviour = "accepts"
        await text_somebody(at)
        await text_somebody(at)

        await at.drain()

        assert len(at.first.got) + len(at.second.got) == 5 + 6 + 2
        assert len(at.first.got) >= 6
        assert await at.breaker() is None


async def test_failed_trial_rests_longer(house: FrontDoor) -> None:
    """A trial that fails doubles the rest, and its message goes by the next carrier."""
    async with ways(house, "fails", "accepts") as at:
        for _ in range(5):
            await text_somebody(at)
            await at.drain()
        house.clock.advance(seconds=31)
        await text_somebody(at)

        await at.drain()

        found = await at.breaker()
        assert found is not None
        assert found["failures"] == 6
        assert found["open_until_at"] == house.clock() + timedelta(seconds=60)
        assert len(at.second.got) == 6


async def test_throttled_carrier_is_left_alone(house: FrontDoor) -> None:
    """A carrier that asks for 45 s is not asked for 45 s, not even where all others fail."""
    async with ways(house, "throttles", "fails") as at:
        await text_somebody(at)
        await at.drain()
        for _ in range(44):
            house.clock.advance(seconds=1)
            await at.drain()
        assert len(at.first.got) == 1

        house.clock.advance(seconds=45)
        await at.drain()

        assert len(at.first.got) == 2


async def test_last_carrier_is_asked_even_at_rest(house: FrontDoor) -> None:
    """Where every carrier rests after failures they are asked all the same: who else is there."""
    async with ways(house, "fails", "fails") as at:
        for _ in range(6):
            await text_somebody(at)
            await at.drain()
        before = len(at.second.got)
        at.second.behaviour = "accepts"
        await text_somebody(at)

        await at.drain()

        assert len(at.second.got) == before + 1
        assert await at.breaker("second") is None


async def test_hanging_carrier_holds_up_no_other_lane(house: FrontDoor) -> None:
    """With every text hanging, mails and calls leave; with notices hanging, codes overtake them."""
    async with ways(house, "hangs", "hangs", gives_up=NEVER) as at:
        for _ in range(12):
            await text_somebody(at)
        dispatcher = Dispatcher(at.delivering)
        await dispatcher.fill()
        await at.first.until(at.delivering.pace.at_once)
        before = len(house.inbox())
        await notify(at, "someone@example.com", Channel.EMAIL)

        await dispatcher.fill()
        async with asyncio.timeout(NEVER):
            while len(house.inbox()) == before:
                await dispatcher.next_done()

        assert dispatcher.under_way >= at.delivering.pace.at_once - 1
        await dispatcher.finish(within_seconds=0)


async def test_codes_overtake_notices(house: FrontDoor) -> None:
    """A code that is written last leaves first."""
    async with ways(house, "accepts", "accepts") as at:
        for turn in range(20):
            await notify(at, f"+4474001235{turn:02}", Channel.SMS)
        await at.asked()

        await at.drain()

        purposes = [one["purpose"] for one in at.first.got]
        assert purposes[0] == "sign_in"
        assert len(purposes) == 21


async def test_notice_is_never_given_up(house: FrontDoor) -> None:
    """A notice that fails is tried for as long as it is kept: days later it still leaves."""
    async with ways(house, "fails", "fails") as at:
        at.house.clock.advance(seconds=60)
        await notify(at, "+447400123599", Channel.SMS)
        for _ in range(60):
            at.house.clock.advance(seconds=3600)
            await at.drain()
        at.second.behaviour = "accepts"

        at.house.clock.advance(seconds=3600)
        await at.drain()

        assert (await at.message())["provider"] == "second"
        assert (await at.message())["refused_at"] is None


async def test_figures_count_what_happened(house: FrontDoor) -> None:
    """Accepted, failed, codes and codes entered are counted for the carrier and its country."""
    async with ways(house, "fails", "accepts") as at:
        person = await at.asked()
        await at.drain()
        await notify(at, "+447400123599", Channel.SMS)
        await at.drain()
        await person.press("Verify", code=at.second.got[0]["text"][:6])
        assert person.path == "/"

        found = await rows(
            house,
            """SELECT provider, country, accepted, failed, codes, converted FROM route_hours
            WHERE channel = 'sms' AND provider <> 'simulator' ORDER BY provider""",
        )

        assert [tuple(row.values()) for row in found] == [
            ("first", "GB", 0, 2, 0, 0),
            ("second", "GB", 2, 0, 1, 1),
        ]


async def test_measured_success_reorders(house: FrontDoor) -> None:
    """A carrier whose codes do not come back makes room for the next, which then is measured."""
    async with ways(house, "accepts", "accepts") as at:
        for _ in range(10):
            await text_somebody(at)
            await at.drain()
            house.clock.advance(seconds=400)

        await text_somebody(at)
        await at.drain()

        assert len(at.second.got) >= 1
        assert len(at.first.got) <= 10


async def test_provider_that_ignores_its_end(house: FrontDoor) -> None:
    """A provider that ignores its timeout and its cancellation costs the limit, no more."""
    free = asyncio.Event()

    class Stuck:
        name = "stuck"

        async def send(self, message: Message, to: str) -> Outcome:
            del message, to
            while not free.is_set():
                try:
                    await free.wait()
                except asyncio.CancelledError:
                    continue
            raise ConnectionError("too late")

        async def probe(self) -> Probe:
            return Probe(True, "")

        async def close(self) -> None:
            return

    async with ways(house, "accepts", "accepts") as at:
        routes = replace(
            at.delivering.routes,
            providers={**at.delivering.routes.providers, "first": Stuck()},
        )
        pace = replace(PACE, attempt_for=timedelta(seconds=GIVES_UP))
        at.delivering = replace(at.delivering, routes=routes, pace=pace)
        await at.asked()

        async with asyncio.timeout(NEVER):
            await at.drain()

        assert await at.attempts() == [("first", "in_doubt"), ("second", "accepted")]
        free.set()


async def test_bug_in_a_provider_leaves_doubt(house: FrontDoor) -> None:
    """A provider that raises does not lose the message: the next one carries it, as a copy."""

    class Broken(WebhookProvider):
        async def send(self, message: Message, to: str) -> Outcome:
            raise KeyError(message, to)

    async with ways(house, "accepts", "accepts") as at:
        broken = Broken(at.first.provider(house.clock)._target, house.clock)
        routes = replace(
            at.delivering.routes, providers={**at.delivering.routes.providers, "first": broken}
        )
        at.delivering = replace(at.delivering, routes=routes)
        await at.asked()

        await at.drain()
        await broken.close()

        assert await at.attempts() == [("first", "in_doubt"), ("second", "accepted")]
        reasons = await rows(house, "SELECT reason FROM delivery_attempts WHERE reason <> ''")
        assert [row["reason"] for row in reasons] == ["KeyError"], "no number in it"


async def test_attempt_that_is_cancelled_cancels_the_send() -> None:
    """When the process ends, the attempt under way ends with it."""
    ended = asyncio.Event()

    class Slow:
        name = "slow"

        async def send(self, message: Message, to: str) -> Outcome:
            del message, to
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            raise AssertionError

        async def probe(self) -> Probe:
            return Probe(True, "")

        async def close(self) -> None:
            return

    task = asyncio.create_task(
        attempt(Slow(), MESSAGE, "+447400123456", limit=timedelta(seconds=60))
    )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()

    async with asyncio.timeout(NEVER):
        await ended.wait()


MESSAGE = Message(
    id="message-1",
    channel="sms",
    account_label="ada@example.com",
    purpose="sign_in",
    subject=None,
    text="012345",
    html=None,
    code="012345",
    locale="en",
)
