"""What a call says, in the words of each carrier: TwiML for Twilio, NCCO for Vonage.

The last sentence is said while a key is waited for. Nothing is decided here.
"""

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from starlette.responses import Response

from vestibule.domain.call import KEY_WITHIN
from vestibule.flows.calls import Said

SECONDS_FOR_A_KEY = int(KEY_WITHIN.total_seconds())
LANGUAGES: Mapping[str, str] = {
    "de": "de-DE",
    "en": "en-US",
    "es": "es-ES",
    "fr": "fr-FR",
    "it": "it-IT",
    "ja": "ja-JP",
    "nl": "nl-NL",
    "pl": "pl-PL",
    "pt": "pt-PT",
}
"""Voices are named by language and country; a locale with a country is such a name already."""


def twiml(said: Said, keys: str | None) -> Response:
    """`keys` is where the next key is posted; without it the call ends after the words."""
    language = quoteattr(_language(said.locale))
    spoken = [f"<Say language={language}>{escape(part)}</Say>" for part in said.sentences]
    if keys is None:
        body = _paused(spoken) + "<Hangup/>"
    else:
        # Any key is any key: by default # ends the digits and is not one of them.
        body = (
            _paused(spoken[:-1])
            + f'<Gather numDigits="1" finishOnKey="" timeout="{SECONDS_FOR_A_KEY}"'
            + ' actionOnEmptyResult="true"'
            + f' method="POST" action={quoteattr(keys)}>{spoken[-1]}</Gather>'
        )
    text = f'<?xml version="1.0" encoding="UTF-8"?><Response>{body}</Response>'
    return Response(text, media_type="application/xml")


def _paused(spoken: list[str]) -> str:
    """Said apart: digits that run together are heard as one number."""
    return "".join(f"{part}<Pause/>" for part in spoken)


def ncco(said: Said, keys: str | None) -> Response:
    language = _language(said.locale)
    actions = [_talk(part, language) for part in said.sentences]
    if keys is not None:
        actions[-1]["bargeIn"] = True
        pressed = {"maxDigits": 1, "timeOut": SECONDS_FOR_A_KEY, "submitOnHash": False}
        asked: dict[str, object] = {"action": "input", "type": ["dtmf"], "dtmf": pressed}
        actions.append(asked | {"eventUrl": [keys], "eventMethod": "POST"})
    return Response(json.dumps(actions, ensure_ascii=False), media_type="application/json")


def _talk(sentence: str, language: str) -> dict[str, object]:
    text = f"<speak>{escape(sentence)}<break time='1s'/></speak>"
    return {"action": "talk", "text": text, "language": language}


def _language(locale: str) -> str:
    return locale if "-" in locale else LANGUAGES.get(locale, "en-US")
