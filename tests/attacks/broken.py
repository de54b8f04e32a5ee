"""Houses with one promise broken each: the real one, behind something that breaks it.

A `Broken` sees every request before the house does and every answer before the attacker does.
Nothing of the house itself is patched.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

import httpx

from tests.attacks.attacking import door
from tests.front_door import FrontDoor

Passing = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Broken(httpx.AsyncBaseTransport):
    """Hands requests on as they are; the breaches below override `answer`."""

    def __init__(self, house: FrontDoor) -> None:
        self.house = house
        self.inner = door(house)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self.answer(request)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        return await self.through(request)

    async def through(self, request: httpx.Request) -> httpx.Response:
        """What the house really says."""
        response = await self.inner.handle_async_request(request)
        body = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    async def prepare(self) -> None:
        """What it needs before the attack: a session of somebody else, for instance."""


def form(request: httpx.Request) -> dict[str, str]:
    text = request.content.decode("latin-1")
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def cookies(request: httpx.Request) -> dict[str, str]:
    pairs = (one.strip().partition("=") for one in request.headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs if name}


def again(
    request: httpx.Request,
    *,
    method: str = "",
    path: str = "",
    data: dict[str, str] | None = None,
    cookie: dict[str, str] | None = None,
    without: tuple[str, ...] = (),
) -> httpx.Request:
    """The request with something changed."""
    dropped = {"content-length", "host", *without}
    headers = {k: v for k, v in request.headers.items() if k not in dropped}
    if cookie is not None:
        headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookie.items())
    content = request.content
    if data is not None:
        headers["content-type"] = "application/x-www-form-urlencoded"
        content = urlencode(data).encode()
    url = request.url.copy_with(raw_path=path.encode()) if path else request.url
    return httpx.Request(method or request.method, url, headers=headers, content=content)


def see_other(location: str, *set_cookies: str) -> httpx.Response:
    lines = [("location", location), *(("set-cookie", line) for line in set_cookies)]
    return httpx.Response(303, headers=lines)


def rewritten(response: httpx.Response, change: Callable[[str, str], str | None]) -> httpx.Response:
    """With each header's value as `change` says; None drops it."""
    changed = ((k, change(k, v)) for k, v in response.headers.multi_items())
    kept = [(k, v) for k, v in changed if v is not None]
    return httpx.Response(response.status_code, headers=kept, content=response.content)


def is_post(request: httpx.Request, path: str) -> bool:
    return (request.method, request.url.path) == ("POST", path)


LAX = "; HttpOnly; Path=/; SameSite=lax"


# --- sessions for codes that are spent ------------------------------------------------------


class SpareSession(Broken):
    """A refused code opens a session all the same."""

    path = "/sign-in/code"
    last = -1
    """From which post on; the house is honest before."""

    async def prepare(self) -> None:
        person, _, _ = await self.house.member_with_app("spare@example.org")
        self.spare = next(str(c.value) for c in person.client.cookies.jar if c.name == "session")
        self.posts = 0

    async def answer(self, request: httpx.Request) -> httpx.Response:
        response = await self.through(request)
        if not is_post(request, self.path):
            return response
        self.posts += 1
        if response.headers.get("location") == "/" or response.is_client_error:
            return response
        return see_other("/", f"session={self.spare}{LAX}")


class SpareRecovery(Broken):
    """A recovery code that is spent opens a set-up all the same."""

    async def prepare(self) -> None:
        person = self.house.browser()
        await self.house.sign_up(person, "spare@example.org")
        self.spare = next(str(c.value) for c in person.client.cookies.jar if c.name == "pending")

    async def answer(self, request: httpx.Request) -> httpx.Response:
        response = await self.through(request)
        is_refused = response.headers.get("location") != "/set-up/recovery-code"
        if is_post(request, "/sign-in/recovery-code") and is_refused:
            return see_other("/set-up/recovery-code", f"pending={self.spare}{LAX}")
        return response


class Uncounted(Broken):
    """Wrong codes are compared and never counted: the first hundreds leave no trace."""

    path, back, count = "/sign-in/code", "/sign-in/code", 200

    async def prepare(self) -> None:
        self.seen = 0

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if is_post(request, self.path) and self.seen < self.count:
            self.seen += 1
            return see_other(self.back)
        return await self.through(request)


class UncountedFive(Uncounted):
    """Whoever switches the method guesses anew."""

    count = 5


class UncountedEight(Uncounted):
    """Whoever claims another source guesses anew."""

    count = 8


class UncountedTen(Uncounted):
    """Whoever signs in anew guesses anew."""

    count = 10


class UncountedReset(Uncounted):
    """Wrong codes at the second door of a reset are free."""

    path = back = "/forgot-password/second-factor"


class UncountedChange(Uncounted):
    """Wrong codes before a change are free."""

    path = back = "/settings/confirm"


class UncountedPasswords(Uncounted):
    """Wrong passwords cost no wait."""

    path, back, count = "/sign-in", "/sign-in", 20


# --- cookies --------------------------------------------------------------------------------


class PendingIsSession(SpareSession):
    """A pending sign-in's cookie is taken for a session's."""

    path = ""

    async def prepare(self) -> None:
        await super().prepare()
        self.pending: set[str] = set()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        sent = cookies(request)
        if sent.get("session") in self.pending:
            request = again(request, cookie={**sent, "session": self.spare})
        response = await self.through(request)
        for line in response.headers.get_list("set-cookie"):
            if line.startswith("pending="):
                self.pending.add(line.split("=", 1)[1].split(";")[0])
        return response


class KeepsChosenSession(Broken):
    """The session cookie that a browser brings along becomes the session."""

    async def prepare(self) -> None:
        self.real: dict[str, str] = {}

    async def answer(self, request: httpx.Request) -> httpx.Response:
        sent = cookies(request)
        brought = sent.get("session", "")
        if brought in self.real:
            request = again(request, cookie={**sent, "session": self.real[brought]})
        response = await self.through(request)
        if not is_post(request, "/sign-in/code") or response.headers.get("location") != "/":
            return response

        def keep(name: str, value: str) -> str:
            if name != "set-cookie" or not value.startswith("session="):
                return value
            self.real[brought] = value.split("=", 1)[1].split(";")[0]
            return f"session={brought}{LAX}"

        return rewritten(response, keep) if brought else response


class KeepsChosenPending(Broken):
    """The cookie of a pending sign-in that a browser brings along becomes the sign-in."""

    async def prepare(self) -> None:
        self.real: dict[str, str] = {}

    async def answer(self, request: httpx.Request) -> httpx.Response:
        sent = cookies(request)
        brought = sent.get("pending", "")
        if brought in self.real:
            request = again(request, cookie={**sent, "pending": self.real[brought]})
        response = await self.through(request)
        if not is_post(request, "/sign-in") or not brought:
            return response

        def keep(name: str, value: str) -> str:
            if name != "set-cookie" or not value.startswith("pending="):
                return value
            self.real[brought] = value.split("=", 1)[1].split(";")[0]
            return f"pending={brought}{LAX}"

        return rewritten(response, keep)


class SignOutForgets(Broken):
    """Sign-out drops the cookie and leaves the session alive."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if is_post(request, "/sign-out"):
            return see_other("/sign-in", "session=; Max-Age=0; Path=/; HttpOnly; SameSite=lax")
        return await self.through(request)


class OldIdLives(Broken):
    """The session id from before the mailed code goes on."""

    async def prepare(self) -> None:
        self.newer: dict[str, str] = {}

    async def answer(self, request: httpx.Request) -> httpx.Response:
        sent = cookies(request)
        old = sent.get("session", "")
        if old in self.newer:
            request = again(request, cookie={**sent, "session": self.newer[old]})
        response = await self.through(request)
        for line in response.headers.get_list("set-cookie"):
            if is_post(request, "/settings/code") and line.startswith("session="):
                self.newer[old] = line.split("=", 1)[1].split(";")[0]
        return response


class MixesAccounts(SpareSession):
    """Beside a session of one account its code passes the second door of another."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if is_post(request, "/sign-in/code") and {"session", "pending"} <= cookies(request).keys():
            return see_other("/", f"session={self.spare}{LAX}")
        return await self.through(request)


def _cookie_change(change: Callable[[str], str]) -> type[Broken]:
    class Changed(Broken):
        async def answer(self, request: httpx.Request) -> httpx.Response:
            response = await self.through(request)
            return rewritten(response, lambda k, v: change(v) if k == "set-cookie" else v)

    return Changed


ReadableCookies = _cookie_change(lambda line: line.replace("; HttpOnly", ""))
CrossSiteCookies = _cookie_change(lambda line: line.replace("SameSite=lax", "SameSite=none"))
WideCookies = _cookie_change(lambda line: f"{line}; Domain=example.com")
LastingCookies = _cookie_change(lambda line: f"{line}; Max-Age=999")


class TokenInAddress(Broken):
    """A redirect carries the pending sign-in's token."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        response = await self.through(request)
        found = re.search(r"pending=([\w-]{43})", str(response.headers.get_list("set-cookie")))

        def tell(name: str, value: str) -> str:
            return f"{value}?t={found[1]}" if found and name == "location" else value

        return rewritten(response, tell)


# --- forms, bodies, looking -----------------------------------------------------------------


class NoOrigin(Broken):
    """What the browser says of the origin is not read."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        return await self.through(again(request, without=("origin", "sec-fetch-site")))


class NoToken(Broken):
    """Every form counts as the house's own."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return await self.through(request)
        page = await self.through(again(request, method="GET", path="/help", data={}))
        found = re.search(r'name="csrf" value="([^"]+)"', page.text)
        token = {"csrf": found[1]} if found else {}
        return await self.through(again(request, data={**form(request), **token}))


def _failing(mark: bytes) -> type[Broken]:
    class Failing(Broken):
        async def answer(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and mark in request.content:
                return httpx.Response(500)
            return await self.through(request)

    return Failing


FailsOnNul = _failing(b"%00")
FailsOnArrays = _failing(b"[]")


class EmptyCodeOpens(SpareSession):
    """A code field that is missing or empty counts as proven."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if is_post(request, "/sign-in/code") and not form(request).get("code"):
            return see_other("/", f"session={self.spare}{LAX}")
        return await self.through(request)


class GetSignsOut(Broken):
    """A mere link signs out."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and request.url.path == "/sign-out":
            return httpx.Response(200)
        return await self.through(request)


class GetSends(Broken):
    """Opening User Settings by its address mails the code."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and request.url.path == "/settings":
            page = await self.through(again(request, path="/"))
            found = re.search(r'name="csrf" value="([^"]+)"', page.text)
            if found:
                data = {"csrf": found[1]}
                await self.through(again(request, method="POST", path="/settings/open", data=data))
        return await self.through(request)


class LinkActs(Broken):
    """A link with a form's fields and token in it does what the form does."""

    header = ""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        typed = {key: value for key, value in request.url.params.items() if value}
        claims = request.headers.get(self.header) == "POST" if self.header else True
        if request.method == "GET" and claims and typed.get("csrf"):
            path = request.url.path
            request = again(request, method="POST", path=path, data=typed)
        return await self.through(request)


class HeaderActs(LinkActs):
    """A header makes a look a form."""

    header = "x-http-method-override"


# --- order of steps -------------------------------------------------------------------------


class HalfSignedInSetsUp(Broken):
    """After the password alone an app can be added."""

    async def prepare(self) -> None:
        self.half: set[str] = set()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/set-up/app" and cookies(request).get("pending") in self.half:
            return httpx.Response(200, html="<p>secret=AAAA</p>")
        response = await self.through(request)
        for line in response.headers.get_list("set-cookie"):
            if is_post(request, "/sign-in") and line.startswith("pending="):
                self.half.add(line.split("=", 1)[1].split(";")[0])
        return response


class LeadsOn(Broken):
    """A post that came too early leads on to the next page."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if is_post(request, "/settings/method"):
            return see_other("/settings")
        return await self.through(request)


class ResetSkipsFactor(Broken):
    """A mailed code opens the page of the new password."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/forgot-password/new" and "reset" in cookies(request):
            return httpx.Response(200, html="<form method=post><input name=new_password></form>")
        return await self.through(request)


# --- where people are led, and who is believed ----------------------------------------------


class BelievesNext(Broken):
    """Whoever is inside is sent to wherever `next` says."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        wanted = request.url.params.get("next", "")
        if request.url.path == "/sign-in" and wanted.startswith("//") and wanted.isascii():
            return see_other(wanted.replace("\n", "").replace("\r", "").replace("\0", ""))
        return await self.through(request)


class BelievesNextAtLast(Broken):
    """The second door leads to wherever the form says."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        response = await self.through(request)
        wanted = form(request).get("next", "")
        if is_post(request, "/sign-in/code") and wanted:
            return rewritten(response, lambda k, v: wanted if k == "location" else v)
        return response


class BelievesReturn(Broken):
    """The button for another language leads to wherever its form says."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        response = await self.through(request)
        wanted = form(request).get("return_to", "")
        if is_post(request, "/language") and wanted.startswith("http"):
            return rewritten(response, lambda k, v: wanted if k == "location" else v)
        return response


class BelievesHost(Broken):
    """Redirects are made from the Host header."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        host = request.headers["host"]
        response = await self.through(request)
        return rewritten(response, lambda k, v: f"http://{host}{v}" if k == "location" else v)


class MailsNameHost(Broken):
    """Links in mails are made from the host that asked."""

    async def prepare(self) -> None:
        self.host = "localhost"

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.host = request.headers["host"]
        response = await self.through(request)
        if request.url.path == "/simulator/messages":
            told = response.text.replace('"purpose":"reset"', f'"purpose":"{self.host}"')
            return httpx.Response(200, text=told)
        return response


class BelievesForwardedFor(Broken):
    """The address that a request claims to come from is its source."""

    header = "x-forwarded-for"

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if claim := request.headers.get(self.header):
            self.inner = door(self.house, source=claim.split(",")[0])
        response = await self.through(request)
        self.inner = door(self.house)
        return response


class BelievesRealIp(BelievesForwardedFor):
    """The same by another header."""

    header = "x-real-ip"


# --- telling strangers ----------------------------------------------------------------------


class _KnowsAddresses(Broken):
    """Knows who has signed up."""

    async def prepare(self) -> None:
        self.known: set[str] = set()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        typed = form(request) if request.method == "POST" else {}
        if is_post(request, "/sign-up") and typed.get("name") == "Attack Harness":
            self.known.add(typed["email"])
        return await self.told(request, typed.get("email", "") in self.known)

    async def told(self, request: httpx.Request, is_known: bool) -> httpx.Response:
        raise NotImplementedError


class TellsBySentence(_KnowsAddresses):
    """A wrong password for an address with an account says so."""

    async def prepare(self) -> None:
        await super().prepare()
        self.is_telling = False

    async def told(self, request: httpx.Request, is_known: bool) -> httpx.Response:
        response = await self.through(request)
        if is_post(request, "/sign-in"):
            self.is_telling = is_known
        if request.method == "GET" and request.url.path == "/sign-in" and self.is_telling:
            text = response.text.replace("</form>", "<p>Wrong password.</p></form>")
            headers = {k: v for k, v in response.headers.items() if k != "content-length"}
            return httpx.Response(200, headers=headers, text=text)
        return response


class TellsByRedirect(_KnowsAddresses):
    """A forgotten password of nobody leads back to the form."""

    async def told(self, request: httpx.Request, is_known: bool) -> httpx.Response:
        response = await self.through(request)
        if is_post(request, "/forgot-password") and not is_known:
            return see_other("/forgot-password")
        return response


class TellsByTime(_KnowsAddresses):
    """For an address with an account a hash more is made."""

    async def told(self, request: httpx.Request, is_known: bool) -> httpx.Response:
        if is_known and is_post(request, "/sign-in"):
            hashlib.pbkdf2_hmac("sha256", b"a password", b"a salt", 60_000)
        return await self.through(request)


# --- headers --------------------------------------------------------------------------------


def _header_change(name: str, value: str | None) -> type[Broken]:
    class Changed(Broken):
        async def answer(self, request: httpx.Request) -> httpx.Response:
            response = await self.through(request)
            dropped = rewritten(response, lambda k, v: None if k == name else v)
            if value is not None:
                dropped.headers[name] = value
            return dropped

    return Changed


NoPolicy = _header_change("content-security-policy", None)
OneNonce = _header_change(
    "content-security-policy",
    "default-src 'none'; script-src 'nonce-AAAAAAAAAAAAAAAAAAAAAA'; base-uri 'none';"
    " frame-ancestors 'none'",
)
Framed = _header_change("x-frame-options", None)
OpenToOrigins = _header_change("access-control-allow-origin", "https://evil.example")
NamesItself = _header_change("server", "uvicorn")
KeptPages = _header_change("cache-control", "max-age=60")


class BareRefusal(Broken):
    """What is refused before a page is made carries no policy."""

    async def answer(self, request: httpx.Request) -> httpx.Response:
        response = await self.through(request)
        if response.status_code == httpx.codes.METHOD_NOT_ALLOWED:
            return httpx.Response(response.status_code)
        return response


def _policy_change(part: str, instead: str) -> type[Broken]:
    """A house whose content policy has one part replaced."""

    class Changed(Broken):
        async def answer(self, request: httpx.Request) -> httpx.Response:
            return rewritten(
                await self.through(request),
                lambda k, v: v.replace(part, instead) if k == "content-security-policy" else v,
            )

    return Changed


AnyForm = _policy_change("form-action 'self'", "form-action https:")
AnyScript = _policy_change("'strict-dynamic'", "https://cdn.example")
AnyTalk = _policy_change("connect-src 'self'", "connect-src *")


@dataclass(frozen=True)
class Breach:
    slug: str
    house: type[Broken]


_HOUSES: dict[str, tuple[type[Broken], ...]] = {
    "headers": (
        *(NoPolicy, OneNonce, Framed, OpenToOrigins, NamesItself, KeptPages),
        *(AnyForm, AnyScript, AnyTalk, BareRefusal),
    ),
    "looking": (GetSignsOut, GetSends, LinkActs, HeaderActs),
    "csrf": (NoToken, NoOrigin),
    "odd-bodies": (FailsOnNul, FailsOnArrays),
    "step-skip": (HalfSignedInSetsUp, LeadsOn),
    "empty-codes": (EmptyCodeOpens,),
    "cookie-swap": (PendingIsSession,),
    "redirects": (BelievesNext, BelievesNextAtLast, BelievesReturn),
    "host-header": (BelievesHost, MailsNameHost),
    "old-cookies": (KeepsChosenSession, KeepsChosenPending, SignOutForgets, OldIdLives),
    "race-app": (SpareSession,),
    "replay-app": (SpareSession,),
    "race-text": (SpareSession,),
    "replay-text": (SpareSession,),
    "race-recovery": (SpareRecovery,),
    "foreign-code": (SpareSession, MixesAccounts),
    "reset-alone": (ResetSkipsFactor,),
    "race-wrong": (Uncounted, SpareSession),
    "method-switch": (UncountedFive,),
    "claimed-source": (UncountedEight,),
    "new-sign-ins": (UncountedTen, SpareSession),
    "other-doors": (UncountedReset, UncountedChange),
    "cookies": (ReadableCookies, CrossSiteCookies, WideCookies, LastingCookies, TokenInAddress),
    "timing": (TellsByTime,),
    "enumeration": (TellsBySentence, TellsByRedirect),
    "passwords": (UncountedPasswords,),
    "forwarded": (BelievesForwardedFor, BelievesRealIp),
}
BREACHES = tuple(Breach(slug, house) for slug, houses in _HOUSES.items() for house in houses)
