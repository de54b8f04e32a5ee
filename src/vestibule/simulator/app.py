"""The desk page, its messages as JSON, its static files, and what a hand does to the phone.

Reads an inbox that somebody else fills; keys, calls and replies go to the `Telephone`. It must not
know how messages get there, say a code that the phone has not heard, take a press from another
site, or be reachable from another machine (settings refuse that with `is_on_this_machine`).
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from vestibule.domain.opt_out import Wish
from vestibule.simulator import telephone as network
from vestibule.simulator.telephone import Call, CallState, Ended, Heard, Telephone

_STATIC = StaticFiles(packages=[("vestibule.simulator", "static")])
PAGE_SIZE = 8
"""Messages on the page; older ones are a link away, and the page stays small."""


class Delivered(network.Delivered, Protocol):
    """What the desk shows of a message."""

    @property
    def subject(self) -> str | None: ...
    @property
    def text(self) -> str: ...
    @property
    def code(self) -> str | None: ...
    @property
    def account_label(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def sent_at(self) -> str: ...


class Inbox(Protocol):
    """Where the messages are, newest last."""

    def messages(self, after: str | None = None) -> Sequence[Delivered]: ...


class TestNumber(Protocol):
    """A phone number ending that fails in a known way."""

    @property
    def ending(self) -> str: ...
    @property
    def behaviour(self) -> str: ...


Speak = Callable[[Request], tuple[str, NullTranslations]]
"""Which language a request is answered in, and its words."""


def _english(_: Request) -> tuple[str, NullTranslations]:
    return "en", NullTranslations()


class TestAddress(Protocol):
    """The same for mail addresses, by the end of what stands before the @."""

    @property
    def tag(self) -> str: ...
    @property
    def behaviour(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Failing:
    """The numbers and addresses that fail on purpose."""

    numbers: Sequence[TestNumber] = ()
    addresses: Sequence[TestAddress] = ()


Press = Callable[[Delivered, Request], Awaitable[None]]
Endpoint = Callable[[Request], Awaitable[Response]]
Shown = dict[str, object]


def simulator_routes(
    inbox: Inbox,
    telephone: Telephone,
    *,
    site_name: str = "Vestibule",
    failing: Failing = Failing(),
    speak: Speak = _english,
) -> list[BaseRoute]:
    """The routes under `/simulator`. GET only looks; a POST is a hand on the phone."""
    desk = template_environment().get_template("desk.html")

    def shown(one: Delivered, request: Request) -> Shown:
        return _shown(one, telephone.call(one), speak(request)[1])

    async def page(request: Request) -> Response:
        locale, words = speak(request)
        newest, older = _page_of(inbox.messages(), request.query_params.get("before"))
        body = desk.render(
            messages=[shown(one, request) for one in newest],
            older=older,
            is_newest="before" not in request.query_params,
            site_name=site_name,
            failing=failing,
            locale=locale,
            translations=words,
            nonce=getattr(request.state, "nonce", ""),
        )
        return HTMLResponse(body, headers=_FRESH)

    async def messages(request: Request) -> Response:
        newer = inbox.messages(request.query_params.get("after"))
        return JSONResponse([shown(one, request) for one in newer], headers=_FRESH)

    async def message(request: Request) -> Response:
        found = _find(inbox, request)
        return (
            JSONResponse(shown(found, request), headers=_FRESH)
            if found
            else Response(status_code=404)
        )

    return [
        Route("/simulator", _here(page), name="simulator"),
        Route("/simulator/messages", _here(messages), name="simulator_messages"),
        Route("/simulator/messages/{id:str}", _here(message)),
        *_press_routes(inbox, _presses(telephone, speak), shown),
        Mount("/simulator/static", _STATIC, name="simulator_static"),
    ]


def _press_routes(
    inbox: Inbox, presses: Mapping[str, Press], shown: Callable[[Delivered, Request], Shown]
) -> list[BaseRoute]:
    """What a hand does: answered with the message for a script, and with the page for a form."""

    def pressing(press: Press) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            found = _find(inbox, request)
            if found is None:
                return Response(status_code=404)
            await press(found, request)
            if "application/json" in request.headers.get("accept", ""):
                return JSONResponse(shown(found, request), headers=_FRESH)
            return RedirectResponse(f"/simulator#m-{found.id}", status_code=303)

        return endpoint

    return [
        Route(f"/simulator/{path}", _ours(pressing(press)), methods=["POST"])
        for path, press in presses.items()
    ]


@cache
def template_environment() -> Environment:
    """The desk's templates: escaped, strict about names, every sentence a gettext message."""
    environment = Environment(
        loader=PackageLoader("vestibule.simulator"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # i18n adds it
        _gettext, _ngettext, newstyle=True
    )
    environment.filters["linked"] = _linked
    environment.globals["static"] = "/simulator/static/{}".format
    return environment


@pass_context
def _gettext(context: Context, text: str) -> str:
    return str(context["translations"].gettext(text))


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int) -> str:
    return str(context["translations"].ngettext(one, many, count))


def is_on_this_machine(origin: str) -> bool:
    """Whether a public origin can only be reached from this machine itself.

    True for localhost and names below it (RFC 6761 §6.3), 127.0.0.0/8 and [::1].
    """
    try:
        parts = urlsplit(origin)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_origin = parts.scheme in ("http", "https") and parts.path in ("", "/")
    # What urlsplit and a browser may read differently is refused, not interpreted.
    if not is_origin or parts.query or parts.fragment or any(c in origin for c in "@\\%\t\r\n "):
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address in _LOOPBACK_V4 or address == _LOOPBACK_V6


_LOOPBACK_V4 = ipaddress.ip_network("127.0.0.0/8")
_LOOPBACK_V6 = ipaddress.ip_address("::1")
_FRESH = {"Cache-Control": "no-store"}
MOST_FORM_BYTES = 1024


def _here(endpoint: Endpoint) -> Endpoint:
    """Answers only where the browser itself believes that it talks to this machine.

    A name elsewhere that resolves to loopback (DNS rebinding) would otherwise give a foreign
    page every code. Nor does a proxy ask for somebody else, which often names this machine as host.
    """

    async def guarded(request: Request) -> Response:
        came_through_proxy = any(name in request.headers for name in _OF_PROXIES)
        host = f"http://{request.headers.get('host', '')}"
        if came_through_proxy or not is_on_this_machine(host):
            return Response(status_code=421)
        return await endpoint(request)

    return guarded


def _ours(endpoint: Endpoint) -> Endpoint:
    """Takes a press of our own page only: no other site answers calls or presses 9 (WB-01)."""

    async def guarded(request: Request) -> Response:
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        is_foreign = site not in {None, "none", "same-origin"} or (
            origin is not None and urlsplit(origin).netloc != request.headers.get("host")
        )
        return Response(status_code=403) if is_foreign else await endpoint(request)

    return _here(guarded)


def _find(inbox: Inbox, request: Request) -> Delivered | None:
    wanted = request.path_params["id"]
    return next((one for one in inbox.messages() if one.id == wanted), None)


def _page_of(
    kept: Sequence[Delivered], before: str | None
) -> tuple[Sequence[Delivered], str | None]:
    """A page of messages, oldest first, and what an older page is asked for with."""
    end = next((at for at, one in enumerate(kept) if one.id == before), len(kept))
    start = max(0, end - PAGE_SIZE)
    return kept[start:end], kept[start].id if start > 0 else None


def _presses(telephone: Telephone, speak: Speak) -> dict[str, Press]:
    async def answer(message: Delivered, _request: Request) -> None:
        await telephone.answer(message)

    async def hang_up(message: Delivered, _request: Request) -> None:
        await telephone.hang_up(message)

    async def press(message: Delivered, request: Request) -> None:
        await telephone.press(message, await _field(request, "key"))

    async def reply(message: Delivered, request: Request) -> None:
        text, words = await _field(request, "text"), speak(request)[1]
        await telephone.text_back(
            message, text, lambda wish: words.gettext(_CONFIRMED[wish]), purpose="carrier"
        )

    return {
        "calls/{id:str}/answer": answer,
        "calls/{id:str}/hang-up": hang_up,
        "calls/{id:str}/key": press,
        "texts/{id:str}/reply": reply,
    }


async def _field(request: Request, name: str) -> str:
    """One field of a small form; "" where there is none."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            return ""
    found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return found.get(name, [""])[0]


_OF_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def N_(sentence: str) -> str:
    """Marks a sentence for the catalogue; it is translated where it is shown."""
    return sentence


_PURPOSES = {
    "sign_up": N_("Sign up"),
    "wall": N_("Set up 2FA"),
    "sign_in": N_("Sign in"),
    "enroll": N_("Set up 2FA"),
    "settings_gate": N_("Open User Settings"),
    "step_up": N_("Confirm a change"),
    "address": N_("Change address"),
    "reverify": N_("Prove a number again"),
    "reset": N_("Reset password"),
    "reset_factor": N_("Reset password"),
    "carrier": N_("From the carrier"),
}
_CONFIRMED = {
    Wish.STOP: N_("You get no more texts here. Reply START to get them again."),
    Wish.START: N_("You get texts here again. Reply STOP to stop them."),
}
_ENDED = {
    Ended.ANSWERED: N_("Answered"),
    Ended.DECLINED: N_("Declined"),
    Ended.MISSED: N_("Missed"),
    Ended.MAILBOX: N_("Recorded by the mailbox"),
}
_LINK = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)\]])")


def _shown(message: Delivered, call: Call | None, words: NullTranslations) -> Shown:
    """A message for the page and its scripts; of a call only what was heard."""
    return {
        "id": message.id,
        "channel": message.channel,
        "to": message.to,
        "subject": message.subject,
        "text": message.text,
        "code": message.code,
        "sent_at": message.sent_at,
        "clock": f"{message.sent_at[11:16]} UTC",
        "account_label": message.account_label,
        "purpose": message.purpose,
        "purpose_label": _purpose_label(message.purpose, words),
        "locale": message.locale,
        **_shown_call(call, words),
    }


def _shown_call(call: Call | None, words: NullTranslations) -> Shown:
    if call is None:
        return {"state": CallState.OVER.value, "ended_label": "", "takes_keys": False}
    return {
        "state": call.state.value,
        "ended_label": words.gettext(_ENDED[call.ended]) if call.ended else "",
        "takes_keys": call.takes_keys,
        "heard": [{"text": one.text, "is_key": one.is_key} for one in call.heard],
        "transcript": _transcript(call.heard, words),
    }


def _purpose_label(purpose: str, words: NullTranslations) -> str:
    """A known purpose in words; an unknown one as it came, for it may already be words."""
    known = _PURPOSES.get(purpose.lower())
    return words.gettext(known) if known else purpose.replace("_", " ").capitalize()


def _transcript(heard: Sequence[Heard], words: NullTranslations) -> str:
    """One line per sentence or key, digits that follow one another on one line."""
    pressed = words.gettext(N_("You pressed {key}"))
    lines = "\n".join(pressed.format(key=one.text) if one.is_key else one.text for one in heard)
    return re.sub(r"(?m)(?<=^\d)\n(?=\d$)", " ", lines)


def _linked(text: str) -> Markup:
    """The text with its web addresses as links, the rest escaped."""
    parts = _LINK.split(text)
    link = Markup('<a href="{0}">{0}</a>')
    return Markup("").join(
        link.format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )
