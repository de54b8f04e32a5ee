"""The pages of a forgotten password: mailed code, second factor, new password, sign in."""

from starlette.responses import Response

from vestibule.domain.challenge import Channel
from vestibule.domain.pending import ResetStage
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import codes, reset
from vestibule.web.cookies import BROWSER_AGE, Cookie
from vestibule.web.desk import Desk
from vestibule.web.paths import RESET_STEP
from vestibule.web.sign_in import ENDED, passkey_page, proof_context
from vestibule.web.views import choice, delivery_json, resend
from vestibule.web.visit import Told, Visit

START = "/forgot-password"
FACTOR = "/forgot-password/second-factor"


def _again(visit: Visit, refused: Refused, *, to: str | None = None) -> Response:
    if refused.reason is Reason.TOO_MANY_WRONG_CODES:
        refused = Refused(Reason.RESET_STOPPED)
        to = START
    return visit.again(refused, to=START if refused.reason in ENDED else to)


def _go_on(visit: Visit, moved: reset.Moved) -> Response:
    response = visit.go(RESET_STEP[moved.stage])
    _keep(visit, response, moved)
    return response


def _keep(visit: Visit, response: Response, moved: reset.Moved) -> None:
    visit.cookies.put(response, Cookie.RESET, moved.token)
    if moved.browser_token is not None:
        visit.cookies.put(response, Cookie.BROWSER, moved.browser_token, age=BROWSER_AGE)


async def show(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(visit, "forgot_password.html", doors=0)


async def submit(visit: Visit, desk: Desk) -> Response:
    moved = await reset.request(
        visit.means,
        visit.caller,
        email=visit.typed("email"),
        old_token=visit.cookie(Cookie.RESET),
    )
    if isinstance(moved, Refused):
        return visit.again(moved, keep=("email",))
    return _go_on(visit, moved)


async def show_code(visit: Visit, desk: Desk) -> Response:
    view = await reset.view(visit.means, visit.caller, visit.the_reset())
    return desk.pages.page(
        visit,
        "forgot_code.html",
        doors=0,
        email=view.reset.email,
        number=view.challenge.number if view.challenge else 1,
        resend=resend(
            view.challenge,
            action="/forgot-password/code/send",
            channel=Channel.EMAIL,
            visit=visit,
            _=desk.translate,
        ),
    )


async def send_code(visit: Visit, desk: Desk) -> Response:
    sent = await reset.resend(visit.means, visit.caller, visit.the_reset())
    if isinstance(sent, codes.Sent):
        return visit.go("/forgot-password/code")
    return _again(visit, sent, to="/forgot-password/code")


async def submit_code(visit: Visit, desk: Desk) -> Response:
    moved = await reset.submit_code(
        visit.means, visit.caller, visit.the_reset(), typed=visit.typed("code")
    )
    if isinstance(moved, Refused):
        if moved.reason is Reason.TOO_MANY_WRONG_CODES:
            moved = Refused(Reason.CODE_SPENT_BY_TRIES, "code")
        return _again(visit, moved)
    response = _go_on(visit, moved)
    if moved.stage is ResetStage.SECOND_FACTOR:
        # The first text leaves with the post of the mailed code, as it does at sign-in.
        refused = await reset.switch(visit.means, visit.caller, moved.token)
        if refused is not None:
            response = visit.again(refused, to=FACTOR)
            _keep(visit, response, moved)
    return response


async def show_second_factor(visit: Visit, desk: Desk) -> Response:
    view = await reset.view_second_factor(visit.means, visit.caller, visit.the_reset())
    if isinstance(view, Refused):
        return _again(visit, view, to=START)
    if view.way.channel is Channel.PASSKEY:
        others = f"{FACTOR}/methods" if view.others else None
        return passkey_page(visit, desk, action=f"{FACTOR}/passkey", others_url=others)
    return desk.pages.page(
        visit,
        "sign_in_code.html",
        doors=1,
        action=FACTOR,
        others_url=f"{FACTOR}/methods" if view.others else None,
        remembered_url="/sign-in",
        **proof_context(visit, desk, view, base=FACTOR),
    )


async def submit_second_factor(visit: Visit, desk: Desk) -> Response:
    moved = await reset.submit_second_factor(
        visit.means,
        visit.caller,
        visit.the_reset(),
        typed=visit.typed("code"),
        next_typed=visit.typed("next_code"),
    )
    return factor_proven(visit, moved)


def factor_proven(visit: Visit, moved: reset.Moved | Refused) -> Response:
    """On to the new password, or back to the page that asks for the second factor."""
    return _again(visit, moved, to=FACTOR) if isinstance(moved, Refused) else _go_on(visit, moved)


async def show_delivery(visit: Visit, desk: Desk) -> Response:
    view = await reset.view_second_factor(visit.means, visit.caller, visit.the_reset())
    delivery = None if isinstance(view, Refused) else view.delivery
    return delivery_json(delivery, now=visit.now, _=desk.translate)


async def show_methods(visit: Visit, desk: Desk) -> Response:
    view = await reset.view_second_factor(visit.means, visit.caller, visit.the_reset())
    if isinstance(view, Refused):
        return _again(visit, view, to=START)
    return desk.pages.page(
        visit,
        "methods.html",
        doors=1,
        action=f"{FACTOR}/send",
        choices=[choice(way, desk.translate) for way in view.others],
        recovery_url=None,
        back_url=FACTOR,
    )


async def send_second_factor(visit: Visit, desk: Desk) -> Response:
    refused = await reset.switch(
        visit.means,
        visit.caller,
        visit.cookie(Cookie.RESET) or "",
        authenticator_id=visit.typed("authenticator"),
        channel=visit.typed("channel"),
    )
    return visit.go(FACTOR) if refused is None else _again(visit, refused, to=FACTOR)


async def show_new_password(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(
        visit,
        "new_password.html",
        doors=1,
        action="/forgot-password/new",
        why="reset",
        email=visit.the_reset().email,
        minimum=visit.means.policy.password.minimum,
    )


async def submit_new_password(visit: Visit, desk: Desk) -> Response:
    outcome = await reset.set_password(
        visit.means,
        visit.caller,
        visit.the_reset(),
        new_password=visit.typed("new_password"),
    )
    if isinstance(outcome, Refused):
        return _again(visit, outcome)
    if outcome is not None:
        until = Refused(Reason.RESET_WAITS, details={"when": outcome.until})
        response = visit.again(until, to="/sign-in")
        visit.cookies.drop(response, Cookie.RESET)
        return response
    # The reset never signs in: the normal sign-in with its second factor follows (AR-01).
    response = visit.tell(Told.PASSWORD_RESET, to="/sign-in")
    for cookie in (Cookie.RESET, Cookie.SESSION, Cookie.PENDING):
        visit.cookies.drop(response, cookie)
    return response
