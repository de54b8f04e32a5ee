"""The web application: each door behind its guard, errors as pages, static files.

The order of a request: who is here, does the form come from our page, may this door open,
and only then the handler.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Lifespan, Receive, Scope, Send

from vestibule.domain.event import EventName
from vestibule.domain.journal import JournalBroken
from vestibule.flows.journal_verify import alarm_of
from vestibule.flows.refusals import note_refusal
from vestibule.flows.work import Means, Work, work
from vestibule.web import csrf
from vestibule.web.beat import BEAT, on_the_beat
from vestibule.web.cookies import Cookie, Cookies
from vestibule.web.desk import Desk
from vestibule.web.doors import DOORS, Door
from vestibule.web.forms import FormRefused, read_form
from vestibule.web.guard import INSIDE, elsewhere
from vestibule.web.headers import SecurityHeaders
from vestibule.web.lines import line_of
from vestibule.web.metrics import Meter, metrics_route
from vestibule.web.paths import safe_path
from vestibule.web.policy_reports import reports_route
from vestibule.web.problems import problem, words_of
from vestibule.web.render import Pages, version_of
from vestibule.web.source import Sources
from vestibule.web.turns import Turns
from vestibule.web.visit import Visit, look_up, meet


@dataclass(frozen=True, slots=True)
class Front:
    """What the web needs besides the flows' means."""

    means: Means
    pages: Pages
    cookies: Cookies
    sources: Sources
    public_origin: str
    accent: str
    logo: Path | None
    meter: Meter | None = None
    turns: Turns = field(default_factory=Turns)
    beat: float = BEAT
    """Seconds; see `Door.is_on_the_beat`."""


def build(
    front: Front,
    *,
    more_routes: Sequence[BaseRoute] = (),
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """The application, with routes of other rooms (the simulator) beside its own."""
    app = Starlette(
        routes=[
            *(_route(front, door) for door in DOORS),
            Route("/brand.css", _brand(front)),
            *([Route("/logo", _logo(front.logo))] if front.logo else []),
            reports_route(front.means, front.sources),
            *([metrics_route(front.meter, front.means)] if front.meter else []),
            Mount("/static", Static(packages=[("vestibule.web", "static")])),
            *more_routes,
        ],
        middleware=[
            Middleware(
                SecurityHeaders,
                entropy=front.means.entropy,
                is_https=front.cookies.is_https,
            )
        ],
        exception_handlers={HTTPException: _no_such_door(front)},
        lifespan=lifespan,
    )
    # `/sign-in/` would be sent on to an address made from the Host header, by plain http
    # behind a proxy, and 307 would take the password along (EM-03).
    app.router.redirect_slashes = False
    return app


def _route(front: Front, door: Door) -> Route:
    async def endpoint(request: Request) -> Response:
        visit = _meet(front, request)
        try:
            if door.knows_visitor:
                await look_up(visit)
            return await _answer(front, door, visit)
        except ClientDisconnect:
            raise
        except Exception as error:
            # The one place that catches everything: a visitor gets a page, the log the place.
            if isinstance(error, JournalBroken):
                await alarm_of(front.means, visit.caller, error)
            return problem(front.pages, visit, error)

    methods = [name for name, handler in (("GET", door.get), ("POST", door.post)) if handler]
    return Route(door.path, endpoint, methods=methods)


def _meet(front: Front, request: Request) -> Visit:
    return meet(request, front.means, front.cookies, front.sources)


def _no_such_door(front: Front):  # type: ignore[no-untyped-def]  # Starlette's own signature
    async def handle(request: Request, error: Exception) -> Response:
        return problem(front.pages, _meet(front, request), error)

    return handle


async def _answer(front: Front, door: Door, visit: Visit) -> Response:
    if any("\0" in str(part) for part in visit.request.path_params.values()):
        # PostgreSQL has no text with NUL; nothing of ours is named so.
        raise HTTPException(404)
    is_post = visit.request.method == "POST"
    if is_post:
        refusal = await _refuse_form(front, door, visit)
        if refusal is not None:
            return refusal
        visit.read_time_zone()
    step = elsewhere(visit, door.needs)
    if step is not None:
        return await _send_elsewhere(visit, door, step)
    handler = door.post if is_post else door.get
    if handler is None:
        raise HTTPException(405)
    if not is_post:
        visit.read_notice()
    # What pages poll by themselves is no activity.
    if door.needs in INSIDE and not door.path.endswith("/delivery"):
        await visit.note_presence()
    beat = front.beat if is_post and door.is_on_the_beat else 0
    # Not before the form is here: whoever sends it slowly must not hold a place meanwhile.
    async with on_the_beat(beat), front.turns.of(await line_of(visit, door)):
        response = await handler(visit, Desk(front.pages, front.pages.words(visit)))
    if is_post and visit.cookie(Cookie.NOTICE) and not _sets(response, visit, Cookie.NOTICE):
        visit.cookies.drop(response, Cookie.NOTICE)
    return response


async def _refuse_form(front: Front, door: Door, visit: Visit) -> Response | None:
    """WB-01: the browser's word on the origin, and the token of our own page."""
    try:
        visit.form = await read_form(visit.request)
    except FormRefused as fault:
        raise HTTPException(fault.status) from fault
    session_id = visit.session.id if visit.session else ""
    subjects = {session_id} if door.needs in INSIDE else {session_id, ""}
    if visit.idle_session is not None:
        # It opens nothing before its password, which is what the guard will ask for.
        subjects.add(visit.idle_session.id)
    token, visit_token = visit.typed("csrf"), visit.cookie(Cookie.VISIT)
    is_ours = csrf.is_same_origin(visit.request.headers, front.public_origin) and any(
        csrf.is_ours(visit.means.keyring, token, visit=visit_token, session_id=one)
        for one in subjects
    )
    if is_ours:
        return None
    await _note(visit, EventName.CSRF_REFUSED, door)
    return front.pages.page(
        visit,
        "problem.html",
        doors=2 if visit.session else 0,
        status=403,
        **words_of(403, front.pages.words(visit)),
        link_url=door.path if door.get and "{" not in door.path else "/",
    )


async def _send_elsewhere(visit: Visit, door: Door, step: str) -> Response:
    """To the step that comes first, remembering the page that was asked for."""
    if visit.request.method == "POST":
        await _note(visit, EventName.SEQUENCE_REFUSED, door)
    response = visit.go(step)
    if visit.request.method == "GET" and door.needs in INSIDE and door.path != "/":
        asked = visit.path
        if visit.request.query_params:
            asked += "?" + urlencode(list(visit.request.query_params.multi_items()))
        if safe_path(asked) and not asked.endswith("/delivery"):
            visit.cookies.put(response, Cookie.NEXT, asked)
    return response


async def _note(visit: Visit, name: EventName, door: Door) -> None:
    async def unit(one: Work) -> None:
        account_id = visit.account.id if visit.account else None
        await note_refusal(one, name, account_id=account_id, door=door.path)

    await work(visit.means, visit.caller, unit)


def _sets(response: Response, visit: Visit, cookie: Cookie) -> bool:
    name = visit.cookies.name(cookie).encode() + b"="
    return any(
        key == b"set-cookie" and value.startswith(name) for key, value in response.raw_headers
    )


# --- files ----------------------------------------------------------------------------------


LONGEST_NAME = 200


class Static(StaticFiles):
    """Our own files: their address carries a digest, so browsers keep them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whole, whatever part is asked for: a hundred parts cost sixteen times as much (WB-07)."""
        headers = [one for one in scope["headers"] if one[0] != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Nothing under a name that is longer than any of ours: each part of it would be asked
        of the file system (WB-07)."""
        return super().lookup_path(path) if len(path) <= LONGEST_NAME else ("", None)

    def file_response(self, *args, **kwargs) -> Response:  # type: ignore[no-untyped-def]  # as its base
        """To be kept for a year under the digest of its content, and under no other name: whoever
        asks for tomorrow's digest today must not leave today's file in a cache under it."""
        response, (path, _, scope) = super().file_response(*args, **kwargs), args[:3]
        is_its_own = scope["query_string"] == f"v={version_of(Path(path))}".encode()
        kept = "public, max-age=31536000, immutable" if is_its_own else "no-cache"
        response.headers["Cache-Control"] = kept
        response.headers["Accept-Ranges"] = "none"
        return response


def _brand(front: Front):  # type: ignore[no-untyped-def]  # an endpoint
    sheet = (
        f":root {{ --accent: {front.accent}; --accent-ink: #FFFFFF; }}\n"
        "@media (prefers-color-scheme: dark) { :root {"
        f" --accent: {lightened(front.accent)}; --accent-ink: #0F211C; }} }}\n"
    )

    async def endpoint(request: Request) -> Response:
        return Response(
            sheet, media_type="text/css", headers={"Cache-Control": "public, max-age=300"}
        )

    return endpoint


def lightened(colour: str) -> str:
    """The operator's `#RRGGBB` for dark pages: more than half white, so that it stands out."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(0.45 * part + 0.55 * 255):02X}" for part in parts)


def _logo(path: Path):  # type: ignore[no-untyped-def]  # an endpoint
    content = path.read_bytes()
    kind = "image/svg+xml" if path.suffix.lower() == ".svg" else "image/png"

    async def endpoint(request: Request) -> Response:
        return Response(content, media_type=kind, headers={"Cache-Control": "public, max-age=300"})

    return endpoint
