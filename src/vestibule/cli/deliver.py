"""Trying a route out: one real message by the providers of a channel, and what each of them said.

They are asked in the order in which the worker asks them now, where the house's database tells it.
No account, challenge or outbox is touched, and the message has no code in it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from vestibule.bootstrap import WrongRevision, build_house, languages_of, refuse_unfit
from vestibule.bootstrap_of_carriers import house_of, providers_of, tolls_of
from vestibule.catalogues import Catalogues
from vestibule.clock import Clock, SystemClock
from vestibule.crypto.root_key import RootKeyFault
from vestibule.delivery.envelope import Envelope
from vestibule.delivery.provider import (
    Accepted,
    Channel,
    InDoubt,
    Message,
    NotThisWay,
    Outcome,
    PermanentFailure,
    Provider,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.providers.simulator import Inbox
from vestibule.delivery.rendering import trial_message
from vestibule.delivery.routing import Routes, attempt
from vestibule.domain import challenge as domain
from vestibule.domain.identifier import PhoneFault, parse_email, parse_phone
from vestibule.domain.routing import Ranked
from vestibule.domain.tolls import PHONE_CHANNELS, Access, set_up_regions
from vestibule.entropy import SystemEntropy
from vestibule.flows.attempts import ranking
from vestibule.flows.delivering import Pace
from vestibule.flows.pulse import DatabaseRestored
from vestibule.flows.silent_numbers import is_opted_out
from vestibule.flows.work import NOBODY, look
from vestibule.settings import Settings
from vestibule.storage.database import StorageError, connect


class CannotTry(Exception):
    """Why nothing was sent; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one provider made of the message."""

    provider: str
    outcome: Outcome
    took: timedelta

    @property
    def line(self) -> str:
        milliseconds = round(self.took.total_seconds() * 1000)
        return f"{self.provider:<10} {_said(self.outcome)} ({milliseconds} ms)"


@dataclass(frozen=True, slots=True)
class Trial:
    """What was tried, and in which order it would have been."""

    order: Sequence[str]
    """Why each provider has its place; empty without a database, or with one provider alone."""
    attempts: Sequence[Attempt]
    """In order, the last one being the accepted or the final one."""


def try_route(settings: Settings, channel: Channel, to: str, provider: str | None) -> Trial:
    """Send the message by the route; raises `CannotTry` where nothing would be sent."""
    number, country = _destination(settings, channel, to)
    clock, entropy = SystemClock(), SystemEntropy()
    inbox = Inbox(clock) if settings.simulator else None
    providers = providers_of(settings, clock, entropy, inbox)
    routes = Routes(
        providers, {channel: settings.routes(channel)}, to_country=settings.country_routes
    )
    own = (channel, country) in settings.country_routes
    setting = f"VESTIBULE_ROUTES_{channel.upper()}" + (f"__{country}" if own else "")
    names = _chosen(routes.configured(channel, country), channel, provider, setting)
    catalogues = Catalogues()
    language = languages_of(settings, catalogues).default
    words = catalogues.words(language)
    envelope = Envelope(entropy.id(), channel, number, number, language, words)
    message = trial_message(house_of(settings), envelope)

    async def run() -> Trial:
        try:
            found = await _standing(settings, channel, number, country)
            ranked = [one for one in found if one.provider in names]
            # Who rests is asked where nobody else is left, as by the worker.
            ready = [one for one in ranked if not one.breaker.is_resting(clock())] or ranked
            present = [one.provider for one in ready] or names
            attempts = await _walk([providers[name] for name in present], message, number, clock)
            is_order = len(ranked) > 1
            return Trial([_place(one) for one in ranked] if is_order else [], attempts)
        finally:
            for one in providers.values():
                await one.close()

    return asyncio.run(run())


def _chosen(
    names: Sequence[str], channel: Channel, provider: str | None, setting: str
) -> Sequence[str]:
    if provider is not None and provider not in names:
        raise CannotTry(f"{provider} is not in {setting} ({', '.join(names) or 'empty'}).")
    if not names and "__" in setting:
        raise CannotTry(f"{setting} is empty, which closes {channel} to that country.")
    if not names:
        raise CannotTry(f"Nobody carries {channel}: set {setting}.")
    return names if provider is None else [provider]


async def _standing(
    settings: Settings, channel: Channel, number: str, country: str
) -> list[Ranked]:
    """The route's providers as the house's figures rank them; none where there is no house yet."""
    database = connect(settings.database)
    try:
        await refuse_unfit(settings, database)
        built = build_house(settings, database=database)
    except (DatabaseRestored, RootKeyFault, StorageError, WrongRevision):
        await database.close()
        return []
    try:
        means = built.means
        if channel == "sms" and await look(means, NOBODY, lambda unit: is_opted_out(unit, number)):
            raise CannotTry("That number asked for no texts; a text START from it ends that.")
        return await ranking(built.worker.delivering, channel, country)
    finally:
        await built.close()


def _place(one: Ranked) -> str:
    return f"{one.provider:<10} {one.reason}"


async def _walk(
    providers: Sequence[Provider], message: Message, to: str, clock: Clock
) -> list[Attempt]:
    """One provider after the other, each with the time that a code's attempt has."""
    limit = timedelta(seconds=Pace().limit(domain.Channel(message.channel)))
    attempts: list[Attempt] = []
    for provider in providers:
        started = clock()
        outcome = await attempt(provider, message, to, limit=limit)
        if isinstance(outcome, Exception):
            outcome = InDoubt(type(outcome).__name__)
        attempts.append(Attempt(provider.name, outcome, clock() - started))
        if isinstance(outcome, Accepted | PermanentFailure):
            break
    return attempts


def _destination(settings: Settings, channel: Channel, to: str) -> tuple[str, str]:
    """The address, or number and its country, read as people's own: with the same refusals."""
    if channel == "email":
        address = parse_email(to)
        if address is None:
            raise CannotTry("--to is no mail address such as ada@example.com.")
        return address.address, ""
    tolls = tolls_of(settings)
    number = parse_phone(
        to,
        settings.default_country,
        served=set_up_regions(tolls.table, {"": PHONE_CHANNELS}),
        allows_voip=tolls.allows_voip,
    )
    if isinstance(number, PhoneFault):
        raise CannotTry(f"--to is no number that codes are sent to ({number.value}).")
    if tolls.table.rule(number.region).access(domain.Channel(channel)) is Access.NO:
        raise CannotTry(f"{number.region} is closed for {channel} in the table of countries.")
    return number.e164, number.region


def _said(outcome: Outcome) -> str:
    match outcome:
        case Accepted(reference=reference, receipt=receipt):
            return f"accepted, {reference}" + (f": {receipt.status}" if receipt else "")
        case TemporaryFailure(reason=reason):
            return f"not now: {reason}"
        case InDoubt(reason=reason):
            return f"in doubt, it may arrive: {reason}"
        case NotThisWay(reason=reason):
            return f"not this way: {reason}"
        case Throttled(retry_after_seconds=seconds):
            return f"throttled: asks to wait {seconds} s"
        case PermanentFailure(fault=fault, reason=reason):
            return f"never: {fault.value}" + (f" ({reason})" if reason else "")
        case other:
            assert_never(other)
