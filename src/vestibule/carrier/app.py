"""The doors for carriers: a post is proven before anything of it is read, or it gets 403.

Receipts, the stages of calls, and texts that numbers sent to us.

No cookie, no session and no form of ours is known here. What a call says and what a receipt
changes is the flows' business.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from vestibule.carrier.speech import ncco, twiml
from vestibule.flows import calls
from vestibule.flows.calls import Calling, Said
from vestibule.flows.health import is_storage_down
from vestibule.flows.opt_outs import asked_by_text
from vestibule.flows.receipts import Callbacks, receive
from vestibule.observability.logging import log_failure

MOST_BYTES = 64 * 1024

Speech = Callable[[Said, str | None], Response]
SPEECH: dict[str, Speech] = {"twilio": twiml, "vonage": ncco}
"""Who fetches what a call says; any other carrier only sends receipts."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A proven post: what the path names, its headers and its body."""

    name: str
    headers: Mapping[str, str]
    body: bytes


Answer = Callable[[Posted], Awaitable[Response]]


def carrier_routes(calling: Calling, carriers: Sequence[Callbacks], origin: str) -> list[BaseRoute]:
    """The routes under `/carrier` of the carriers that have a secret. All are POST."""
    routes: list[BaseRoute] = []
    for carrier in carriers:
        base, name = f"/carrier/{carrier.name}", "{name:str}"
        routes.append(_route(f"{base}/receipts/{name}", carrier, _receipts(calling, carrier)))
        routes.append(_route(f"{base}/texts", carrier, _texts(calling, carrier)))
        speech = SPEECH.get(carrier.name)
        if speech is not None:
            keys = f"{origin}{base}/keys"
            routes.append(
                _route(f"{base}/calls/{name}", carrier, _picked_up(calling, speech, keys))
            )
            pressed = _pressed(calling, carrier, speech, keys)
            routes.append(_route(f"{base}/keys/{name}", carrier, pressed))
    return routes


def _route(path: str, carrier: Callbacks, answer: Answer) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            return await _proven(request, carrier, answer)
        except ClientDisconnect:
            raise
        except Exception as error:
            # The carrier sends it again; the log has the place, and nothing of the post.
            request_id = request.state.request_id
            log_failure("carrier_failed", error, carrier=carrier.name, request_id=request_id)
            return Response(status_code=503 if is_storage_down(error) else 500)

    return Route(path, endpoint, methods=["POST"])


async def _proven(request: Request, carrier: Callbacks, answer: Answer) -> Response:
    body = await _body(request)
    if body is None:
        return Response(status_code=413)
    if not carrier.is_genuine(_path(request), request.headers, body):
        return Response(status_code=403)
    name = request.path_params.get("name", "")
    return await answer(Posted(name, request.headers, body))


async def _body(request: Request) -> bytes | None:
    """All of it, or None past 64 kB."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return body


def _path(request: Request) -> str:
    """The path and query as they were asked for, before anything is decoded."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    path = raw.partition(b"?")[0] + (b"?" + query if query else b"")
    return path.decode("latin-1")


def _picked_up(calling: Calling, speech: Speech, keys: str) -> Answer:
    async def answer(posted: Posted) -> Response:
        said = await calls.answer(calling, posted.name)
        return speech(said, _next(said, keys))

    return answer


def _pressed(calling: Calling, carrier: Callbacks, speech: Speech, keys: str) -> Answer:
    async def answer(posted: Posted) -> Response:
        said = await calls.press(calling, posted.name, carrier.key(posted.body))
        return speech(said, _next(said, keys))

    return answer


def _next(said: Said, keys: str) -> str | None:
    return f"{keys}/{said.next_reference}" if said.next_reference else None


def _receipts(calling: Calling, carrier: Callbacks) -> Answer:
    async def answer(posted: Posted) -> Response:
        receipt = carrier.receipt(posted.body)
        if receipt is not None and "\0" not in posted.name:
            await receive(calling.means, carrier.name, posted.name, receipt)
        return Response(status_code=204)

    return answer


def _texts(calling: Calling, carrier: Callbacks) -> Answer:
    """Answered with a script that says nothing: whoever wants to reply is the carrier."""

    async def answer(posted: Posted) -> Response:
        text = carrier.text(posted.headers, posted.body)
        if text is not None:
            await asked_by_text(
                calling.means, text.e164, text.wish, text_id=(carrier.name, text.id)
            )
        if carrier.name == "twilio":
            return Response("<Response/>", media_type="application/xml")
        return Response(status_code=200)

    return answer
