"""The dashboard, help, signing out, and the small answers for machines."""

from starlette.responses import JSONResponse, RedirectResponse, Response

from vestibule.domain.assurance import acr, amr
from vestibule.flows import (
    account_settings,
    health,
    recovery_codes,
    reset,
    settings_view,
    sign_in,
    stale_numbers,
)
from vestibule.web.cookies import Cookie
from vestibule.web.desk import Desk
from vestibule.web.times import day, moment
from vestibule.web.views import closes_on
from vestibule.web.visit import Told, Visit

CLEAR = '"cache", "storage"'


async def show_dashboard(visit: Visit, desk: Desk) -> Response:
    session = visit.the_session()
    current = await recovery_codes.standing(visit.means, visit.caller, session.account_id)
    is_saved = any(one.acknowledged_at is not None for one in current)
    reminder = None if is_saved else "recovery_code"
    if is_saved and await settings_view.has_one_method(visit.means, visit.caller, session):
        reminder = "second_method"
    if is_saved and visit.the_account().passkey_offered_at == session.signed_in_at:
        reminder = "passkey"
    resting = None if reminder else await stale_numbers.find(visit.means, visit.caller, session)
    return desk.pages.page(
        visit,
        "dashboard.html",
        doors=2,
        reminder="stale_number" if resting else reminder,
        number=resting.number.masked if resting else None,
        last_used=day(resting.used_at, desk.translate) if resting else None,
        closes=closes_on(visit, desk.translate),
        last_sign_in=moment(session.signed_in_at, desk.translate),
    )


async def show_help(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(visit, "help.html", doors=2 if visit.session else 0)


async def submit_sign_out(visit: Visit, desk: Desk) -> Response:
    """End what this browser has open; its copies go too (SE-06)."""
    session = visit.session or visit.idle_session
    if session is not None:
        await account_settings.sign_out(visit.means, visit.caller, session)
    # Beside a session too, where no door looks at it.
    await sign_in.cancel(visit.means, visit.caller, visit.cookie(Cookie.PENDING) or "")
    if visit.reset is not None:
        await reset.cancel(visit.means, visit.caller, visit.reset)
    response = visit.tell(Told.SIGNED_OUT, to="/sign-in")
    response.headers["Clear-Site-Data"] = CLEAR
    for cookie in (Cookie.SESSION, Cookie.PENDING, Cookie.RESET, Cookie.NEXT):
        visit.cookies.drop(response, cookie)
    return response


async def show_session(visit: Visit, desk: Desk) -> Response:
    """Who is signed in and how, for an application behind Vestibule; else 401."""
    session, account = visit.session, visit.account
    if session is None or account is None:
        return JSONResponse({"error": "not_signed_in"}, status_code=401)
    is_held = session.must_reverify() or session.must_review(account.review_from_at)
    if is_held or session.must_set_password(account.new_password_required_at):
        return JSONResponse({"error": "not_signed_in"}, status_code=401)
    events = session.proofs()
    await visit.note_presence()
    return JSONResponse(
        {
            "account": {"id": account.id, "name": account.name, "email": account.email},
            "amr": amr(events),
            "acr": acr(events),
            "auth_time": int(session.signed_in_at.timestamp()),
            "second_factor": session.second_factor_method.value,
            "expires_at": session.expires_at.isoformat(),
        }
    )


async def show_live(visit: Visit, desk: Desk) -> Response:
    return JSONResponse({"live": True})


async def show_ready(visit: Visit, desk: Desk) -> Response:
    """Whether the database answers; honest, so that a balancer can act on it."""
    if not await health.database_answers(visit.means):
        return JSONResponse({"ready": False, "database": "down"}, status_code=503)
    return JSONResponse({"ready": True})


async def change_password_address(visit: Visit, desk: Desk) -> Response:
    return RedirectResponse("/settings/password", status_code=302)
