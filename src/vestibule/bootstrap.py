"""Putting the house together: settings become a database, keys, flows, pages and a worker.

The composition root: the only room, with the commands, that reads settings. No logic.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute

from vestibule.bootstrap_of_carriers import callbacks_of, house_of, providers_of, tolls_of
from vestibule.carrier.app import carrier_routes
from vestibule.catalogues import Catalogues
from vestibule.clock import Clock, SystemClock
from vestibule.crypto.key_source import KeySource, source_of
from vestibule.crypto.keyring import Keyring
from vestibule.crypto.password_hash import OWASP, PasswordHash, Profile
from vestibule.crypto.seal import Seal
from vestibule.delivery.provider import Provider
from vestibule.delivery.providers.known_failures import TEST_ADDRESSES, TEST_NUMBERS
from vestibule.delivery.providers.simulator import Inbox, SimulatorSignal
from vestibule.delivery.routing import Routes
from vestibule.domain import totp
from vestibule.domain.challenge import Channel
from vestibule.domain.language import Languages
from vestibule.domain.password import PasswordPolicy, load_blocklist
from vestibule.domain.session import Limits
from vestibule.domain.tolls import set_up_regions
from vestibule.entropy import Entropy, SystemEntropy
from vestibule.flows.calls import Calling
from vestibule.flows.deliver import Delivering
from vestibule.flows.key_refresh import KeyRefresh
from vestibule.flows.passwords import Passwords
from vestibule.flows.pulse import Beating, Mark, refuse_restored
from vestibule.flows.running import note_start, note_stop
from vestibule.flows.work import ELSEWHERE, Means, Policy
from vestibule.observability.metrics import Gauges
from vestibule.settings import DEFAULT_ACCENT, Settings, SettingsFault
from vestibule.simulator.app import Failing, Speak, simulator_routes
from vestibule.simulator.telephone import Telephone
from vestibule.storage import revision
from vestibule.storage.database import Database, connect
from vestibule.web.app import Front, build
from vestibule.web.beat import BEAT
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
    telephone: Telephone | None
    providers: Mapping[str, Provider]
    keys: KeyRefresh
    beating: Beating
    settings_text: str
    """The settings without their secrets, to tell whether they changed between two starts."""

    @asynccontextmanager
    async def running(self, *, with_worker: bool = True) -> AsyncIterator[None]:
        """The worker runs while the block does; then everything is let go."""
        try:
            await note_start(self.means, self.settings_text)
            try:
                async with (
                    self.keys.running(),
                    self.beating.running(),
                    self.worker.running() if with_worker else nullcontext(),
                    self.telephone.running() if self.telephone else nullcontext(),
                ):
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
    beat: float = BEAT,
) -> Built:
    """Everything from settings; tests pass clock, entropy, hashing, database, words, beat.

    Without a worker, processes of their own deliver what this one writes.
    """
    clock, catalogues = clock or SystemClock(), catalogues or Catalogues()
    wake = asyncio.Event()
    source, entropy = key_source_of(settings), entropy or SystemEntropy()
    roots = source.read()
    keyring = Keyring.of(roots, clock())
    means = Means(
        database=database or connect(settings.database),
        clock=clock,
        entropy=entropy,
        keyring=keyring,
        seal=Seal(keyring, entropy),
        passwords=_passwords(PasswordHash(keyring, entropy, profile)),
        policy=_policy(settings, catalogues),
        wake_delivery=wake.set,
    )
    inbox = Inbox(clock) if settings.simulator else None
    providers = providers_of(settings, clock, entropy, inbox)
    gauges = Gauges()
    worker = Worker(_delivering(settings, means, providers, gauges, catalogues), wake)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await refuse_unfit(settings, means.database)
        async with built.running(with_worker=with_worker):
            yield

    telephone = Telephone(inbox, _calling(worker.delivering)) if inbox else None
    routes = _simulator(settings, inbox, telephone, catalogues)
    routes += _carriers(settings, worker.delivering)
    front = _front(settings, means, gauges, catalogues, beat)
    app = build(front, more_routes=routes, lifespan=lifespan)
    keys = KeyRefresh(source, keyring, roots, clock)
    beating, text = Beating(means, mark_of(settings)), settings.model_dump_json()
    built = Built(app, means, worker, inbox, telephone, providers, keys, beating, text)
    return built


def mark_of(settings: Settings) -> Mark:
    """Where this machine keeps how old its database is."""
    return Mark(settings.data / "last-beat.json")


def key_source_of(settings: Settings) -> KeySource:
    """The one place that the root keys come from."""
    text = settings.root_key.get_secret_value()
    return source_of(settings.root_key_command, text, settings.root_key_path)


def _passwords(hashing: PasswordHash) -> Passwords:
    return Passwords(hashing, at_once=_cores(), queued=HASHES_QUEUED)


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
        signal=SimulatorSignal() if settings.simulator else None,
    )


def _front(
    settings: Settings, means: Means, gauges: Gauges, catalogues: Catalogues, beat: float
) -> Front:
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
        beat=beat,
    )


async def refuse_unfit(settings: Settings, database: Database) -> None:
    """Raise `WrongRevision` or `DatabaseRestored` for a database that must not be served."""
    await refuse_other_revision(database)
    await refuse_restored(database, mark_of(settings))


async def refuse_other_revision(database: Database) -> None:
    """Raise `WrongRevision` unless the schema is this version's own."""
    found = await revision.applied(database)
    if found != revision.HEAD:
        raise WrongRevision(
            f"The database is at revision {found or 'none'}, this version needs"
            f" {revision.HEAD}: run `vestibule migrate`."
        )


@cache
def _common_passwords() -> frozenset[str]:
    """The shipped list, folded once in a process."""
    packed = files("vestibule").joinpath("data", "common-passwords.txt.gz").read_bytes()
    return load_blocklist(packed)


def _policy(settings: Settings, catalogues: Catalogues) -> Policy:
    countries = {ELSEWHERE, *(country for _, country in settings.country_routes)}
    reach = {country: _channels_to(settings, country) for country in countries}
    tolls = tolls_of(settings)
    return Policy(
        product=settings.name,
        origin=settings.public_origin,
        host=urlsplit(settings.public_origin).hostname or "",
        password=PasswordPolicy(minimum=settings.password_minimum, blocklist=_common_passwords()),
        code_digits=settings.code_digits,
        new_apps=totp.Parameters(totp.Algorithm(settings.app_algorithm), settings.app_digits),
        # Where no phone is reached anywhere, the way is closed and no country is at fault.
        countries=set_up_regions(tolls.table, reach) or None,
        channels=frozenset().union(*reach.values()),
        country_channels=reach,
        default_country=settings.default_country,
        session=Limits(
            absolute=timedelta(hours=settings.session_hours),
            idle=timedelta(minutes=settings.session_idle_minutes),
        ),
        closes_after=timedelta(days=settings.closing_days),
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
    """Who carries a channel, in order; apps and passkeys need nobody."""
    is_sent = channel not in {Channel.TOTP, Channel.PASSKEY}
    return settings.routes(channel.value, country) if is_sent else ()


def _speaking(settings: Settings, catalogues: Catalogues) -> Speak:
    """What the simulator is spoken in: it knows no account, only the browser."""
    cookies, languages = Cookies(settings.is_https), languages_of(settings, catalogues)

    def speak(request: Request) -> tuple[str, NullTranslations]:
        tag = language_of(request, cookies, languages)
        return tag, catalogues.words(tag)

    return speak


def _calling(delivering: Delivering) -> Calling:
    return Calling(delivering.means, delivering.house, delivering.words)


def _simulator(
    settings: Settings, inbox: Inbox | None, telephone: Telephone | None, catalogues: Catalogues
) -> list[BaseRoute]:
    if inbox is None or telephone is None:
        return []
    return simulator_routes(
        inbox,
        telephone,
        site_name=settings.name,
        failing=Failing(TEST_NUMBERS, TEST_ADDRESSES),
        speak=_speaking(settings, catalogues),
    )


def _carriers(settings: Settings, delivering: Delivering) -> list[BaseRoute]:
    found = callbacks_of(settings, delivering.means.clock)
    return carrier_routes(_calling(delivering), found, settings.public_origin)
