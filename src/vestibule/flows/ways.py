"""The ways a second factor can be asked for: which are there, which one is asked, and sending.

Looks and sends; what comes back is verified in `second_factor`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from vestibule.crypto.seal import Place
from vestibule.domain.account import Account, Authenticator, AuthenticatorKind
from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.delivery import Delivery
from vestibule.domain.identifier import PhoneNumber, phone_of
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.throttle import LONG_DIGITS, Open, PausedUntil, second_factor_decision
from vestibule.flows import codes
from vestibule.flows.work import Means, Work
from vestibule.storage import accounts, authenticators, challenges, outbox, throttles

SHOWN_BY_ITS_OWNER = {Channel.TOTP, Channel.PASSKEY}
"""Nothing is sent: an app shows its code, a passkey signs."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose second factor is asked, and on behalf of which pending sign-in, session or reset."""

    purpose: Purpose
    binding_id: str
    account: Account
    authenticator: Authenticator
    channel: Channel
    known_browser: bool
    besides: tuple[Authenticator, ...] = ()
    """Removed methods that may be asked too, because the mailbox is proven with them (R8)."""
    act: str = ""
    """Which change it is for, where the message names that (R11)."""
    is_only: bool = False
    """No other way is offered or taken, since it would be a weaker one (SU-04)."""
    has_mailbox: bool = False
    """The mailbox was proven on the same way, so a number of old is its owner's still (PN-04)."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to prove the second factor: an authenticator, over one of its channels."""

    authenticator_id: str
    channel: Channel
    name: str
    ending: str | None


@dataclass(frozen=True, slots=True)
class View:
    """What the page that asks for the second factor shows; told only after the password."""

    way: Way
    digits: int
    two_codes: bool
    challenge: Challenge | None
    delivery: Delivery | None
    paused_until: datetime | None
    others: tuple[Way, ...]


async def stance(work: Work, holder: Holder) -> Open | PausedUntil:
    """What the account's strikes allow now, or a password that must go.

    Whoever counts next holds the account first.
    """
    password = await accounts.password(work.tx, holder.account.id)
    counted = await throttles.strikes(
        work.tx,
        holder.account.id,
        password_epoch=password.epoch if password else 0,
        now=work.now,
    )
    return second_factor_decision(
        counted,
        now=work.now,
        known_browser=holder.known_browser,
        is_password_known=holder.account.new_password_required_at is not None,
    )


# --- choosing ------------------------------------------------------------------------------


async def holder_for(
    work: Work,
    account: Account,
    *,
    purpose: Purpose,
    binding_id: str,
    chosen: tuple[str | None, Channel | None],
    known_browser: bool,
    besides: tuple[Authenticator, ...] = (),
    has_mailbox: bool = False,
) -> Holder | Refused:
    """Ask for the authenticator and channel that were chosen; the default where that is gone."""
    asks = partial(
        Holder,
        purpose,
        binding_id,
        account,
        known_browser=known_browser,
        besides=besides,
        has_mailbox=has_mailbox,
    )
    standing = await authenticators.of_account(work.tx, account.id)
    present = (account.default_authenticator_id, account.default_channel)
    for (wanted, channel), among in ((chosen, [*standing, *besides]), (present, standing)):
        found = next((one for one in among if one.id == wanted), None)
        if found is not None and channel is not None:
            return asks(authenticator=found, channel=channel)
    for first in (*standing, *besides):
        return asks(authenticator=first, channel=first.channels[0])
    return Refused(Reason.NO_METHOD_LEFT)


@dataclass(frozen=True, slots=True)
class Switched:
    """Another way is asked now: keep it; `refused` says why nothing new was sent, if so."""

    authenticator_id: str
    channel: Channel
    refused: Refused | None


async def switch(
    work: Work, holder: Holder, authenticator_id: str, channel: str
) -> Switched | Refused:
    """Ask by another way, and send its code if it needs one; empty texts mean the present way.

    Where the timer refuses a call because the text has just left, the text stays what is asked.
    """
    wanted_id = authenticator_id or holder.authenticator.id
    chosen = await _choose(work, holder, wanted_id, channel or holder.channel.value)
    if isinstance(chosen, Refused):
        return chosen
    authenticator, way = chosen
    if way in SHOWN_BY_ITS_OWNER:
        return Switched(authenticator.id, way, None)
    sent = await send(work, replace(holder, authenticator=authenticator, channel=way))
    if isinstance(sent, codes.Sent):
        return Switched(authenticator.id, way, None)
    live = await challenges.live(work.tx, holder.purpose, holder.binding_id)
    if live is None or live.authenticator_id != authenticator.id:
        return Switched(authenticator.id, way, sent)
    # Back to a way whose code is out already: it serves, and nothing needs to be said.
    is_back = (authenticator.id, way) != (holder.authenticator.id, holder.channel)
    is_out = is_back and sent.reason is Reason.SEND_TOO_SOON and live.channel is way
    return Switched(authenticator.id, live.channel, None if is_out else sent)


# --- sending and showing ------------------------------------------------------------------


async def send(work: Work, holder: Holder) -> codes.Sent | Refused:
    """Text or call the holder's phone; for an app or a passkey there is nothing to send."""
    number = phone_number(work.means, holder.authenticator)
    if holder.channel in SHOWN_BY_ITS_OWNER or number is None:
        return Refused(Reason.METHOD_UNKNOWN)
    decision = await stance(work, holder)
    if isinstance(decision, PausedUntil):
        return Refused(Reason.SECOND_FACTOR_PAUSED, details={"until": decision.at})
    if await _is_closed_beside_others(work, holder, number):
        return Refused(Reason.METHOD_CLOSED)
    return await codes.send(
        work,
        codes.Asked(
            purpose=holder.purpose,
            binding_id=holder.binding_id,
            channel=holder.channel,
            destination=number,
            account_id=holder.account.id,
            authenticator_id=holder.authenticator.id,
            digits=LONG_DIGITS if decision.is_long else 0,
            known_browser=holder.known_browser,
            act=holder.act,
        ),
    )


async def look(work: Work, holder: Holder) -> View:
    """What to show, without sending or changing anything: a reload never sends (R7)."""
    decision = await stance(work, holder)
    live = await challenges.live(work.tx, holder.purpose, holder.binding_id)
    if live is not None and live.authenticator_id != holder.authenticator.id:
        live = None
    number = phone_number(work.means, holder.authenticator)
    ending = number.ending if number else None
    chosen = Way(holder.authenticator.id, holder.channel, holder.authenticator.name, ending)
    ways = [] if holder.is_only else await ways_of(work, holder.account, besides=holder.besides)
    is_long = isinstance(decision, Open) and decision.is_long
    wanted = LONG_DIGITS if is_long else work.means.policy.code_digits
    if holder.channel is Channel.TOTP:
        wanted = holder.authenticator.digits
    return View(
        way=chosen,
        digits=live.digits if live and holder.channel is not Channel.TOTP else wanted,
        two_codes=is_long,
        challenge=live,
        delivery=await outbox.delivery_of(work.tx, live.id) if live else None,
        paused_until=decision.at if isinstance(decision, PausedUntil) else None,
        others=tuple(way for way in ways if way != chosen),
    )


async def ways_of(
    work: Work, account: Account, *, besides: tuple[Authenticator, ...] = ()
) -> list[Way]:
    """Every enrolled way, the default first."""
    bound = [*await authenticators.of_account(work.tx, account.id), *besides]
    ways = [
        (Way(one.id, channel, one.name, number.ending if number else None), number)
        for one in _asked_for(account, bound)
        for number in [phone_number(work.means, one)]
        for channel in one.channels
    ]
    # A closed way still proves its owner where nothing else does (R1).
    open_ways = [way for way, number in ways if _is_open(work.means, way, number)]
    ways_left = open_ways or [way for way, _ in ways]
    default = (account.default_authenticator_id, account.default_channel)
    return sorted(ways_left, key=lambda way: (way.authenticator_id, way.channel) != default)


def _asked_for(account: Account, bound: list[Authenticator]) -> list[Authenticator]:
    """Of several passkeys one, since the browser itself lets people choose among them."""
    keys = [one for one in bound if one.kind is AuthenticatorKind.PASSKEY]
    default = [one for one in keys if one.id == account.default_authenticator_id]
    first = next(iter(default or keys), None)
    return [one for one in bound if one.kind is not AuthenticatorKind.PASSKEY or one is first]


def _is_open(means: Means, way: Way, number: PhoneNumber | None) -> bool:
    return number is None or way.channel in means.policy.channels_to(number.region)


async def _is_closed_beside_others(work: Work, holder: Holder, number: PhoneNumber) -> bool:
    """R1: a closed way proves its owner only where no open one does."""
    if holder.channel in work.means.policy.channels_to(number.region):
        return False
    ways = await ways_of(work, holder.account, besides=holder.besides)
    asked = (holder.authenticator.id, holder.channel)
    return all((way.authenticator_id, way.channel) != asked for way in ways)


async def _choose(
    work: Work, holder: Holder, authenticator_id: str, channel: str
) -> tuple[Authenticator, Channel] | Refused:
    """The account's own authenticator over a channel that it has, or a refusal."""
    if holder.is_only:
        return (holder.authenticator, holder.channel)
    standing = [*await authenticators.of_account(work.tx, holder.account.id), *holder.besides]
    for way in await ways_of(work, holder.account, besides=holder.besides):
        if way.authenticator_id == authenticator_id and way.channel.value == channel:
            found = next((one for one in standing if one.id == authenticator_id), None)
            if found is not None:
                return (found, way.channel)
    return Refused(Reason.METHOD_UNKNOWN)


def phone_number(means: Means, authenticator: Authenticator) -> PhoneNumber | None:
    if authenticator.kind is not AuthenticatorKind.PHONE:
        return None
    place = Place("authenticators", "secret_sealed", authenticator.id)
    return phone_of(means.seal.open(authenticator.secret_sealed, place))
