"""The ledger of texts and calls, and the word that lets a block of numbers begin anew."""

import asyncio
import re
from collections.abc import Iterator

from vestibule.bootstrap import build_house
from vestibule.domain.identifier import countries, region_of_prefix
from vestibule.flows import prefixes, spending
from vestibule.flows.spending import Line
from vestibule.flows.work import Caller, Work, work
from vestibule.settings import Settings

OPERATOR = Caller(source="", user_agent="vestibule deliver allow", request_id="", locale="en")
NOTHING = "Nothing was texted or called in that time."
_PREFIX = re.compile(r"\+[1-9][0-9]{2,10}")
_MILLIONTHS = 1_000_000


class CannotAllow(Exception):
    """Why nothing was changed; the text is one sentence."""


def spend(settings: Settings, days: int) -> str:
    """A table of the last so many days, the dearest route first, and the sum."""

    async def read() -> list[Line]:
        built = build_house(settings)
        try:
            return await spending.spent(built.means, days=days)
        finally:
            await built.close()

    return "\n".join(table(asyncio.run(read()))) or NOTHING


def table(lines: list[Line]) -> Iterator[str]:
    if not lines:
        return
    yield _row("country", "channel", "provider", "messages", "cost", "codes back", "each")
    for line in lines:
        route = line.route
        yield _row(
            route.country or "-", route.channel, route.provider, line.messages, *_figures(line)
        )
    messages, amount, back = (
        sum(getattr(line, name) for line in lines) for name in ("messages", "amount", "converted")
    )
    yield _row("all", "", "", messages, *_figures(Line(lines[0].route, messages, amount, back)))


def _figures(line: Line) -> tuple[str, int, str]:
    """Its cost, the codes that came back, and the cost of each of those."""
    each = _money(line.amount // line.converted) if line.converted else "-"
    return _money(line.amount), line.converted, each


def _money(millionths: int) -> str:
    return f"{millionths / _MILLIONTHS:.4f}"


def _row(*cells: object) -> str:
    widths = (8, 8, 12, 10, 14, 11, 10)
    return "".join(
        f"{cell!s:<{width}}" if place < 3 else f"{cell!s:>{width}}"
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()


def allow(settings: Settings, what: str) -> str:
    """Forget the figures of a prefix or a country; what was done, as a sentence."""
    text = re.sub(r"[\s().-]", "", what)
    is_country = text in {country.region for country in countries(None)}
    if not is_country and not _PREFIX.fullmatch(text):
        raise CannotAllow(
            "Write a number without its last four digits, such as +44740012, or a country such"
            " as GB."
        )

    async def unit(one: Work) -> bool:
        if is_country:
            return await prefixes.allow_country(one, text)
        return await prefixes.allow_prefix(one, text, region=region_of_prefix(text))

    async def run() -> bool:
        built = build_house(settings)
        try:
            return await work(built.means, OPERATOR, unit)
        finally:
            await built.close()

    if asyncio.run(run()):
        return "Its count begins anew: phones can be set up there again."
    return "Nothing was counted there in the last days, so nothing had stopped it."
