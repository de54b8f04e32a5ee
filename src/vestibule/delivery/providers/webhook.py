"""A signed JSON POST to the operator's own service, which reaches any carrier.

The receiver can tell by the signature that it is ours, whole, and young. A redirect is never
followed: the body holds a live code.
"""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta

from vestibule.clock import Clock
from vestibule.delivery.http_call import PATIENCE, Answer, HttpCaller
from vestibule.delivery.provider import (
    Accepted,
    Message,
    NotThisWay,
    Outcome,
    PermanentFailure,
    Probe,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.reach import INTERNET, Reach
from vestibule.delivery.this_machine import private_url
from vestibule.delivery.webhook_signature import Secrets
from vestibule.domain.delivery import Fault

REASONS = (
    Fault.NUMBER_INVALID,
    Fault.OPTED_OUT,
    Fault.LANDLINE,
    Fault.REGION_CLOSED,
    Fault.BLOCKED,
    Fault.ADDRESS_REFUSED,
    Fault.UNREACHABLE,
)
"""What the service may give as the reason that a recipient can never be reached."""
NOT_THIS_WAY = "not_this_way"
"""The reason of a service that does not reach this recipient, where another one may."""


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where messages are posted, and the secrets both sides know."""

    url: str
    secrets: Secrets
    timeout: timedelta = PATIENCE
    reach: Reach = INTERNET

    def __post_init__(self) -> None:
        private_url(self.url, "https://sms.example.com/messages", self.reach)


class WebhookProvider:
    """Hands each message to one HTTP service.

    2xx is accepted; 429 waits as `Retry-After` says; 422 means that this recipient cannot be
    reached, with the reason in its JSON body; anything else is tried again.
    """

    name = "webhook"

    def __init__(self, target: WebhookTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._caller = HttpCaller(target.reach, patience=target.timeout)

    async def send(self, message: Message, to: str) -> Outcome:
        body = _body(message, to)
        timestamp = int(self._clock().timestamp())
        headers = {
            "Content-Type": "application/json",
            **self._target.secrets.headers(message_id=message.id, timestamp=timestamp, body=body),
        }
        answer = await self._caller.ask("POST", self._target.url, headers=headers, content=body)
        return _outcome(message, answer) if isinstance(answer, Answer) else answer

    async def probe(self) -> Probe:
        """Ask what the address takes: that sends nothing, and any answer shows that it is there.

        A service that does not know OPTIONS says so with a 4xx, which is an answer too.
        """
        answer = await self._caller.ask("OPTIONS", self._target.url, headers={})
        if not isinstance(answer, Answer):
            return Probe(False, f"webhook: no answer ({answer.reason})")
        signs = ", ".join(self._target.secrets.key_ids)
        return Probe(
            answer.status < 500, f"webhook: answers HTTP {answer.status}; posts signed by {signs}"
        )

    async def close(self) -> None:
        await self._caller.close()


def _body(message: Message, to: str) -> bytes:
    said = {
        "id": message.id,
        "channel": message.channel,
        "to": to,
        "purpose": message.purpose,
        "locale": message.locale,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "script": asdict(message.script) if message.script else None,
        "spoken": list(message.script.spoken) if message.script else [],
        "expires_in": message.valid_for_seconds,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _outcome(message: Message, answer: Answer) -> Outcome:
    if answer.is_success:
        return Accepted(answer.text("reference") or message.id)
    if answer.status == 429:
        return Throttled(answer.seconds_to_wait)
    if answer.status == 422:
        return _unreached(answer.text("reason"))
    return TemporaryFailure(f"HTTP {answer.status}")


def _unreached(said: str | None) -> PermanentFailure | NotThisWay:
    """The reason if it is one of ours; other words are not repeated, they may hold the number."""
    if said == NOT_THIS_WAY:
        return NotThisWay(said)
    known = {fault.value: fault for fault in REASONS}
    if said in known:
        return PermanentFailure(known[said], said)
    return PermanentFailure(Fault.UNREACHABLE, "refused")
