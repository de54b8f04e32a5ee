"""What an operator measures and reads of routes: to whoever shows the token, and of nobody."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.databases import sqlite_database
from tests.front_door import FrontDoor, front_door
from vestibule.cli.routes import NO_TRAFFIC, lines
from vestibule.domain.routing import Figures, Route
from vestibule.flows.metrics import present_ways
from vestibule.observability.metrics import DESCRIBED
from vestibule.storage import routes
from vestibule.storage.database import Transaction

pytestmark = pytest.mark.anyio

LABELS = ("provider", "channel", "country", "outcome", "status", "kind", "period")
TOKEN = "a token of twenty-four letters"


@pytest.fixture
async def metered(tmp_path: Path) -> AsyncIterator[FrontDoor]:
    """A house whose operator has set a token."""
    over = sqlite_database(tmp_path / "house.db")
    async with front_door(over, tmp_path, settings={"metrics_token": TOKEN}) as built:
        yield built
    await over.close()


async def _ask(house: FrontDoor, **headers: str) -> httpx.Response:
    person = house.browser()
    return await person.client.get("/metrics", headers=headers)


async def _samples(house: FrontDoor) -> dict[tuple[str, tuple[str, ...]], float]:
    answer = await _ask(house, authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return {
        (
            sample.name,
            tuple(sample.labels[one] for one in LABELS if one in sample.labels),
        ): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_address_does_not_exist_without_a_token(house: FrontDoor) -> None:
    """Where no token is set there is nothing at the address, whatever is shown."""
    for headers in ({}, {"authorization": "Bearer "}, {"authorization": f"Bearer {TOKEN}"}):
        assert (await _ask(house, **headers)).status_code == 404


@pytest.mark.parametrize(
    "shown",
    ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN],
)
async def test_other_tokens_open_nothing(metered: FrontDoor, shown: str) -> None:
    """Anything but the token gets 401 and no figure."""
    answer = await _ask(metered, authorization=shown)

    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_figures_of_a_sign_up(metered: FrontDoor) -> None:
    """A sign-up by text is one mail and one text that were sent, arrived and came back."""
    await metered.member()

    found = await _samples(metered)

    for way in (("simulator", "sms", "GB"), ("simulator", "email", "")):
        name = "vestibule_delivery"
        assert found[f"{name}_attempts_total", (*way, "failed")] == 0
        assert found[f"{name}_codes_total", way] == 1
        assert found[f"{name}_codes_entered_total", way] == 1
        assert found[f"{name}_conversion_ratio", way] == 1
        assert found[f"{name}_route_resting", way] == 0
    assert found["vestibule_delivery_attempts_total", ("simulator", "sms", "GB", "accepted")] == 1
    assert found["vestibule_delivery_receipts_total", ("simulator", "sms", "GB", "delivered")] == 1
    assert found["vestibule_handover_seconds_count", ("sms",)] == 1
    assert found["vestibule_outbox_waiting", ("code",)] == 0


async def test_counters_outlive_the_purge(metered: FrontDoor) -> None:
    """What is purged after a month stays counted: to Prometheus a fall would be a new start."""
    await metered.member()
    key = ("vestibule_delivery_codes_entered_total", ("simulator", "sms", "GB"))
    before = (await _samples(metered))[key]

    metered.clock.advance(seconds=32 * 86_400)
    await metered.built.worker.work_once()

    assert (await _samples(metered))[key] == before == 1


async def test_what_waits_and_rests_is_seen(metered: FrontDoor) -> None:
    """A message that waits, its age, a route that rests and what was spent are told."""
    await metered.member()
    metered.clock.advance(seconds=60)
    await metered.password(metered.browser())
    metered.clock.advance(seconds=40)
    now, route = metered.clock(), Route("simulator", "sms", "GB")

    async def unit(tx: Transaction) -> None:
        for _ in range(5):
            await routes.count_failure(tx, route, now)
        await tx.execute(
            """INSERT INTO spending (hour_at, country, channel, provider, messages, amount)
            VALUES (:hour_at, 'GB', 'sms', 'simulator', 3, 120000)
            ON CONFLICT (hour_at, country, channel, provider)
                DO UPDATE SET messages = 3, amount = 120000""",
            hour_at=now.replace(minute=0, second=0),
        )

    await metered.database.transact(unit)

    found = await _samples(metered)

    way = ("simulator", "sms", "GB")
    assert found["vestibule_outbox_waiting", ("code",)] == 1
    assert found["vestibule_outbox_oldest_seconds", ("code",)] == 40
    assert found["vestibule_delivery_route_resting", way] == 1
    assert found["vestibule_delivery_route_failures", way] == 5
    assert found["vestibule_spend", (*way, "hour")] == pytest.approx(0.12)
    assert found["vestibule_spend_messages", (*way, "day")] == 3


async def test_metrics_know_nobody(metered: FrontDoor) -> None:
    """No number, prefix, address, name or code is in the text; labels are names of ours."""
    await metered.member()
    await metered.member("grace@example.com", phone="07400 123457")

    text = (await _ask(metered, authorization=f"Bearer {TOKEN}")).text

    assert "example.com" not in text
    # A figure may have any digits; what could name somebody stands before it.
    named = re.sub(r" [0-9.e+-]+$", "", text, flags=re.MULTILINE)
    assert not re.search(r"\+?447|07400|1234", named)
    labels = {name for family in DESCRIBED for name in family.labels}
    assert labels == set(LABELS)
    assert not any(one.code and f'"{one.code}"' in text for one in metered.inbox())


async def test_routes_are_explained(house: FrontDoor) -> None:
    """`vestibule deliver routes` says who is asked first, with the figures, and why."""
    delivering = house.built.worker.delivering
    assert list(lines(await present_ways(delivering))) == []
    assert "Nothing was sent" in NO_TRAFFIC
    await house.member()

    async def unit(tx: Transaction) -> None:
        gone = Figures(accepted=9, failed=3, codes=9, converted=2, milliseconds=1200)
        await routes.count(tx, Route("twilio", "sms", "GB"), gone, house.clock())

    await house.database.transact(unit)

    assert list(lines(await present_ways(delivering))) == [
        "email",
        "  1. simulator  1 accepted, 0 failed, 0 refused; 1 delivered, 0 undelivered;"
        " 1 of 1 codes entered; 0 ms",
        "     first by settings",
        "sms GB",
        "  1. simulator  1 accepted, 0 failed, 0 refused; 1 delivered, 0 undelivered;"
        " 1 of 1 codes entered; 0 ms",
        "     first by settings",
    ]
