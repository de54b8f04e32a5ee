"""May this text or call leave: the country, the opt-out, the limits that its sending draws on.

Set-ups stop before sign-ins, and an owner's known browser last: nobody can use a limit up to lock
an owner out (product section 5). What is refused here was not written, and costs nothing.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from vestibule.crypto.seal import Place
from vestibule.domain.call import LONGEST_CALL, RINGS_FOR
from vestibule.domain.challenge import Channel
from vestibule.domain.identifier import PhoneNumber
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.tolls import CountryRule, LimitName, Spender
from vestibule.flows.limits import DAY, HOUR, Budget, Limit, Stopped, spend_all
from vestibule.flows.money import Money
from vestibule.flows.prefixes import CountryConversion, PrefixConversion
from vestibule.flows.silent_numbers import is_opted_out
from vestibule.flows.work import Means, Work, digest
from vestibule.storage import outbox, sessions, throttles
from vestibule.storage.database import Transaction

NUMBER_SPACING = timedelta(seconds=30)
NUMBER_HOUR, NUMBER_DAY = 5, 10
ACCOUNT_DAY = 10
SOURCE_HOUR = 10
PREFIX_HOUR = 20
LINE_TAKEN_FOR = RINGS_FOR + LONGEST_CALL
"""TF-05: until the call must be over, where nobody tells us that it is over before."""
CALLS_A_DAY = 5
KNOWN_BROWSER_SENDS = 5
KNOWN_BROWSERS_SENDS = 15
"""For all of an account's known browsers together: who had one once leaves the others theirs."""


@dataclass(frozen=True, slots=True)
class Toll:
    """A text or call that somebody asks for."""

    number: PhoneNumber
    channel: Channel
    is_confirmed: bool
    account_id: str | None
    known_browser: bool
    source: str | None
    """Where it is asked from; None where that says nothing."""
    is_spaced: bool = True
    """False for a call in the place of a text that did not arrive, or not in 20 s."""

    @property
    def side(self) -> str:
        return "confirmed" if self.is_confirmed else "unconfirmed"

    @property
    def spender(self) -> Spender:
        if not self.is_confirmed:
            return Spender.SET_UP
        return Spender.KNOWN_BROWSER if self.known_browser else Spender.SIGN_IN


async def spend_toll(work: Work, toll: Toll) -> Stopped | Refused | None:
    """Take a send from all that it draws on; None when it may leave."""
    refused = refuse_country(work.means, toll.number, toll.channel, is_confirmed=toll.is_confirmed)
    if refused is not None:
        return refused
    if (silent := await _refuse_opted_out(work, toll)) is not None:
        return (None if toll.is_confirmed else await spend_question(work, toll)) or silent
    always = _always(work, toll)
    facts = {"country": toll.number.region, "channel": toll.channel.value}
    stopped = await spend_all(work, [*_budgets(work, toll), *always], **facts)
    if stopped is None or not toll.known_browser or toll.account_id is None:
        return stopped
    if any(stopped.limit is one for one in always):
        return stopped
    # Whoever else used the budgets up, the owner's own browser keeps a few.
    return await spend_all(work, [*await _own(work, toll.account_id), *always], **facts)


async def spend_question(work: Work, toll: Toll) -> Stopped | None:
    """Take what a send costs whoever asks for it, before a word about a number that gets none.

    Else numbers could be asked for without end which of them said STOP, or are on many accounts.
    """
    return await spend_all(work, _of_asker(toll))


async def spend_copy(work: Work, toll: Toll) -> Stopped | Refused | None:
    """Take one further copy of a message that may have arrived; None when it may leave.

    From all that a send draws on, but for its spacing and source (nobody asked for it) and the
    line of a call, which is taken already.
    """
    refused = refuse_country(
        work.means, toll.number, toll.channel, is_confirmed=toll.is_confirmed
    ) or await _refuse_opted_out(work, toll)
    if refused is not None:
        return refused
    unasked = replace(toll, source=None, is_spaced=False)
    return await spend_all(work, [*_budgets(work, unasked), *_money(work, unasked)])


def refuse_country(
    means: Means, number: PhoneNumber, channel: Channel, *, is_confirmed: bool
) -> Refused | None:
    """Why the country's line in the table lets no such message leave, and what does."""
    policy = means.policy
    rule = policy.tolls.table.rule(number.region)
    if rule.may_send(channel, confirmed=is_confirmed, now=means.clock()):
        return None
    if is_confirmed:
        return Refused(Reason.METHOD_CLOSED)
    others = policy.set_up_channels(number.region) - {channel}
    if Channel.VOICE in others:
        return Refused(Reason.PHONE_COUNTRY_CALLS_ONLY, "country")
    if Channel.SMS in others:
        return Refused(Reason.PHONE_COUNTRY_TEXTS_ONLY, "country")
    return Refused(Reason.PHONE_COUNTRY_NOT_SERVED, "country")


async def _refuse_opted_out(work: Work, toll: Toll) -> Refused | None:
    if toll.channel is not Channel.SMS:
        return None
    is_refused = await is_opted_out(work, toll.number.e164)
    return Refused(Reason.PHONE_OPTED_OUT) if is_refused else None


async def hang_up(tx: Transaction, means: Means, message_id: str) -> None:
    """The call that a message was is over before its time: its line is free for the next one."""
    called = await outbox.addressee(tx, message_id, Channel.VOICE)
    if called is None:
        return
    challenge_id, destination_sealed = called
    place = Place("challenges", "destination_sealed", challenge_id)
    line = _line(means.seal.open(destination_sealed, place))
    bucket = means.keyring.bucket(line.kind, line.key)
    await throttles.forgive(tx, bucket)


# --- what a send draws on -------------------------------------------------------------------


async def _own(work: Work, account_id: str) -> list[Budget]:
    """What a known browser keeps: its own few, within those of all of the account's.

    A browser that was known once may be in other hands, and the password with it. A session that
    was carried into an unknown one has no lane of its own there.
    """
    token = work.caller.browser_token or ""
    is_known = await sessions.knows_browser(work.tx, digest(token), account_id)
    own = f"{account_id} {token if is_known else ''}"
    return [
        Budget(LimitName.ACCOUNT, "browser-sends", own, KNOWN_BROWSER_SENDS, DAY),
        Budget(LimitName.ACCOUNT, "browsers-sends", account_id, KNOWN_BROWSERS_SENDS, DAY),
    ]


def _budgets(work: Work, toll: Toll) -> list[Limit]:
    """The source first: who has used up his own must not use up anybody else's."""
    side, number, rule = toll.side, toll.number, _rule(work, toll)
    per_hour = rule.per_hour_confirmed if toll.is_confirmed else rule.per_hour
    limits: list[Limit] = _of_asker(toll)
    if toll.is_spaced:
        spacing = f"number-spacing-{side}"
        limits.append(Budget(LimitName.NUMBER, spacing, number.e164, 1, NUMBER_SPACING))
    limits += [
        Budget(LimitName.NUMBER, f"number-hour-{side}", number.e164, NUMBER_HOUR, HOUR),
        Budget(LimitName.NUMBER, f"number-day-{side}", number.e164, NUMBER_DAY, DAY),
    ]
    if toll.channel is Channel.VOICE:
        limits.append(
            Budget(LimitName.NUMBER, f"number-calls-{side}", number.e164, CALLS_A_DAY, DAY)
        )
    limits += [
        Budget(LimitName.PREFIX, f"prefix-hour-{side}", number.prefix, PREFIX_HOUR, HOUR),
        Budget(
            LimitName.COUNTRY,
            f"country-hour-{side}",
            number.region,
            per_hour,
            HOUR,
            alarm=f"country_full_{side}",
        ),
    ]
    if not toll.is_confirmed:
        limits += [PrefixConversion(number), CountryConversion(number.region)]
    return limits


def _of_asker(toll: Toll) -> list[Limit]:
    side, limits = toll.side, list[Limit]()
    if toll.source is not None:
        limits.append(
            Budget(LimitName.SOURCE, f"source-hour-{side}", toll.source, SOURCE_HOUR, HOUR)
        )
    if toll.account_id is not None:
        limits.append(
            Budget(LimitName.ACCOUNT, f"account-day-{side}", toll.account_id, ACCOUNT_DAY, DAY)
        )
    return limits


def _always(work: Work, toll: Toll) -> list[Limit]:
    """What binds a known browser too: a line takes one call, and money is spent once."""
    line = [_line(toll.number.e164)] if toll.channel is Channel.VOICE else []
    return [*line, *_money(work, toll)]


def _money(work: Work, toll: Toll) -> list[Money]:
    price = _rule(work, toll).price(toll.channel)
    return Money.of(work.means.policy.tolls, price, toll.spender)


def _line(e164: str) -> Budget:
    """Not counted apart by side: who is called is called, whoever asked for it."""
    return Budget(LimitName.NUMBER, "number-line", e164, 1, LINE_TAKEN_FOR, Reason.CALL_UNDER_WAY)


def _rule(work: Work, toll: Toll) -> CountryRule:
    return work.means.policy.tolls.table.rule(toll.number.region)
