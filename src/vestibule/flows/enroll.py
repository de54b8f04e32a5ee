"""Setting up a phone or an app: begun, proven once, then handed to `binding`.

A set-up is not an authenticator until it has proven itself (EF-10); until then nothing that
exists changes, and an abandoned one leaves no trace (R5).
"""

from dataclasses import dataclass, replace

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.crypto.seal import Place
from vestibule.domain import one_time_code, totp
from vestibule.domain.account import Account, AuthenticatorKind
from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.delivery import Delivery
from vestibule.domain.event import EventName
from vestibule.domain.identifier import (
    PhoneFault,
    PhoneNumber,
    is_landline,
    parse_phone,
    phone_of,
)
from vestibule.domain.pending import ENROLLMENT_LIFETIME, Enrollment, PendingSignIn, SignInState
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import codes
from vestibule.flows.binding import Added, Binder, account_of, bind
from vestibule.flows.entering import SignedIn
from vestibule.flows.names import folded
from vestibule.flows.refusals import note_trifle
from vestibule.flows.sending import spend_number_question
from vestibule.flows.tolls import refuse_country
from vestibule.flows.work import Caller, Means, Work, look, work
from vestibule.storage import accounts, authenticators, challenges, outbox

APPS_PER_ACCOUNT = 5
ACCOUNTS_PER_NUMBER = 5
PHONE_RISK_NOTICE = "2026-11"
"""Which wording of the risk stands above the button that sends the first code (PN-07)."""
NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class PhoneView:
    number: PhoneNumber
    challenge: Challenge
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class AppView:
    """A secret to be scanned, while its set-up lasts; shown to its own binder only (TO-05)."""

    secret: bytes
    uri: str
    account_email: str
    how: totp.Parameters


# --- phone --------------------------------------------------------------------------------


async def start_phone(
    means: Means, caller: Caller, binder: Binder, *, country: str, phone: str, channel: str
) -> codes.Sent | Refused:
    """Send a code to a number that is to be bound; the number in use stays until it is proven."""
    number = parse_phone(
        phone,
        country,
        served=means.policy.countries,
        allows_voip=means.policy.tolls.allows_voip,
    )
    if isinstance(number, PhoneFault):
        field = "country" if number is PhoneFault.PHONE_COUNTRY_NOT_SERVED else "phone"
        return Refused(Reason(number.value.lower()), field, {"country": country})
    way = _way(channel)
    refused = _refuse_way(means, way, number)
    if refused is not None:
        return refused
    return await work(means, caller, lambda unit: _start_phone(unit, binder, number, way))


def _way(channel: str) -> Channel:
    return Channel.VOICE if channel == Channel.VOICE.value else Channel.SMS


def _refuse_way(means: Means, way: Channel, number: PhoneNumber) -> Refused | None:
    refused = refuse_country(means, number, way, is_confirmed=False)
    if refused is not None:
        return refused
    if way not in means.policy.channels_to(number.region):
        return Refused(Reason.METHOD_CLOSED, "phone")
    if way is Channel.SMS and is_landline(number):
        return Refused(Reason.PHONE_LANDLINE, "phone")
    return None


async def _start_phone(
    work: Work, binder: Binder, number: PhoneNumber, channel: Channel
) -> codes.Sent | Refused:
    account = await account_of(work, binder)
    if isinstance(account, Refused):
        return account
    marks = work.means.keyring.macs(KeyPurpose.PHONE_FINGERPRINT, number.e164)
    if not isinstance(binder, PendingSignIn):
        bound = await authenticators.of_account(work.tx, account.id)
        if any(one.fingerprint_mac in marks for one in bound):
            return Refused(Reason.PHONE_ALREADY_YOURS, "phone")
    if await _is_used_up(work, marks, account.id):
        spent = await spend_number_question(work, number, channel, account_id=account.id)
        return spent or Refused(Reason.PHONE_NOT_USABLE, "phone")
    begun = await authenticators.enrollment_of(
        work.tx, binder.id, AuthenticatorKind.PHONE, work.now
    )
    enrollment = begun if begun is not None and begun.fingerprint_mac in marks else None
    if enrollment is not None:
        return await codes.send(work, _asked(enrollment, binder, number, channel))
    enrollment = await _begin_phone(work, binder, account, number, marks[0])
    await challenges.end(work.tx, Purpose.ENROLL, binder.id, work.now)
    sent = await codes.send(work, _asked(enrollment, binder, number, channel))
    started, facts = EventName.ENROLLMENT_STARTED, {"risk_notice": PHONE_RISK_NOTICE}
    if isinstance(sent, Refused):
        # What leaves has its budgets; ever other numbers that get no code have none.
        await note_trifle(work, started, account_id=account.id, method="phone", **facts)
    else:
        await work.note(started, account_id=account.id, method="phone", **facts)
    return sent


async def _is_used_up(work: Work, marks: list[bytes], account_id: str) -> bool:
    """PN-04: whether so many other accounts use the number; nobody is told that they do."""
    others = await authenticators.count_by_fingerprint(work.tx, marks, besides=account_id)
    return others >= ACCOUNTS_PER_NUMBER


async def _begin_phone(
    work: Work, binder: Binder, account: Account, number: PhoneNumber, mark: bytes
) -> Enrollment:
    enrollment_id = work.means.entropy.id()
    place = Place("enrollments", "secret_sealed", enrollment_id)
    enrollment = Enrollment(
        id=enrollment_id,
        owner_id=binder.id,
        account_id=account.id,
        kind=AuthenticatorKind.PHONE,
        name="",
        secret_sealed=work.means.seal.seal(number.e164, place),
        fingerprint_mac=mark,
        created_at=work.now,
        # Texts may be slow and resent: as long as the last code that can be sent.
        expires_at=work.now + 3 * ENROLLMENT_LIFETIME,
    )
    await authenticators.begin_enrollment(work.tx, enrollment)
    return enrollment


def _asked(
    enrollment: Enrollment, binder: Binder, number: PhoneNumber, channel: Channel
) -> codes.Asked:
    return codes.Asked(
        purpose=Purpose.ENROLL,
        binding_id=binder.id,
        channel=channel,
        destination=number,
        account_id=enrollment.account_id,
        authenticator_id=enrollment.id,
    )


async def resend(
    means: Means, caller: Caller, binder: Binder, *, channel: str
) -> codes.Sent | Refused:
    """The same code again, perhaps by a call instead."""

    async def unit(work: Work) -> codes.Sent | Refused:
        enrollment = await authenticators.enrollment_of(
            work.tx, binder.id, AuthenticatorKind.PHONE, work.now
        )
        if enrollment is None:
            return Refused(Reason.SET_UP_EXPIRED)
        way, number = _way(channel), _number(work, enrollment)
        refused = _refuse_way(means, way, number)
        if refused is not None:
            # Said of the way: the page of the code has no field of the number.
            return replace(refused, field=None)
        return await codes.send(work, _asked(enrollment, binder, number, way))

    return await work(means, caller, unit)


def _number(work: Work, enrollment: Enrollment) -> PhoneNumber:
    place = Place("enrollments", "secret_sealed", enrollment.id)
    return phone_of(work.means.seal.open(enrollment.secret_sealed, place))


async def view_phone(means: Means, caller: Caller, binder: Binder) -> PhoneView | None:
    async def unit(work: Work) -> PhoneView | None:
        enrollment = await authenticators.enrollment_of(
            work.tx, binder.id, AuthenticatorKind.PHONE, work.now
        )
        challenge = await challenges.live(work.tx, Purpose.ENROLL, binder.id)
        if enrollment is None or challenge is None:
            return None
        delivery = await outbox.delivery_of(work.tx, challenge.id)
        return PhoneView(_number(work, enrollment), challenge, delivery)

    return await look(means, caller, unit)


async def verify_phone(
    means: Means, caller: Caller, binder: Binder, *, typed: str
) -> SignedIn | Added | Refused:
    """Prove the number and bind it; the switch from an old one is one transaction (PN-03)."""

    async def reserve(work: Work) -> tuple[Enrollment, codes.Reserved] | Refused:
        enrollment = await authenticators.enrollment_of(
            work.tx, binder.id, AuthenticatorKind.PHONE, work.now
        )
        if enrollment is None:
            return Refused(Reason.SET_UP_EXPIRED)
        reserved = await codes.reserve(work, Purpose.ENROLL, binder.id, typed)
        return reserved if isinstance(reserved, Refused) else (enrollment, reserved)

    tried = await work(means, caller, reserve)
    if isinstance(tried, Refused):
        return tried
    enrollment, reserved = tried

    async def settle(work: Work) -> SignedIn | Added | Refused:
        proven = await codes.settle(work, reserved)
        if isinstance(proven, Refused):
            await codes.note_wrong(work, reserved.challenge, proven)
            return proven
        if proven.challenge.authenticator_id != enrollment.id:
            return Refused(Reason.SET_UP_EXPIRED)
        # Again: set-ups that began together must not all pass the limit.
        number = _number(work, enrollment)
        marks = work.means.keyring.macs(KeyPurpose.PHONE_FINGERPRINT, number.e164)
        if await _is_used_up(work, marks, enrollment.account_id):
            return Refused(Reason.PHONE_NOT_USABLE)
        return await bind(work, binder, enrollment, proven.challenge.channel, step=0, offset=0)

    return await work(means, caller, settle)


# --- app ----------------------------------------------------------------------------------


async def start_app(means: Means, caller: Caller, binder: Binder) -> Refused | None:
    """Begin an app's set-up: a fresh secret, unless this binder's set-up is still open."""
    return await work(means, caller, lambda unit: _start_app(unit, binder))


async def view_app(means: Means, caller: Caller, binder: Binder) -> AppView | None:
    """The secret to scan, while its set-up is open; looking changes nothing."""

    async def unit(work: Work) -> AppView | None:
        account = await accounts.get(work.tx, binder.account_id)
        begun = await authenticators.enrollment_of(
            work.tx, binder.id, AuthenticatorKind.TOTP, work.now
        )
        if account is None or begun is None:
            return None
        secret = _secret(work, begun)
        how = begun.parameters
        uri = totp.provisioning_uri(secret, work.means.policy.product, account.email, how=how)
        return AppView(secret, uri, account.email, how)

    return await look(means, caller, unit)


async def _start_app(work: Work, binder: Binder) -> Refused | None:
    account = await account_of(work, binder)
    if isinstance(account, Refused):
        return account
    bound = await authenticators.of_account(work.tx, account.id)
    is_replacing = isinstance(binder, PendingSignIn) and binder.state is SignInState.REPLACEMENT
    apps = [one for one in bound if one.kind is AuthenticatorKind.TOTP]
    if len(apps) >= APPS_PER_ACCOUNT and not is_replacing:
        return Refused(Reason.APPS_TOO_MANY)
    begun = await authenticators.enrollment_of(work.tx, binder.id, AuthenticatorKind.TOTP, work.now)
    if begun is None:
        await _begin_app(work, binder, account)
    return None


async def _begin_app(work: Work, binder: Binder, account: Account) -> None:
    enrollment_id = work.means.entropy.id()
    place = Place("enrollments", "secret_sealed", enrollment_id)
    secret = totp.new_secret(work.means.entropy)
    enrollment = Enrollment(
        id=enrollment_id,
        owner_id=binder.id,
        account_id=account.id,
        kind=AuthenticatorKind.TOTP,
        name="",
        secret_sealed=work.means.seal.seal(secret.hex(), place),
        fingerprint_mac=None,
        created_at=work.now,
        expires_at=work.now + ENROLLMENT_LIFETIME,
        algorithm=work.means.policy.new_apps.algorithm,
        digits=work.means.policy.new_apps.digits,
    )
    await authenticators.begin_enrollment(work.tx, enrollment)
    await work.note(EventName.ENROLLMENT_STARTED, account_id=account.id, method="totp")


def _secret(work: Work, enrollment: Enrollment) -> bytes:
    place = Place("enrollments", "secret_sealed", enrollment.id)
    return bytes.fromhex(work.means.seal.open(enrollment.secret_sealed, place))


async def verify_app(
    means: Means, caller: Caller, binder: Binder, *, typed: str, name: str
) -> SignedIn | Added | Refused:
    """Bind the app once it has shown a right code; that step is then used up (TO-03)."""
    name = folded(name)
    if len(name) > NAME_LENGTH:
        return Refused(Reason.NAME_TOO_LONG, "app_name", {"most": NAME_LENGTH})

    async def unit(work: Work) -> SignedIn | Added | Refused:
        enrollment = await authenticators.enrollment_of(
            work.tx, binder.id, AuthenticatorKind.TOTP, work.now
        )
        if enrollment is None:
            return Refused(Reason.SET_UP_EXPIRED)
        how = enrollment.parameters
        code = one_time_code.parse(typed, how.digits)
        if isinstance(code, one_time_code.CodeFault):
            return Refused(Reason(code.value.lower()), "code", {"digits": how.digits})
        secret = _secret(work, enrollment)
        found = totp.match_enrolment(secret, code, now=work.now, how=how)
        if found is None:
            off = totp.clock_error(secret, code, now=work.now, how=how)
            if off is not None:
                return Refused(Reason.TIME_STEP_CLOCK_OFF, "code", {"seconds": abs(off) * 30})
            return Refused(Reason.CODE_WRONG, "code", {})
        named = replace(enrollment, name=name or "Authenticator")
        return await bind(work, binder, named, Channel.TOTP, step=found.step, offset=found.offset)

    return await work(means, caller, unit)
