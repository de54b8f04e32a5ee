"""The second address for notices: set by a code that is sent there, changed, and removed."""

from starlette.responses import Response

from vestibule.domain.identifier import mask_email
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import notice_address_change
from vestibule.web.desk import Desk
from vestibule.web.details import after_asking, after_resend, back, code_page
from vestibule.web.settings import NOTICE_ADDRESS, SETTINGS
from vestibule.web.visit import Told, Visit

CODE = f"{NOTICE_ADDRESS}/code"


async def show(visit: Visit, desk: Desk) -> Response:
    view = await notice_address_change.view(visit.means, visit.caller, visit.the_session())
    present = mask_email(view.standing) if view.standing else None
    return desk.pages.page(visit, "notice_address.html", doors=2, present=present)


async def submit(visit: Visit, desk: Desk) -> Response:
    sent = await notice_address_change.start(
        visit.means, visit.caller, visit.the_session(), email=visit.typed("email")
    )
    return after_asking(visit, sent, asking=NOTICE_ADDRESS)


async def show_code(visit: Visit, desk: Desk) -> Response:
    view = await notice_address_change.view(visit.means, visit.caller, visit.the_session())
    live = view.challenge
    if live is None or view.asked is None:
        return visit.go(NOTICE_ADDRESS)
    return code_page(visit, desk, live, email=view.asked.address, asking=NOTICE_ADDRESS)


async def send_code(visit: Visit, desk: Desk) -> Response:
    sent = await notice_address_change.resend(visit.means, visit.caller, visit.the_session())
    return after_resend(visit, sent, asking=NOTICE_ADDRESS)


async def submit_code(visit: Visit, desk: Desk) -> Response:
    refused = await notice_address_change.verify(
        visit.means, visit.caller, visit.the_session(), typed=visit.typed("code")
    )
    if refused is None:
        return visit.tell(Told.NOTICE_ADDRESS_SET, to=SETTINGS)
    if refused.reason is Reason.TOO_MANY_WRONG_CODES:
        refused = Refused(Reason.CODE_SPENT_BY_TRIES, "code")
    is_over = refused.field == "email" or refused.reason is Reason.CODE_NOT_SENT
    return back(visit, refused, to=NOTICE_ADDRESS if is_over else CODE)


async def show_remove(visit: Visit, desk: Desk) -> Response:
    view = await notice_address_change.view(visit.means, visit.caller, visit.the_session())
    if view.standing is None:
        return visit.go(SETTINGS)
    return desk.pages.page(
        visit, "notice_address_remove.html", doors=2, present=mask_email(view.standing)
    )


async def submit_remove(visit: Visit, desk: Desk) -> Response:
    refused = await notice_address_change.remove(visit.means, visit.caller, visit.the_session())
    if refused is None:
        return visit.tell(Told.NOTICE_ADDRESS_REMOVED, to=SETTINGS)
    if refused.reason is Reason.METHOD_UNKNOWN:
        # Another tab was first: it is gone, which is what was asked for.
        return visit.go(SETTINGS)
    return back(visit, refused, to=SETTINGS)
