"""Texts that numbers send to us: STOP and START, proven by each carrier's signature."""

from collections.abc import Mapping
from dataclasses import replace

import httpx
import pytest

from tests.carrier.posting import Carriers, Recorder
from vestibule.domain.challenge import Channel
from vestibule.flows.deliver import drain
from vestibule.flows.notices import put_notice
from vestibule.flows.opt_outs import opted_out
from vestibule.flows.work import Caller, Work, work

pytestmark = pytest.mark.anyio

NUMBER = "+447400123456"
PLAIN = NUMBER.removeprefix("+")


async def _stopped(carriers: Carriers) -> bool:
    """Whether the number gets no texts."""
    row = await carriers.house.database.read(
        lambda tx: tx.fetch_one("SELECT COUNT(*) AS n FROM opt_outs")
    )
    assert row is not None
    return bool(row["n"])


async def _by_twilio(carriers: Carriers, word: str, **fields: str) -> httpx.Response:
    told = {"MessageSid": f"SM{word}", "From": NUMBER, "To": "+14155550100", "Body": word, **fields}
    return await carriers.twilio("/carrier/twilio/texts", **told)


async def _by_vonage(carriers: Carriers, word: str) -> httpx.Response:
    told = {"channel": "sms", "message_uuid": word, "from": PLAIN, "text": word, "client_ref": "x"}
    return await carriers.vonage("/carrier/vonage/texts", told)


async def _by_older_vonage(carriers: Carriers, word: str) -> httpx.Response:
    told: Mapping[str, object] = {
        "message_uuid": word,
        "from": {"type": "sms", "number": PLAIN},
        "message": {"content": {"type": "text", "text": word}},
    }
    return await carriers.vonage("/carrier/vonage/texts", told)


async def _by_webhook(carriers: Carriers, word: str) -> httpx.Response:
    told = {"from": NUMBER, "text": word}
    return await carriers.signed("/carrier/webhook/texts", f"text-{word}", told)


@pytest.mark.parametrize("send", [_by_twilio, _by_vonage, _by_older_vonage, _by_webhook])
async def test_stop_and_start(carriers: Carriers, send) -> None:  # type: ignore[no-untyped-def]  # one of the above
    """A STOP stops texts to its number and START brings them back, whoever carries the text."""
    answers = [await send(carriers, "Stop")]
    assert await _stopped(carriers)
    answers.append(await send(carriers, "what is this?"))
    assert await _stopped(carriers)
    answers.append(await send(carriers, "START"))

    assert not await _stopped(carriers)
    assert [one.status_code for one in answers] == [200] * 3


async def test_twilio_says_what_a_text_asks_for(carriers: Carriers) -> None:
    """The wish that Twilio names in `OptOutType` counts, whatever language the word is of."""
    answer = await _by_twilio(carriers, "ARRETER", OptOutType="STOP")
    assert await _stopped(carriers)
    assert (answer.text, answer.headers["content-type"]) == ("<Response/>", "application/xml")

    await _by_twilio(carriers, "STOP", OptOutType="HELP")
    assert await _stopped(carriers)
    await _by_twilio(carriers, "OUI", OptOutType="START")

    assert not await _stopped(carriers)


async def test_forged_texts_change_nothing(carriers: Carriers) -> None:
    """WH-01, WH-02: nobody but the carrier stops a number's texts, or brings them back."""
    await opted_out(carriers.house.built.means, NUMBER, "text")
    start = {"from": NUMBER, "text": "START"}
    forged = [
        await carriers.twilio("/carrier/twilio/texts", signed=None, From=NUMBER, Body="START"),
        await carriers.twilio(
            "/carrier/twilio/texts", signed="Zm9yZ2Vk", From=NUMBER, Body="START"
        ),
        await carriers.twilio(
            "/carrier/twilio/texts",
            url="http://localhost/carrier/twilio/receipts/x",
            From=NUMBER,
            Body="START",
        ),
        await carriers.vonage(
            "/carrier/vonage/texts", start, secret="a lane of other lindens, far"
        ),
        await carriers.vonage("/carrier/vonage/texts", start, age=301),
        await carriers.vonage("/carrier/vonage/texts", {"text": "x"}, body=b'{"text": "START"}'),
        await carriers.signed("/carrier/webhook/texts", "id", start, age=301),
        await carriers.signed("/carrier/webhook/texts", "id", start, secret="x" * 32),
        await carriers.client.post("/carrier/webhook/texts", json=start),
    ]

    assert [(one.status_code, one.content) for one in forged] == [(403, b"")] * len(forged)
    assert await _stopped(carriers)


@pytest.mark.parametrize(
    "sender", ["", "Acme", "12345", "+44 7400 123456", "+0123456789", "x" * 99]
)
async def test_sender_that_is_no_number(carriers: Carriers, sender: str) -> None:
    """Names and short codes ask for nothing."""
    answer = await carriers.twilio("/carrier/twilio/texts", From=sender, Body="STOP")

    assert answer.status_code == 200
    assert not await _stopped(carriers)


class Texting(Recorder):
    """Twilio, as far as texts go."""


async def test_opt_out_told_by_the_receipt_of_a_notice(carriers: Carriers) -> None:
    """PN-06: a notice's number is erased at its hand-over, yet what its receipt says is kept."""
    house, texting = carriers.house, Texting()
    await house.member()

    async def unit(one: Work) -> None:
        await put_notice(one, kind="method_added", to=NUMBER, account_id=None, channel=Channel.SMS)

    await work(house.built.means, Caller("198.51.100.1", "test", "request", "en"), unit)
    delivering = house.built.worker.delivering
    routes = replace(
        delivering.routes,
        providers={**delivering.routes.providers, "twilio": texting},
        everywhere={**delivering.routes.everywhere, "sms": ("twilio",)},
    )
    await drain(replace(delivering, routes=routes))
    path = f"/carrier/twilio/receipts/{texting.messages[-1].id}"

    await carriers.twilio(path, MessageStatus="undelivered", ErrorCode="21610", MessageSid="CA1")

    assert await _stopped(carriers)
