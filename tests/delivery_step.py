"""A process that delivers as far as one step and stays there, until it is killed.

`python -m tests.delivery_step STEP FOLDER DATABASE_URL CARRIER_URL` prints the step once it is
there: a message committed, claimed, with the carrier, or accepted and about to be noted.
"""

import asyncio
import sys
import threading
from dataclasses import replace
from gettext import NullTranslations
from pathlib import Path
from typing import NoReturn

from tests.front_door import START
from tests.loopback_carrier import SECRET
from vestibule.bootstrap import Built, build_house
from vestibule.clock import ManualClock
from vestibule.crypto.password_hash import CHEAPEST
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.identifier import phone_of
from vestibule.entropy import SystemEntropy
from vestibule.flows import codes
from vestibule.flows.deliver import drain
from vestibule.flows.work import Caller, Work, work
from vestibule.observability.logging import configure
from vestibule.settings import Settings
from vestibule.storage.database import connect


def settings(folder: Path, carrier_url: str) -> dict[str, object]:
    """Texts by the carrier, for the process and for whoever goes on after it."""
    return {
        "data": folder,
        "public_origin": "http://localhost",
        "routes_sms": "webhook",
        "simulator": True,
        # More texts than a country gets in an hour, and no code of them is ever entered.
        "track_only": "country,conversion",
        "webhook_secret": SECRET,
        "webhook_url": carrier_url,
    }


async def text_somebody(built: Built, turn: int) -> None:
    """One text with a code, committed to the outbox; each to a number of another prefix."""
    number = phone_of(f"+447{turn:05}1234")

    async def unit(one: Work) -> None:
        asked = codes.Asked(
            purpose=Purpose.ENROLL, binding_id=f"b{turn}", channel=Channel.SMS, destination=number
        )
        sent = await codes.send(one, asked)
        assert isinstance(sent, codes.Sent), sent

    source = f"198.51.{turn // 250}.{turn % 250}"
    await work(built.means, Caller(source, "test", "request", "en"), unit)


class StuckEntropy(SystemEntropy):
    """Stays where attempts are given their ids: the carrier has accepted, nothing is noted."""

    def id(self) -> str:
        stay("record")


def stay(step: str) -> NoReturn:
    print(step, flush=True)  # noqa: T201 - the test waits for it
    threading.Event().wait()
    raise AssertionError


async def main(step: str, folder: Path, database_url: str, carrier_url: str) -> None:
    configure()
    built = build_house(
        Settings.model_validate(settings(folder, carrier_url)),
        clock=ManualClock(START),
        profile=CHEAPEST,
        database=connect(database_url),
    )
    await text_somebody(built, 1)
    if step == "commit":
        stay(step)
    delivering = built.worker.delivering

    def words(_: str) -> NullTranslations:
        stay("claim")

    if step == "claim":
        delivering = replace(delivering, words=words)
    if step == "record":
        delivering = replace(delivering, means=replace(built.means, entropy=StuckEntropy()))
    await drain(delivering)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
