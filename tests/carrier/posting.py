"""Posts as the carriers make them, signed by their own libraries' rules."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import unescape
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey
from twilio.request_validator import (  # type: ignore[import-untyped]  # ships no types
    RequestValidator,
)

from tests.front_door import FrontDoor
from tests.person import Person
from vestibule.delivery.provider import Accepted, Message, Probe
from vestibule.delivery.webhook_signature import Secrets
from vestibule.domain.challenge import Channel
from vestibule.flows.deliver import drain

AUTH_TOKEN = "twelve lanterns in a porch by night"
VONAGE_SECRET = "a long lane of lindens, and a lamp at its end"
WEBHOOK_SECRET = "a bell beside the door that everybody knows"
ORIGIN = "http://localhost"
FORM = "application/x-www-form-urlencoded"


class Recorder:
    """A provider of calls that keeps what it was given, as a carrier far away would."""

    name = "twilio"

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message, to: str) -> Accepted:  # noqa: ARG002 - a provider's shape
        self.messages.append(message)
        return Accepted(f"CA{len(self.messages)}")

    async def probe(self) -> Probe:
        return Probe(True, "fine")

    async def close(self) -> None:
        pass


@dataclass
class Carriers:
    """A house, a carrier that places its calls, and the posts that carriers make."""

    house: FrontDoor

    def __post_init__(self) -> None:
        self.recorder = Recorder()
        self.client = self.house.browser(source="198.51.100.9", agent="carrier").client

    async def drain(self) -> None:
        """Send what waits: calls by the recorder, the rest by the simulator."""
        delivering = self.house.built.worker.delivering
        routes = replace(
            delivering.routes,
            providers={**delivering.routes.providers, self.recorder.name: self.recorder},
            everywhere={
                **delivering.routes.everywhere,
                Channel.VOICE.value: (self.recorder.name,),
            },
        )
        await drain(replace(delivering, routes=routes))

    async def called(self, person: Person) -> Message:
        """Somebody signs in with the password and asks for a call; the call as it was placed."""
        await self.house.password(person)
        self.house.clock.advance(seconds=31)
        await person.follow("Try another way")
        await person.press("Voice call")
        await self.drain()
        return self.recorder.messages[-1]

    async def twilio(
        self, path: str, *, url: str | None = None, signed: str | None = "", **fields: str
    ) -> httpx.Response:
        """`signed` is a signature in the place of the right one; None leaves the header away."""
        right = RequestValidator(AUTH_TOKEN).compute_signature(url or ORIGIN + path, fields)
        headers = {b"content-type": FORM.encode()}
        if signed is not None:
            headers[b"x-twilio-signature"] = (signed or right).encode("latin-1")
        return await self.client.post(path, content=urlencode(fields), headers=headers)

    async def vonage(
        self,
        path: str,
        told: Mapping[str, object],
        *,
        body: bytes | None = None,
        age: int = 0,
        secret: str = VONAGE_SECRET,
        scheme: str = "Bearer",
    ) -> httpx.Response:
        """`body` is posted in the place of what was signed."""
        signed = json.dumps(told).encode()
        claims = {
            "iat": int(self.house.clock().timestamp()) - age,
            "payload_hash": hashlib.sha256(signed).hexdigest(),
        }
        token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))
        headers = {"authorization": f"{scheme} {token}", "content-type": "application/json"}
        return await self.client.post(path, content=body or signed, headers=headers)

    async def webhook(
        self, message_id: str, told: Mapping[str, object], *, signed_id: str = "", age: int = 0
    ) -> httpx.Response:
        return await self.signed(
            f"/carrier/webhook/receipts/{message_id}", signed_id or message_id, told, age=age
        )

    async def signed(
        self,
        path: str,
        signed_id: str,
        told: Mapping[str, object],
        *,
        age: int = 0,
        secret: str = WEBHOOK_SECRET,
        posted: bytes = b"",
    ) -> httpx.Response:
        """A post of the operator's own service; `posted` in the place of the body it signed."""
        body = json.dumps(told).encode()
        at = int(self.house.clock().timestamp()) - age
        headers = Secrets(secret).headers(message_id=signed_id, timestamp=at, body=body)
        return await self.client.post(path, content=posted or body, headers=headers)

    async def row(self, message_id: str) -> dict[str, object]:
        """What the outbox knows of a message."""
        found = await self.house.database.read(
            lambda tx: tx.fetch_one(
                "SELECT handed_over_at, delivered_at, refused_at, reason, provider, reference"
                " FROM outbox"
                " WHERE id = :id",
                id=message_id,
            )
        )
        assert found is not None
        return dict(found)


def heard(answer: httpx.Response) -> list[str]:
    """The sentences of TwiML, in order."""
    assert answer.status_code == 200, answer.status_code
    return [unescape(part) for part in re.findall(r"<Say [^>]*>([^<]*)</Say>", answer.text)]


def keys_of(answer: httpx.Response) -> str:
    """The path that the next key is posted to."""
    found = re.search(r'action="http://localhost(/carrier/twilio/keys/[^"]+)"', answer.text)
    assert found, answer.text
    return found[1]
