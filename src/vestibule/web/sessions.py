"""Where a person is signed in, and ending it."""

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from vestibule.domain.browser_name import browser_and_system
from vestibule.domain.challenge import Channel
from vestibule.domain.refusal import Refused
from vestibule.flows import account_settings, reauthenticate
from vestibule.web.desk import Desk
from vestibule.web.sign_in import ENDED
from vestibule.web.times import moment
from vestibule.web.visit import Told, Visit
from vestibule.web.wording import Words


@dataclass(frozen=True, slots=True)
class SessionView:
    id: str
    browser: str
    place: str
    started: Markup
    last_used: Markup
    by: str
    current: bool


async def show(visit: Visit, desk: Desk) -> Response:
    session = visit.the_session()
    found = await account_settings.list_sessions(visit.means, visit.caller, session)
    return desk.pages.page(
        visit,
        "sessions.html",
        doors=2,
        sessions=[
            SessionView(
                id=one.id,
                browser=browser_name(one.user_agent, desk.translate),
                place=one.source,
                started=moment(one.signed_in_at, desk.translate),
                last_used=moment(one.last_seen_at, desk.translate),
                by=_by(one.second_factor_method, desk.translate),
                current=one.id == session.id,
            )
            for one in found
        ],
        need_password=not session.has_fresh_password(visit.now),
    )


async def submit(visit: Visit, desk: Desk) -> Response:
    """Reducing access needs the session and its password, no second factor."""
    session = visit.the_session()
    if not session.has_fresh_password(visit.now):
        checked = await reauthenticate.prove_password(
            visit.means, visit.caller, session, visit.typed("password")
        )
        if isinstance(checked, Refused):
            return visit.again(checked, to="/sign-in" if checked.reason in ENDED else None)
    refused = await account_settings.end_sessions(
        visit.means, visit.caller, session, which=visit.typed("end")
    )
    if refused is not None:
        return visit.again(refused)
    is_over = visit.typed("end") in {session.id, "all"}
    return visit.tell(Told.SESSIONS_ENDED, to="/sign-in" if is_over else "/sessions")


def browser_name(user_agent: str, _: Words) -> str:
    """A rough name of a browser and its system; it decides nothing."""
    browser, system = browser_and_system(user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")


def _by(method: Channel, _: Words) -> str:
    said = {
        Channel.SMS: _("password and text message"),
        Channel.VOICE: _("password and voice call"),
        Channel.TOTP: _("password and authentication app"),
        Channel.PASSKEY: _("passkey"),
    }
    return said.get(method, method.value)
