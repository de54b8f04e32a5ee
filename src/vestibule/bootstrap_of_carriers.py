"""Who carries messages, and what they may cost: settings become providers and a table of tolls.

Part of the composition root (`bootstrap`); each fault names its setting. It wires nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from urllib.parse import urlsplit

from vestibule.clock import Clock
from vestibule.delivery.callbacks import TwilioCallbacks, VonageCallbacks, WebhookCallbacks
from vestibule.delivery.provider import Provider
from vestibule.delivery.providers.simulator import Inbox, SimulatorProvider
from vestibule.delivery.providers.smtp import SmtpProvider, SmtpServer
from vestibule.delivery.providers.twilio import TwilioAccount, TwilioProvider
from vestibule.delivery.providers.vonage import VonageAccount, VonageProvider
from vestibule.delivery.providers.webhook import WebhookProvider, WebhookTarget
from vestibule.delivery.reach import Reach
from vestibule.delivery.rendering import House
from vestibule.delivery.webhook_signature import Secrets
from vestibule.domain.country_table import parse_money, parse_table
from vestibule.domain.tolls import CountryTable, LimitName, Tolls, listed_table
from vestibule.entropy import Entropy
from vestibule.flows.receipts import Callbacks
from vestibule.settings import Settings, SettingsFault


def house_of(settings: Settings) -> House:
    """Who writes the messages."""
    origin = settings.public_origin
    return House(
        settings.name,
        urlsplit(origin).hostname or "",
        origin,
        code_in_subject=settings.mail_code_in_subject,
    )


def providers_of(
    settings: Settings, clock: Clock, entropy: Entropy, inbox: Inbox | None
) -> dict[str, Provider]:
    """The configured providers by name; raises `SettingsFault` for what they cannot use."""
    found: dict[str, Provider] = {}
    if inbox is not None:
        found["simulator"] = SimulatorProvider(inbox)
    with _naming("VESTIBULE_PRIVATE_NETWORKS"):
        reach = Reach.of(settings.private_networks)
    if settings.webhook_url:
        secrets = _webhook_secrets(settings)
        with _naming("VESTIBULE_WEBHOOK_URL"):
            target = WebhookTarget(settings.webhook_url, secrets, reach=reach)
        found["webhook"] = WebhookProvider(target, clock)
    if settings.secret("smtp_url"):
        with _naming("VESTIBULE_SMTP_URL"):
            server = SmtpServer.parse(settings.secret("smtp_url"))
        with _naming("VESTIBULE_MAIL_FROM"):
            found["smtp"] = SmtpProvider(server, settings.mail_from, clock)
    if settings.twilio_account_sid:
        with _naming("VESTIBULE_TWILIO_API_URL"):
            account = _twilio_account(settings, reach)
        found["twilio"] = TwilioProvider(account, origin=settings.public_origin)
    if settings.vonage_application_id or settings.vonage_api_key:
        with _naming("VESTIBULE_VONAGE_API_URL"):
            reach.check(settings.vonage_api_url)
        with _naming("VESTIBULE_VONAGE_PRIVATE_KEY"):
            found["vonage"] = VonageProvider(
                _vonage_account(settings, reach),
                clock,
                entropy=entropy,
                origin=settings.public_origin,
            )
    return found


def _twilio_account(settings: Settings, reach: Reach) -> TwilioAccount:
    return TwilioAccount(
        sid=settings.twilio_account_sid,
        auth_token=settings.secret("twilio_auth_token"),
        api_key=settings.twilio_api_key,
        api_secret=settings.secret("twilio_api_secret"),
        sender=settings.twilio_from,
        messaging_service=settings.twilio_messaging_service_sid,
        redacts=settings.twilio_redaction,
        api_url=settings.twilio_api_url,
        reach=reach,
    )


def _vonage_account(settings: Settings, reach: Reach) -> VonageAccount:
    return VonageAccount(
        sender=settings.vonage_from,
        api_key=settings.vonage_api_key,
        api_secret=settings.secret("vonage_api_secret"),
        application_id=settings.vonage_application_id,
        private_key=settings.secret("vonage_private_key"),
        api_url=settings.vonage_api_url,
        reach=reach,
    )


def callbacks_of(settings: Settings, clock: Clock) -> list[Callbacks]:
    """The carriers whose posts can be proven."""
    found = list[Callbacks]()
    if secret := settings.secret("twilio_auth_token"):
        found.append(TwilioCallbacks(secret, settings.public_origin))
    if secret := settings.secret("vonage_signature_secret"):
        found.append(VonageCallbacks(secret, clock))
    if settings.secret("webhook_secret"):
        found.append(WebhookCallbacks(_webhook_secrets(settings), clock))
    return found


def _webhook_secrets(settings: Settings) -> Secrets:
    current, previous = (
        settings.secret("webhook_secret"),
        settings.secret("webhook_secret_previous"),
    )
    with _naming("VESTIBULE_WEBHOOK_SECRET and VESTIBULE_WEBHOOK_SECRET_PREVIOUS"):
        return Secrets(current, previous)


def tolls_of(settings: Settings) -> Tolls:
    """What texts and calls may cost; raises `SettingsFault` for a table that cannot be."""
    table = _country_table(settings)
    unpriced = table.unpriced()
    for name in ("budget_hour", "budget_day"):
        if getattr(settings, name) is not None and unpriced is not None:
            raise SettingsFault(
                f"VESTIBULE_{name.upper()}: it needs a price for every text and call, and"
                f" {unpriced} has none: set VESTIBULE_PRICE_SMS and VESTIBULE_PRICE_VOICE."
            )
    return Tolls(
        table=table,
        budget_hour=_millionths(settings.budget_hour),
        budget_day=_millionths(settings.budget_day),
        track_only=frozenset(LimitName(name) for name in settings.track_only),
        allows_voip=settings.phone_voip,
        alarm_email=settings.alarm_email,
    )


def _country_table(settings: Settings) -> CountryTable:
    sms, voice = _millionths(settings.price_sms), _millionths(settings.price_voice)
    file = settings.countries_file
    if file is None:
        return listed_table(frozenset(settings.countries), sms_price=sms, voice_price=voice)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFault(f"VESTIBULE_COUNTRIES_FILE: {file} cannot be read.") from error
    with _naming(f"VESTIBULE_COUNTRIES_FILE: {file}"):
        return parse_table(text, sms_price=sms, voice_price=voice)


def _millionths(amount: Decimal | None) -> int | None:
    return None if amount is None else parse_money(amount)


@contextmanager
def _naming(setting: str) -> Iterator[None]:
    """A value that a provider refuses, told as the setting it came from."""
    try:
        yield
    except ValueError as fault:
        raise SettingsFault(f"{setting}: {fault}.") from fault
