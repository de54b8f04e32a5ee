"""What User Settings shows of an account: methods, number, recovery code. It only reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from vestibule.domain.account import Account, Authenticator, AuthenticatorKind, RecoveryCode
from vestibule.domain.identifier import PhoneNumber
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows import ways
from vestibule.flows.silent_numbers import is_opted_out
from vestibule.flows.work import Caller, Means, Work, look
from vestibule.storage import accounts, authenticators, passkeys, recovery_codes


@dataclass(frozen=True, slots=True)
class App:
    """An app or a passkey, as it is listed."""

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    is_removable: bool
    is_copied: bool = False
    """Of a passkey: its owner has it on more than one device (PK-06)."""


@dataclass(frozen=True, slots=True)
class View:
    account: Account
    number: PhoneNumber | None
    phone_id: str | None
    is_phone_removable: bool
    phone_stale_since: datetime | None
    """PN-04: its last use, where it has rested for so long that it is asked for again."""
    is_phone_silent: bool
    """The number, or its carrier, asked for no texts."""
    apps: tuple[App, ...]
    passkeys: tuple[App, ...]
    ways: tuple[ways.Way, ...]
    recovery: RecoveryCode | None


async def view(means: Means, caller: Caller, session: Session) -> View | Refused:
    """What User Settings shows; the number is for its owner, masked by the page."""

    async def unit(work: Work) -> View | Refused:
        account = await accounts.get(work.tx, session.account_id)
        if account is None:
            return Refused(Reason.SIGN_IN_EXPIRED)
        bound = await authenticators.of_account(work.tx, account.id)
        phone = next((one for one in bound if one.kind is AuthenticatorKind.PHONE), None)
        current = await recovery_codes.current(work.tx, account.id)
        number = ways.phone_number(means, phone) if phone else None
        copied = await passkeys.copied(work.tx, account.id)
        return View(
            account=account,
            number=number,
            phone_id=phone.id if phone else None,
            is_phone_removable=len(bound) > 1,
            phone_stale_since=phone.stale_since(work.now) if phone else None,
            is_phone_silent=number is not None and await is_opted_out(work, number.e164),
            apps=_listed(bound, AuthenticatorKind.TOTP, {}),
            passkeys=_listed(bound, AuthenticatorKind.PASSKEY, copied),
            ways=tuple(await ways.ways_of(work, account)),
            recovery=current[0] if current else None,
        )

    return await look(means, caller, unit)


def _listed(
    bound: Sequence[Authenticator], kind: AuthenticatorKind, copied: Mapping[str, bool]
) -> tuple[App, ...]:
    return tuple(
        App(
            one.id,
            one.name,
            one.created_at,
            one.last_used_at,
            is_removable=len(bound) > 1,
            is_copied=copied.get(one.id, False),
        )
        for one in bound
        if one.kind is kind
    )


async def has_one_method(means: Means, caller: Caller, session: Session) -> bool:
    """Whether one lost phone would leave the recovery code only (EF-11)."""
    bound = await look(
        means, caller, lambda unit: authenticators.of_account(unit.tx, session.account_id)
    )
    return len(bound) == 1
