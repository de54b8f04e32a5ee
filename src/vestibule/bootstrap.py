"""Putting the house together: settings become a database, keys, flows, pages and a worker.

The composition root: the only room, with the commands, that reads settings. No logic.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from gettext import NullTranslations
from importlib.resources import files
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute

from vestibule.carrier.app import carrier_routes
from vestibule.catalogues import Catalogues
from vestibule.clock import Clock, SystemClock
from vestibule.crypto import root_key
from vestibule.crypto.keyring import Keyring
from vestibule.crypto.password_hash import OWASP, PasswordHash, Profile
from vestibule.crypto.seal import Seal
from vestibule.delivery.callbacks import TwilioCallbacks, VonageCallbacks, WebhookCallbacks
from vestibule.delivery.provider import Provider
from vestibule.delivery.providers.simulator import TEST_NUMBERS, Inbox, SimulatorProvider
from vestibule.delivery.providers.smtp import SmtpProvider, SmtpServer
from vestibule.delivery.providers.twilio import TwilioAccount, TwilioProvider
from vestibule.delivery.providers.vonage import VonageAccount, VonageProvider
from vestibule.delivery.providers.webhook import WebhookProvider, WebhookTarget
from vestibule.delivery.rendering import House
from vestibule.delivery.routing import Routes
from vestibule.domain.challenge import Channel
from vestibule.domain.country_table import parse_money, parse_table
from vestibule.domain.language import Languages
from vestibule.domain.password import PasswordPolicy, load_blocklist
from vestibule.domain.session import Limits
from vestibule.domain.tolls import CountryTable, LimitName, Tolls, listed_table, set_up_regions
from vestibule.entropy import Entropy, SystemEntropy
from vestibule.flows.calls import Calling
from vestibule.flows.deliver import Delivering
from vestibule.flows.passwords import Passwords
from vestibule.flows.receipts import Callbacks
from vestibule.flows.running import note_start, note_stop
from vestibule.flows.work import ELSEWHERE, Means, Policy
from vestibule.observability.metrics import Gauges
from vestibule.settings import DEFAULT_ACCENT, Settings, SettingsFault
from vestibule.simulator.app import Speak, simulator_routes
from vestibule.storage import revision
from vestibule.storage.database import Database, connect
from vestibule.web.app import Front, build
from vestibule.web.cookies import Cookies
from vestibule.web.metrics import Meter
from vestibule.web.render import Pages, Site
from vestibule.web.source import Sources
from vestibule.web.visit import language_of
from vestibule.worker import Worker

HASHES_QUEUED = 100
"""About two seconds of hashing on two cores (PH-05)."""


class WrongRevision(Exception):
    """The database is not at this version's schema; the text says which command to run."""


@dataclass(frozen=True, slots=True)
class Built:
    """A house that is ready to serve."""

    app: Starlette
    means: Means
    worker: Worker
    inbox: Inbox | None
    providers: Mapping[str, Provider]
    settings_text: str
    """The settings without their secrets, to tell whether they changed between two starts."""

    @asynccontextmanager
    async def running(self, *, with_worker: bool = True) -> AsyncIterator[None]:
        """The worker runs while the block does; then everything is let go."""
        try:
            await note_start(self.means, self.settings_text)
            try:
                async with self.worker.running() if with_worker else nullcontext():
                    yield
            finally:
                await note_stop(self.means)
        finally:
            await self.close()

    async def close(self) -> None:
        for provider in self.providers.values():
            await provider.close()
        await self.means.database.close()


def build_house(
    settings: Settings,
    *,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    profile: Profile = OWASP,
    database: Database | None = None,
    catalogues: Catalogues | None = None,
    with_worker: bool = True,
) -> Built:
    """Everything from settings; tests pass their own clock, entropy, hashing, database, words.

    Without a worker, processes of their own deliver what this one writes.
    """
    clock, wake = clock or SystemClock(), asyncio.Event()
    catalogues = catalogues or Catalogues()
    keyring = Keyring.from_root(root_key.read(settings.root_key_path))
    entropy = entropy or SystemEntropy()
    means = Means(
        database=database or connect(settings.database),
        clock=clock,
        entropy=entropy,
        keyring=keyring,
        seal=Seal(keyring, entropy),
        passwords=Passwords(
            PasswordHash(keyring, entropy, profile), at_once=_cores(), queued=HASHES_QUEUED
        ),
        policy=_policy(settings, catalogues),
        wake_delivery=wake.set,
    )
    inbox = Inbox(clock) if settings.simulator else None
    providers = providers_of(settings, clock, entropy, inbox)
    gauges = Gauges()
    worker = Worker(_delivering(settings, means, providers, gauges, catalogues), wake)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await refuse_other_revision(means.database)
        async with built.running(with_worker=with_worker):
            yield

    speak = _speaking(Cookies(settings.is_https), means.policy.languages, catalogues)
    routes = [*_simulator(settings, inbox, speak), *_carriers(settings, worker.delivering)]
    app = build(_front(settings, means, gauges, catalogues), more_routes=routes, lifespan=lifespan)
    built = Built(app, means, worker, inbox, providers, settings.model_dump_json())
    return built


def _cores() -> int:
    """The cores this process may use: as many passwords are hashed at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


def _delivering(
    settings: Settings,
    means: Means,
    providers: Mapping[str, Provider],
    gauges: Gauges,
    catalogues: Catalogues,
) -> Delivering:
    routes = Routes(
        providers=providers,
        everywhere={channel.value: _names(settings, channel) for channel in Channel},
        to_country=settings.country_routes,
    )
    return Delivering(
        means=means,
        routes=routes,
        house=house_of(settings),
        words=catalogues.words,
        on_hand_over=gauges.note_hand_over,
    )


def house_of(settings: Settings) -> House:
    """Who writes the messages."""
    origin = settings.public_origin
    return House(
        settings.name,
        urlsplit(origin).hostname or "",
        origin,
        code_in_subject=settings.mail_code_in_subject,
    )


def _front(settings: Settings, means: Means, gauges: Gauges, catalogues: Catalogues) -> Front:
    token = settings.secret("metrics_token")
    return Front(
        means=means,
        pages=Pages(_site(settings), catalogues.words),
        cookies=Cookies(settings.is_https),
        sources=Sources(settings.trusted_proxies),
        public_origin=settings.public_origin,
        accent=settings.accent,
        logo=settings.logo,
        meter=Meter(token, gauges) if token else None,
    )


async def refuse_other_revision(database: Database) -> None:
    """Raise `WrongRevision` unless the schema is this version's own."""
    found = await revision.applied(database)
    if found != revision.HEAD:
        raise WrongRevision(
            f"The database is at revision {found or 'none'}, this version needs"
            f" {revision.HEAD}: run `vestibule migrate`."
        )


def _policy(settings: Settings, catalogues: Catalogues) -> Policy:
    countries = {ELSEWHERE, *(country for _, country in settings.country_routes)}
    reach = {country: _channels_to(settings, country) for country in countries}
    tolls = tolls_of(settings)
    packed = files("vestibule").joinpath("data", "common-passwords.txt.gz").read_bytes()
    return Policy(
        product=settings.name,
        origin=settings.public_origin,
        host=urlsplit(settings.public_origin).hostname or "",
        password=PasswordPolicy(
            minimum=settings.password_minimum, blocklist=load_blocklist(packed)
        ),
        # Where no phone is reached anywhere, the way is closed and no country is at fault.
        countries=set_up_regions(tolls.table, reach) or None,
        channels=frozenset().union(*reach.values()),
        country_channels=reach,
        default_country=settings.default_country,
        session=Limits(
            absolute=timedelta(hours=settings.session_hours),
            idle=timedelta(minutes=settings.session_idle_minutes),
        ),
        limits_loopback=not settings.simulator,
        tolls=tolls,
        languages=languages_of(settings, catalogues),
    )


def languages_of(settings: Settings, catalogues: Catalogues) -> Languages:
    """The languages offered, the default first; `SettingsFault` for one without a catalogue."""
    shipped = Languages(catalogues.tags)
    if not settings.languages:
        return shipped
    found = []
    for name in settings.languages:
        tag = shipped.offered(name)
        if tag is None:
            known = ", ".join(shipped.tags)
            raise SettingsFault(f"VESTIBULE_LANGUAGES: {name} is not there; there are {known}.")
        found.append(tag)
    return Languages(tuple(dict.fromkeys(found)))


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


def _site(settings: Settings) -> Site:
    return Site(
        name=settings.name,
        logo_url="/logo" if settings.logo else None,
        accent_style_url=None if settings.accent == DEFAULT_ACCENT else "/brand.css",
        support_email=settings.support_email or None,
        support_url=settings.support_url or None,
    )


def _channels_to(settings: Settings, country: str) -> frozenset[Channel]:
    return frozenset(channel for channel in Channel if _names(settings, channel, country))


def _names(settings: Settings, channel: Channel, country: str = ELSEWHERE) -> tuple[str, ...]:
    """Who carries a channel, in order; an app needs nobody."""
    return () if channel is Channel.TOTP else settings.routes(channel.value, country)


def providers_of(
    settings: Settings, clock: Clock, entropy: Entropy, inbox: Inbox | None
) -> dict[str, Provider]:
    """The configured providers by name; raises `SettingsFault` for what they cannot use."""
    found: dict[str, Provider] = {}
    if inbox is not None:
        found["simulator"] = SimulatorProvider(inbox)
    if settings.webhook_url:
        with _naming("VESTIBULE_WEBHOOK_URL and VESTIBULE_WEBHOOK_SECRET"):
            target = WebhookTarget(settings.webhook_url, settings.secret("webhook_secret"))
            found["webhook"] = WebhookProvider(target, clock)
    if settings.secret("smtp_url"):
        with _naming("VESTIBULE_SMTP_URL"):
            server = SmtpServer.parse(settings.secret("smtp_url"))
        with _naming("VESTIBULE_MAIL_FROM"):
            found["smtp"] = SmtpProvider(server, settings.mail_from, clock)
    if settings.twilio_account_sid:
        account = _twilio_account(settings)
        found["twilio"] = TwilioProvider(account, origin=settings.public_origin)
    if settings.vonage_application_id or settings.vonage_api_key:
        with _naming("VESTIBULE_VONAGE_PRIVATE_KEY"):
            found["vonage"] = VonageProvider(
                _vonage_account(settings), clock, entropy=entropy, origin=settings.public_origin
            )
    return found


def _twilio_account(settings: Settings) -> TwilioAccount:
    return TwilioAccount(
        sid=settings.twilio_account_sid,
        auth_token=settings.secret("twilio_auth_token"),
        api_key=settings.twilio_api_key,
        api_secret=settings.secret("twilio_api_secret"),
        sender=settings.twilio_from,
        messaging_service=settings.twilio_messaging_service_sid,
        redacts=settings.twilio_redaction,
        api_url=settings.twilio_api_url,
    )


def _vonage_account(settings: Settings) -> VonageAccount:
    return VonageAccount(
        sender=settings.vonage_from,
        api_key=settings.vonage_api_key,
        api_secret=settings.secret("vonage_api_secret"),
        application_id=settings.vonage_application_id,
        private_key=settings.secret("vonage_private_key"),
        api_url=settings.vonage_api_url,
    )


@contextmanager
def _naming(setting: str) -> Iterator[None]:
    """A value that a provider refuses, told as the setting it came from."""
    try:
        yield
    except ValueError as fault:
        raise SettingsFault(f"{setting}: {fault}.") from fault


def _speaking(cookies: Cookies, languages: Languages, catalogues: Catalogues) -> Speak:
    """What the simulator is spoken in: it knows no account, only the browser."""

    def speak(request: Request) -> tuple[str, NullTranslations]:
        tag = language_of(request, cookies, languages)
        return tag, catalogues.words(tag)

    return speak


def _simulator(settings: Settings, inbox: Inbox | None, speak: Speak) -> list[BaseRoute]:
    if inbox is None:
        return []
    return simulator_routes(inbox, site_name=settings.name, test_numbers=TEST_NUMBERS, speak=speak)


def _carriers(settings: Settings, delivering: Delivering) -> list[BaseRoute]:
    """The doors of the carriers whose posts can be proven."""
    clock, found = delivering.means.clock, list[Callbacks]()
    if secret := settings.secret("twilio_auth_token"):
        found.append(TwilioCallbacks(secret, settings.public_origin))
    if secret := settings.secret("vonage_signature_secret"):
        found.append(VonageCallbacks(secret, clock))
    if secret := settings.secret("webhook_secret"):
        found.append(WebhookCallbacks(secret, clock))
    calling = Calling(delivering.means, delivering.house, delivering.words)
    return carrier_routes(calling, found, settings.public_origin)
