"""Pages for what does not work: a sentence, a way on, and nothing about the inside.

Such a page looks nobody up, so that it can be shown when nothing else works.
"""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from vestibule.flows.health import is_storage_down
from vestibule.flows.passwords import Busy
from vestibule.observability.logging import log_failure
from vestibule.web.render import Pages
from vestibule.web.visit import Visit
from vestibule.web.wording import N_, Words

RETRY_AFTER = "2"

_PROBLEMS = {
    400: (N_("That did not arrive whole"), N_("Go back, reload the page and try again.")),
    403: (N_("This page was out of date"), N_("Nothing was changed. Go on from a fresh page.")),
    404: (N_("There is no page here"), N_("The address may be mistyped or old.")),
    405: (N_("That does not work here"), N_("Go back and use the buttons of the page.")),
    413: (N_("That was too much"), N_("Go back and send less.")),
    415: (N_("That did not arrive whole"), N_("Go back, reload the page and try again.")),
    500: (
        N_("Something broke on our side"),
        N_("Try again. If it happens twice, tell support what you did."),
    ),
    503: (
        N_("We are very busy, or our records cannot be reached"),
        N_("Wait a moment and try again. Nothing was changed."),
    ),
}


def problem(pages: Pages, visit: Visit, error: Exception) -> Response:
    """The page for an error; what is no refusal of HTTP's own is logged, without its values."""
    status = _status(error)
    if status >= 500 and not isinstance(error, Busy):
        log_failure("request_failed", error, request_id=visit.caller.request_id)
    visit.session = visit.pending = visit.account = None
    response = pages.page(
        visit,
        "problem.html",
        doors=0,
        status=status,
        **words_of(status, pages.words(visit)),
        link_url="/",
    )
    if status == 503:
        response.headers["Retry-After"] = RETRY_AFTER
    return response


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    return 503 if isinstance(error, Busy) or is_storage_down(error) else 500


def words_of(status: int, translate: Words) -> dict[str, str]:
    """The title and text of a status, and the words of the link that leads on."""
    title, text = _PROBLEMS.get(status, _PROBLEMS[500])
    return {
        "title": translate(title),
        "text": translate(text),
        "link_text": translate("Continue"),
    }
