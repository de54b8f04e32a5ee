"""The lanes that tries at a password are counted in: account, source, network, and one's own.

Counted before anything is compared; what a password opens is not its business (RL-01 to RL-04).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.domain.account import Account
from vestibule.domain.event import EventName
from vestibule.domain.identifier import EmailAddress
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.throttle import NETWORK_PASSWORD_WAIT, network_try, password_wait
from vestibule.flows.addresses import account_named
from vestibule.flows.entering import known_browser
from vestibule.flows.refusals import note_refusal
from vestibule.flows.sources import network_of, source_of
from vestibule.flows.work import Caller, Means, Work, look
from vestibule.storage import accounts, throttles

OWN_LANE_FOR = timedelta(days=1)
OWN_LANES_A_DAY = 5
"""For each account: who reads its mail has so many more tries at its password, and no more."""


@dataclass(frozen=True, slots=True)
class PasswordTry:
    """A counted try: the lanes it was taken from, and what to compare with, if anything."""

    account: Account | None
    password_mac: str | None
    lane: bytes
    is_own_lane: bool
    shared: tuple[tuple[bytes, int], ...]
    """The lanes that others try in too, each with its count."""
    network_lane: bytes | None


async def account_known_here(means: Means, caller: Caller, address: EmailAddress) -> str | None:
    """The account of an address where this browser has completed a sign-in of it, or None."""
    if not caller.browser_token:
        return None

    async def unit(work: Work) -> str | None:
        account = await account_named(work, address.key)
        is_known = await known_browser(work, caller, account)
        return account.id if account is not None and is_known else None

    return await look(means, caller, unit)


async def reserve_password_try(work: Work, address: EmailAddress) -> PasswordTry | Refused:
    """Count the try in the lanes of the account, its source and its network, before comparing
    (RL-01).

    A browser that has completed a sign-in of this account has its own lane (RL-03); an address
    without an account has one too, so that waiting tells nothing.
    """
    account = await account_named(work, address.key)
    is_known = await known_browser(work, work.caller, account) or await _has_own_lane(work, account)
    keyring, source = work.means.keyring, source_of(work)
    whose = f"browser {work.caller.browser_token}" if is_known else "anybody"
    lane = keyring.bucket("password", address.key, whose)
    source_lane, network_lane = None, None
    if source is not None and not is_known:
        source_lane = keyring.bucket("password-source", source)
        network_lane = keyring.bucket("password-network", network_of(work) or source)
    lanes = [bucket for bucket in (lane, source_lane) if bucket is not None]
    counts, until = await _take_try(work, lanes, network_lane)
    if until is not None:
        await note_refusal(
            work,
            EventName.PASSWORD_THROTTLED,
            account_id=account.id if account else None,
            reason=Reason.SIGN_IN_THROTTLED,
        )
        return Refused(Reason.SIGN_IN_THROTTLED, details={"until": until})
    # EN-03: looked for where there is none too.
    password = await accounts.password(work.tx, account.id if account else "")
    return PasswordTry(
        account,
        password.password_mac if password else None,
        lane,
        is_known,
        () if is_known else tuple(zip(lanes, counts, strict=True)),
        network_lane,
    )


async def open_own_lane(work: Work, account_id: str) -> str:
    """Its mailbox was proven in this browser: for a day its password tries wait for nobody's.

    The browser's token, which may be new. Failures elsewhere keep no owner out (R4). Past five
    browsers in a day it is one of the unknown ones still (RL-02).
    """
    token = work.caller.browser_token or work.means.entropy.token()
    spent_until = await throttles.spend(
        work.tx,
        work.means.keyring.bucket("own-lanes-day", account_id),
        kind="own-lanes-day",
        limit=OWN_LANES_A_DAY,
        period=OWN_LANE_FOR,
        now=work.now,
    )
    if spent_until is None:
        lane = work.means.keyring.bucket("own-lane", account_id, token)
        await throttles.open_lane(work.tx, lane, work.now + OWN_LANE_FOR)
    return token


async def _has_own_lane(work: Work, account: Account | None) -> bool:
    token, account_id = work.caller.browser_token, account.id if account else ""
    if token is None:
        return False
    # Under each key: it was opened for a day, and outlives a change of the root.
    for lane in work.means.keyring.macs(KeyPurpose.THROTTLE, "own-lane", account_id, token):
        if await throttles.has_lane(work.tx, lane, work.now):
            return True
    return False


async def _take_try(
    work: Work, lanes: list[bytes], network_lane: bytes | None
) -> tuple[list[int], datetime | None]:
    """Take a try of every lane, or of none: their counts, or when all are open again.

    Held before any is counted, so that a source which has to wait slows no account (RL-03).
    """
    held = [await throttles.hold_lane(work.tx, bucket, work.now) for bucket in lanes]
    # Without a failure nothing waits: a try that was given back leaves its time (RL-07).
    until, taken = max((until for failed, until in held if failed), default=work.now), None
    if network_lane is not None:
        opens, taken = network_try(await _empty_at(work, network_lane), work.now)
        until = max(until, opens)
    if until > work.now:
        return [], until
    for bucket, (failed, _) in zip(lanes, held, strict=True):
        await throttles.count_failure(work.tx, bucket, work.now + password_wait(failed + 1))
    if network_lane is not None and taken is not None:
        await throttles.set_lane(work.tx, network_lane, taken)
    return [failed + 1 for failed, _ in held], None


async def _empty_at(work: Work, network_lane: bytes) -> datetime:
    _, empty_at = await throttles.hold_lane(
        work.tx, network_lane, work.now, kind="password-network"
    )
    return empty_at


async def forgive_password_try(work: Work, tried: PasswordTry) -> None:
    """The password was right: one's own lane starts afresh, and shared ones get this try back.

    No more than that: who counts his tries at an address must not learn that somebody got in, and
    so that there is an account (EN-01). A lane without a try for a day starts afresh by itself.
    """
    if tried.is_own_lane:
        await throttles.forgive(work.tx, tried.lane)
    for bucket, seen in tried.shared:
        await throttles.return_one(work.tx, bucket, seen=seen, now=work.now)
    if tried.network_lane is not None:
        empty_at = await _empty_at(work, tried.network_lane) - NETWORK_PASSWORD_WAIT
        await throttles.set_lane(work.tx, tried.network_lane, empty_at)
