"""The mail server and the carrier are gone for a while: what was asked for waits, or ends in time.

Real servers on loopback: a port where nobody listens, then a server that came back to it.
"""

import re
from pathlib import Path

import pytest

from tests.attack import rows
from tests.databases import Store
from tests.delivery.smtp_server import MailServer, mail_server
from tests.faults.processes import free_ports
from tests.figures import Record, note
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.loopback_carrier import carrier
from tests.person import Person

pytestmark = pytest.mark.anyio

PEOPLE = 10


def _settings(smtp_port: int) -> dict[str, object]:
    return {
        "routes_email": "smtp",
        "smtp_url": f"smtp://127.0.0.1:{smtp_port}",
        "mail_from": "door@example.com",
    }


async def _sign_up(house: FrontDoor, turn: int) -> Person:
    person = house.browser(source=f"203.0.113.{turn + 1}")
    await person.get("/sign-up")
    email = f"{turn}@example.com"
    await person.press("Create account", name="Ada", email=email, password=PASSWORD)
    assert person.path == "/sign-up/code", person.text
    return person


def _codes(server: MailServer) -> dict[str, str]:
    """The code in the mail to each address."""
    found = {}
    for one in server.received:
        if code := re.search(r"\b\d{6}\b", one.part("plain")):
            found[one.recipients[0]] = code[0]
    return found


async def test_mails_wait_for_their_server(
    store: Store, tmp_path: Path, record_property: Record
) -> None:
    """NO-03: mails that found no server arrive once it is back, with codes that still work."""
    [port] = free_ports(1)
    async with front_door(store.open(), tmp_path, settings=_settings(port)) as house:
        people = [await _sign_up(house, turn) for turn in range(PEOPLE)]
        for _ in range(3):
            await house.deliver()
            house.clock.advance(seconds=45)
        async with mail_server(port=port) as server:
            house.clock.advance(seconds=900)
            await house.deliver()
            await house.deliver()

            arrived = _codes(server)
            for turn, person in enumerate(people):
                await person.press("Verify", code=arrived[f"{turn}@example.com"])
            assert [one.path for one in people] == ["/set-up"] * PEOPLE
            note(record_property, faults=1, confirmed=PEOPLE, lost=PEOPLE - len(arrived))


async def test_no_code_is_mailed_late(store: Store, tmp_path: Path) -> None:
    """OC-02: a code that ended while its server was gone is not sent when it is back."""
    [port] = free_ports(1)
    async with front_door(store.open(), tmp_path, settings=_settings(port)) as house:
        await _sign_up(house, 1)
        await house.deliver()
        house.clock.advance(seconds=1_801)
        async with mail_server(port=port) as server:
            await house.deliver()

            assert server.received == []


async def test_texts_wait_for_their_carrier(
    store: Store, tmp_path: Path, record_property: Record
) -> None:
    """OC-02: with the only carrier gone a text waits, and arrives once while its code lives."""
    async with carrier() as at:
        given: dict[str, object] = {
            "routes_sms": "webhook",
            "webhook_secret": "a secret of the webhook, thirty-two letters",
            "webhook_url": at.url,
        }
        async with front_door(store.open(), tmp_path, settings=given) as house:
            person = house.browser()
            await house.sign_up(person, "ada@example.com")
            await person.get("/set-up/phone")
            at.behaviour = "fails"
            await person.press("Send code by text message", country="GB", phone="07400 123456")
            await house.deliver()
            at.behaviour = "accepts"
            house.clock.advance(seconds=300)
            await house.deliver()

            said = {one["text"][-6:] for one in at.got}
            assert len(said) == 1, "another code by the second try"
            await person.press("Verify", code=said.pop())
            assert person.path == "/set-up/recovery-code", person.text
            ended = await rows(house, "SELECT COUNT(*) AS n FROM outbox WHERE refused_at > 0")
            assert ended[0]["n"] == 0
            note(record_property, faults=1, confirmed=1, lost=0, twice=0)
