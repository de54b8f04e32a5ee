"""The line to the house: every request of a run goes through it, counted and bounded.

It keeps no cookies and follows no redirect, so nothing leaves for another host.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import perf_counter

import httpx

MOST_REQUESTS = 5000
MOST_AT_ONCE = 64
SECONDS_PER_ANSWER = 30.0


class Unreachable(Exception):
    """The house does not answer."""


class Spent(Exception):
    """The run has made as many requests as it may."""


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One Set-Cookie line of an answer."""

    name: str
    value: str
    attributes: tuple[str, ...]
    """As sent, in lower case: `httponly`, `path=/`."""

    @property
    def is_dropped(self) -> bool:
        return self.value in {"", '""'} or "max-age=0" in self.attributes


def set_cookies(answer: httpx.Response) -> list[SetCookie]:
    """Every cookie that an answer sets or drops."""
    found = []
    for line in answer.headers.get_list("set-cookie"):
        pair, *attributes = line.split(";")
        name, _, value = pair.strip().partition("=")
        found.append(SetCookie(name, value, tuple(one.strip().lower() for one in attributes)))
    return found


_ASIDE = "location as sent"


async def _set_aside(answer: httpx.Response) -> None:
    """The client would read each Location and refuse an odd one, which is what we look for."""
    answer.extensions[_ASIDE] = answer.headers.get_list("location")
    answer.headers.pop("location", None)


class Wire:
    """Requests to the processes of one house, in turn."""

    def __init__(
        self,
        origins: Sequence[str],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        most_requests: int = MOST_REQUESTS,
    ) -> None:
        self.origins = tuple(origins)
        self.requests = 0
        self.cookies_seen: list[SetCookie] = []
        self.locations_seen: list[str] = []
        self._most = most_requests
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._client = httpx.AsyncClient(
            transport=transport,
            # Browsers are kept by `Browser`; one jar for all would mix them.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            # Each request has its own: a kept one that is closed under a request, by the server for
            # its age or by the pool for want of room, would look like a house that does not answer.
            limits=httpx.Limits(max_connections=MOST_AT_ONCE, max_keepalive_connections=0),
            timeout=SECONDS_PER_ANSWER,
            # The target is named by the operator; a proxy of the environment is somebody else.
            trust_env=False,
            headers={"accept-language": "en", "user-agent": "vestibule-attack"},
            event_hooks={"response": [_set_aside]},
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        cookies: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One request to the next process; raises `Unreachable` and `Spent`."""
        if self.requests >= self._most:
            raise Spent(f"the run has made its {self._most} requests")
        origin = self.origins[self.requests % len(self.origins)]
        self.requests += 1
        sent = dict(headers or {})
        if cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        async with self._slots:
            try:
                answer = await self._client.request(
                    method, origin + path, data=data, content=content, headers=sent
                )
            except httpx.TransportError as fault:
                raise Unreachable(f"{origin} does not answer ({type(fault).__name__})") from fault
        for location in answer.extensions[_ASIDE]:
            answer.headers["location"] = location
        self.cookies_seen += set_cookies(answer)
        self.locations_seen += answer.headers.get_list("location")
        return answer

    async def timed(
        self, path: str, *, cookies: Mapping[str, str], data: Mapping[str, str]
    ) -> tuple[httpx.Response, float]:
        """A post, and the seconds until its answer."""
        start = perf_counter()
        answer = await self.send("POST", path, cookies=cookies, data=data)
        return answer, perf_counter() - start

    def reads(self, location: str) -> bool:
        """Whether a browser that follows this from one of our pages stays in the house."""
        return any(browser_reads(location, origin) == origin for origin in self.origins)

    async def close(self) -> None:
        await self._client.aclose()


def browser_reads(location: str, origin: str) -> str:
    """The origin that a browser on one of our pages would go to.

    WHATWG: white space around goes, tabs and newlines go everywhere, a backslash is a slash.
    """
    cleaned = re.sub(r"[\t\r\n]", "", location.strip(" \t\r\n\f\0")).replace("\\", "/")
    try:
        url = httpx.URL(origin + "/sign-in").join(cleaned)
    except (httpx.InvalidURL, ValueError):
        return "nowhere"
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}" + (f":{url.port}" if url.port else "")
