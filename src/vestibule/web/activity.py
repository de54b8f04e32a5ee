"""Security activity: what happened to one's own account, and the copy that proves it."""

from dataclasses import dataclass

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from vestibule.flows import history
from vestibule.web.activity_wording import method_said, said
from vestibule.web.desk import Desk
from vestibule.web.sessions import browser_name
from vestibule.web.times import moment
from vestibule.web.visit import Visit


@dataclass(frozen=True, slots=True)
class EntryView:
    what: str
    how: str | None
    when: Markup
    browser: str
    place: str
    failed: bool


async def show(visit: Visit, desk: Desk) -> Response:
    before = visit.request.query_params.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) <= 18):
        raise HTTPException(404)
    seen = await history.view(
        visit.means,
        visit.caller,
        visit.the_session(),
        before=int(before) if before else history.NEWEST,
    )
    return desk.pages.page(
        visit,
        "activity.html",
        doors=2,
        entries=[
            EntryView(
                what=said(one.name, one.details, desk.translate),
                how=method_said(one.method, desk.translate),
                when=moment(one.at, desk.translate),
                browser=browser_name(one.user_agent, desk.translate),
                place=one.source,
                failed=one.has_failed,
            )
            for one in seen.entries
        ],
        older=seen.older,
        is_first=before is None,
    )


async def download(visit: Visit, desk: Desk) -> Response:
    """The last 90 days as a file of lines that anybody can check with the published key."""
    lines = await history.copy(visit.means, visit.caller, visit.the_session())
    name = f"security-activity-{visit.now:%Y-%m-%d}.jsonl"
    return StreamingResponse(
        lines,
        media_type="application/jsonl",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def show_keys(visit: Visit, desk: Desk) -> Response:
    """The public keys of copies, for everybody."""
    return JSONResponse(
        history.public_keys(visit.means), headers={"Cache-Control": "public, max-age=3600"}
    )
