"""What a message with a code says, by text, call and mail, in the person's language.

Notices are worded in `notice_wording`.
Texts are GSM-7 and at most 160 characters with the origin-bound last line (OC-12).
"""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from gettext import NullTranslations
from typing import assert_never

from vestibule.delivery.envelope import Envelope
from vestibule.delivery.gsm import Text, one_text
from vestibule.delivery.provider import CallScript, Message
from vestibule.domain.language import direction


@dataclass(frozen=True, slots=True)
class House:
    """Who writes: the product's name, its host for the last line of a text, and its origin."""

    product: str
    host: str
    origin: str
    code_in_subject: bool = False
    """Lock screens show subjects: a mailed code stands in one only if the operator asks for it."""


_MOMENT = 1
"""The second that has begun: a code of ten minutes has lost a little of it by now."""


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code as it is said: what it is for, how long it lives, and which one it is."""

    purpose: str
    code: str
    seconds: int
    """That it is good for, and not one more: a carrier is told them."""
    number: int
    act: str | None = None
    """What it is for more closely than by its purpose: a key of `CODE_FOR` (R11)."""

    @property
    def why(self) -> str:
        return CODE_FOR[self.act or self.purpose]

    @property
    def minutes(self) -> int:
        """As people are told: rounded down, but for the second that has begun."""
        return max(1, (self.seconds + _MOMENT) // 60)


def N_(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is said."""
    return text


CODE_FOR: Mapping[str, str] = {
    "sign_up": N_("to confirm your address"),
    "wall": N_("to set up two-factor authentication"),
    "sign_in": N_("to sign in"),
    "enroll": N_("to ADD this number"),
    "reverify": N_("to show that this number is still yours"),
    "settings_gate": N_("to open your settings"),
    "settings_gate_sign_in": N_("to sign in"),
    "step_up": N_("to CHANGE your settings"),
    "close": N_("to CLOSE your account"),
    "step_up_address": N_("to CHANGE your address"),
    "step_up_notice_address": N_("to CHANGE your second address"),
    "notice_address": N_("to get NOTICES of an account at this address"),
    "address": N_("to make this your NEW address"),
    "reset": N_("to set a new password"),
    "reset_factor": N_("to set a new password"),
}


def code_message(house: House, envelope: Envelope, sent: SentCode) -> Message:
    """The message that carries one code."""
    why = envelope.words.gettext(sent.why)
    locale = envelope.locale
    subject: str | None = None
    page: str | None = None
    script: CallScript | None = None
    match envelope.channel:
        case "sms":
            text = _text(house, envelope, sent)
            body, locale = text.text, text.locale
        case "voice":
            script = call_script(house, envelope.words, sent)
            body = " ".join(script.spoken)
        case "email":
            subject = _subject(house, envelope, sent, why)
            body = _mail(house, envelope, sent, why)
            page = as_page(body, locale, shown_large=sent.code)
        case other:
            assert_never(other)
    return Message(
        id=envelope.message_id,
        channel=envelope.channel,
        account_label=envelope.account_label,
        purpose=sent.purpose,
        subject=subject,
        text=body,
        html=page,
        code=sent.code,
        locale=locale,
        script=script,
        call_reference=envelope.call_reference,
        valid_for_seconds=sent.seconds,
    )


def _text(house: House, envelope: Envelope, sent: SentCode) -> Text:
    """OC-12: the fullest wording that is one text of 160 characters; the last line is whole."""
    end = f"\n\n@{house.host} #{sent.code}"
    return one_text(
        envelope, house.product, lambda words, product: _wordings(words, product, sent), end
    )


def _wordings(words: NullTranslations, product: str, sent: SentCode) -> tuple[str, ...]:
    """What a text says, the fullest first: long names, hosts and codes leave less room."""
    _ = words.gettext
    said = (
        words.ngettext(
            "%(code)s is your %(product)s code %(why)s. It expires in %(minutes)d minute."
            " We never ask you for it.",
            "%(code)s is your %(product)s code %(why)s. It expires in %(minutes)d minutes."
            " We never ask you for it.",
            sent.minutes,
        ),
        _("%(code)s is your %(product)s code %(why)s. We never ask you for it."),
        _("%(code)s is your %(product)s code. We never ask you for it."),
        _("%(code)s is your code."),
    )
    values = {
        "code": sent.code,
        "product": product,
        "why": _(sent.why),
        "minutes": sent.minutes,
    }
    return tuple(one % values for one in said)


def call_script(house: House, words: NullTranslations, sent: SentCode) -> CallScript:
    """Digit by digit, three times: a number would lose its leading zeros."""
    _ = words.gettext
    why = _(sent.why)
    digits, again = tuple(sent.code), _("Again:")
    return CallScript(
        greeting=_("Hello. This is %(product)s, with your code %(why)s.")
        % {"product": house.product, "why": why},
        offer=_("If you did not ask for it, press 9. To hear your code, press any other key."),
        code=(_("Your code is:"), *digits, again, *digits, again, *digits),
        menu=_("To hear it again, press 1. If you did not ask for it, press 9."),
        last_menu=_("If you did not ask for it, press 9."),
        no_key=_("No key was pressed, so the code is not read out. Goodbye."),
        denied=_("Thank you. We stopped it, and nobody gets in with this code. Goodbye."),
        goodbye=words.ngettext(
            "The code expires in %(minutes)d minute. Goodbye.",
            "The code expires in %(minutes)d minutes. Goodbye.",
            sent.minutes,
        )
        % {"minutes": sent.minutes},
    )


def farewell(words: NullTranslations) -> str:
    """All that a call says whose code is worth nothing any more."""
    return words.gettext("Goodbye.")


def _subject(house: House, envelope: Envelope, sent: SentCode, why: str) -> str:
    _ = envelope.words.gettext
    words = {"code": sent.code, "product": house.product, "why": why}
    if house.code_in_subject:
        return _("%(code)s is your %(product)s code %(why)s") % words
    return _("%(product)s: your code %(why)s") % words


def _mail(house: House, envelope: Envelope, sent: SentCode, why: str) -> str:
    _ = envelope.words.gettext
    lines = [
        _("Your code %(why)s:") % {"why": why},
        sent.code,
        envelope.words.ngettext(
            "This is code %(number)d. It works for %(minutes)d minute, once, in the browser that"
            " asked for it.",
            "This is code %(number)d. It works for %(minutes)d minutes, once, in the browser that"
            " asked for it.",
            sent.minutes,
        )
        % {"number": sent.number, "minutes": sent.minutes},
        _(
            "If you did not ask for it, somebody may be trying your address. Do not pass the code"
            " on to anybody; we never ask you for it."
        ),
        f"{house.product} · {house.origin}",
    ]
    return "\n\n".join(lines)


def as_page(
    body: str, language: str, *, shown_large: str | None = None, link: str | None = None
) -> str:
    """The same as HTML, in the language it is written in."""
    parts = []
    for part in body.split("\n\n"):
        shown = html.escape(part)
        if part == link:
            shown = f'<a href="{shown}">{shown}</a>'
        if part == shown_large:
            shown = f'<strong style="font-size:28px;letter-spacing:.2em">{shown}</strong>'
        parts.append(f"<p>{shown}</p>")
    spoken = f'<html lang="{html.escape(language)}" dir="{direction(language)}">'
    return f'<!doctype html>{spoken}<meta charset="utf-8"><body>{"".join(parts)}</body></html>'


def trial_message(house: House, envelope: Envelope) -> Message:
    """The message by which an operator tries a route out: real, and without a code."""
    _ = envelope.words.gettext
    body, locale = _trial(envelope.words, house.product)[0], envelope.locale
    if envelope.channel == "sms":
        text = one_text(envelope, house.product, _trial)
        body, locale = text.text, text.locale
    is_mail = envelope.channel == "email"
    script = None
    if envelope.channel == "voice":
        script = CallScript(
            greeting=body,
            offer="",
            code=(),
            menu="",
            last_menu="",
            no_key="",
            denied="",
            goodbye=_("Goodbye."),
        )
    return Message(
        id=envelope.message_id,
        channel=envelope.channel,
        account_label=envelope.account_label,
        purpose="trial",
        subject=_("A test of %(product)s") % {"product": house.product} if is_mail else None,
        text=body,
        html=as_page(body, locale) if is_mail else None,
        code=None,
        locale=locale,
        script=script,
    )


def _trial(words: NullTranslations, product: str) -> tuple[str, ...]:
    said = words.gettext(
        "This is a test of %(product)s. There is no code in it, and nothing to do."
    )
    return (said % {"product": product},)
