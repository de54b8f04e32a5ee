"""The pages of signing in: the password, the second factor, other ways, the recovery code."""

from typing import Any, assert_never

from starlette.responses import Response

from vestibule.domain.challenge import Channel
from vestibule.domain.pending import SignInState
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import reauthenticate, recover, sign_in, ways
from vestibule.flows.entering import SignedIn
from vestibule.web import language
from vestibule.web.cookies import BROWSER_AGE, Cookie
from vestibule.web.desk import Desk
from vestibule.web.guard import step_of
from vestibule.web.paths import HOME, safe_path
from vestibule.web.views import (
    choice,
    delivery_json,
    delivery_line,
    method,
    needs_two_codes,
    resend,
)
from vestibule.web.visit import Notice, Visit

STOPPED = {Reason.RESET_NEEDED, Reason.NO_METHOD_LEFT}
"""No code is asked for: a reset or the recovery code is the way on (R8)."""

ENDED = {Reason.SIGN_IN_EXPIRED, Reason.TOO_MANY_WRONG_CODES, Reason.ACCOUNT_SUSPENDED}
"""After these the pending sign-in is gone, and the password comes first again."""


async def show(visit: Visit, desk: Desk) -> Response:
    passkeys_open = visit.means.policy.has_passkeys
    response = desk.pages.page(visit, "sign_in.html", doors=0, passkeys_open=passkeys_open)
    asked = safe_path(visit.request.query_params.get("next"))
    if asked:
        visit.cookies.put(response, Cookie.NEXT, asked)
    return response


async def submit(visit: Visit, desk: Desk) -> Response:
    accepted = await sign_in.submit_password(
        visit.means,
        visit.caller,
        email=visit.typed("email"),
        password=visit.typed("password"),
        pending_token=visit.cookie(Cookie.PENDING),
        return_to=safe_path(visit.cookie(Cookie.NEXT)),
    )
    match accepted:
        case Refused():
            return visit.again(accepted, keep=("email",))
        case sign_in.PasswordAccepted(token=token, state=state, send_refused=refused):
            to = "/sign-in/code" if state is SignInState.SECOND_FACTOR else "/set-up/email"
            if state is SignInState.REPLACEMENT:
                to = "/set-up"
            response = visit.again(refused, to=to) if refused else visit.go(to)
            if token is not None:
                visit.cookies.put(response, Cookie.PENDING, token)
            return response
        case other:
            assert_never(other)


async def enter(visit: Visit, signed_in: SignedIn, *, to: str | None = None) -> Response:
    """Through the second door: a new cookie, and on to the page first asked for (EF-06)."""
    if signed_in.has_stopped_recovery:
        to = "/set-up/recovery-code"
        response = visit.again(Refused(Reason.RECOVERY_STOPPED), to=to)
    else:
        response = visit.go(to or safe_path(signed_in.return_to) or HOME)
    visit.cookies.put(response, Cookie.SESSION, signed_in.session_token)
    visit.cookies.put(response, Cookie.BROWSER, signed_in.browser_token, age=BROWSER_AGE)
    visit.cookies.drop(response, Cookie.PENDING)
    asked = safe_path(signed_in.return_to)
    if to and asked:
        # The recovery code is shown first; its page goes on to what was asked for.
        visit.cookies.put(response, Cookie.NEXT, asked)
    else:
        visit.cookies.drop(response, Cookie.NEXT)
    await language.take_along(visit, response, signed_in.account_id)
    return response


# --- the second factor ----------------------------------------------------------------------


def proof_context(visit: Visit, desk: Desk, view: ways.View, *, base: str) -> dict[str, Any]:
    """What a page that asks for a code shows; `base` is where its forms go."""
    is_sent = view.way.channel is not Channel.TOTP
    reason = visit.notice.refused.reason.value if visit.notice else None
    return {
        "method": method(view.way),
        "digits": view.digits,
        "two_codes": not is_sent and needs_two_codes(view, reason),
        "resend": resend(
            view.challenge,
            action=f"{base}/send",
            channel=view.way.channel,
            visit=visit,
            delivery=view.delivery,
            _=desk.translate,
        )
        if is_sent
        else None,
        "delivery": delivery_line(
            view.delivery, poll_url=f"{base}/delivery", now=visit.now, _=desk.translate
        )
        if is_sent
        else None,
    }


async def show_code(visit: Visit, desk: Desk) -> Response:
    view = await sign_in.view(visit.means, visit.caller, visit.the_pending().id)
    if isinstance(view, Refused):
        return _stopped(visit, view)
    is_paused = view.paused_until is not None and view.way.channel is not Channel.PASSKEY
    if is_paused and visit.notice is None:
        paused = Refused(Reason.SECOND_FACTOR_PAUSED, details={"until": view.paused_until})
        visit.notice = Notice(visit.path, paused, {})
    if view.way.channel is Channel.PASSKEY:
        return passkey_page(
            visit, desk, action="/sign-in/code/passkey", others_url="/sign-in/methods"
        )
    return desk.pages.page(
        visit,
        "sign_in_code.html",
        doors=1,
        action="/sign-in/code",
        others_url="/sign-in/methods",
        **proof_context(visit, desk, view, base="/sign-in/code"),
    )


def passkey_page(
    visit: Visit,
    desk: Desk,
    *,
    action: str,
    others_url: str | None = None,
    what: str | None = None,
    is_closing: bool = False,
) -> Response:
    """The page that asks for a passkey: at the second door, or before `what` is changed."""
    return desk.pages.page(
        visit,
        "passkey_proof.html",
        doors=2 if what else 1,
        action=action,
        others_url=others_url,
        what=what,
        is_closing=is_closing,
    )


def _stopped(visit: Visit, refused: Refused) -> Response:
    if refused.reason in STOPPED:
        return visit.go("/sign-in/stopped")
    return visit.again(refused, to="/sign-in")


async def show_stopped(visit: Visit, desk: Desk) -> Response:
    """After "not me": what opens instead of a code."""
    view = await sign_in.view(visit.means, visit.caller, visit.the_pending().id)
    if not isinstance(view, Refused):
        return visit.go("/sign-in/code")
    return desk.pages.page(visit, "sign_in_stopped.html", doors=1)


async def submit_code(visit: Visit, desk: Desk) -> Response:
    """Read two strings, call the flow, match the outcome."""
    outcome = await sign_in.submit_code(
        visit.means,
        visit.caller,
        sign_in_id=visit.the_pending().id,
        typed=visit.typed("code"),
        next_typed=visit.typed("next_code"),
    )
    return await proven(visit, outcome)


async def proven(visit: Visit, outcome: SignedIn | Refused, *, to: str | None = None) -> Response:
    """Through the second door, or back to the page that asked, or to the one given."""
    match outcome:
        case SignedIn():
            return await enter(visit, outcome)
        case Refused(reason=reason) if reason in STOPPED:
            return _stopped(visit, outcome)
        case Refused(reason=reason):
            return visit.again(outcome, to="/sign-in" if reason in ENDED else to)
        case other:
            assert_never(other)


async def submit_send(visit: Visit, desk: Desk) -> Response:
    refused = await sign_in.switch(
        visit.means,
        visit.caller,
        sign_in_id=visit.the_pending().id,
        channel=visit.typed("channel"),
    )
    return _asked_again(visit, refused)


def _asked_again(visit: Visit, refused: Refused | None) -> Response:
    """To the page that asks for the code, with the reason if none was sent."""
    if refused is None:
        return visit.go("/sign-in/code")
    if refused.reason in STOPPED:
        return _stopped(visit, refused)
    return visit.again(refused, to="/sign-in" if refused.reason in ENDED else "/sign-in/code")


async def show_delivery(visit: Visit, desk: Desk) -> Response:
    """The delivery line as JSON, for the page's small poll."""
    view = await sign_in.view(visit.means, visit.caller, visit.the_pending().id)
    delivery = None if isinstance(view, Refused) else view.delivery
    return delivery_json(delivery, now=visit.now, _=desk.translate)


async def show_methods(visit: Visit, desk: Desk) -> Response:
    view = await sign_in.view(visit.means, visit.caller, visit.the_pending().id)
    if isinstance(view, Refused):
        return _stopped(visit, view)
    return desk.pages.page(
        visit,
        "methods.html",
        doors=1,
        action="/sign-in/methods",
        choices=[choice(way, desk.translate) for way in view.others],
        recovery_url="/sign-in/recovery-code",
        back_url="/sign-in/code",
    )


async def submit_method(visit: Visit, desk: Desk) -> Response:
    refused = await sign_in.switch(
        visit.means,
        visit.caller,
        sign_in_id=visit.the_pending().id,
        authenticator_id=visit.typed("authenticator"),
        channel=visit.typed("channel"),
    )
    if refused is not None and refused.reason is Reason.METHOD_UNKNOWN:
        return visit.again(refused)
    return _asked_again(visit, refused)


# --- the recovery code ----------------------------------------------------------------------


async def show_recovery_code(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(visit, "recovery_sign_in.html", doors=1)


async def submit_recovery_code(visit: Visit, desk: Desk) -> Response:
    outcome = await recover.submit_recovery_code(
        visit.means,
        visit.caller,
        sign_in_id=visit.the_pending().id,
        typed=visit.typed("recovery_code"),
    )
    if isinstance(outcome, Refused):
        return visit.again(outcome, to="/sign-in" if outcome.reason in ENDED else None)
    response = visit.go("/set-up/recovery-code")
    visit.cookies.put(response, Cookie.PENDING, outcome.pending_token)
    visit.cookies.drop(response, Cookie.BROWSER)
    return response


# --- an idle session ------------------------------------------------------------------------


async def show_resume(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(visit, "resume.html", doors=1, email=visit.the_account().email)


async def submit_resume(visit: Visit, desk: Desk) -> Response:
    session = visit.idle_session
    if session is None:
        return visit.go("/sign-in")
    outcome = await reauthenticate.resume(
        visit.means, visit.caller, session, password=visit.typed("password")
    )
    if isinstance(outcome, Refused):
        return visit.again(outcome, to="/sign-in" if outcome.reason in ENDED else None)
    response = visit.go(safe_path(visit.cookie(Cookie.NEXT)) or HOME)
    visit.cookies.put(response, Cookie.SESSION, outcome.token)
    visit.cookies.drop(response, Cookie.NEXT)
    return response


def current_step(visit: Visit) -> str:
    """Where a stale tab belongs now."""
    if visit.session is not None:
        return HOME
    return step_of(visit.pending) if visit.pending is not None else "/sign-in"
