"""Times on pages: said in the reader's zone, with the moment in UTC beside it for machines."""

from datetime import UTC, datetime

from markupsafe import Markup

from vestibule.domain import language
from vestibule.web.wording import Words


def moment(at: datetime, words: Words) -> Markup:
    """A day with its time and zone."""
    return _element(at, words.moment(at))


def day(at: datetime, words: Words) -> Markup:
    """The day that it was where the reader is."""
    return _element(at, words.day(at))


def day_on_paper(at: datetime, words: Words) -> str:
    """The day that stands on a printed recovery code, in UTC wherever it is read.

    Paper keeps it, so that a page must not say another one after a journey.
    """
    return language.day(at, words.tag)


def _element(at: datetime, said: str) -> Markup:
    exact = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{}</time>').format(exact, said)
