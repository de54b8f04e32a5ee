"""What is missing before the house can serve."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from vestibule.bootstrap import (
    WrongRevision,
    languages_of,
    providers_of,
    refuse_other_revision,
    tolls_of,
)
from vestibule.catalogues import Catalogues
from vestibule.clock import SystemClock
from vestibule.crypto import root_key
from vestibule.delivery.provider import Provider
from vestibule.entropy import SystemEntropy
from vestibule.settings import Settings, SettingsFault
from vestibule.storage.database import StorageError, connect

PROBE_SECONDS = 10
"""What one provider may take to answer; all are asked at once."""


@dataclass(frozen=True, slots=True)
class Finding:
    is_fine: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """One finding per thing the server needs."""
    return [
        _examine_key(settings),
        asyncio.run(_examine_database(settings)),
        *_examine_delivery(settings),
        Finding(True, f"public origin {settings.public_origin}"),
    ]


def _examine_key(settings: Settings) -> Finding:
    try:
        root_key.read(settings.root_key_path)
    except root_key.RootKeyFault as fault:
        return Finding(False, str(fault))
    return Finding(True, f"root key {settings.root_key_path}")


async def _examine_database(settings: Settings) -> Finding:
    database = connect(settings.database)
    try:
        await refuse_other_revision(database)
    except WrongRevision as fault:
        return Finding(False, str(fault))
    except StorageError as fault:
        return Finding(False, f"The database does not answer: {fault}.")
    finally:
        await database.close()
    return Finding(True, f"{database.dialect} database")


def _examine_delivery(settings: Settings) -> list[Finding]:
    try:
        languages_of(settings, Catalogues())
        tolls_of(settings)
        providers = providers_of(settings, SystemClock(), SystemEntropy(), None)
    except SettingsFault as fault:
        return [Finding(False, str(fault))]
    return [_examine_routes(settings), *asyncio.run(probe_all(list(providers.values())))]


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
