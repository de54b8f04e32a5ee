"""One request to a provider over HTTP: in time, to one place, with an answer of bounded size.

It follows no redirect and no proxy of the environment, since requests hold codes, and connects to
an address that `reach` has looked at, never to a name that could have changed since. It knows no
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
from vestibule.delivery.reach import Reach, Unreachable

PATIENCE = timedelta(seconds=5)
"""For all of one request, from connecting to the last byte of the answer."""
LARGEST_ANSWER = 64 * 1024
MOST_ADDRESSES = 3
"""Of one name, tried in turn until one lets us connect."""
LONGEST_WAIT, USUAL_WAIT = 3600, 30
"""Seconds to leave a provider alone: at most, and where it does not say."""
_PORTS = {"http": 80, "https": 443}


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
    """Keeps a provider's connections. All of them are to one host: the pool knows addresses only,
    so another host at the same address would be spoken to under the first one's certificate.
    """

    def __init__(
        self,
        reach: Reach,
        *,
        patience: timedelta = PATIENCE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._reach = reach
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
        asked = self._client.build_request(
            method,
            url,
            headers=dict(headers),
            content=content or None,
            extensions={"trace": departure.note},
        )
        try:
            async with asyncio.timeout(self._patience):
                return await self._answered(asked, departure)
        except (TimeoutError, httpx.TimeoutException):
            return departure.no_answer("timeout")
        except httpx.HTTPError as error:
            return departure.no_answer(_broken(error))
        except Unreachable as why:
            return TemporaryFailure(str(why))
        except OSError:
            return TemporaryFailure("host not found")

    async def _answered(self, asked: httpx.Request, departure: "_Departure") -> Answer | NoAnswer:
        """By the first of the host's addresses that lets us connect."""
        url = asked.url
        host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
        found = (await self._reach.addresses(host, port))[:MOST_ADDRESSES]
        # The certificate and the Host header are the name's all the same.
        asked.extensions = asked.extensions | {
            "sni_hostname": host,
            "timeout": httpx.Timeout(self._patience, connect=self._patience / len(found)).as_dict(),
        }
        for address in found[:-1]:
            asked.url = url.copy_with(host=address)
            try:
                return await self._read(asked)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if departure.has_left:
                    raise
        asked.url = url.copy_with(host=found[-1])
        return await self._read(asked)

    async def _read(self, asked: httpx.Request) -> Answer | NoAnswer:
        response = await self._client.send(asked, stream=True)
        try:
            return await _read(response)
        finally:
            await response.aclose()

    async def close(self) -> None:
        await self._client.aclose()


def basic(user: str, password: str) -> str:
    """The value of `Authorization` (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


class _Departure:
    """Whether a request has left; without any word of the transport nothing has."""

    def __init__(self) -> None:
        self.has_left = False

    async def note(self, step: str, _: Mapping[str, object]) -> None:
        """Told each step by httpcore, as its extension `trace` describes."""
        if step.endswith(".send_request_headers.started"):
            self.has_left = True

    def no_answer(self, reason: str) -> NoAnswer:
        return InDoubt(reason) if self.has_left else TemporaryFailure(reason)


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
