"""What every response carries: policy headers, no caching, a request id (WB-02, WB-03)."""

from contextlib import suppress

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vestibule.entropy import Entropy

REPORTS = "/csp-report"
"""Where browsers tell of a page that broke its content policy."""

_ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(),"
        " otp-credentials=(self), publickey-credentials-create=(self),"
        " publickey-credentials-get=(self)"
    ),
    # `no-referrer` would make browsers send `Origin: null`, which our own forms must not.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HSTS = "max-age=63072000; includeSubDomains; preload"
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " object-src 'none'; frame-ancestors 'none'; report-uri {reports}; report-to reports"
)
"""Reports under both names: `report-uri` is all that some browsers know (ASVS 3.4.7)."""


class SecurityHeaders:
    """Pure ASGI: names the request, draws the nonce, and completes the response's headers."""

    def __init__(self, app: ASGIApp, *, entropy: Entropy, is_https: bool) -> None:
        self._app = app
        self._entropy = entropy
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = self._entropy.id()
        state = scope.setdefault("state", {})
        state["nonce"] = nonce
        state["request_id"] = self._entropy.id()

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                if self._is_https:
                    headers["Strict-Transport-Security"] = _HSTS
                headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce, reports=REPORTS)
                headers["Reporting-Endpoints"] = f'reports="{REPORTS}"'
                headers.setdefault("Cache-Control", "no-store")
                headers["X-Request-Id"] = state["request_id"]
            await send(message)

        if _has_two_readings(scope):
            headers = {"Connection": "close"}
            await PlainTextResponse("Bad Request", 400, headers)(scope, receive, complete)
            return
        # Whoever goes away in the middle of a body reads no answer, and nothing of ours is broken.
        with suppress(ClientDisconnect):
            await self._app(scope, receive, complete)


def _has_two_readings(scope: Scope) -> bool:
    """Both a length and a transfer coding: what one proxy reads as a body another reads as the
    next request (RFC 9112 6.3 lets a server refuse that, and wants the connection closed).
    """
    names = {name for name, _ in scope["headers"]}
    return b"content-length" in names and b"transfer-encoding" in names
