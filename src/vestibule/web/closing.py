"""Closing one's own account, and keeping it: what happens is said before anything is asked."""

from starlette.responses import Response

from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import closing, reauthenticate
from vestibule.flows.reauthenticate import Proof
from vestibule.web.cookies import Cookie
from vestibule.web.desk import Desk
from vestibule.web.settings import SETTINGS, WAIT, typed_proof
from vestibule.web.sign_in import ENDED, passkey_page, proof_context
from vestibule.web.views import choice, closes_on, delivery_json
from vestibule.web.visit import Told, Visit
from vestibule.web.wording import WAITING

CLOSE = "/settings/close"
CONFIRM = f"{CLOSE}/confirm"


async def show(visit: Visit, desk: Desk) -> Response:
    """What goes, when, and what stays."""
    return desk.pages.page(
        visit,
        "close.html",
        doors=2,
        closes=closes_on(visit, desk.translate),
        days=visit.means.policy.closes_after.days,
    )


async def show_confirm(visit: Visit, desk: Desk) -> Response:
    """The page of a step-up, with codes that say what they are for."""
    if visit.waits() is not None:
        return visit.go(WAIT)
    if visit.the_account().closes_at is not None:
        return visit.go(CLOSE)
    view = await reauthenticate.view_step_up(
        visit.means, visit.caller, visit.the_session(), purpose=Purpose.CLOSE
    )
    if isinstance(view, Refused):
        return visit.again(view, to=SETTINGS)
    what = desk.translate("Prove that it is you who closes this account.")
    if view.way.channel is Channel.PASSKEY:
        action = f"{CONFIRM}/passkey"
        return passkey_page(visit, desk, action=action, what=what, is_closing=True)
    context = proof_context(visit, desk, view, base=CONFIRM)
    if view.challenge is None:
        context["resend"] = None
    return desk.pages.page(
        visit,
        "confirm.html",
        doors=2,
        action=CONFIRM,
        is_closing=True,
        what=what,
        choices=[choice(way, desk.translate) for way in view.others],
        **context,
    )


async def show_delivery(visit: Visit, desk: Desk) -> Response:
    view = await reauthenticate.view_step_up(
        visit.means, visit.caller, visit.the_session(), purpose=Purpose.CLOSE
    )
    delivery = None if isinstance(view, Refused) else view.delivery
    return delivery_json(delivery, now=visit.now, _=desk.translate)


async def send(visit: Visit, desk: Desk) -> Response:
    if visit.waits() is not None:
        # A code that could close nothing is not sent.
        return visit.go(WAIT)
    refused = await reauthenticate.switch_step_up(
        visit.means,
        visit.caller,
        visit.the_session(),
        authenticator_id=visit.typed("authenticator"),
        channel=visit.typed("channel"),
        purpose=Purpose.CLOSE,
    )
    return visit.go(CONFIRM) if refused is None else visit.again(refused, to=CONFIRM)


async def submit(visit: Visit, desk: Desk) -> Response:
    """Ask for the closing, with everything proven in the same form."""
    refused = visit.waits()
    if refused is not None:
        return visit.go(WAIT)
    return await ask(visit, typed_proof(visit))


async def ask(visit: Visit, proof: Proof) -> Response:
    """Asked for with this proof, or back to the page that helps."""
    outcome = await closing.ask(visit.means, visit.caller, visit.the_session(), proof)
    if isinstance(outcome, Refused):
        return _refused(visit, outcome)
    response = visit.tell(Told.CLOSING_ASKED, to=CLOSE)
    visit.cookies.put(response, Cookie.SESSION, outcome.token)
    visit.cookies.drop(response, Cookie.NEXT)
    return response


def _refused(visit: Visit, refused: Refused) -> Response:
    if refused.reason in ENDED:
        return visit.again(refused, to="/sign-in")
    if refused.reason in WAITING:
        return visit.go(WAIT)
    if refused.reason is Reason.CLOSING_TWICE:
        return visit.again(refused, to=CLOSE)
    return visit.again(refused, to=CONFIRM)


async def keep(visit: Visit, desk: Desk) -> Response:
    """One press, no proof: it only takes away what would do harm."""
    refused = await closing.keep(visit.means, visit.caller, visit.the_session())
    if refused is None:
        return visit.tell(Told.ACCOUNT_KEPT, to="/")
    return visit.again(refused, to="/sign-in" if refused.reason in ENDED else "/")
