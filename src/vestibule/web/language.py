"""Choosing the language: by a button on every page, remembered by the browser and the account."""

from starlette.responses import Response

from vestibule.flows import languages
from vestibule.web.cookies import LANGUAGE_AGE, NOTICE_AGE, Cookie
from vestibule.web.desk import Desk
from vestibule.web.paths import HOME, safe_path
from vestibule.web.visit import NEWLY_CHOSEN, Visit


async def submit(visit: Visit, desk: Desk) -> Response:
    """Back to the page where the button was, in the language that was chosen."""
    response = visit.go(safe_path(visit.typed("return_to")) or HOME)
    tag = visit.means.policy.languages.offered(visit.typed("language"))
    if tag is None:
        return response
    account_id = languages.account_of(visit.session or visit.pending)
    if account_id is not None:
        await languages.choose(visit.means, visit.caller, account_id, tag)
    _remember(visit, response, tag, is_taken=account_id is not None)
    notice = visit.cookie(Cookie.NOTICE)
    if notice is not None:
        # A refusal stays, to be read in the new language.
        visit.cookies.put(response, Cookie.NOTICE, notice, age=NOTICE_AGE)
    return response


async def take_along(visit: Visit, response: Response, account_id: str) -> None:
    """Give the account of a sign-in what was chosen on the way to it, and not before that."""
    tag = visit.chosen_language
    if tag is not None and visit.is_newly_chosen:
        await languages.choose(visit.means, visit.caller, account_id, tag)
        _remember(visit, response, tag, is_taken=True)


def _remember(visit: Visit, response: Response, tag: str, *, is_taken: bool) -> None:
    value = tag if is_taken else tag + NEWLY_CHOSEN
    visit.cookies.put(response, Cookie.LANGUAGE, value, age=LANGUAGE_AGE)
