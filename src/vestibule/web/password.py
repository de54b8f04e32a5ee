"""Another password: chosen in User Settings, or demanded by what happened to the old one."""

from starlette.responses import Response

from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import account_settings, reauthenticate
from vestibule.web.cookies import Cookie
from vestibule.web.desk import Desk
from vestibule.web.settings import SETTINGS, done
from vestibule.web.visit import Told, Visit


async def show_password(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(
        visit,
        "password.html",
        doors=2,
        email=visit.the_account().email,
        minimum=visit.means.policy.password.minimum,
    )


async def submit_password(visit: Visit, desk: Desk) -> Response:
    outcome = await account_settings.change_password(
        visit.means,
        visit.caller,
        visit.the_session(),
        new_password=visit.typed("new_password"),
        is_required=False,
    )
    if isinstance(outcome, Refused):
        return done(visit, outcome)
    return _renewed(visit, outcome, to=SETTINGS)


def _renewed(visit: Visit, renewed: reauthenticate.Renewed, *, to: str) -> Response:
    response = visit.tell(Told.PASSWORD_CHANGED, to=to)
    visit.cookies.put(response, Cookie.SESSION, renewed.token)
    return response


# --- a password that must change ------------------------------------------------------------


async def show_required_password(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(
        visit,
        "new_password.html",
        doors=2,
        action="/new-password",
        why="required",
        email=visit.the_account().email,
        minimum=visit.means.policy.password.minimum,
    )


async def submit_required_password(visit: Visit, desk: Desk) -> Response:
    outcome = await account_settings.change_password(
        visit.means,
        visit.caller,
        visit.the_session(),
        new_password=visit.typed("new_password"),
        is_required=True,
    )
    if isinstance(outcome, reauthenticate.Renewed):
        return _renewed(visit, outcome, to="/")
    if outcome.reason is Reason.STEP_UP_NEEDED:
        # The sign-in that would prove it is too old; signing in again is the way.
        await account_settings.sign_out(visit.means, visit.caller, visit.the_session())
        return visit.again(Refused(Reason.SIGN_IN_EXPIRED), to="/sign-in")
    return visit.again(outcome)
