"""Posts of the operator's own service while its secret is changed, and posts that come again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.carrier.posting import Carriers
from tests.front_door import front_door
from tests.promises.states import rows
from vestibule.domain.opt_out import Wish
from vestibule.flows.opt_outs import asked_by_text
from vestibule.storage.database import Database

pytestmark = pytest.mark.anyio

OLD, NEW = "a bell beside the door of yesterday", "a bell beside the door of today"
NUMBER = "+447400123456"
TEXTS = "/carrier/webhook/texts"
RECEIPT = "/carrier/webhook/receipts/message"


@pytest.fixture
async def changing(database: Database, tmp_path: Path) -> AsyncIterator[Carriers]:
    """A house whose secret is being changed; both stand in files."""
    current, previous = tmp_path / "webhook", tmp_path / "webhook-previous"
    current.write_text(f"{NEW}\n")
    previous.write_text(f"{OLD}\n")
    files: dict[str, object] = {
        "webhook_secret_file": current,
        "webhook_secret_previous_file": previous,
    }
    async with front_door(database, tmp_path, settings=files) as house:
        yield Carriers(house)


async def test_both_secrets_are_taken_during_a_change(changing: Carriers) -> None:
    """WH-02: a receipt counts whichever of the two secrets signed it, and no third one's."""
    told = {"status": "delivered"}

    answers = [
        await changing.signed(RECEIPT, "message", told, secret=secret)
        for secret in (OLD, NEW, "a bell that nobody ever gave us")
    ]

    assert [one.status_code for one in answers] == [204, 204, 403]


async def test_forged_during_a_change(changing: Carriers) -> None:
    """WH-02: old, written anew, or of another message: 403 by the previous secret too."""
    told = {"status": "delivered"}
    for secret in (OLD, NEW):
        answers = [
            await changing.signed(RECEIPT, "message", told, secret=secret, age=301),
            await changing.signed(RECEIPT, "message", told, secret=secret, age=-301),
            await changing.signed(RECEIPT, "other", told, secret=secret),
            await changing.signed(
                RECEIPT, "message", told, secret=secret, posted=b'{"status":"delivered"}'
            ),
        ]
        assert [(one.status_code, one.content) for one in answers] == [(403, b"")] * 4


async def _is_stopped(carriers: Carriers) -> bool:
    return bool(await rows(carriers.house, "opt_outs"))


@pytest.mark.parametrize("carrier", ["twilio", "vonage", "webhook"])
async def test_a_text_counts_once(carriers: Carriers, carrier: str) -> None:
    """WH-02, WH-01: a START that comes again undoes no STOP that came after it, for a day."""

    async def text(text_id: str, word: str) -> int:
        match carrier:
            case "twilio":
                fields = {"MessageSid": text_id, "From": NUMBER, "Body": word}
                answer = await carriers.twilio("/carrier/twilio/texts", **fields)
            case "vonage":
                told = {"message_uuid": text_id, "from": NUMBER[1:], "text": word}
                answer = await carriers.vonage("/carrier/vonage/texts", told)
            case _:
                answer = await carriers.signed(TEXTS, text_id, {"from": NUMBER, "text": word})
        return answer.status_code

    assert await text("one", "STOP") == 200
    assert await text("two", "START") == 200
    assert await text("three", "STOP") == 200
    assert await _is_stopped(carriers)

    assert await text("two", "START") == 200
    assert await _is_stopped(carriers), "the same text counted twice"

    carriers.house.clock.advance(seconds=24 * 3600 + 1)
    await text("two", "START")
    assert not await _is_stopped(carriers), "an id is kept for a day"


async def test_another_carriers_text_of_that_id_counts(carriers: Carriers) -> None:
    """WH-02: ids are a carrier's own."""
    await carriers.signed(TEXTS, "one", {"from": NUMBER, "text": "STOP"})

    await carriers.twilio("/carrier/twilio/texts", MessageSid="one", From=NUMBER, Body="START")

    assert not await _is_stopped(carriers)


async def test_one_text_at_once_many_times(carriers: Carriers) -> None:
    """WH-02: of one text that arrives sixteen times at one moment one counts."""
    means = carriers.house.built.means

    found = await asyncio.gather(
        *(
            asked_by_text(means, NUMBER, wish, text_id=("webhook", "one"))
            for wish in [Wish.STOP, Wish.START] * 8
        )
    )

    assert sum(found) <= 1
    counted = await rows(carriers.house, "throttles")
    assert [one["hits"] for one in counted if one["kind"] == "text-from-number"] == [1]


async def test_a_text_has_an_id(carriers: Carriers) -> None:
    """WH-02: a post without an id is not signed as ours are."""
    answer = await carriers.signed(TEXTS, "", {"from": NUMBER, "text": "STOP"})

    assert answer.status_code == 403
    assert not await _is_stopped(carriers)
