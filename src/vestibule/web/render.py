"""Turning a visit and a template into a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse, Response

from vestibule.domain.language import direction, native_name
from vestibule.web import csrf
from vestibule.web.cookies import Cookie
from vestibule.web.paths import safe_path
from vestibule.web.visit import Visit
from vestibule.web.wording import TOLD, Words, sentence


@dataclass(frozen=True, slots=True)
class Site:
    """The operator's name and looks."""

    name: str
    logo_url: str | None
    accent_style_url: str | None
    support_email: str | None
    support_url: str | None


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A language of the house, by the name its speakers give it."""

    tag: str
    name: str
    is_spoken: bool


@cache
def _environment() -> Environment:
    """Every template of the house, compiled once for all languages."""
    environment = Environment(
        loader=PackageLoader("vestibule.web"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # The extension adds this at run time, where no type can see it.
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        _gettext, _ngettext, newstyle=True
    )
    return environment


@cache
def version_of(path: Path) -> str:
    """The digest of a static file's content, which stands in its address."""
    return sha256(path.read_bytes()).hexdigest()[:12]


class Pages:
    """The pages of one house, in its looks and languages."""

    def __init__(self, site: Site, translations: Callable[[str], NullTranslations]) -> None:
        self.site = site
        self._translations = translations
        self._environment = _environment()

    def words(self, visit: Visit) -> Words:
        """How the visitor's language is spoken."""
        tag = visit.caller.locale
        return Words(tag, self._translations(tag), _zone(visit))

    def static(self, name: str) -> str:
        """The address of a static file, which changes with its content."""
        path = Path(str(files("vestibule.web").joinpath("static", name)))
        return f"/static/{name}?v={version_of(path)}"

    def page(
        self, visit: Visit, template: str, *, doors: int, status: int = 200, **context: object
    ) -> Response:
        """The page, with what every page has; sets the visit's cookie where it is new."""
        html = self._environment.get_template(template).render(
            {**self._everywhere(visit, status), "doors": doors, "status": status, **context}
        )
        response = HTMLResponse(html, status_code=status)
        response.headers["Content-Language"] = visit.caller.locale
        # Nothing here is stored; whoever stores it all the same must not mix languages up.
        response.headers["Vary"] = "Accept-Language, Cookie"
        if visit.told is not None:
            visit.cookies.drop(response, Cookie.NOTICE)
        if visit.cookie(Cookie.VISIT) != visit.token:
            visit.cookies.put(response, Cookie.VISIT, visit.token)
        return response

    def _everywhere(self, visit: Visit, status: int) -> Mapping[str, object]:
        notice = visit.notice
        words, refusal = self.words(visit), None
        if notice is not None:
            refusal = {
                "id": notice.refused.reason.value,
                "field": notice.refused.field,
                "text": sentence(notice.refused, words),
            }
        return {
            "site": self.site,
            "csrf": csrf.issue(
                visit.means.keyring,
                visit.means.entropy,
                visit=visit.token,
                session_id=visit.session.id if visit.session else "",
            ),
            "person": _person(visit),
            "signed_in": _is_inside(visit),
            "refusal": refusal,
            "typed": dict(notice.typed) if notice else {},
            "done": words(TOLD[visit.told]) if visit.told else None,
            "nonce": visit.nonce,
            "static": self.static,
            "translations": words.translations,
            "language": words.tag,
            "direction": direction(words.tag),
            "languages": [
                Choice(tag, native_name(tag), tag == words.tag)
                for tag in visit.means.policy.languages.tags
            ],
            "here": _address(visit, status),
            "now": visit.now,
        }


@pass_context
def _gettext(context: Context, text: str) -> str:
    """Said at each rendering: a template is compiled once for all languages."""
    return str(context["translations"].gettext(text))


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int) -> str:
    return str(context["translations"].ngettext(one, many, count))


def _address(visit: Visit, status: int) -> str:
    """Where a change of language comes back to: this page, as far as it can be asked for."""
    # A page that answers a form stands at an address that may not be asked for.
    if status == 404 or visit.request.method != "GET":
        return "/"
    asked = f"{visit.path}?{visit.request.url.query}"
    return visit.path if safe_path(asked) is None else asked.rstrip("?")


def _zone(visit: Visit) -> str | None:
    """The account's, behind both doors only: before them it would tell of its owner (R6)."""
    return visit.account.time_zone if visit.account is not None and _is_inside(visit) else None


def _is_inside(visit: Visit) -> bool:
    return visit.session is not None and not visit.session.must_reverify()


def _person(visit: Visit) -> Person | None:
    if visit.session is not None and visit.session.must_reverify():
        # PN-04: nor does a session whose number may be a stranger's.
        return Person("", "")
    if visit.account is not None:
        return Person(visit.account.name, visit.account.email)
    # A pending sign-in shows nothing of the account it is for.
    return Person("", "") if visit.pending is not None else None
