"""Turning a visit and a template into a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from gettext import NullTranslations
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from vestibule.web import csrf
from vestibule.web.cookies import Cookie
from vestibule.web.visit import Visit
from vestibule.web.wording import TOLD, sentence


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


class Pages:
    """Every template of the house, compiled once."""

    def __init__(self, site: Site, translations: NullTranslations) -> None:
        self.site = site
        self.translations = translations
        self._environment = Environment(
            loader=PackageLoader("vestibule.web"),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        # The extension adds this at run time, where no type can see it.
        self._environment.install_gettext_translations(  # type: ignore[attr-defined]  # added by the extension
            translations, newstyle=True
        )
        self._versions: dict[str, str] = {}

    def static(self, name: str) -> str:
        """The address of a static file, which changes with its content."""
        if name not in self._versions:
            content = files("vestibule.web").joinpath("static", name).read_bytes()
            self._versions[name] = sha256(content).hexdigest()[:12]
        return f"/static/{name}?v={self._versions[name]}"

    def page(
        self, visit: Visit, template: str, *, doors: int, status: int = 200, **context: object
    ) -> Response:
        """The page, with what every page has; sets the visit's cookie where it is new."""
        html = self._environment.get_template(template).render(
            {**self._everywhere(visit), "doors": doors, "status": status, **context}
        )
        response = HTMLResponse(html, status_code=status)
        if visit.told is not None:
            visit.cookies.drop(response, Cookie.NOTICE)
        if visit.cookie(Cookie.VISIT) != visit.token:
            visit.cookies.put(response, Cookie.VISIT, visit.token)
        return response

    def _everywhere(self, visit: Visit) -> Mapping[str, object]:
        notice = visit.notice
        refusal = None
        if notice is not None:
            refusal = {
                "id": notice.refused.reason.value,
                "field": notice.refused.field,
                "text": sentence(notice.refused, self.translations.gettext),
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
            "signed_in": visit.session is not None,
            "refusal": refusal,
            "typed": dict(notice.typed) if notice else {},
            "done": self.translations.gettext(TOLD[visit.told]) if visit.told else None,
            "nonce": visit.nonce,
            "static": self.static,
            "locale": visit.caller.locale,
            "now": visit.now,
        }


def _person(visit: Visit) -> Person | None:
    if visit.account is not None:
        return Person(visit.account.name, visit.account.email)
    # A pending sign-in shows nothing of the account it is for.
    return Person("", "") if visit.pending is not None else None
