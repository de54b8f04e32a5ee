"""Every setting, typed and frozen, read once at start from `VESTIBULE_*` or a file of them.

Read by `bootstrap` and the commands only; every other room gets values as arguments.
"""

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from vestibule.settings_of_codes import AppAlgorithm, CodeDigits
from vestibule.settings_of_colours import contrast_with_white
from vestibule.settings_of_databases import check_database
from vestibule.settings_of_hosts import carriers_origin, our_origin
from vestibule.settings_of_keys import check_root_key
from vestibule.settings_of_routes import (
    COUNTRY_ROUTE,
    CountryRoutes,
    check_countries,
    check_routes,
    each_once,
)
from vestibule.settings_of_tolls import AMOUNTS, Amount, LimitName, check_tolls
from vestibule.this_machine import is_this_machine

DEFAULT_ACCENT = "#1E6B5C"
LOGO_BYTES = 32 * 1024
LISTS = ("countries", "languages", "private_networks", "track_only", "trusted_proxies")
ROUTES = ("routes_email", "routes_sms", "routes_voice")
COUNTRY_ROUTES = ("routes_sms__xx", "routes_voice__xx")
SHORTEST_METRICS_TOKEN = 24
MINIMUM_CONTRAST = 4.5
"""WCAG 2.2 §1.4.3, for the operator's accent under white text."""


Route = Literal["twilio", "vonage", "smtp", "webhook", "simulator"]


class SettingsFault(Exception):
    """A setting that stops the start; the text is one sentence that names it."""


class Settings(BaseSettings):
    """What an operator may set. Names are these fields in capitals after `VESTIBULE_`."""

    model_config = SettingsConfigDict(
        env_prefix="VESTIBULE_", extra="forbid", frozen=True, env_file_encoding="utf-8"
    )

    accent: str = DEFAULT_ACCENT
    """The product's colour, `#RRGGBB`; white text must be readable on it."""
    alarm_email: str = ""
    """Where alarms go by mail: money that is nearly spent, blocks of numbers that are pumped."""
    app_algorithm: AppAlgorithm = "SHA1"
    """The digest of apps set up from now on: `SHA1`, `SHA256`, `SHA512`; many apps know the first
    only."""
    app_digits: CodeDigits = 6
    """How many digits, 6 or 8, the codes of apps have that are set up from now on."""
    budget_day: Amount = None
    """The most that texts and calls may cost in a day (UTC), in the currency of the prices; empty
    means no limit."""
    budget_hour: Amount = None
    """The same for an hour."""
    closing_days: int = Field(default=7, ge=1, le=30)
    """How many days an account that its owner closes can still be kept."""
    code_digits: CodeDigits = 6
    """How many digits, 6 or 8, a code has that is sent; after many wrong ones it has ten."""
    countries: Annotated[tuple[str, ...], NoDecode] = ()
    """Countries whose numbers are served, as two-letter codes with commas; empty means all."""
    countries_file: Path | None = None
    """A TOML file that says more of each country instead: texts, calls, prices, limits."""
    data: Path = Path("var")
    """The folder for the SQLite database and the root key."""
    database_url: SecretStr = SecretStr("")
    """`sqlite:///…` or `postgresql://…`; empty means `vestibule.db` in the data folder."""
    database_url_file: Path | None = None
    """A file with the same, instead."""
    default_country: str = "US"
    """The country that the phone form starts with, where the browser names none."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    languages: Annotated[tuple[str, ...], NoDecode] = ()
    """Languages offered, with commas; the first is the default; empty: all that there are."""
    logo: Path | None = None
    """An SVG or PNG file shown in the place of the mark, 32 kB at most."""
    mail_code_in_subject: bool = False
    """Put the code into the subject of a mail too, where lock screens show it."""
    mail_from: str = ""
    """The sender of mails, as `Acme <no-reply@example.com>`; needed with the route `smtp`."""
    metrics_token: SecretStr = SecretStr("")
    """What a reader of `/metrics` shows as a bearer token, 24 characters or more; without it the
    address does not exist."""
    metrics_token_file: Path | None = None
    """A file with the same, instead."""
    name: str = Field(default="Vestibule", min_length=1, max_length=40)
    """The product's name, on pages and in messages."""
    password_minimum: int = Field(default=12, ge=8, le=64)
    """The fewest characters of a password (PW-01)."""
    phone_voip: bool = True
    """Serve numbers of telephones on the internet (PN-05)."""
    port: int = Field(default=8000, ge=1, le=65535)
    """The port to listen on."""
    price_sms: Amount = None
    """What a text costs where the table of countries does not say."""
    price_voice: Amount = None
    """What a call costs where the table of countries does not say."""
    private_networks: Annotated[tuple[str, ...], NoDecode] = ()
    """Private networks where the webhook and carriers may be, with commas; by default nowhere but
    on the internet and this machine (WH-04)."""
    public_origin: str = "http://localhost:8000"
    """What people type: scheme, host and port. Links and cookies are made from it, never from
    a request's Host."""
    root_key: SecretStr = SecretStr("")
    """The root keys themselves: `ID TIME KEY`, several with commas, or one key alone."""
    root_key_command: str = ""
    """A command that prints the root keys, such as that of a key service; run without a shell."""
    root_key_file: Path | None = None
    """A file with the root keys (mode 0600); by default `root.key` in the data folder."""
    routes_email: Annotated[tuple[Route, ...], NoDecode] = ()
    """Who carries mails, in order, with commas: `smtp`, `webhook`, `simulator`."""
    routes_sms: Annotated[tuple[Route, ...], NoDecode] = ()
    """Who carries text messages, in order: `twilio`, `vonage`, `webhook`, `simulator`; empty
    closes them."""
    routes_sms__xx: Annotated[dict[str, tuple[Route, ...]], NoDecode] = {}
    """The same for one country, `XX` being its two letters (`VESTIBULE_ROUTES_SMS__GB`): these and
    no others carry texts there; empty closes texts to it."""
    routes_voice: Annotated[tuple[Route, ...], NoDecode] = ()
    """Who places calls, in order: `twilio`, `vonage`, `webhook`, `simulator`; empty
    closes them."""
    routes_voice__xx: Annotated[dict[str, tuple[Route, ...]], NoDecode] = {}
    """The same for one country; empty closes calls to it."""
    session_hours: int = Field(default=12, ge=1, le=24)
    """How long a session lasts at most (SE-03)."""
    session_idle_minutes: int = Field(default=30, ge=5, le=60)
    """How long a session may rest before the password is asked again."""
    simulator: bool = False
    """Deliver to the simulator at `/simulator`: only where the public origin is this machine."""
    smtp_url: SecretStr = SecretStr("")
    """`smtp://user:password@host:587?starttls=required` or `smtps://…:465`."""
    smtp_url_file: Path | None = None
    """A file with the same, instead."""
    support_email: str = ""
    """Where *Contact support* writes to."""
    support_url: str = ""
    """Where *Contact support* leads to instead."""
    track_only: Annotated[tuple[LimitName, ...], NoDecode] = ()
    """Limits that are counted and noted but refuse nobody, with commas: `number`, `account`,
    `source`, `prefix`, `country`, `money`, `conversion`."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Networks whose `X-Forwarded-For` is believed, with commas; by default nobody (RL-08)."""
    twilio_account_sid: str = Field(default="", pattern="^(AC[0-9a-fA-F]{32})?$")
    """The account of Twilio that pays, `AC…`; needed with the route `twilio`."""
    twilio_api_key: str = Field(default="", pattern="^(SK[0-9a-fA-F]{32})?$")
    """An API key of Twilio, `SK…`, that signs in instead of the auth token; it can be revoked."""
    twilio_api_secret: SecretStr = SecretStr("")
    """The secret of that API key."""
    twilio_api_secret_file: Path | None = None
    """A file with the same, instead."""
    twilio_api_url: str = "https://api.twilio.com"
    """Where Twilio's interface is: scheme, host and port."""
    twilio_auth_token: SecretStr = SecretStr("")
    """The account's auth token: it proves Twilio's callbacks, and signs in where no API key is."""
    twilio_auth_token_file: Path | None = None
    """A file with the same, instead."""
    twilio_from: str = ""
    """Who texts and calls are from: a number of the account such as +14155550100; texts without
    calls may also be from a name or short code."""
    twilio_messaging_service_sid: str = Field(default="", pattern="^(MG[0-9a-fA-F]{32})?$")
    """A Messaging Service of Twilio, `MG…`, that chooses the sender of texts."""
    twilio_redaction: bool = False
    """Ask Twilio to keep neither text nor number of a message; needs Message Redaction on the
    account, without which Twilio refuses every such text."""
    vonage_api_key: str = ""
    """The account's key at Vonage: for texts where no application is given, and for `doctor`."""
    vonage_api_secret: SecretStr = SecretStr("")
    """The secret of that key."""
    vonage_api_secret_file: Path | None = None
    """A file with the same, instead."""
    vonage_api_url: str = "https://api.nexmo.com"
    """Where Vonage's interfaces are, all of them: scheme, host and port."""
    vonage_application_id: str = ""
    """The application of Vonage that texts and calls belong to; calls need one."""
    vonage_from: str = ""
    """Who texts and calls are from: a number such as +447700900000; texts without calls may also
    be from a name."""
    vonage_private_key: SecretStr = SecretStr("")
    """The application's private RSA key in PEM."""
    vonage_private_key_file: Path | None = None
    """A file with the same, instead."""
    vonage_signature_secret: SecretStr = SecretStr("")
    """What Vonage signs its callbacks with; needed with the route `vonage`."""
    vonage_signature_secret_file: Path | None = None
    """A file with the same, instead."""
    webhook_secret: SecretStr = SecretStr("")
    """What signs the posts to `VESTIBULE_WEBHOOK_URL`: 24 bytes or more."""
    webhook_secret_file: Path | None = None
    """A file with the same, instead."""
    webhook_secret_previous: SecretStr = SecretStr("")
    """The secret before it, while that is being changed: posts are signed by both, and taken so."""
    webhook_secret_previous_file: Path | None = None
    """A file with the same, instead."""
    webhook_url: str = ""
    """The operator's own service that reaches a carrier; needed with the route `webhook`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources = (env_settings, dotenv_settings, file_secret_settings)
        return init_settings, CountryRoutes(settings_cls, sources), *sources

    @model_validator(mode="before")
    @classmethod
    def _without_gathered(cls, values: dict[str, object]) -> dict[str, object]:
        """A file's single countries are in their table already."""
        return {name: one for name, one in values.items() if not COUNTRY_ROUTE.fullmatch(name)}

    @field_validator(*COUNTRY_ROUTES, mode="before")
    @classmethod
    def _by_country(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError("write the two letters of a country, such as GB, for XX")
        return {country: cls._split(names) for country, names in value.items()}

    @field_validator(*AMOUNTS, mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator(*LISTS, *ROUTES, mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("countries")
    @classmethod
    def _country_codes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for code in value:
            if not re.fullmatch("[A-Z]{2}", code):
                raise ValueError(f"{code!r} is not a two-letter country code such as GB")
        return value

    @field_validator("private_networks", "trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            if ipaddress.ip_network(network).prefixlen == 0:
                raise ValueError("a network that holds everybody cannot be trusted")
        return value

    @field_validator("accent")
    @classmethod
    def _readable_accent(cls, value: str) -> str:
        if not re.fullmatch("#[0-9A-Fa-f]{6}", value):
            raise ValueError("write it as #RRGGBB")
        if contrast_with_white(value) < MINIMUM_CONTRAST:
            raise ValueError("white text is not readable on it; choose a darker one")
        return value

    @field_validator(*ROUTES)
    @classmethod
    def _routes(cls, value: tuple[Route, ...]) -> tuple[Route, ...]:
        return each_once(value)

    @field_validator(*COUNTRY_ROUTES)
    @classmethod
    def _routes_by_country(
        cls, value: dict[str, tuple[Route, ...]]
    ) -> dict[str, tuple[Route, ...]]:
        return {country: each_once(routes) for country, routes in value.items()}

    @field_validator("public_origin")
    @classmethod
    def _origin(cls, value: str) -> str:
        return our_origin(value)

    @field_validator("twilio_api_url", "vonage_api_url")
    @classmethod
    def _api_url(cls, value: str) -> str:
        return carriers_origin(value)

    @field_validator("logo")
    @classmethod
    def _small_picture(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        if not value.is_file() or value.suffix.lower() not in {".svg", ".png"}:
            raise ValueError(f"{value} is not an SVG or PNG file")
        if value.stat().st_size > LOGO_BYTES:
            raise ValueError(f"{value} is larger than 32 kB")
        return value

    @field_validator("support_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("write it as https://…")
        return value

    @model_validator(mode="after")
    def _routes_have_what_they_need(self) -> Self:
        check_database(self.secret("database_url"))
        if 0 < len(self.secret("metrics_token")) < SHORTEST_METRICS_TOKEN:
            raise ValueError(
                f"VESTIBULE_METRICS_TOKEN: it needs at least {SHORTEST_METRICS_TOKEN} characters"
            )
        check_root_key(self)
        check_countries(self)
        check_routes(self)
        check_tolls(self)
        return self

    @model_validator(mode="after")
    def _simulator_stays_here(self) -> Self:
        host = urlsplit(self.public_origin).hostname or ""
        if self.simulator and not (is_this_machine(host) and is_this_machine(self.host)):
            raise ValueError(
                "VESTIBULE_SIMULATOR: it shows every code to everybody, so VESTIBULE_HOST and"
                " VESTIBULE_PUBLIC_ORIGIN must be this machine"
            )
        return self

    def secret(self, name: str) -> str:
        """A secret setting, from itself or from its file."""
        file: Path | None = getattr(self, f"{name}_file")
        value: SecretStr = getattr(self, name)
        if file is None:
            return value.get_secret_value()
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            # What cannot be decoded is quoted by its error.
            raise ValueError(f"VESTIBULE_{name.upper()}_FILE: {file} cannot be read") from None

    def routes(self, channel: str, country: str = "") -> tuple[Route, ...]:
        """Who carries `sms`, `voice` or `email`, in order; to a country that has its own, those.

        The simulator where nobody is named and it runs.
        """
        own = self.country_routes.get((channel, country))
        if own is not None:
            return own
        named: tuple[Route, ...] = getattr(self, f"routes_{channel}")
        return named or (("simulator",) if self.simulator else ())

    @property
    def country_routes(self) -> dict[tuple[str, str], tuple[Route, ...]]:
        """By channel and country, where a country has routes of its own."""
        return {
            (name.split("_")[1], country): routes
            for name in COUNTRY_ROUTES
            for country, routes in getattr(self, name).items()
        }

    def carriers(self, channel: str) -> set[str]:
        """Whoever is named for a channel, anywhere."""
        own = [routes for (one, _), routes in self.country_routes.items() if one == channel]
        return {route for routes in [getattr(self, f"routes_{channel}"), *own] for route in routes}

    @property
    def is_https(self) -> bool:
        return self.public_origin.startswith("https://")

    @property
    def database(self) -> str:
        named = self.secret("database_url")
        return named or f"sqlite:///{(self.data / 'vestibule.db').absolute()}"

    @property
    def root_key_path(self) -> Path:
        return self.root_key_file or self.data / "root.key"


def load(env_file: Path | None = None) -> Settings:
    """The settings of this process; `SettingsFault` names the first that cannot be."""
    if env_file is not None and not env_file.is_file():
        raise SettingsFault(f"The settings file {env_file} does not exist.")
    known = {f"VESTIBULE_{name.upper()}" for name in Settings.model_fields}
    for name in os.environ:
        is_country = name.isupper() and COUNTRY_ROUTE.fullmatch(name)
        if name.startswith("VESTIBULE_") and name not in known and not is_country:
            raise SettingsFault(f"{name} is not a setting of Vestibule.")
    try:
        return Settings(_env_file=env_file)
    except ValidationError as fault:
        raise SettingsFault(_sentence(fault)) from fault


def _sentence(fault: ValidationError) -> str:
    """The first fault, naming the setting as the operator wrote it."""
    first = fault.errors()[0]
    what = first["msg"].removeprefix("Value error, ").split(", unable")[0]
    for start in ("Input should be", "String should"):
        what = what.replace(start, "it should be" if start.endswith("be") else "it should")
    if not first["loc"]:
        return f"{what}."
    name = str(first["loc"][0]).upper().removeprefix("VESTIBULE_")
    if name.endswith("__XX") and len(first["loc"]) > 1:
        name = name.removesuffix("XX") + str(first["loc"][1])
    if first["type"] == "extra_forbidden":
        return f"VESTIBULE_{name} is not a setting of Vestibule."
    return f"VESTIBULE_{name}: {what}."
