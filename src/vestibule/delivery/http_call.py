"""One request to a provider over HTTP: in time, to one place, with an answer of bounded size.

It follows no redirect and no proxy of the environment, since requests hold codes. It knows no
provider's words, and repeats nothing of an answer: reasons are kept and shown.
"""

import asyncio
import base64
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from vestibule.delivery.provider import InDoubt, TemporaryFailure

PATIENCE = timedelta(seconds=5)
"""For all of one request, from connecting to the last byte of the answer."""
LARGEST_ANSWER = 64 * 1024
LONGEST_WAIT, USUAL_WAIT = 3600, 30
"""Seconds to leave a provider alone: at most, and where it does not say."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    retry_after: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def told(self) -> dict[str, object]:
        """The answer's JSON object; an empty one when it is anything else."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def text(self, name: str) -> str | None:
        """A short plain text of the JSON object, if it has one of this name."""
        value = self.told.get(name)
        is_plain = isinstance(value, str) and value and value.isascii() and value.isprintable()
        return value[:100] if is_plain and isinstance(value, str) else None

    @property
    def seconds_to_wait(self) -> int:
        """What `Retry-After` asks for; a date or nothing is taken for the usual wait."""
        asked = self.retry_after
        is_number = asked.isascii() and asked.isdigit() and len(asked) < 10
        return min(int(asked), LONGEST_WAIT) if is_number else USUAL_WAIT


NoAnswer = TemporaryFailure | InDoubt
"""Why there is no answer: the request never left, or it did and nobody knows what became of it."""


class HttpCaller:
    """Keeps a provider's connections."""

    def __init__(
        self,
        *,
        patience: timedelta = PATIENCE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._patience = patience.total_seconds()
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=self._patience,
            follow_redirects=False,
            trust_env=False,
            # A compressed answer could be far larger than it looks.
            headers={"Accept-Encoding": "identity", "User-Agent": "vestibule"},
        )

    async def ask(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b""
    ) -> Answer | NoAnswer:
        """The answer, whatever it says, or why there is none."""
        departure = _Departure()
        try:
            async with (
                asyncio.timeout(self._patience),
                self._client.stream(
                    method,
                    url,
                    headers=dict(headers),
                    content=content or None,
                    extensions={"trace": departure.note},
                ) as response,
            ):
                return await _read(response)
        except (TimeoutError, httpx.TimeoutException):
            return departure.no_answer("timeout")
        except httpx.HTTPError as error:
            return departure.no_answer(_broken(error))

    async def close(self) -> None:
        await self._client.aclose()


def basic(user: str, password: str) -> str:
    """The value of `Authorization` (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


class _Departure:
    """Whether a request has left; without any word of the transport nothing has."""

    def __init__(self) -> None:
        self._has_left = False

    async def note(self, step: str, _: Mapping[str, object]) -> None:
        """Told each step by httpcore, as its extension `trace` describes."""
        if step.endswith(".send_request_headers.started"):
            self._has_left = True

    def no_answer(self, reason: str) -> NoAnswer:
        return InDoubt(reason) if self._has_left else TemporaryFailure(reason)


async def _read(response: httpx.Response) -> Answer | NoAnswer:
    body = b""
    async for part in response.aiter_raw():
        body += part
        if len(body) > LARGEST_ANSWER:
            return InDoubt("answer too long")
    return Answer(response.status_code, body, response.headers.get("retry-after", ""))


def _broken(error: httpx.HTTPError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate not trusted"
        cause = cause.__cause__ or cause.__context__
    return "not connected" if isinstance(error, httpx.ConnectError) else "connection lost"
