"""`/metrics`, for whoever shows the operator's token; without a token there is no such address.

No door of the house: nobody is looked up, and no cookie is read or set.
"""

import hmac
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vestibule.flows.health import is_storage_down
from vestibule.flows.metrics import gather
from vestibule.flows.work import Means
from vestibule.observability.metrics import CONTENT_TYPE, Gauges

PATH = "/metrics"


@dataclass(frozen=True, slots=True)
class Meter:
    """What the page needs, where the operator has set a token."""

    token: str = field(repr=False)
    gauges: Gauges


def metrics_route(meter: Meter, means: Means) -> Route:
    expected = f"Bearer {meter.token}".encode()

    async def endpoint(request: Request) -> Response:
        shown = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(shown, expected):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        try:
            text = meter.gauges.render(await gather(means))
        except Exception as error:
            if not is_storage_down(error):
                raise
            return Response("The database does not answer.\n", 503, media_type="text/plain")
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        return Response(text, headers=headers)

    return Route(PATH, endpoint, methods=["GET"])
