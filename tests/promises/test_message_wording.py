"""What texts and calls say: one GSM-7 text with its bound last line, digits one by one (A.4)."""

from dataclasses import replace
from gettext import NullTranslations
from itertools import product

import pytest

from tests.front_door import FrontDoor
from vestibule.delivery.envelope import Envelope
from vestibule.delivery.provider import Channel, Message
from vestibule.delivery.rendering import CODE_FOR, House, SentCode, code_message, trial_message
from vestibule.domain.call import KEY_WITHIN, LONGEST_CALL, seconds_to_say

GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWICE = set("^{}\\[~]|€\f")
NAMES = ["Acme", "N" * 40, "Łódź Bank", "株式会社", "{[Acme]} €", "Zoë’s Café — Köln"]
HOSTS = ["id.example.com", "a-rather-long-name-of-a-host.accounts.internal.example.com", "h" * 63]
PURPOSES = ["sign_in", "enroll", "step_up", "reset_factor"]


def _message(name: str, host: str, purpose: str, code: str, channel: Channel = "sms") -> Message:
    return code_message(
        House(name, host, f"https://{host}"),
        Envelope("id", channel, "+447400123456", "Ada", "en", NullTranslations()),
        SentCode(purpose, code, 600, 1),
    )


@pytest.mark.parametrize("code", ["012345", "0123456789"])
def test_texts_are_one_gsm_message(code: str) -> None:
    """OC-12: with any name, host, purpose and length of code a text is one GSM-7 message of 160."""
    for name, host, purpose in product(NAMES, HOSTS, PURPOSES):
        text = _message(name, host, purpose, code).text
        assert set(text) <= GSM_7 | TWICE, set(text) - GSM_7
        assert sum(2 if character in TWICE else 1 for character in text) <= 160, text
        assert text.splitlines()[-1] == f"@{host} #{code}"
        assert text.startswith(f"{code} is your ")


def test_texts_name_the_act_and_warn() -> None:
    """OC-12: the usual text says code, product, act, lifetime and that nobody asks for it."""
    assert _message("Acme", "id.example.com", "step_up", "012345").text == (
        "012345 is your Acme code to CHANGE your settings. It expires in 10 minutes."
        " We never ask you for it.\n\n@id.example.com #012345"
    )


@pytest.mark.parametrize("purpose", CODE_FOR)
def test_texts_carry_no_link_and_no_address(purpose: str) -> None:
    """OC-12: no text holds a link, an address of the account or its number."""
    text = _message("Acme", "id.example.com", purpose, "012345").text

    assert "http" not in text
    assert "Ada" not in text
    assert "7400" not in text


@pytest.mark.parametrize("code", ["000000", "012345", "9876543210"])
def test_calls_say_every_digit_three_times(code: str) -> None:
    """OC-12: a call says each digit by itself, zeros in front included, three times."""
    script = _message("Acme", "id.example.com", "sign_in", code, "voice").script
    assert script is not None
    spoken = script.code
    digits = [part for part in spoken if part.isdigit()]

    assert digits == [*code] * 3
    assert all(len(part) == 1 for part in digits)


@pytest.mark.parametrize(("code", "most"), [("012345", 200), ("9876543210", 280)])
def test_all_rounds_of_a_code_fit_into_its_call(code: str, most: int) -> None:
    """TF-05: three rounds of a code of ten digits, and a key after the last, end within a call."""
    script = _message("Acme", "id.example.com", "sign_in", code, "voice").script
    assert script is not None
    rounds = [*script.code, script.menu] * 3
    heard = seconds_to_say([script.greeting, script.offer, *rounds])

    assert heard + 4 * KEY_WITHIN.seconds < script.seconds_at_most <= most < LONGEST_CALL.seconds


@pytest.mark.anyio
async def test_the_last_line_is_our_host(house: FrontDoor) -> None:
    """OC-12: the text that is really sent ends with the host of the public origin and the code."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123456")
    message = await house.message("sms")

    assert message.text.splitlines()[-1] == f"@localhost #{message.code}"
    assert "ada@example.com" not in message.text


def test_subjects_hold_no_code_unless_asked() -> None:
    """A mail's subject has no code, since lock screens show it; the operator may ask for it."""
    usual = House("Acme", "id.example.com", "https://id.example.com")
    envelope = Envelope("id", "email", "ada@example.com", "Ada", "en", NullTranslations())
    sent = SentCode("sign_in", "012345", 600, 1)

    assert code_message(usual, envelope, sent).subject == "Acme: your code to sign in"
    asked = code_message(replace(usual, code_in_subject=True), envelope, sent)
    assert asked.subject == "012345 is your Acme code to sign in"


@pytest.mark.parametrize("channel", ["sms", "voice", "email"])
def test_a_trial_holds_no_code(channel: Channel) -> None:
    """The message that tries a route out has no code, and on every channel says what it is."""
    house = House("Acme", "id.example.com", "https://id.example.com")
    envelope = Envelope("id", channel, "+447400123456", "Ada", "en", NullTranslations())
    message = trial_message(house, envelope)

    assert message.code is None
    assert message.text.startswith("This is a test of Acme.")
    assert not any(character.isdigit() for character in message.text)
    assert (message.script is not None) == (channel == "voice")
    assert (message.subject is not None) == (channel == "email")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (599, "10 minutes"),
        (538, "8 minutes"),
        (119, "2 minutes"),
        (118, "1 minute"),
        (61, "1 minute"),
        (5, "1 minute"),
    ],
)
def test_words_promise_no_more_than_is_left(seconds: int, said: str) -> None:
    """The words round a code's life down, but for a moment; its carrier gets the very seconds."""
    envelope = Envelope("id", "sms", "+447400123456", "Ada", "en", NullTranslations())
    sent = SentCode("sign_in", "012345", seconds, 1)

    message = code_message(House("Acme", "id.example.com", "https://x"), envelope, sent)

    assert f"It expires in {said}." in message.text
    assert message.valid_for_seconds == seconds
