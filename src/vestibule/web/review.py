"""“Still yours?”: the page between the second door and the dashboard, after an upset (R12)."""

from dataclasses import dataclass

from starlette.responses import Response

from vestibule.domain.identifier import mask_email
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import review
from vestibule.web.cookies import Cookie
from vestibule.web.desk import Desk
from vestibule.web.paths import HOME, safe_path
from vestibule.web.sessions import browser_name
from vestibule.web.times import day, moment
from vestibule.web.visit import Told, Visit

PAGE = "/review"


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    label: str
    since: str
    is_this: bool
    is_doubtful: bool


async def show(visit: Visit, desk: Desk) -> Response:
    view = await review.view(visit.means, visit.caller, visit.the_session())
    if isinstance(view, Refused):
        return visit.go(HOME)
    _ = desk.translate
    return desk.pages.page(
        visit,
        "review.html",
        doors=2,
        email=view.email,
        address_id=review.ADDRESS if view.address_act_id else None,
        notice_address=mask_email(view.notice_address) if view.notice_address else None,
        notice_address_id=review.NOTICE_ADDRESS if view.notice_address_act_id else None,
        methods=[
            Item(
                one.id,
                one.number.masked if one.number else one.name,
                day(one.created_at, _),
                False,
                one.act_id is not None,
            )
            for one in view.methods
        ],
        browsers=[
            Item(
                one.id,
                browser_name(one.user_agent, _),
                moment(one.known_at, _),
                one.is_this,
                one.act_id is not None,
            )
            for one in view.browsers
        ],
        older_browsers=view.older_browsers,
        counts_for_account=view.counts_for_account,
    )


async def submit(visit: Visit, desk: Desk) -> Response:
    """Yes opens the dashboard, or the page first asked for; *Not mine* ends everything here."""
    session = visit.the_session()
    item_id = visit.typed("not_mine")
    if not item_id:
        refused = await review.confirm(visit.means, visit.caller, session)
        if refused is not None and refused.reason is not Reason.REVIEW_OVER:
            return visit.again(refused)
        response = visit.go(safe_path(visit.cookie(Cookie.NEXT)) or HOME)
        visit.cookies.drop(response, Cookie.NEXT)
        return response
    effect = await review.disown(visit.means, visit.caller, session, item_id=item_id)
    if isinstance(effect, Refused):
        return visit.again(effect)
    response = visit.tell(Told.NOT_ME_SECURED, to="/not-me/done")
    visit.cookies.drop(response, Cookie.SESSION)
    return response
