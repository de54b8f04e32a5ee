"""Texts by Vonage's Messages API and calls by its Voice API, both of version 1.

A call's code is never in what is sent here: Vonage fetches the call's script from us when somebody
answers. Of an error only Vonage's own code is repeated, never its words.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from vestibule.clock import Clock
from vestibule.delivery.callback import Callbacks
from vestibule.delivery.http_call import PATIENCE, Answer, HttpCaller, basic
from vestibule.delivery.provider import (
    Accepted,
    InDoubt,
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
from vestibule.domain.call import LONGEST_CALL, RINGS_FOR
from vestibule.domain.delivery import Fault
from vestibule.entropy import Entropy

API_URL = "https://api.nexmo.com"
SHORTEST_VALIDITY, LONGEST_VALIDITY = 20, 604_800
TOKEN_LASTS = timedelta(minutes=5)

FAULTS: Mapping[str, Fault] = {
    "1170": Fault.NUMBER_INVALID,
    "1190": Fault.NUMBER_INVALID,
    "1050": Fault.BLOCKED,
    "1280": Fault.BLOCKED,
    "1240": Fault.OPTED_OUT,
}
"""Errors that are the number's own: no other provider would do better."""
RECEIPT_FAULTS: Mapping[str, Fault] = {
    **FAULTS,
    "1070": Fault.NO_ROUTE,
    "1120": Fault.NO_ROUTE,
    "1140": Fault.NO_ROUTE,
    "1160": Fault.NO_ROUTE,
    "1180": Fault.UNREACHABLE,
    "1210": Fault.BLOCKED,
    "1220": Fault.UNREACHABLE,
    "1230": Fault.NO_ROUTE,
    "1250": Fault.NO_ROUTE,
    "1260": Fault.UNREACHABLE,
    "1270": Fault.BLOCKED,
    "1290": Fault.UNREACHABLE,
    "1331": Fault.NO_ROUTE,
}
"""Errors of a text that was taken, as its status names them: those of our account, sender or route
blame nobody's number. From `x-errors` of the Messages API's OpenAPI description.
"""
CALL_FAULTS: Mapping[str, Fault] = {
    "busy": Fault.BUSY,
    "rejected": Fault.BUSY,
    "timeout": Fault.NO_ANSWER,
    "unanswered": Fault.NO_ANSWER,
    "cancelled": Fault.NO_ANSWER,
    "failed": Fault.UNREACHABLE,
}
"""How a call ended that nobody heard: the last values of a call's `status` in the Voice API.

Carriers report a busy line as a rejected call, too.
"""
TAKEN = frozenset({"submitted"})
"""The status of a text that Vonage has and has passed on."""
TAKEN_CALLS = frozenset({"started", "ringing", "answered"})
"""Values of a call's `status` that it has only once Vonage has placed it."""
INVALID_RECIPIENT = "Invalid recipient"
"""A title: its documented code, `110`, is shared with other errors."""

_CODE = re.compile(r"#([a-z0-9-]{1,40})$")
_RECIPIENT = re.compile(r"to(\[\d+\])?(\.number)?")
Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class VonageAccount:
    """Whose account pays, and who the messages are from; its repr names no secret.

    An application and its key, which calls need, or for texts alone the account's key and secret.
    """

    sender: str
    api_key: str = ""
    api_secret: str = field(default="", repr=False)
    application_id: str = ""
    private_key: str = field(default="", repr=False)
    """An RSA key in PEM; line ends may be written as a backslash and an n."""
    api_url: str = API_URL
    reach: Reach = INTERNET

    def __post_init__(self) -> None:
        private_url(self.api_url, API_URL, self.reach)
        if self.application_id:
            self.signing_key()

    def signing_key(self) -> RSAKey:
        try:
            key = RSAKey.import_key(self.private_key.replace("\\n", "\n"))
        except (JoseError, ValueError, TypeError):
            raise ValueError("it is no RSA private key in PEM") from None
        if not key.is_private:
            raise ValueError("it is a public key; the private one signs")
        return key


class VonageProvider:
    """Hands texts and calls to Vonage."""

    name = "vonage"

    def __init__(
        self,
        account: VonageAccount,
        clock: Clock,
        *,
        entropy: Entropy,
        origin: str,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._account = account
        self._clock = clock
        self._entropy = entropy
        self._key = account.signing_key() if account.application_id else None
        self._callbacks = Callbacks(origin, self.name, account.api_url)
        self._caller = HttpCaller(account.reach, patience=patience)

    async def send(self, message: Message, to: str) -> Outcome:
        number = to.removeprefix("+")
        match message.channel:
            case "sms":
                if message.valid_for_seconds < SHORTEST_VALIDITY:
                    # It would be told to deliver the code after its end.
                    return NotThisWay("too late for the shortest life of a text")
                return await self._post("/v1/messages", self._text(message, number), "message_uuid")
            case "voice":
                if self._key is None:
                    return TemporaryFailure("no application for the call")
                call = self._call(message, number)
                if call is None:
                    return TemporaryFailure("no page for the call")
                return await self._post("/v1/calls", call, "uuid")
        return TemporaryFailure("not a text or call")

    async def probe(self) -> Probe:
        """Read with each of the credentials there are: a list of calls, the ids of the secrets."""
        account = self._account
        asked = []
        if self._key is not None:
            asked.append(("application", self._authorization(), "/v1/calls?page_size=1"))
        if account.api_key:
            authorization = basic(account.api_key, account.api_secret)
            asked.append(("key", authorization, f"/accounts/{account.api_key}/secrets"))
        for what, authorization, path in asked:
            answer = await self._caller.ask(
                "GET", f"{account.api_url}{path}", headers={"Authorization": authorization}
            )
            if not isinstance(answer, Answer):
                return Probe(False, f"vonage: no answer ({answer.reason})")
            if not (answer.is_success and answer.told):
                reason = _reason(answer)
                return Probe(False, f"vonage: does not let the {what} in ({reason})")
        return Probe(True, f"vonage: lets us in ({', '.join(what for what, *_ in asked)})")

    async def close(self) -> None:
        await self._caller.close()

    async def _post(self, path: str, asked: Json, reference: str) -> Outcome:
        answer = await self._caller.ask(
            "POST",
            f"{self._account.api_url}{path}",
            headers={"Authorization": self._authorization(), "Content-Type": "application/json"},
            content=json.dumps(asked, separators=(",", ":")).encode(),
        )
        return _outcome(answer, reference) if isinstance(answer, Answer) else answer

    def _authorization(self) -> str:
        if self._key is None:
            return basic(self._account.api_key, self._account.api_secret)
        now = self._clock()
        claims = {
            "application_id": self._account.application_id,
            "iat": int(now.timestamp()),
            "exp": int((now + TOKEN_LASTS).timestamp()),
            "jti": self._entropy.id(),
        }
        return f"Bearer {jwt.encode({'alg': 'RS256'}, claims, self._key)}"

    def _text(self, message: Message, number: str) -> Json:
        asked: Json = {
            "message_type": "text",
            "channel": "sms",
            "to": number,
            "from": self._account.sender.removeprefix("+"),
            "text": message.text,
            "client_ref": message.id,
            "ttl": min(message.valid_for_seconds, LONGEST_VALIDITY),
        }
        if receipts := self._callbacks.receipts(message):
            asked |= {"webhook_url": receipts, "webhook_version": "v1"}
        return asked

    def _call(self, message: Message, number: str) -> Json | None:
        """The call and where its script is; None when Vonage could not fetch one."""
        asked: Json = {
            "to": [{"type": "phone", "number": number}],
            "from": {"type": "phone", "number": self._account.sender.removeprefix("+")},
            "ringing_timer": int(RINGS_FOR.total_seconds()),
            "length_timer": _seconds_at_most(message),
        }
        if page := self._callbacks.page(message):
            asked |= {"answer_url": [page], "answer_method": "POST"}
        elif message.code is None and message.script is not None:
            # A call without a code needs no page: it is said from here.
            said = [sentence for sentence in message.script.spoken if sentence]
            asked["ncco"] = [{"action": "talk", "text": sentence} for sentence in said]
        else:
            return None
        if receipts := self._callbacks.receipts(message):
            asked |= {"event_url": [receipts], "event_method": "POST"}
        return asked


def _seconds_at_most(message: Message) -> int:
    """TF-05: no longer than its code needs."""
    script = message.script
    return script.seconds_at_most if script else int(LONGEST_CALL.total_seconds())


# ── What an answer means ─────────────────────────────────────────────────────────────────────


def _outcome(answer: Answer, reference: str) -> Outcome:
    """An error that is not known to be the number's is ours or Vonage's: others may do better."""
    if answer.is_success:
        found = answer.text(reference)
        return Accepted(found) if found else InDoubt("not an answer of vonage")
    if answer.status == 429:
        return Throttled(answer.seconds_to_wait)
    if answer.status in {400, 422} and (fault := _fault(answer)):
        return PermanentFailure(fault, _reason(answer))
    return TemporaryFailure(_reason(answer))


def _fault(answer: Answer) -> Fault | None:
    if answer.text("title") == INVALID_RECIPIENT or _names_recipient(answer):
        return Fault.NUMBER_INVALID
    return FAULTS.get(_code(answer))


def _names_recipient(answer: Answer) -> bool:
    """Whether the one thing that is wrong is the number, as RFC 7807's extension tells."""
    match answer.told.get("invalid_parameters"):
        case [{"name": str(name)}]:
            return _RECIPIENT.fullmatch(name) is not None
    return False


def _code(answer: Answer) -> str:
    """The last part of the problem's type, say `1170` or `low-balance`; empty if there is none."""
    found = _CODE.search(answer.text("type") or "")
    return found[1] if found else ""


def _reason(answer: Answer) -> str:
    code = _code(answer)
    return f"vonage {code}" if code else f"HTTP {answer.status}"
