"""What an operator may set of the cost of texts and calls, and whether it fits together.

Each fault names the setting. It sees what pydantic has read and opens no file itself.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import Field

AMOUNTS = ("budget_day", "budget_hour", "price_sms", "price_voice")
Amount = Annotated[Decimal | None, Field(ge=0, lt=1_000_000, decimal_places=6)]
"""Money in the operator's currency, whatever that is."""
LimitName = Literal["number", "account", "source", "prefix", "country", "money", "conversion"]


class TollSettings(Protocol):
    """What is looked at; `vestibule.settings` has the meaning of each."""

    @property
    def alarm_email(self) -> str: ...
    @property
    def countries(self) -> tuple[str, ...]: ...
    @property
    def countries_file(self) -> Path | None: ...


def check_tolls(settings: TollSettings) -> None:
    """Raise ValueError with a sentence for the first setting that cannot be beside the others."""
    if settings.countries and settings.countries_file is not None:
        raise ValueError(
            "VESTIBULE_COUNTRIES_FILE: it stands in the place of VESTIBULE_COUNTRIES; set one"
        )
    if settings.alarm_email and "@" not in settings.alarm_email:
        raise ValueError("VESTIBULE_ALARM_EMAIL: write an address such as oncall@example.com")
