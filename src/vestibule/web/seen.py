"""What the browser says of why it asks: whether a person sees the answer, or is there at all.

A neighbouring host's frames, pictures and pages fetched ahead bring our cookies along (SE-02 keeps
only other sites' away). A browser that says nothing of all that is believed.
"""

from starlette.datastructures import Headers
from starlette.requests import Request

_FETCHED_AHEAD = ("sec-purpose", "purpose", "x-moz")


def is_seen(request: Request) -> bool:
    """Whether this is a page of its own that our form, or the person's own hand, leads to (R7)."""
    headers = request.headers
    return (
        request.method != "HEAD"
        and headers.get("sec-fetch-dest", "document") == "document"
        and _is_from_here(headers)
        and not _is_fetched_ahead(headers)
    )


def is_persons_doing(request: Request) -> bool:
    """Whether no page of another origin asked by itself, without its reader's click (SE-03)."""
    headers = request.headers
    is_clicked = headers.get("sec-fetch-user") == "?1"
    return (is_clicked or _is_from_here(headers)) and not _is_fetched_ahead(headers)


def _is_from_here(headers: Headers) -> bool:
    return headers.get("sec-fetch-site", "none") in {"same-origin", "none"}


def _is_fetched_ahead(headers: Headers) -> bool:
    return any("prefetch" in headers.get(name, "") for name in _FETCHED_AHEAD)
