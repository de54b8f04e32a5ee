"""Texts and calls by Twilio: its REST interface of 2010-04-01 (Messages and Calls).

A call's code is never in what is sent here: Twilio fetches the call's script from us when somebody
answers. Of an error only Twilio's own number is repeated, never its words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode
from xml.sax.saxutils import escape

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

API_URL = "https://api.twilio.com"
LONGEST_VALIDITY = 36_000

FAULTS: Mapping[int, Fault] = {
    21211: Fault.NUMBER_INVALID,
    21217: Fault.NUMBER_INVALID,
    21401: Fault.NUMBER_INVALID,
    60200: Fault.NUMBER_INVALID,
    21614: Fault.LANDLINE,
    21635: Fault.LANDLINE,
    60205: Fault.LANDLINE,
    21215: Fault.REGION_CLOSED,
    21408: Fault.REGION_CLOSED,
    60605: Fault.REGION_CLOSED,
    21216: Fault.BLOCKED,
    30450: Fault.BLOCKED,
    60238: Fault.BLOCKED,
    60410: Fault.BLOCKED,
    60412: Fault.BLOCKED,
    21610: Fault.OPTED_OUT,
}
"""Errors that are the number's own: no other provider would do better."""
NOT_THIS_WAY = frozenset({21214, 21612})
"""The number exists, and this sender or Twilio does not reach it: another provider may.

"'To' phone number cannot be reached", "Message cannot be sent with the current combination of
'To' and/or 'From' parameters", in the same list as below.
"""
RECEIPT_FAULTS: Mapping[int, Fault] = {
    **FAULTS,
    30003: Fault.UNREACHABLE,
    30004: Fault.BLOCKED,
    30005: Fault.NUMBER_INVALID,
    30006: Fault.LANDLINE,
    30007: Fault.BLOCKED,
    30008: Fault.UNREACHABLE,
    30034: Fault.NO_ROUTE,
    30410: Fault.NO_ROUTE,
}
"""Errors of a text that was taken, as its receipt names them: handset off, blocked, unknown number,
landline, filtered, unknown; then ours (sender not registered) and the route's (its provider hung).
Read at https://www.twilio.com/docs/api/errors, each under its number, in 2026.
"""
CALL_FAULTS: Mapping[str, Fault] = {
    "busy": Fault.BUSY,
    "no-answer": Fault.NO_ANSWER,
    "canceled": Fault.NO_ANSWER,
    "failed": Fault.UNREACHABLE,
}
"""How a call ended that nobody heard: the last values of a call's `status` in Twilio's OpenAPI."""
TAKEN = frozenset({"accepted", "queued", "sending", "sent"})
"""Values of a text's `status` in Twilio's OpenAPI that it has only once Twilio has the text."""
TAKEN_CALLS = frozenset({"queued", "initiated", "ringing", "in-progress"})
"""The same of a call; `initiated` is the event of its callback."""
THROTTLES = frozenset({14107, 20429, 60203, 60207, 60212})

_FORM = "application/x-www-form-urlencoded"
Form = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    """Whose account pays, and who the messages are from; its repr names no secret."""

    sid: str
    auth_token: str = field(repr=False)
    api_key: str = ""
    api_secret: str = field(default="", repr=False)
    sender: str = ""
    """A number, or for texts only a name or short code."""
    messaging_service: str = ""
    """Of texts; it chooses the sender."""
    redacts: bool = False
    """Twilio keeps neither text nor number: only where the account has Message Redaction."""
    api_url: str = API_URL
    reach: Reach = INTERNET

    def __post_init__(self) -> None:
        private_url(self.api_url, API_URL, self.reach)

    @property
    def authorization(self) -> str:
        if self.api_key:
            return basic(self.api_key, self.api_secret)
        return basic(self.sid, self.auth_token)


class TwilioProvider:
    """Hands texts and calls to Twilio."""

    name = "twilio"

    def __init__(
        self, account: TwilioAccount, *, origin: str, patience: timedelta = PATIENCE
    ) -> None:
        self._account = account
        self._callbacks = Callbacks(origin, self.name, account.api_url)
        self._base = f"{account.api_url}/2010-04-01/Accounts/{account.sid}"
        self._caller = HttpCaller(account.reach, patience=patience)

    async def send(self, message: Message, to: str) -> Outcome:
        match message.channel:
            case "sms":
                return await self._post("Messages.json", [("To", to), *self._text(message)])
            case "voice":
                call = self._call(message)
                if call is None:
                    return TemporaryFailure("no page for the call")
                return await self._post("Calls.json", [("To", to), *call])
        return TemporaryFailure("not a text or call")

    async def probe(self) -> Probe:
        """Read the account's first number: a standard API key may do so, unlike the account.

        The auth token is shown too where an API key signs in: Twilio signs its callbacks with it.
        """
        account = self._account
        shown = [("us", account.authorization)]
        if account.api_key:
            token = basic(account.sid, account.auth_token)
            shown = [("the API key", account.authorization), ("the auth token", token)]
        for who, authorization in shown:
            answer = await self._caller.ask(
                "GET",
                f"{self._base}/IncomingPhoneNumbers.json?PageSize=1",
                headers={"Authorization": authorization},
            )
            if not isinstance(answer, Answer):
                return Probe(False, f"twilio: no answer ({answer.reason})")
            if not (answer.is_success and answer.told):
                return Probe(False, f"twilio: does not let {who} in ({_reason(answer)})")
        both = " (API key, auth token)" if account.api_key else ""
        return Probe(True, f"twilio: lets us in{both}")

    async def close(self) -> None:
        await self._caller.close()

    async def _post(self, resource: str, form: Form) -> Outcome:
        answer = await self._caller.ask(
            "POST",
            f"{self._base}/{resource}",
            headers={"Authorization": self._account.authorization, "Content-Type": _FORM},
            content=urlencode(form).encode(),
        )
        return _outcome(answer) if isinstance(answer, Answer) else answer

    def _text(self, message: Message) -> Form:
        account = self._account
        sender = (
            ("MessagingServiceSid", account.messaging_service)
            if account.messaging_service
            else ("From", account.sender)
        )
        form = [
            sender,
            ("Body", message.text),
            ("ValidityPeriod", str(max(1, min(message.valid_for_seconds, LONGEST_VALIDITY)))),
            # Codes are in GSM-7 already; a name in a notice may have a curly apostrophe.
            ("SmartEncoded", "true"),
        ]
        if account.redacts:
            form += [("ContentRetention", "discard"), ("AddressRetention", "obfuscate")]
        if receipts := self._callbacks.receipts(message):
            form.append(("StatusCallback", receipts))
        return form

    def _call(self, message: Message) -> Form | None:
        """The call and where its script is; None when Twilio could not fetch one."""
        form = [
            ("From", self._account.sender),
            ("Timeout", str(int(RINGS_FOR.total_seconds()))),
            ("TimeLimit", str(_seconds_at_most(message))),
            ("Record", "false"),
        ]
        if page := self._callbacks.page(message):
            form += [("Url", page), ("Method", "POST")]
        elif message.code is None and message.script is not None:
            form.append(("Twiml", _twiml(message.script.spoken)))
        else:
            return None
        if receipts := self._callbacks.receipts(message):
            form.append(("StatusCallback", receipts))
            form += [
                ("StatusCallbackEvent", event)
                for event in ("initiated", "ringing", "answered", "completed")
            ]
        return form


def _seconds_at_most(message: Message) -> int:
    """TF-05: no longer than its code needs."""
    script = message.script
    return script.seconds_at_most if script else int(LONGEST_CALL.total_seconds())


def _twiml(sentences: tuple[str, ...]) -> str:
    """A call without a code needs no page: it is said from here."""
    said = "".join(f"<Say>{escape(sentence)}</Say>" for sentence in sentences if sentence)
    return f"<Response>{said}</Response>"


# ── What an answer means ─────────────────────────────────────────────────────────────────────


def _outcome(answer: Answer) -> Outcome:
    """An error that is not known to be the number's is ours or Twilio's: others may do better."""
    if answer.is_success:
        sid = answer.text("sid")
        return Accepted(sid) if sid else InDoubt("not an answer of twilio")
    code = _code(answer)
    if answer.status == 429 or code in THROTTLES:
        return Throttled(answer.seconds_to_wait)
    is_about_the_number = 400 <= answer.status < 500 and answer.status != 401
    if code in FAULTS and is_about_the_number:
        return PermanentFailure(FAULTS[code], _reason(answer))
    if code in NOT_THIS_WAY and is_about_the_number:
        return NotThisWay(_reason(answer))
    return TemporaryFailure(_reason(answer))


def _code(answer: Answer) -> int:
    """Twilio's number of the error, 0 if it gives none."""
    code = answer.told.get("code")
    return code if isinstance(code, int) and 10_000 <= code <= 99_999 else 0


def _reason(answer: Answer) -> str:
    code = _code(answer)
    return f"twilio {code}" if code else f"HTTP {answer.status}"
