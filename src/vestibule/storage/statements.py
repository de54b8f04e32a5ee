"""Turns SQL with `:name` parameters into each driver's form, and values into columns and back.

Knows where a colon is not a parameter: casts (`::`), literals, quoted names, comments. Must not
run a statement.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from vestibule.storage.transaction import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TOKEN = re.compile(
    r"""
      (?P<kept> (?<!\w)[eE]'(?:[^'\\]|\\.|'')*'      # PostgreSQL escape string
        | '(?:[^']|'')*'                             # string, also the quoted part of x'00'
        | "(?:[^"]|"")*"                             # quoted name
        | --[^\n]*
        | /\*(?:(?!/\*).)*?\*/                       # comment; nested ones differ by dialect
        | (?<!\w)\$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$
        | ::
      )
    | :(?P<name>[A-Za-z_]\w*)
    | (?P<refused> ' | " | /\* | \? | \$\w* | ; (?!\s*\Z) | : )
    """,
    re.VERBOSE | re.DOTALL,
)

_VERB = re.compile(
    r"(?>\s+|--[^\n]*\n|/\*.*?\*/)*+(?:SELECT|INSERT|UPDATE|DELETE|WITH|VALUES)\b",
    re.IGNORECASE | re.DOTALL,
)
# They outlive the transaction on a pooled connection that is never reset.
_SESSION_STATE = re.compile(r"\b(?:set_config|pg_(?:try_)?advisory_(?:un)?lock\w*)\s*\(", re.I)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL as one driver wants it: `text`, and the parameter name behind each placeholder."""

    text: str
    names: tuple[str, ...]
    known: frozenset[str]

    def arguments(self, params: Mapping[str, object]) -> list[object]:
        """The values in placeholder order; `TypeError` unless the names match exactly."""
        if params.keys() != self.known:
            missing = sorted(self.known - params.keys())
            unknown = sorted(params.keys() - self.known)
            raise TypeError(f"parameters missing: {missing}, unknown: {unknown}")
        return [_to_column(params[name]) for name in self.names]


@lru_cache(maxsize=2048)
def prepare(sql: str, dialect: Dialect) -> Statement:
    """The statement for a dialect: `$1` once per name on PostgreSQL, `?` per use on SQLite.

    `ValueError` for what cannot mean the same on both: bare placeholders, several statements,
    unterminated literals, nested comments; and for what a transaction may not run: anything but
    reading and writing rows, and whatever changes the state of a session.
    """
    if not _VERB.match(sql) or _SESSION_STATE.search(sql):
        raise ValueError(f"a transaction reads and writes rows, nothing else: {sql}")
    names: list[str] = []

    def placeholder(match: re.Match[str]) -> str:
        if match["refused"] is not None:
            raise ValueError(f"unexpected {match['refused']!r} at {match.start()} in: {sql}")
        name = match["name"]
        if name is None:
            return match[0]
        if dialect == "sqlite":
            names.append(name)
            return "?"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    text = _TOKEN.sub(placeholder, sql)
    return Statement(text, tuple(names), frozenset(names))


def _to_column(value: object) -> object:
    if isinstance(value, datetime):
        return to_microseconds(value)
    return value


def to_microseconds(at: datetime) -> int:
    """Microseconds since 1970 UTC; `ValueError` for a datetime without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_microseconds(microseconds: int) -> datetime:
    """The aware UTC datetime that `to_microseconds` counted."""
    return EPOCH + timedelta(microseconds=microseconds)


Converter = Callable[[Sequence[object]], dict[str, object]]


@lru_cache(maxsize=2048)
def row_converter(columns: tuple[str, ...]) -> Converter:
    """A function from one driver row to a dict with times and truths as Python knows them."""
    times = tuple(c for c in columns if c.endswith("_at"))
    truths = tuple(c for c in columns if c.startswith("is_") and not c.endswith("_at"))

    def convert(values: Sequence[object]) -> dict[str, object]:
        row = dict(zip(columns, values, strict=True))
        for column in times:
            if isinstance(value := row[column], int):
                row[column] = from_microseconds(value)
        for column in truths:
            if isinstance(value := row[column], int):
                row[column] = bool(value)
        return row

    return convert
