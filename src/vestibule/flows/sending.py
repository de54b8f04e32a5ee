"""Who may cause a message, how often: the send budgets of product section 5.

Unconfirmed numbers (set-up) and confirmed ones (sign-in) are counted apart; a known browser
keeps a few of its own; mails have their own allowances. Budgets are spent before a message is
written and survive restarts, because they live in the database (RL-07).
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.identifier import PhoneNumber
from vestibule.flows.work import Work
from vestibule.storage import throttles

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NUMBER_SPACING = timedelta(seconds=30)
KNOWN_BROWSER_SENDS = 5
ANYBODY_MAY_ASK = {Purpose.SIGN_UP, Purpose.RESET}
CONFIRMED = {Purpose.SIGN_IN, Purpose.STEP_UP, Purpose.RESET_FACTOR}


@dataclass(frozen=True, slots=True)
class Budget:
    kind: str
    key: str
    limit: int
    period: timedelta


async def spend_send(
    work: Work,
    *,
    purpose: Purpose,
    channel: Channel,
    account_id: str | None,
    destination: PhoneNumber | str,
    known_browser: bool = False,
) -> datetime | None:
    """Take a send from every budget it draws on; None when free, else when to ask again."""
    if channel is Channel.EMAIL or isinstance(destination, str):
        address = str(destination).casefold()
        until = await _spend_all(work, _mail_budgets(work, purpose, account_id, address))
        if until is not None and purpose in ANYBODY_MAY_ASK:
            # Strangers may have used up the address's budget; its owner still gets one an hour.
            own = Budget(f"mail-own-{purpose}", f"{address} {source_of(work)}", 1, HOUR)
            return await _spend_all(work, [own])
        return until
    until = await _spend_all(work, _phone_budgets(work, purpose, account_id, destination))
    if until is not None and known_browser and account_id is not None:
        own = Budget("browser-sends", account_id, KNOWN_BROWSER_SENDS, DAY)
        return await _spend_all(work, [own])
    return until


async def spend_hash(work: Work) -> datetime | None:
    """Take a hash for a stranger's new password: ten an hour for each source, then when again.

    Asked before the hashing, which is the dearest thing that anybody can ask for (PH-05).
    """
    return await _spend_all(work, _source_budget(work, "sign-up-hash-hour"))


def _phone_budgets(
    work: Work, purpose: Purpose, account_id: str | None, number: PhoneNumber
) -> list[Budget]:
    side = "confirmed" if purpose in CONFIRMED else "unconfirmed"
    budgets = _source_budget(work, f"source-hour-{side}")
    if account_id is not None:
        budgets.append(Budget(f"account-day-{side}", account_id, 10, DAY))
    return [
        *budgets,
        Budget(f"number-spacing-{side}", number.e164, 1, NUMBER_SPACING),
        Budget(f"number-hour-{side}", number.e164, 5, HOUR),
        Budget(f"number-day-{side}", number.e164, 10, DAY),
        Budget(f"prefix-hour-{side}", number.prefix, 20, HOUR),
    ]


def _source_budget(work: Work, kind: str) -> list[Budget]:
    """Spent before all others: who has used up his own must not use up anybody else's."""
    source = source_of(work)
    return [] if source is None else [Budget(kind, source, 10, HOUR)]


def _mail_budgets(
    work: Work, purpose: Purpose, account_id: str | None, address: str
) -> list[Budget]:
    if purpose is Purpose.SETTINGS_GATE and account_id is not None:
        return [Budget(f"mail-hour-{purpose}", account_id, 10, HOUR)]
    if purpose is Purpose.WALL and account_id is not None:
        # Asked for with the password alone, so fewer guesses a day.
        return [
            Budget(f"mail-hour-{purpose}", account_id, 5, HOUR),
            Budget(f"mail-day-{purpose}", account_id, 10, DAY),
        ]
    return [
        *_source_budget(work, f"mail-source-hour-{purpose}"),
        Budget(f"mail-hour-{purpose}", address, 5, HOUR),
        Budget(f"mail-day-{purpose}", address, 10, DAY),
    ]


async def _spend_all(work: Work, budgets: list[Budget]) -> datetime | None:
    """Take one of each, or say when; what is seen to be spent already costs the others nothing."""
    named = [
        (work.means.keyring.mac(KeyPurpose.THROTTLE, budget.kind, budget.key), budget)
        for budget in budgets
    ]
    for bucket, budget in named:
        until = await throttles.spent_until(work.tx, bucket, limit=budget.limit, now=work.now)
        if until is not None:
            return until
    for bucket, budget in named:
        until = await throttles.spend(
            work.tx,
            bucket,
            kind=budget.kind,
            limit=budget.limit,
            period=budget.period,
            now=work.now,
        )
        if until is not None:
            return until
    return None


def source_of(work: Work) -> str | None:
    """The network a caller is counted under: an IPv4 address or an IPv6 /64 (RL-01).

    None where the simulator runs and the caller is this machine: everybody is.
    """
    try:
        address = ipaddress.ip_address(work.caller.source)
    except ValueError:
        return work.caller.source or "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback and not work.means.policy.limits_loopback:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
