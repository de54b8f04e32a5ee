"""Codes of authentication apps: RFC 4226 and RFC 6238, with a learned offset per app.

Pure comparison: which step was used last and where it is stored is the caller's business.
Steps are counted on the app's clock, so an offset never makes an old step new again.
"""

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from vestibule.entropy import Entropy

STEP_SECONDS = 30
SECRET_BYTES = 20
ENROLMENT_REACH = 2


class Algorithm(StrEnum):
    """The digest within the HMAC, as a key URI names it."""

    SHA1 = "SHA1"
    SHA256 = "SHA256"
    SHA512 = "SHA512"


@dataclass(frozen=True, slots=True)
class Parameters:
    """How an app computes its codes: fixed when it is made, kept with it for good (TO-01)."""

    algorithm: Algorithm = Algorithm.SHA1
    digits: int = 6

    @property
    def are_usual(self) -> bool:
        """Whether every app knows them: many ignore others, and show wrong codes."""
        return self == USUAL

    def code(self, secret: bytes, step: int) -> str:
        """The code of one step (RFC 6238 §4)."""
        return hotp(secret, step, digits=self.digits, digest=self.algorithm.value.lower())


USUAL = Parameters()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new app's first proof: the step it used up, and how far its clock is off."""

    step: int
    offset: int


def hotp(secret: bytes, step: int, *, digits: int = 6, digest: str = "sha1") -> str:
    """The code of one step, leading zeros kept (RFC 4226 §5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), digest)
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_at(now: datetime) -> int:
    """The step of 30 s that a correct clock is in (RFC 6238 §4.2)."""
    return int(now.timestamp() // STEP_SECONDS)


def match_time_step(
    secret: bytes,
    code: str,
    *,
    now: datetime,
    offset: int,
    after: int,
    how: Parameters = USUAL,
) -> int | None:
    """The step that the code proves, or None.

    RFC 6238 §5.2: one step of delay at most, and each step once. TO-02: two values at any
    moment, never more. The offset is read and never changed by a success.
    """
    current = step_at(now) + offset
    # The newer step wins if both codes are alike, so the same digits never pass twice.
    found = _matching(secret, code, (current, current - 1), how)
    return found if found is not None and found > after else None


def match_enrolment(
    secret: bytes, code: str, *, now: datetime, how: Parameters = USUAL
) -> Enrolment | None:
    """The step and offset that an app's first code shows, two steps away at most, or None."""
    current = step_at(now)
    found = _matching(secret, code, _nearest_first(current, ENROLMENT_REACH), how)
    if found is None:
        return None
    return Enrolment(step=found, offset=_offset_accepting(found, current, offset=0))


def match_consecutive(
    secret: bytes,
    first: str,
    second: str,
    *,
    now: datetime,
    offset: int,
    after: int,
    reach: int = 10,
    how: Parameters = USUAL,
) -> tuple[int, int] | None:
    """The last step and the app's offset shown by two codes in a row, or None.

    Only this moves an offset. `reach` is in steps from the server's own time; both steps
    must be later than `after`. An offset that already fits stays as it is.
    """
    current = step_at(now)
    found = None
    for step in _nearest_first(current + offset, reach + abs(offset)):
        pair = how.code(secret, step - 1), how.code(secret, step)
        fits = _same(first, pair[0]) & _same(second, pair[1])
        if fits and abs(step - current) <= reach and found is None:
            found = step
    if found is None or found - 1 <= after:
        return None
    return found, _offset_accepting(found, current, offset=offset)


def clock_error(
    secret: bytes, code: str, *, now: datetime, reach: int = 10, how: Parameters = USUAL
) -> int | None:
    """How many steps the app's clock is ahead (+) or behind (-), for the message only.

    Opens nothing. Invariant for the caller: a step still to come (a result above the app's
    offset) is stored as used before the answer leaves; else a lucky guess at a code of the
    next five minutes is confirmed now and accepted then, and one guess is worth twelve.
    """
    current = step_at(now)
    found = _matching(secret, code, _nearest_first(current, reach), how)
    return None if found is None else found - current


def new_secret(entropy: Entropy) -> bytes:
    """160 bits, as RFC 4226 R6 recommends (TO-01)."""
    return entropy.bytes(SECRET_BYTES)


def base32(secret: bytes) -> str:
    """The secret as apps take it: RFC 4648 base 32 without padding."""
    return base64.b32encode(secret).rstrip(b"=").decode()


def provisioning_uri(secret: bytes, issuer: str, account: str, *, how: Parameters = USUAL) -> str:
    """The key URI behind the QR code; spaces as %20, exactly one colon in the label."""
    name = quote(issuer.replace(":", " ").strip(), safe="")
    holder = quote(account.replace(":", " ").strip(), safe="@")
    return (
        f"otpauth://totp/{name}:{holder}?secret={base32(secret)}&issuer={name}"
        f"&algorithm={how.algorithm}&digits={how.digits}&period={STEP_SECONDS}"
    )


def parameters_of(uri: str) -> Parameters:
    """How the app behind a key URI computes its codes; what it does not say is usual."""
    algorithm = re.search(r"algorithm=(SHA1|SHA256|SHA512)\b", uri)
    digits = re.search(r"digits=(6|8)\b", uri)
    return Parameters(
        Algorithm(algorithm[1]) if algorithm else USUAL.algorithm,
        int(digits[1]) if digits else USUAL.digits,
    )


def _matching(secret: bytes, code: str, steps: tuple[int, ...], how: Parameters) -> int | None:
    """The first of the steps whose code this is; all are computed, whichever matches."""
    matches = [step for step in steps if _same(code, how.code(secret, step))]
    return matches[0] if matches else None


def _same(typed: str, expected: str) -> bool:
    return hmac.compare_digest(typed.encode(errors="replace"), expected.encode())


def _nearest_first(centre: int, reach: int) -> tuple[int, ...]:
    steps = range(centre - reach, centre + reach + 1)
    return tuple(sorted(steps, key=lambda step: (abs(step - centre), -step)))


def _offset_accepting(step: int, current: int, *, offset: int) -> int:
    """The offset nearest to the present one at which sign-in would take this step.

    At offset n the steps current+n and current+n-1 pass, so an app seen one step behind is
    within the offset, and an app seen two behind needs one.
    """
    newest = current + offset
    if newest - 1 <= step <= newest:
        return offset
    return step - current if step > newest else step - current + 1
