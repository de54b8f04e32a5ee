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
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEFAULT_ACCENT = "#1E6B5C"
LOGO_BYTES = 32 * 1024
ROUTES = ("routes_email", "routes_sms", "routes_voice")
MINIMUM_CONTRAST = 4.5
"""WCAG 2.2 §1.4.3, for the operator's accent under white text."""


Route = Literal["smtp", "webhook", "simulator"]


class SettingsFault(Exception):
    """A setting that stops the start; the text is one sentence that names it."""


class Settings(BaseSettings):
    """What an operator may set. Names are these fields in capitals after `VESTIBULE_`."""

    model_config = SettingsConfigDict(
        env_prefix="VESTIBULE_", extra="forbid", frozen=True, env_file_encoding="utf-8"
    )

    accent: str = DEFAULT_ACCENT
    """The product's colour, `#RRGGBB`; white text must be readable on it."""
    countries: Annotated[tuple[str, ...], NoDecode] = ()
    """Countries whose numbers are served, as two-letter codes with commas; empty means all."""
    data: Path = Path("var")
    """The folder for the SQLite database and the root key."""
    database_url: str = ""
    """`sqlite:///…` or `postgresql://…`; empty means `vestibule.db` in the data folder."""
    default_country: str = "US"
    """The country that the phone form starts with, where the browser names none."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    logo: Path | None = None
    """An SVG or PNG file shown in the place of the mark, 32 kB at most."""
    mail_from: str = ""
    """The sender of mails, as `Acme <no-reply@example.com>`; needed with the route `smtp`."""
    name: str = Field(default="Vestibule", min_length=1, max_length=40)
    """The product's name, on pages and in messages."""
    password_minimum: int = Field(default=12, ge=8, le=64)
    """The fewest characters of a password (PW-01)."""
    port: int = Field(default=8000, ge=1, le=65535)
    """The port to listen on."""
    public_origin: str = "http://localhost:8000"
    """What people type: scheme, host and port. Links and cookies are made from it, never from
    a request's Host."""
    root_key_file: Path | None = None
    """A file with the root key (mode 0600); by default `root.key` in the data folder."""
    routes_email: Annotated[tuple[Route, ...], NoDecode] = ()
    """Who carries mails, in order, with commas: `smtp`, `webhook`, `simulator`."""
    routes_sms: Annotated[tuple[Route, ...], NoDecode] = ()
    """Who carries text messages, in order: `webhook`, `simulator`; empty closes them."""
    routes_voice: Annotated[tuple[Route, ...], NoDecode] = ()
    """Who places calls, in order: `webhook`, `simulator`; empty closes them."""
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
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Networks whose `X-Forwarded-For` is believed, with commas; by default nobody (RL-08)."""
    twilio_auth_token: SecretStr = SecretStr("")
    """The account's auth token: it proves Twilio's callbacks, and signs in where no API key is."""
    twilio_auth_token_file: Path | None = None
    """A file with the same, instead."""
    vonage_signature_secret: SecretStr = SecretStr("")
    """What Vonage signs its callbacks with; needed with the route `vonage`."""
    vonage_signature_secret_file: Path | None = None
    """A file with the same, instead."""
    webhook_secret: SecretStr = SecretStr("")
    """What signs the posts to `VESTIBULE_WEBHOOK_URL`: 24 bytes or more."""
    webhook_secret_file: Path | None = None
    """A file with the same, instead."""
    webhook_url: str = ""
    """The operator's own service that reaches a carrier; needed with the route `webhook`."""

    @field_validator("countries", "trusted_proxies", *ROUTES, mode="before")
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

    @field_validator("trusted_proxies")
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

    @field_validator("public_origin")
    @classmethod
    def _origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("write it as https://id.example.com")
        if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
            raise ValueError("it is scheme, host and port only")
        if parts.scheme == "http" and not on_this_machine(parts.hostname):
            raise ValueError("plain http is for this machine only; use https")
        # As browsers write it: an Origin header in other letters would refuse every form.
        default = {"http": 80, "https": 443}[parts.scheme]
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = "" if parts.port in {None, default} else f":{parts.port}"
        return f"{parts.scheme}://{host}{port}"

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

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"sqlite", "postgresql", "postgres"}:
            raise ValueError("it starts with sqlite:/// or postgresql://")
        return value

    @model_validator(mode="after")
    def _routes_have_what_they_need(self) -> Self:
        secrets = ("smtp_url", "twilio_auth_token", "vonage_signature_secret", "webhook_secret")
        for name in secrets:
            self.secret(name)
        used = {route for name in ROUTES for route in getattr(self, name)}
        if "smtp" in used and not (self.secret("smtp_url") and self.mail_from):
            raise ValueError(
                "VESTIBULE_ROUTES_EMAIL: smtp needs VESTIBULE_SMTP_URL and VESTIBULE_MAIL_FROM"
            )
        if "webhook" in used and not (self.webhook_url and self.secret("webhook_secret")):
            raise ValueError(
                "VESTIBULE_ROUTES_…: webhook needs VESTIBULE_WEBHOOK_URL and"
                " VESTIBULE_WEBHOOK_SECRET"
            )
        if "simulator" in used and not self.simulator:
            raise ValueError("VESTIBULE_ROUTES_…: simulator needs VESTIBULE_SIMULATOR=true")
        if "smtp" in {*self.routes_sms, *self.routes_voice}:
            raise ValueError("VESTIBULE_ROUTES_SMS: smtp carries mails only")
        return self

    @model_validator(mode="after")
    def _simulator_stays_here(self) -> Self:
        host = urlsplit(self.public_origin).hostname or ""
        if self.simulator and not (on_this_machine(host) and on_this_machine(self.host)):
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
        except OSError as error:
            raise ValueError(f"VESTIBULE_{name.upper()}_FILE: {file} cannot be read") from error

    def routes(self, channel: str) -> tuple[Route, ...]:
        """Who carries `sms`, `voice` or `email`, in order.

        The simulator where nobody is named and it runs.
        """
        named: tuple[Route, ...] = getattr(self, f"routes_{channel}")
        return named or (("simulator",) if self.simulator else ())

    @property
    def is_https(self) -> bool:
        return self.public_origin.startswith("https://")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data / 'vestibule.db').absolute()}"

    @property
    def root_key_path(self) -> Path:
        return self.root_key_file or self.data / "root.key"


def load(env_file: Path | None = None) -> Settings:
    """The settings of this process; `SettingsFault` names the first that cannot be."""
    if env_file is not None and not env_file.is_file():
        raise SettingsFault(f"The settings file {env_file} does not exist.")
    known = {f"VESTIBULE_{name.upper()}" for name in Settings.model_fields}
    for name in os.environ:
        if name.startswith("VESTIBULE_") and name not in known:
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
    if first["type"] == "extra_forbidden":
        return f"VESTIBULE_{name} is not a setting of Vestibule."
    return f"VESTIBULE_{name}: {what}."


def on_this_machine(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def contrast_with_white(colour: str) -> float:
    """WCAG 2.2 contrast ratio of `#RRGGBB` with white."""
    shares = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shares
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
