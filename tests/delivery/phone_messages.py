"""A text and a call to send, as the flows write them."""

from dataclasses import replace
from gettext import NullTranslations

from vestibule.delivery.envelope import Envelope
from vestibule.delivery.provider import Channel, Message
from vestibule.delivery.rendering import House, SentCode, code_message, trial_message

ORIGIN = "https://id.example.com"
NUMBER = "+447400123456"
CODE = "098765"
HOUSE = House("Acme", "id.example.com", ORIGIN)


def envelope(channel: Channel, *, call_reference: str | None = None) -> Envelope:
    words = NullTranslations()
    return Envelope("message_1-A", channel, NUMBER, "ada", "en", words, call_reference)


TEXT = code_message(HOUSE, envelope("sms"), SentCode("sign_in", CODE, 600, 1))
CALL = code_message(
    HOUSE, envelope("voice", call_reference="ref_1-A"), SentCode("sign_in", CODE, 600, 1)
)
PAGELESS_CALL = replace(CALL, call_reference=None)
MAIL = code_message(HOUSE, envelope("email"), SentCode("sign_in", CODE, 600, 1))


def trial(channel: Channel) -> Message:
    return trial_message(HOUSE, envelope(channel))
