"""Texts in the letters of GSM 03.38: what can be written so, how long it is, in which language.

What a text says is not known here.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from gettext import NullTranslations

from vestibule.delivery.envelope import Envelope
from vestibule.domain.language import ENGLISH

ONE_TEXT = 160
_SINGLE = frozenset(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLE = frozenset("^{}\\[~]|€")
_LIKE = {
    "‘": "'", "’": "'", "\u201a": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "\u2011": "-", "…": "...", "·": "-", "œ": "oe", "Œ": "OE", "ẞ": "SS",
}  # fmt: skip
"""What stands for marks and letters that have neither a place there nor a bare letter."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it goes out, and the language that it is in."""

    text: str
    locale: str


Write = Callable[[NullTranslations, str], tuple[str, ...]]
"""Wordings of one text, the fullest first, from the words of a language and a product's name."""


def one_text(envelope: Envelope, product: str, write: Write, end: str = "") -> Text:
    """The fullest wording that is one text with its end, in GSM-7.

    In English where the letters of the person's language have no place there (decision 0018).
    """
    words, locale = envelope.words, envelope.locale
    # Without the name: one in foreign letters takes nobody's language away.
    if not all(map(is_gsm, write(words, ""))):
        words, locale = NullTranslations(), ENGLISH
    said = [to_gsm(wording) + end for wording in write(words, to_gsm(product))]
    return Text(next((text for text in said if septets(text) <= ONE_TEXT), said[-1]), locale)


def to_gsm(text: str) -> str:
    """The text in GSM 03.38: accents it lacks go, and what has no such letter becomes "?"."""
    return "".join(_written(character) or "?" for character in text)


def is_gsm(text: str) -> bool:
    """Whether the text can be written so without losing a letter."""
    return all(_written(character) is not None for character in text)


def septets(text: str) -> int:
    """In septets: the characters of the extension table count twice."""
    return sum(2 if character in _DOUBLE else 1 for character in text)


def _written(character: str) -> str | None:
    if character in _SINGLE | _DOUBLE:
        return character
    bare = unicodedata.normalize("NFKD", character)[0]
    return _LIKE.get(character) or (bare if bare in _SINGLE else None)
