"""Who somebody is here: the name, and the address with its change by a code."""

from starlette.responses import Response

from vestibule.domain.challenge import Challenge, Channel
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import address_change, codes, names
from vestibule.web.cookies import Cookie
from vestibule.web.desk import Desk
from vestibule.web.settings import SETTINGS, done
from vestibule.web.views import resend
from vestibule.web.visit import Told, Visit
from vestibule.web.wording import WAITING

ADDRESS = "/settings/address"
CODE = "/settings/address/code"


async def show_name(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(
        visit, "name.html", doors=2, name=visit.the_account().name, longest=names.NAME_LENGTH
    )


async def submit_name(visit: Visit, desk: Desk) -> Response:
    refused = await names.rename(
        visit.means, visit.caller, visit.the_session(), name=visit.typed("name")
    )
    if refused is not None and refused.reason is Reason.SIGN_IN_EXPIRED:
        return visit.again(refused, to=SETTINGS)
    return done(visit, refused, keep=("name",))


async def show_address(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(visit, "address.html", doors=2, email=visit.the_account().email)


async def submit_address(visit: Visit, desk: Desk) -> Response:
    sent = await address_change.start(
        visit.means, visit.caller, visit.the_session(), email=visit.typed("email")
    )
    return after_asking(visit, sent, asking=ADDRESS)


async def show_code(visit: Visit, desk: Desk) -> Response:
    view = await address_change.view(visit.means, visit.caller, visit.the_session())
    if view is None:
        return visit.go(ADDRESS)
    return code_page(visit, desk, view.challenge, email=view.email, asking=ADDRESS)


async def send_code(visit: Visit, desk: Desk) -> Response:
    sent = await address_change.resend(visit.means, visit.caller, visit.the_session())
    return after_resend(visit, sent, asking=ADDRESS)


async def submit_code(visit: Visit, desk: Desk) -> Response:
    outcome = await address_change.verify(
        visit.means, visit.caller, visit.the_session(), typed=visit.typed("code")
    )
    if not isinstance(outcome, Refused):
        response = visit.tell(Told.ADDRESS_CHANGED, to=SETTINGS)
        visit.cookies.put(response, Cookie.SESSION, outcome.token)
        return response
    if outcome.reason is Reason.TOO_MANY_WRONG_CODES:
        outcome = Refused(Reason.CODE_SPENT_BY_TRIES, "code")
    is_over = outcome.reason in {Reason.ADDRESS_TAKEN_MEANWHILE, Reason.CODE_NOT_SENT}
    return back(visit, outcome, to=ADDRESS if is_over else CODE)


def back(visit: Visit, refused: Refused, *, to: str, keep: tuple[str, ...] = ()) -> Response:
    """Back to the page that helps, or to what has to be proven or waited for first."""
    if refused.reason is Reason.SIGN_IN_EXPIRED:
        return visit.again(refused, to="/sign-in")
    helped = {Reason.STEP_UP_NEEDED} | WAITING
    return (
        done(visit, refused) if refused.reason in helped else visit.again(refused, to=to, keep=keep)
    )


# --- an address that a code was asked for: the account's own, or the second one -----------------


def after_asking(visit: Visit, sent: codes.Sent | Refused, *, asking: str) -> Response:
    """On to the page of the code, or back to the page that asks for the address."""
    if isinstance(sent, codes.Sent):
        return visit.go(f"{asking}/code")
    # The same address asked for again: its code is out already, so go and enter it.
    if sent.reason is Reason.SEND_TOO_SOON:
        return visit.again(sent, to=f"{asking}/code")
    if sent.field is None and sent.reason in {Reason.SENDS_USED_UP, Reason.SEND_BUDGET_SPENT}:
        sent = Refused(sent.reason, "email", sent.details)
    return back(visit, sent, to=asking, keep=("email",))


def code_page(visit: Visit, desk: Desk, live: Challenge, *, email: str, asking: str) -> Response:
    """The page of the code that was mailed to the address, which it shows whole, as it was typed
    a moment ago: a slip is seen here or never."""
    return desk.pages.page(
        visit,
        "address_code.html",
        doors=2,
        email=email,
        asking=asking,
        digits=live.digits,
        number=live.number,
        sent_at=desk.translate.clock_time(live.last_sent_at or live.issued_at),
        resend=resend(
            live,
            action=f"{asking}/send",
            channel=Channel.EMAIL,
            visit=visit,
            _=desk.translate,
        ),
    )


def after_resend(visit: Visit, sent: codes.Sent | Refused, *, asking: str) -> Response:
    """To the page of the code, or to the one that asks for the address where no code is out."""
    if isinstance(sent, codes.Sent):
        return visit.go(f"{asking}/code")
    is_over = sent.reason is Reason.SET_UP_EXPIRED
    return back(visit, sent, to=asking if is_over else f"{asking}/code")
