"""The pages of "this was not me": behind a mailed link, or with the code of a text.

Looking changes nothing; the button does (R7). They know nobody: the link or code is all there is.
"""

from typing import assert_never

from starlette.responses import Response

from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import not_me
from vestibule.flows.not_me import Effect
from vestibule.web.cookies import NOTICE_AGE, Cookie
from vestibule.web.desk import Desk
from vestibule.web.sessions import browser_name
from vestibule.web.visit import Notice, Told, Visit
from vestibule.web.wording import NOTICE_NAMES

DONE = "/not-me/done"
NOTICE = "/not-me/notice"
_LONGEST = 200
"""What is longer is no token of ours, and would not fit a cookie."""
TOLD = {
    Effect.SECURED: Told.NOT_ME_SECURED,
    Effect.FROZEN: Told.NOT_ME_FROZEN,
    Effect.CLOSING_SECURED: Told.NOT_ME_CLOSING_SECURED,
    Effect.CLOSING_FROZEN: Told.NOT_ME_CLOSING_FROZEN,
    Effect.CANCELLED: Told.NOT_ME_CANCELLED,
    Effect.SETTLED: Told.NOT_ME_SETTLED,
}


async def show(visit: Visit, desk: Desk) -> Response:
    """Where a text sends its reader: the field for its code."""
    return desk.pages.page(visit, "not_me_code.html", doors=2 if visit.session else 0)


async def submit(visit: Visit, desk: Desk) -> Response:
    effect = await not_me.press_code(visit.means, visit.caller, typed=visit.typed("not_me_code"))
    return _answered(visit, effect, keep=("not_me_code",))


async def take_link(visit: Visit, desk: Desk) -> Response:
    """Where a mail sends its reader: on at once, with the token in a cookie.

    So it stands in no history and in no Referer, and in one line of a proxy's log at most (EM-03).
    """
    response = visit.go(NOTICE)
    # The seal is of this visit, which a browser that comes by a link does not have yet.
    visit.cookies.put(response, Cookie.VISIT, visit.token)
    sealed = visit.sealed(Cookie.NOT_ME, visit.request.path_params["token"][:_LONGEST])
    visit.cookies.put(response, Cookie.NOT_ME, sealed, age=NOTICE_AGE)
    return response


async def show_notice(visit: Visit, desk: Desk) -> Response:
    token = visit.opened(Cookie.NOT_ME, visit.cookie(Cookie.NOT_ME))
    if token is None:
        return visit.go("/not-me")
    found = await not_me.view(visit.means, visit.caller, token)
    if isinstance(found, Refused):
        visit.notice = Notice(visit.path, found, {})
        return await show(visit, desk)
    notice = found.notice
    return desk.pages.page(
        visit,
        "not_me.html",
        doors=2 if visit.session else 0,
        what=desk.translate(NOTICE_NAMES[notice.notice]),
        when=desk.translate.moment(notice.made_at),
        browser=browser_name(notice.user_agent, desk.translate) if notice.user_agent else "",
        place=notice.source,
        is_used=found.is_used,
        is_waiting=notice.notice == "reset_waits",
        sealed=visit.sealed(Cookie.NOT_ME, token),
        is_closing=notice.notice == "closing_asked",
        is_address=notice.notice == "address_changed",
        is_second=notice.notice_address_id is not None,
    )


async def submit_notice(visit: Visit, desk: Desk) -> Response:
    # From the form, so that a page that stood open for longer than its cookie lasts still works.
    token = visit.opened(Cookie.NOT_ME, visit.typed("notice"), is_form=True)
    if token is None:
        return visit.again(Refused(Reason.NOT_ME_UNKNOWN), to="/not-me")
    return _answered(visit, await not_me.press(visit.means, visit.caller, token))


def _answered(visit: Visit, effect: Effect | Refused, keep: tuple[str, ...] = ()) -> Response:
    match effect:
        case Refused():
            return visit.again(effect, to="/not-me", keep=keep)
        case Effect():
            response = visit.tell(TOLD[effect], to=DONE)
            visit.cookies.drop(response, Cookie.NOT_ME)
            if effect in {Effect.SECURED, Effect.CLOSING_SECURED}:
                # Whoever pressed may be inside here; what was open has ended.
                for cookie in (Cookie.SESSION, Cookie.PENDING, Cookie.RESET):
                    visit.cookies.drop(response, cookie)
            return response
        case other:
            assert_never(other)


async def show_done(visit: Visit, desk: Desk) -> Response:
    """What was done and what to do next; opened by itself it has nothing to say."""
    if visit.told is None:
        return visit.go("/not-me")
    return desk.pages.page(
        visit,
        "not_me_done.html",
        doors=2 if visit.session else 0,
        is_secured=visit.told in {Told.NOT_ME_SECURED, Told.NOT_ME_CLOSING_SECURED},
    )
