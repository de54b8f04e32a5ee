"""`/csp-report`, where browsers post that a page broke its content policy (ASVS 3.4.7).

No door of the house: browsers post here without a form, so there is no token to ask for; nobody
is looked up, no cookie is read or set, and nothing of an account can change.
"""

import json
import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vestibule.flows import policy_reports
from vestibule.flows.health import is_storage_down
from vestibule.flows.work import Caller, Means
from vestibule.web.headers import REPORTS
from vestibule.web.source import Sources

MOST_BYTES = 64 * 1024
MOST_REPORTS = 10
"""Of one post; a browser gathers several."""
KINDS = {"application/csp-report", "application/reports+json", "application/json"}
DIRECTIVES = {
    *("base-uri", "connect-src", "default-src", "font-src", "form-action", "frame-ancestors"),
    *("frame-src", "img-src", "manifest-src", "media-src", "object-src", "script-src"),
    *("script-src-attr", "script-src-elem", "style-src", "style-src-attr", "style-src-elem"),
    "worker-src",
}
NOT_HOSTS = {"blob", "data", "eval", "filesystem", "inline", "self", "wasm-eval"}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
OTHER = "other"


def reports_route(means: Means, sources: Sources) -> Route:
    """The address and its answer: 204 when written down, 429 when one source tells too much."""

    async def endpoint(request: Request) -> Response:
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind not in KINDS:
            return Response(status_code=415)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return Response(status_code=413)
        found = read(body)
        if not found:
            return Response(status_code=400)
        try:
            return await _note(means, _caller(request, sources), found)
        except Exception as error:
            if not is_storage_down(error):
                raise
            return Response(status_code=503)

    return Route(REPORTS, endpoint, methods=["POST"])


async def _note(means: Means, caller: Caller, found: list[tuple[str, str]]) -> Response:
    for directive, blocked in found:
        if not await policy_reports.note(means, caller, directive=directive, blocked=blocked):
            return Response(status_code=429)
    return Response(status_code=204)


def _caller(request: Request, sources: Sources) -> Caller:
    return Caller(
        source=sources.of(request),
        user_agent="",
        request_id=request.state.request_id,
        locale="en",
    )


def read(body: bytes) -> list[tuple[str, str]]:
    """Directive and blocked host of each report, in the old form or the new; nothing else of it.

    What is not one of the words or a host name becomes `other`: a report is a stranger's text.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if isinstance(told, dict):
        told = [{"type": "csp-violation", "body": told.get("csp-report")}]
    if not isinstance(told, list):
        return []
    bodies = [
        one.get("body")
        for one in told[:MOST_REPORTS]
        if isinstance(one, dict) and one.get("type") == "csp-violation"
    ]
    return [_facts(one) for one in bodies if isinstance(one, dict)]


def _facts(body: dict[str, object]) -> tuple[str, str]:
    said = body.get("effectiveDirective") or body.get("effective-directive")
    said = said or body.get("violated-directive")
    directive = str(said).split(" ")[0]
    blocked = body.get("blockedURL") or body.get("blocked-uri") or ""
    return directive if directive in DIRECTIVES else OTHER, _host_of(str(blocked)[:2048])


def _host_of(blocked: str) -> str:
    if blocked in NOT_HOSTS:
        return blocked
    try:
        host = (urlsplit(blocked).hostname or "").lower()
    except ValueError:
        return OTHER
    return host if _HOST.fullmatch(host) else OTHER
