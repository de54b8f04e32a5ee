"""The second address for notices: set by a code that is sent there, changed, and removed."""

from starlette.responses import Response

from vestibule.domain.challenge import Channel
from vestibule.domain.identifier import mask_email
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import codes, notice_address_change
from vestibule.web.desk import Desk
from vestibule.web.details import back
from vestibule.web.settings import NOTICE_ADDRESS, SETTINGS
from vestibule.web.views import resend
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
    if isinstance(sent, codes.Sent):
        return visit.go(CODE)
    # The same address asked for again: its code is out already, so go and enter it.
    if sent.reason is Reason.SEND_TOO_SOON:
        return visit.again(sent, to=CODE)
    if sent.field is None and sent.reason in {Reason.SENDS_USED_UP, Reason.SEND_BUDGET_SPENT}:
        sent = Refused(sent.reason, "email", sent.details)
    return back(visit, sent, to=NOTICE_ADDRESS, keep=("email",))


async def show_code(visit: Visit, desk: Desk) -> Response:
    view = await notice_address_change.view(visit.means, visit.caller, visit.the_session())
    live = view.challenge
    if live is None or view.asked is None:
        return visit.go(NOTICE_ADDRESS)
    return desk.pages.page(
        visit,
        "address_code.html",
        doors=2,
        # Whole, as it was typed a moment ago: a slip is seen here or never.
        email=view.asked.address,
        asking=NOTICE_ADDRESS,
        digits=live.digits,
        number=live.number,
        sent_at=desk.translate.clock_time(live.last_sent_at or live.issued_at),
        resend=resend(
            live,
            action=f"{NOTICE_ADDRESS}/send",
            channel=Channel.EMAIL,
            visit=visit,
            _=desk.translate,
        ),
    )


async def send_code(visit: Visit, desk: Desk) -> Response:
    sent = await notice_address_change.resend(visit.means, visit.caller, visit.the_session())
    if isinstance(sent, codes.Sent):
        return visit.go(CODE)
    return back(visit, sent, to=NOTICE_ADDRESS if sent.reason is Reason.SET_UP_EXPIRED else CODE)


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
