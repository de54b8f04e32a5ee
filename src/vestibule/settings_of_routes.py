"""Who carries messages: routes of single countries, and whether the settings of carriers fit.

Each fault names the setting. It sees what pydantic has read and opens no file itself.
"""

import re
from collections.abc import Mapping
from typing import Protocol, TypeVar

from phonenumbers import SUPPORTED_REGIONS
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

COUNTRY_ROUTE = re.compile(r"vestibule_(routes_(?:sms|voice)__)(\w+)", re.I)


class CarrierSettings(Protocol):
    """What is looked at; `vestibule.settings` has the meaning of each."""

    @property
    def country_routes(self) -> Mapping[tuple[str, str], tuple[str, ...]]: ...
    @property
    def mail_from(self) -> str: ...
    @property
    def simulator(self) -> bool: ...
    @property
    def twilio_account_sid(self) -> str: ...
    @property
    def twilio_api_key(self) -> str: ...
    @property
    def twilio_from(self) -> str: ...
    @property
    def twilio_messaging_service_sid(self) -> str: ...
    @property
    def vonage_api_key(self) -> str: ...
    @property
    def vonage_application_id(self) -> str: ...
    @property
    def vonage_from(self) -> str: ...
    @property
    def webhook_url(self) -> str: ...

    def carriers(self, channel: str) -> set[str]: ...

    def secret(self, name: str) -> str: ...


SECRETS = (
    "smtp_url",
    "twilio_api_secret",
    "twilio_auth_token",
    "vonage_api_secret",
    "vonage_private_key",
    "vonage_signature_secret",
    "webhook_secret",
    "webhook_secret_previous",
)
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
Name = TypeVar("Name", bound=str)
_PHONES, _MAILS = {"twilio", "vonage"}, {"smtp"}


def each_once(names: tuple[Name, ...]) -> tuple[Name, ...]:
    """The list of routes; ValueError where one stands in it twice, since it is tried once."""
    for at, name in enumerate(names):
        if name in names[:at]:
            raise ValueError(f"{name} is named twice; name each once")
    return names


def check_countries(settings: CarrierSettings) -> None:
    """Raise ValueError where a route is for a country that has no phones, or is none for phones."""
    for (channel, country), routes in settings.country_routes.items():
        setting = f"VESTIBULE_ROUTES_{channel.upper()}__{country}"
        if country not in SUPPORTED_REGIONS:
            raise ValueError(f"{setting}: {country} is not a country with phone numbers")
        if misplaced := sorted(_MAILS & set(routes)):
            raise ValueError(f"{setting}: {misplaced[0]} carries mails only")


def check_routes(settings: CarrierSettings) -> None:
    """Raise ValueError with a sentence for the first route that lacks what it needs."""
    for name in SECRETS:
        settings.secret(name)
    phones = settings.carriers("sms") | settings.carriers("voice")
    used = settings.carriers("email") | phones
    if misplaced := sorted(_MAILS & phones):
        raise ValueError(f"VESTIBULE_ROUTES_SMS: {misplaced[0]} carries mails only")
    if misplaced := sorted(_PHONES & settings.carriers("email")):
        raise ValueError(f"VESTIBULE_ROUTES_EMAIL: {misplaced[0]} carries texts and calls only")
    if "smtp" in used:
        _need("VESTIBULE_ROUTES_EMAIL: smtp", SMTP_URL=settings.secret("smtp_url"))
        _need("VESTIBULE_ROUTES_EMAIL: smtp", MAIL_FROM=settings.mail_from)
    if "webhook" in used:
        _need("VESTIBULE_ROUTES_…: webhook", WEBHOOK_URL=settings.webhook_url)
        _need("VESTIBULE_ROUTES_…: webhook", WEBHOOK_SECRET=settings.secret("webhook_secret"))
    if settings.secret("webhook_secret_previous"):
        secret = settings.secret("webhook_secret")
        _need("VESTIBULE_WEBHOOK_SECRET_PREVIOUS", WEBHOOK_SECRET=secret)
    if "simulator" in used and not settings.simulator:
        raise ValueError("VESTIBULE_ROUTES_…: simulator needs VESTIBULE_SIMULATOR=true")
    _check_twilio(settings)
    _check_vonage(settings)


def _check_twilio(settings: CarrierSettings) -> None:
    token = settings.secret("twilio_auth_token")
    if settings.twilio_api_key:
        _need("VESTIBULE_TWILIO_API_KEY", TWILIO_API_SECRET=settings.secret("twilio_api_secret"))
        if not token:
            raise ValueError(
                "VESTIBULE_TWILIO_API_KEY: VESTIBULE_TWILIO_AUTH_TOKEN is needed beside it,"
                " since Twilio signs its callbacks with the auth token"
            )
    if "twilio" in settings.carriers("sms") | settings.carriers("voice"):
        who = "VESTIBULE_ROUTES_…: twilio"
        _need(who, TWILIO_ACCOUNT_SID=settings.twilio_account_sid, TWILIO_AUTH_TOKEN=token)
    has_sender = settings.twilio_from or settings.twilio_messaging_service_sid
    if "twilio" in settings.carriers("sms") and not has_sender:
        raise ValueError(
            "VESTIBULE_ROUTES_SMS: twilio needs VESTIBULE_TWILIO_FROM or"
            " VESTIBULE_TWILIO_MESSAGING_SERVICE_SID"
        )
    if "twilio" in settings.carriers("voice"):
        _need_number("twilio", TWILIO_FROM=settings.twilio_from)


def _check_vonage(settings: CarrierSettings) -> None:
    if settings.vonage_application_id:
        key = settings.secret("vonage_private_key")
        _need("VESTIBULE_VONAGE_APPLICATION_ID", VONAGE_PRIVATE_KEY=key)
    if settings.vonage_api_key:
        secret = settings.secret("vonage_api_secret")
        _need("VESTIBULE_VONAGE_API_KEY", VONAGE_API_SECRET=secret)
    if "vonage" in settings.carriers("sms") | settings.carriers("voice"):
        who, signs = "VESTIBULE_ROUTES_…: vonage", settings.secret("vonage_signature_secret")
        _need(who, VONAGE_FROM=settings.vonage_from, VONAGE_SIGNATURE_SECRET=signs)
        if not (settings.vonage_application_id or settings.vonage_api_key):
            raise ValueError(
                "VESTIBULE_ROUTES_…: vonage needs VESTIBULE_VONAGE_APPLICATION_ID, or for texts"
                " alone VESTIBULE_VONAGE_API_KEY"
            )
    if "vonage" in settings.carriers("voice"):
        application = settings.vonage_application_id
        _need("VESTIBULE_ROUTES_VOICE: vonage", VONAGE_APPLICATION_ID=application)
        _need_number("vonage", VONAGE_FROM=settings.vonage_from)


def _need(who: str, **settings: str) -> None:
    for name, value in settings.items():
        if not value:
            raise ValueError(f"{who} needs VESTIBULE_{name}")


def _need_number(route: str, **settings: str) -> None:
    """A call is from a number; a name or a pool of senders is for texts."""
    for name, value in settings.items():
        if not _NUMBER.fullmatch(value):
            raise ValueError(
                f"VESTIBULE_ROUTES_VOICE: {route} needs VESTIBULE_{name} as a number such as"
                " +14155550100"
            )


class CountryRoutes(PydanticBaseSettingsSource):
    """`VESTIBULE_ROUTES_SMS__GB` as an entry of `routes_sms__xx`, from every source of settings.

    Here, since pydantic drops what a file names without a value: that closes a country.
    """

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        sources: tuple[PydanticBaseSettingsSource, ...],
    ) -> None:
        super().__init__(settings_cls)
        self._sources = sources

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        raise NotImplementedError

    def __call__(self) -> dict[str, object]:
        found: dict[str, dict[str, object]] = {}
        # The first source wins, so it is read last.
        for source in reversed(self._sources):
            for name, value in getattr(source, "env_vars", {}).items():
                if named := COUNTRY_ROUTE.fullmatch(name):
                    countries = found.setdefault(f"{named[1].lower()}xx", {})
                    countries[named[2].upper()] = value or ""
        return dict(found)
