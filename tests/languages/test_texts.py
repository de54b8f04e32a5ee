"""Every text in every language is one GSM-7 message, whatever is long; times agree in number."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.languages.shipped import CATALOGUES, PSEUDO, write_pseudo
from vestibule.carrier.speech import ncco, twiml
from vestibule.delivery.envelope import Envelope
from vestibule.delivery.gsm import is_gsm, to_gsm
from vestibule.delivery.notice_wording import NOTICES, SAID_BY_TEXT, notice_message
from vestibule.delivery.provider import Channel, Message
from vestibule.delivery.rendering import CODE_FOR, House, SentCode, code_message, trial_message
from vestibule.flows.calls import Said
from vestibule.settings_of_hosts import LONGEST_HOST

GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWICE = set("^{}\\[~]|€\f")
NAMES = ["Acme", "N" * 40, "Łódź Bank", "株式会社", "{[Acme]} €", "Zoë’s Café — Köln"]
HOSTS = [
    "id.example.com",
    "a-rather-long-name-of-a-host.accounts.internal.example.com",
    "h" * 63,
    "h" * 119,
]
AT = "2026-12-24T09:05:00+00:00"
each_language = pytest.mark.parametrize("language", CATALOGUES.tags)
IN_ENGLISH = {"ja"}
"""Decision 0018."""


def envelope(language: str, channel: Channel = "sms") -> Envelope:
    words = CATALOGUES.words(language)
    return Envelope("id", channel, "+447400123456", "Ada", language, words)


def house(name: str = "Acme", host: str = "id.example.com") -> House:
    return House(name, host, f"https://{host}")


def code_text(language: str, purpose: str, minutes: int = 10, channel: Channel = "sms") -> Message:
    sent = SentCode(purpose, "012345", minutes * 60, 1)
    return code_message(house(), envelope(language, channel), sent)


def septets(text: str) -> int:
    assert set(text) <= GSM_7 | TWICE, set(text) - GSM_7
    return sum(2 if character in TWICE else 1 for character in text)


@each_language
@pytest.mark.parametrize("purpose", CODE_FOR)
def test_texts_with_a_code_are_one_message(language: str, purpose: str) -> None:
    """OC-12: in each language, with any name, host and length of code: GSM-7, 160, last line."""
    for name, host, code in product(NAMES, HOSTS, ["012345", "0123456789"]):
        sent = SentCode(purpose, code, 600, 1)
        text = code_message(house(name, host), envelope(language), sent).text
        assert septets(text) <= 160, text
        assert text.splitlines()[-1] == f"@{host} #{code}"
        assert code in text.splitlines()[0]


@each_language
@pytest.mark.parametrize("purpose", CODE_FOR)
def test_the_usual_text_says_what_it_is_for(language: str, purpose: str) -> None:
    """OC-12: with a short name and host the purpose of the code has room in each language."""
    message = code_text(language, purpose)
    why = CATALOGUES.words(message.locale).gettext(CODE_FOR[purpose])

    assert to_gsm(why) in message.text


@each_language
@pytest.mark.parametrize("kind", SAID_BY_TEXT)
def test_notices_by_text_are_one_message(language: str, kind: str) -> None:
    """NO-01: in each language a notice is one GSM-7 text, and its answer is whole."""
    for name, host in product(NAMES, HOSTS):
        facts = {"at": AT, "when": AT, "code": "7K3QMX0P"}
        text = notice_message(house(name, host), envelope(language), kind, facts).text
        assert septets(text) <= 160, text
        assert f"{host}/not-me" in text
        assert "7K3Q-MX0P" in text
        plain = notice_message(house(name, host), envelope(language), kind, {"at": AT}).text
        assert septets(plain) <= 160, plain


def test_longest_host_is_the_longest() -> None:
    """OC-12: with the longest host that settings take every text is one; one more is too many."""

    def longest(host: str) -> int:
        texts = [trial_message(house("N" * 40, host), envelope(one)) for one in CATALOGUES.tags]
        for language, purpose, code in product(CATALOGUES.tags, CODE_FOR, ["012345", "0123456789"]):
            sent = SentCode(purpose, code, 10, 1)
            texts.append(code_message(house("N" * 40, host), envelope(language), sent))
        for language, kind in product(CATALOGUES.tags, SAID_BY_TEXT):
            for facts in ({"at": AT, "when": AT}, {"at": AT, "when": AT, "code": "7K3QMX0P"}):
                to = envelope(language)
                texts.append(notice_message(house("N" * 40, host), to, kind, facts))
        return max(septets(one.text) for one in texts)

    assert longest("h" * LONGEST_HOST) <= 160
    assert longest("h" * (LONGEST_HOST + 1)) > 160


@each_language
def test_a_usual_notice_says_what_happened(language: str) -> None:
    """NO-01: with a usual name and host every notice by text has room for its sentence."""
    for kind, said in SAID_BY_TEXT.items():
        facts = {"at": AT, "code": "7K3QMX0P"}
        message = notice_message(house(), envelope(language), kind, facts)
        assert to_gsm(CATALOGUES.words(message.locale).gettext(said)) in message.text


@each_language
def test_texts_are_in_the_persons_language(language: str) -> None:
    """A text is in the language of its person, or says that it is in English instead."""
    texts = [
        code_text(language, "sign_in"),
        notice_message(house(), envelope(language), "password_changed", {"at": AT}),
        trial_message(house(), envelope(language)),
    ]

    for message in texts:
        assert message.locale == ("en" if language in IN_ENGLISH else language)
    english = code_text("en", "sign_in").text
    assert (texts[0].text == english) == (message.locale == "en")


def test_a_name_in_foreign_letters_takes_nobodys_language_away() -> None:
    """What the operator is called decides nothing about the language of a text."""
    sent = SentCode("sign_in", "012345", 600, 1)

    assert code_message(house("株式会社"), envelope("fr"), sent).locale == "fr"


@each_language
def test_mails_and_calls_are_in_the_persons_language(language: str) -> None:
    """Mails and calls have all letters: they are in the language, and a mail's page says so."""
    mail, call = (code_text(language, "sign_in", channel=one) for one in ("email", "voice"))

    assert (mail.locale, call.locale) == (language, language)
    assert f'<html lang="{language}" dir="ltr">' in (mail.html or "")
    if language != "en":
        assert mail.text != code_text("en", "sign_in", channel="email").text
        assert call.text != code_text("en", "sign_in", channel="voice").text


def test_one_minute_is_one_minute() -> None:
    """A code that is good for one more minute says so in the singular, everywhere."""
    for channel in ("sms", "voice", "email"):
        said = code_text("en", "sign_in", 1, channel)
        text = said.text + (said.script.goodbye if said.script else "")
        assert "1 minute" in text
        assert "1 minutes" not in text
    assert "1 Minute." in code_text("de", "sign_in", 1).text
    assert "1 minuto." in code_text("es", "sign_in", 1).text


def test_marks_have_their_like() -> None:
    """Accents and marks that GSM-7 lacks become what is nearest, and no letter is lost."""
    assert to_gsm("ção, œuvre “été” l’île… «á» ŝ") == 'cao, oeuvre "été" l\'ile... "a" s'
    assert is_gsm("ação")
    assert not is_gsm("コード")


def test_nothing_that_is_sent_is_bare(tmp_path: Path) -> None:
    """Every sentence of every mail and call goes through the catalogue, and is said by it."""
    words = write_pseudo(tmp_path).words(PSEUDO)
    facts = {"at": AT, "when": AT, "since": AT, "times": "7", "token": "T", "place": "192.0.2.0"}
    to = Envelope("id", "email", "ada@example.com", "Ada", PSEUDO, words)
    sent = SentCode("sign_in", "012345", 600, 1)
    mails = [notice_message(house(), to, kind, facts) for kind in NOTICES]
    mails += [code_message(house(), to, replace(sent, purpose=one)) for one in CODE_FOR]
    call = code_message(house(), replace(to, channel="voice"), sent).script
    assert call is not None
    said = [part for mail in mails for part in (mail.subject or "", *mail.text.split("\n\n"))]
    said += [*call.spoken, call.no_key, call.denied, call.goodbye]

    for part in said:
        left = part
        while (inner := re.sub(r"⟦[^⟦⟧]*⟧", "", left)) != left:
            left = inner
        left = re.sub(r"https?://\S+|Acme|[\d·: ]", "", left)
        assert left == "", part


@each_language
def test_a_carrier_is_told_which_voice(language: str) -> None:
    """Both carriers are given each language as language and country, which is how voices go."""
    said = Said(("Goodbye.",), None, language)

    for body in (twiml(said, None).body, ncco(said, None).body):
        found = re.search(rf'language"?[=:] ?"({language[:2]}-[A-Z]{{2}})"', bytes(body).decode())
        assert found, body
