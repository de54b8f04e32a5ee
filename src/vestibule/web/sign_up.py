"""The pages of signing up."""

from starlette.responses import Response

from vestibule.domain.challenge import Channel
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import codes, sign_up
from vestibule.web.cookies import WALL_AGE, Cookie
from vestibule.web.desk import Desk
from vestibule.web.paths import safe_path
from vestibule.web.sign_in import current_step
from vestibule.web.views import resend
from vestibule.web.visit import Visit


async def show(visit: Visit, desk: Desk) -> Response:
    minimum = visit.means.policy.password.minimum
    return desk.pages.page(visit, "sign_up.html", doors=0, minimum=minimum)


async def submit(visit: Visit, desk: Desk) -> Response:
    started = await sign_up.start(
        visit.means,
        visit.caller,
        name=visit.typed("name"),
        email=visit.typed("email"),
        password=visit.typed("password"),
        return_to=safe_path(visit.cookie(Cookie.NEXT)),
        old_token=visit.cookie(Cookie.SIGN_UP),
    )
    if isinstance(started, Refused):
        return visit.again(started, keep=("name", "email"))
    return _go_on(visit, started)


def _go_on(visit: Visit, started: sign_up.Started) -> Response:
    response = visit.go("/sign-up/code")
    visit.cookies.put(response, Cookie.SIGN_UP, started.token, age=WALL_AGE)
    return response


async def show_address(visit: Visit, desk: Desk) -> Response:
    if await sign_up.view(visit.means, visit.caller, visit.cookie(Cookie.SIGN_UP) or "") is None:
        return visit.go("/sign-up")
    return desk.pages.page(visit, "sign_up_address.html", doors=0)


async def submit_address(visit: Visit, desk: Desk) -> Response:
    token = visit.cookie(Cookie.SIGN_UP) or ""
    started = await sign_up.change_address(
        visit.means, visit.caller, token=token, email=visit.typed("email")
    )
    if isinstance(started, Refused):
        if started.reason is Reason.SIGN_IN_EXPIRED:
            return _over(visit, started)
        return visit.again(started, keep=("email",))
    return _go_on(visit, started)


async def show_code(visit: Visit, desk: Desk) -> Response:
    found = await sign_up.view(visit.means, visit.caller, visit.cookie(Cookie.SIGN_UP) or "")
    if found is None:
        return visit.go(_onward(visit) or "/sign-up")
    sent_at = found.challenge.last_sent_at if found.challenge else None
    return desk.pages.page(
        visit,
        "sign_up_code.html",
        doors=0,
        email=found.sign_up.email,
        digits=found.challenge.digits if found.challenge else visit.means.policy.code_digits,
        number=found.challenge.number if found.challenge else 1,
        sent_at=desk.translate.clock_time(sent_at) if sent_at else "",
        resend=resend(
            found.challenge,
            action="/sign-up/resend",
            channel=Channel.EMAIL,
            visit=visit,
            _=desk.translate,
        ),
    )


async def submit_code(visit: Visit, desk: Desk) -> Response:
    verified = await sign_up.verify(
        visit.means,
        visit.caller,
        token=visit.cookie(Cookie.SIGN_UP) or "",
        typed=visit.typed("code"),
    )
    if isinstance(verified, Refused):
        if verified.reason is Reason.SIGN_IN_EXPIRED:
            return _over(visit, verified)
        if verified.reason is Reason.TOO_MANY_WRONG_CODES:
            verified = Refused(Reason.CODE_SPENT_BY_TRIES, "code")
        return visit.again(verified)
    response = visit.go("/set-up")
    visit.cookies.drop(response, Cookie.SIGN_UP)
    visit.cookies.put(response, Cookie.PENDING, verified.pending_token)
    return response


async def submit_resend(visit: Visit, desk: Desk) -> Response:
    sent = await sign_up.resend(visit.means, visit.caller, visit.cookie(Cookie.SIGN_UP) or "")
    if isinstance(sent, codes.Sent):
        return visit.go("/sign-up/code")
    if sent.reason is Reason.SIGN_IN_EXPIRED:
        return _over(visit, sent)
    return visit.again(sent, to="/sign-up/code")


def _over(visit: Visit, refused: Refused) -> Response:
    """This sign-up is over: because it was finished, perhaps in another tab, or by time."""
    onward = _onward(visit)
    return visit.go(onward) if onward else visit.again(refused, to="/sign-up")


def _onward(visit: Visit) -> str | None:
    """The step after a finished sign-up, for a browser that went back or has another tab."""
    return current_step(visit) if visit.pending or visit.session else None
