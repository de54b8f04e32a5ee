"""The desk page, its messages as JSON, and its static files.

Reads an inbox that somebody else fills. It must not know how messages get there, change
anything, or be reachable from another machine (settings refuse that with `is_on_this_machine`).
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from gettext import NullTranslations
from typing import Protocol
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles


class Delivered(Protocol):
    """What the desk shows of a message."""

    @property
    def id(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def text(self) -> str: ...
    @property
    def spoken(self) -> tuple[str, ...]: ...
    @property
    def code(self) -> str | None: ...
    @property
    def account_label(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def locale(self) -> str: ...
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


def simulator_routes(
    inbox: Inbox,
    *,
    site_name: str = "Vestibule",
    test_numbers: Sequence[TestNumber] = (),
    speak: Speak = _english,
) -> list[BaseRoute]:
    """The routes under `/simulator`: the page, `/messages` and `/static`. All are GET."""
    desk = template_environment().get_template("desk.html")

    async def page(request: Request) -> Response:
        if not _was_asked_here(request):
            return _MISDIRECTED
        locale, words = speak(request)
        body = desk.render(
            messages=[_shown(one, words) for one in inbox.messages()],
            site_name=site_name,
            test_numbers=test_numbers,
            locale=locale,
            translations=words,
            nonce=getattr(request.state, "nonce", ""),
        )
        return HTMLResponse(body, headers=_FRESH)

    async def messages(request: Request) -> Response:
        if not _was_asked_here(request):
            return _MISDIRECTED
        words = speak(request)[1]
        newer = inbox.messages(request.query_params.get("after"))
        return JSONResponse([_shown(one, words) for one in newer], headers=_FRESH)

    return [
        Route("/simulator", page, name="simulator"),
        Route("/simulator/messages", messages, name="simulator_messages"),
        Mount(
            "/simulator/static",
            StaticFiles(packages=[("vestibule.simulator", "static")]),
            name="simulator_static",
        ),
    ]


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
_MISDIRECTED = Response(status_code=421)


def _was_asked_here(request: Request) -> bool:
    """Whether the browser itself believes that it talks to this machine.

    A name elsewhere that resolves to loopback (DNS rebinding) would otherwise give a foreign
    page every code.
    """
    return is_on_this_machine(f"http://{request.headers.get('host', '')}")


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
    "reset": N_("Reset password"),
    "reset_factor": N_("Reset password"),
}
_LINK = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)\]])")


def _shown(message: Delivered, words: NullTranslations) -> dict[str, object]:
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
        "spoken": list(message.spoken),
        "transcript": _transcript(message.spoken or (message.text,)),
    }


def _purpose_label(purpose: str, words: NullTranslations) -> str:
    """A known purpose in words; an unknown one as it came, for it may already be words."""
    known = _PURPOSES.get(purpose.lower())
    return words.gettext(known) if known else purpose.replace("_", " ").capitalize()


def _transcript(spoken: tuple[str, ...]) -> str:
    """One line per sentence, digits that follow one another on one line."""
    lines = "\n".join(spoken)
    return re.sub(r"(?m)(?<=^\d)\n(?=\d$)", " ", lines)


def _linked(text: str) -> Markup:
    """The text with its web addresses as links, the rest escaped."""
    parts = _LINK.split(text)
    link = Markup('<a href="{0}">{0}</a>')
    return Markup("").join(
        link.format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )
