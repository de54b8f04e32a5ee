"""Passkeys in the browser: what its script asks for, and the forms that bring the answer.

Every address with `/options` answers a script of ours with JSON and is a form's post like others:
it changes something, since a question is kept until its answer comes (PK-01).
"""

import json
from collections.abc import Awaitable, Callable

from starlette.responses import JSONResponse, Response

from vestibule.domain.challenge import Purpose
from vestibule.domain.refusal import Refused
from vestibule.flows import passkey_set_up, reauthenticate, reset, sign_in
from vestibule.flows.entering import SignedIn
from vestibule.flows.reauthenticate import Proof
from vestibule.web import closing, forgot_password, set_up, settings
from vestibule.web import sign_in as sign_in_pages
from vestibule.web.cookies import Cookie
from vestibule.web.desk import Desk
from vestibule.web.paths import safe_path
from vestibule.web.visit import Visit
from vestibule.web.wording import sentence

Asking = Callable[[Visit], Awaitable[str | Refused]]
Handler = Callable[[Visit, Desk], Awaitable[Response]]


def _options(asking: Asking) -> Handler:
    """A door that says what the browser asks for, or in a sentence why nothing is asked."""

    async def handler(visit: Visit, desk: Desk) -> Response:
        asked = await asking(visit)
        if isinstance(asked, Refused):
            return JSONResponse({"refused": sentence(asked, desk.translate)}, status_code=409)
        return JSONResponse({"options": json.loads(asked)})

    return handler


options_alone = _options(lambda v: sign_in.ask_passkey_alone(v.means, v.caller))
options_at_sign_in = _options(lambda v: sign_in.ask_passkey(v.means, v.caller, v.the_pending().id))
options_at_reset = _options(lambda v: reset.ask_passkey(v.means, v.caller, v.the_reset()))
options_at_set_up = _options(lambda v: passkey_set_up.start(v.means, v.caller, set_up.binder_of(v)))
options_at_step_up = _options(
    lambda v: reauthenticate.ask_passkey(v.means, v.caller, v.the_session())
)
options_at_closing = _options(
    lambda v: reauthenticate.ask_passkey(v.means, v.caller, v.the_session(), purpose=Purpose.CLOSE)
)


# --- signing in -----------------------------------------------------------------------------


async def submit_alone(visit: Visit, desk: Desk) -> Response:
    """A passkey and nothing else: both doors at once, for a user that it verified."""
    outcome = await sign_in.submit_passkey_alone(
        visit.means,
        visit.caller,
        answer=visit.typed("credential"),
        return_to=safe_path(visit.cookie(Cookie.NEXT)),
    )
    if isinstance(outcome, SignedIn):
        # What this browser had begun with a password is over: its code opens nothing more (OC-03).
        await sign_in.cancel(visit.means, visit.caller, visit.cookie(Cookie.PENDING) or "")
        return await sign_in_pages.enter(visit, outcome)
    return visit.again(outcome, to="/sign-in")


async def submit_at_sign_in(visit: Visit, desk: Desk) -> Response:
    outcome = await sign_in.submit_passkey(
        visit.means,
        visit.caller,
        sign_in_id=visit.the_pending().id,
        answer=visit.typed("credential"),
    )
    return await sign_in_pages.proven(visit, outcome, to="/sign-in/code")


async def submit_at_reset(visit: Visit, desk: Desk) -> Response:
    moved = await reset.submit_passkey(
        visit.means, visit.caller, visit.the_reset(), answer=visit.typed("credential")
    )
    return forgot_password.factor_proven(visit, moved)


# --- setting up -----------------------------------------------------------------------------


async def show_set_up(visit: Visit, desk: Desk) -> Response:
    if not visit.means.policy.has_passkeys:
        return visit.go(set_up.base_of(visit))
    return desk.pages.page(
        visit,
        "passkey.html",
        doors=2 if visit.session else 1,
        base=set_up.base_of(visit),
    )


async def submit_set_up(visit: Visit, desk: Desk) -> Response:
    outcome = await passkey_set_up.finish(
        visit.means,
        visit.caller,
        set_up.binder_of(visit),
        answer=visit.typed("credential"),
        name=visit.typed("app_name"),
    )
    return await set_up.bound(visit, outcome, "passkey", keep=("app_name",))


# --- before a change ------------------------------------------------------------------------


async def submit_step_up(visit: Visit, desk: Desk) -> Response:
    """One verified passkey stands for password and code together (R11)."""
    return await settings.confirm(visit, _proof(visit))


async def submit_closing(visit: Visit, desk: Desk) -> Response:
    return await closing.ask(visit, _proof(visit))


def _proof(visit: Visit) -> Proof:
    return Proof(passkey=visit.typed("credential"))


async def show_addresses(visit: Visit, desk: Desk) -> Response:
    """Where password managers send people to add a passkey or to look after theirs."""
    origin = visit.means.policy.origin
    if not visit.means.policy.has_passkeys:
        return JSONResponse({}, status_code=404)
    return JSONResponse({"enroll": f"{origin}/settings/passkey", "manage": f"{origin}/settings"})
