"""To whom a message goes; what it says is the business of the wordings."""

from dataclasses import dataclass
from gettext import NullTranslations

from vestibule.delivery.provider import Channel


@dataclass(frozen=True, slots=True)
class Envelope:
    """To whom a message goes, over what, and in whose words."""

    message_id: str
    channel: Channel
    to: str
    account_label: str
    locale: str
    words: NullTranslations
    call_reference: str | None = None
