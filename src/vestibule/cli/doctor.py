"""What is missing before the house can serve."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from vestibule.bootstrap import (
    WrongRevision,
    key_source_of,
    languages_of,
    mark_of,
    refuse_unfit,
)
from vestibule.bootstrap_of_carriers import providers_of, tolls_of
from vestibule.catalogues import Catalogues
from vestibule.cli.doctor_files import open_files
from vestibule.clock import SystemClock
from vestibule.crypto.root_key import RootKeyFault
from vestibule.delivery.provider import Provider
from vestibule.entropy import SystemEntropy
from vestibule.flows.keys import KEY_PERIOD
from vestibule.flows.pulse import DatabaseRestored
from vestibule.settings import Settings, SettingsFault
from vestibule.storage.database import StorageError, connect
from vestibule.this_machine import is_this_machine

PROBE_SECONDS = 10
"""What one provider may take to answer; all are asked at once."""


@dataclass(frozen=True, slots=True)
class Finding:
    is_fine: bool
    text: str
    is_warning: bool = False
    """Fine to serve with, and yet to be known."""

    @property
    def word(self) -> str:
        if self.is_warning:
            return "WARNING"
        return "fine   " if self.is_fine else "MISSING"


def examine(settings: Settings, env_file: Path | None = None) -> list[Finding]:
    """One finding per thing the server needs, and per file that others can read."""
    return [
        _examine_key(settings),
        asyncio.run(_examine_database(settings)),
        *_examine_delivery(settings),
        *_examine_apps(settings),
        *(Finding(True, text, is_warning=True) for text in open_files(settings, env_file)),
        Finding(True, f"public origin {settings.public_origin}"),
    ]


def _examine_key(settings: Settings) -> Finding:
    try:
        source, now = key_source_of(settings), SystemClock()()
        root = source.read().current(now)
    except RootKeyFault as fault:
        return Finding(False, str(fault))
    if root.since is None:
        return Finding(True, f"{source.name}, {root.id}, of unknown age")
    days = (now - root.since).days
    if now - root.since > KEY_PERIOD:
        return Finding(
            False,
            f"{root.id} is written with for {days} days, longer than {KEY_PERIOD.days}: run"
            " `vestibule keys rotate`.",
        )
    return Finding(True, f"{source.name}, {root.id}, {days} days old")


async def _examine_database(settings: Settings) -> Finding:
    database = connect(settings.database)
    try:
        await refuse_unfit(settings, database)
    except (DatabaseRestored, WrongRevision) as fault:
        return Finding(False, str(fault))
    except StorageError as fault:
        return Finding(False, f"The database does not answer: {fault}.")
    finally:
        await database.close()
    kept = mark_of(settings).read()
    known = "as old as the house" if kept else "not served here before: is it from a backup?"
    return Finding(True, f"{database.dialect} database, {known}")


def _examine_delivery(settings: Settings) -> list[Finding]:
    try:
        languages_of(settings, Catalogues())
        tolls_of(settings)
        providers = providers_of(settings, SystemClock(), SystemEntropy(), None)
    except SettingsFault as fault:
        return [Finding(False, str(fault))]
    return [
        _examine_routes(settings),
        *_examine_reach(settings),
        *_examine_tolls(settings),
        *asyncio.run(probe_all(list(providers.values()))),
    ]


def _examine_routes(settings: Settings) -> Finding:
    mail = ", ".join(settings.routes("email"))
    phone = ", ".join(sorted({*settings.routes("sms"), *settings.routes("voice")}))
    if not mail:
        return Finding(
            False,
            "Nobody carries mails, and without them nobody can sign up:"
            " set VESTIBULE_ROUTES_EMAIL.",
        )
    return Finding(True, f"mails by {mail}; texts and calls by {phone or 'nobody: apps only'}")


def _examine_reach(settings: Settings) -> list[Finding]:
    """Whoever fetches what a call says has to reach us; one that runs here may do so too."""
    host = urlsplit(settings.public_origin).hostname or ""
    urls = {"twilio": settings.twilio_api_url, "vonage": settings.vonage_api_url}
    return [
        Finding(
            False,
            f"{carrier} cannot fetch what a call says from {settings.public_origin}, so every call"
            " fails: set VESTIBULE_PUBLIC_ORIGIN to an address that the internet reaches, or take"
            f" {carrier} out of VESTIBULE_ROUTES_VOICE.",
        )
        for carrier, url in urls.items()
        if carrier in settings.carriers("voice")
        and not is_this_machine(urlsplit(url).hostname or "")
        and _is_out_of_reach(host)
    ]


def _is_out_of_reach(host: str) -> bool:
    """Of a name only this machine's are known; nothing is looked up."""
    if is_this_machine(host):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def _examine_tolls(settings: Settings) -> list[Finding]:
    """TF-02, TF-03: what nothing bounds, where texts and calls cost money."""
    paid = (settings.carriers("sms") | settings.carriers("voice")) - {"simulator"}
    found = []
    if paid and not settings.countries and settings.countries_file is None:
        found.append(
            "texts and calls go to every country: name those that you serve in"
            " VESTIBULE_COUNTRIES or VESTIBULE_COUNTRIES_FILE."
        )
    if paid and settings.budget_hour is None and settings.budget_day is None:
        found.append(
            "nothing limits what texts and calls cost: set VESTIBULE_BUDGET_DAY, with"
            " VESTIBULE_PRICE_SMS and VESTIBULE_PRICE_VOICE."
        )
    return [Finding(True, text, is_warning=True) for text in found]


def _examine_apps(settings: Settings) -> list[Finding]:
    """TO-01: what apps do not know they ignore, and then show wrong codes."""
    chosen = (settings.app_algorithm, settings.app_digits)
    if chosen == ("SHA1", 6):
        return []
    return [
        Finding(
            True,
            f"new authentication apps are asked for {chosen[0]} and {chosen[1]} digits: many apps"
            " ignore anything but SHA1 and 6 and show codes that are wrong. Test yours first.",
            is_warning=True,
        )
    ]


async def probe_all(
    providers: Sequence[Provider], *, seconds: float = PROBE_SECONDS
) -> list[Finding]:
    """Whether each provider is there and lets us in; nothing is sent."""
    findings = await asyncio.gather(*(_probe(provider, seconds) for provider in providers))
    for provider in providers:
        await provider.close()
    return findings


async def _probe(provider: Provider, seconds: float) -> Finding:
    try:
        async with asyncio.timeout(seconds):
            probe = await provider.probe()
    except TimeoutError:
        return Finding(False, f"{provider.name}: no answer within {seconds:g} s")
    return Finding(probe.is_fine, probe.text)
