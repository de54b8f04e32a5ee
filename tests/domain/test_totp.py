"""Codes of authentication apps: the RFCs' vectors, the window, and each step once."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vestibule.domain import totp
from vestibule.entropy import SeededEntropy

VECTORS = Path(__file__).parent.parent / "vectors"
RFC4226 = json.loads((VECTORS / "rfc4226.json").read_text())
RFC6238 = json.loads((VECTORS / "rfc6238.json").read_text())

SECRET = totp.new_secret(SeededEntropy("an app"))
NOW = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
T = totp.step_at(NOW)
NEVER = -1


def code_at(step: int) -> str:
    return totp.hotp(SECRET, step)


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC4226["codes"])))
def test_hotp_equals_rfc4226(counter: int, code: str) -> None:
    """TO-01: The codes of RFC 4226 appendix D come out, leading digits and all."""
    assert totp.hotp(RFC4226["secret_ascii"].encode(), counter) == code


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("vector", RFC6238["codes"], ids=lambda vector: vector["unix_time"])
def test_totp_equals_rfc6238(vector: dict[str, str], digest: str) -> None:
    """TO-01: The codes of RFC 6238 appendix B come out for each of its three digests."""
    step = totp.step_at(datetime.fromtimestamp(int(vector["unix_time"]), UTC))
    secret = RFC6238["secrets_ascii"][digest].encode()

    code = totp.hotp(secret, step, digits=8, digest=digest)

    assert code == vector[digest]


@pytest.mark.parametrize(("seconds", "step"), [(0, 0), (29, 0), (30, 1), (59, 1), (60, 2)])
def test_step_begins_each_thirty_seconds(seconds: int, step: int) -> None:
    """A step lasts 30 seconds, counted from 1970."""
    assert totp.step_at(datetime.fromtimestamp(seconds, UTC)) == step


@pytest.mark.parametrize("offset", [-1, 0, 1, 2])
@pytest.mark.parametrize("away", range(-3, 4))
def test_sign_in_accepts_two_steps_at_the_offset(offset: int, away: int) -> None:
    """TO-02: At sign-in t and t-1 at the app's offset pass, and no third value."""
    step = T + offset + away

    found = totp.match_time_step(SECRET, code_at(step), now=NOW, offset=offset, after=NEVER)

    assert found == (step if away in (-1, 0) else None)


@pytest.mark.parametrize(
    ("away", "offset"), [(-3, None), (-2, -1), (-1, 0), (0, 0), (1, 1), (2, 2), (3, None)]
)
def test_enrolment_learns_the_offset(away: int, offset: int | None) -> None:
    """TO-02: Enrolment accepts −2…+2 and sets the smallest offset that takes the code."""
    found = totp.match_enrolment(SECRET, code_at(T + away), now=NOW)

    assert found == (None if offset is None else totp.Enrolment(T + away, offset))


@pytest.mark.parametrize("away", range(-2, 3))
def test_enrolled_app_signs_in_with_its_next_code(away: int) -> None:
    """An app with the clock that enrolment saw signs in with its very next code."""
    enrolled = totp.match_enrolment(SECRET, code_at(T + away), now=NOW)
    assert enrolled is not None

    found = totp.match_time_step(
        SECRET,
        code_at(T + 1 + away),
        now=NOW + timedelta(seconds=30),
        offset=enrolled.offset,
        after=enrolled.step,
    )

    assert found == T + 1 + away


@pytest.mark.parametrize("seconds", [-5, 0, 4, 5, 15, 19])
def test_app_between_two_steps_signs_in_by_either(seconds: int) -> None:
    """TO-02: An app 45 s slow shows t-1 or t-2 by turns, and its offset takes both."""
    its_clock = timedelta(seconds=-45)
    enrolled = totp.match_enrolment(SECRET, code_at(totp.step_at(NOW + its_clock)), now=NOW)
    assert enrolled == totp.Enrolment(step=T - 2, offset=-1)
    tomorrow = NOW + timedelta(days=1, seconds=seconds)
    shown = totp.step_at(tomorrow + its_clock)

    found = totp.match_time_step(
        SECRET, code_at(shown), now=tomorrow, offset=enrolled.offset, after=enrolled.step
    )

    assert found == shown


def test_code_of_enrolment_is_not_the_first_sign_in_code() -> None:
    """TO-03: The code that confirmed the app cannot sign in as well."""
    enrolled = totp.match_enrolment(SECRET, code_at(T), now=NOW)
    assert enrolled is not None

    again = totp.match_time_step(
        SECRET, code_at(T), now=NOW, offset=enrolled.offset, after=enrolled.step
    )

    assert again is None


def test_step_passes_once() -> None:
    """TO-03: A code is refused in its own step and in the trailing one after it was accepted."""
    first = totp.match_time_step(SECRET, code_at(T), now=NOW, offset=0, after=T - 1)
    assert first == T

    in_step = totp.match_time_step(SECRET, code_at(T), now=NOW, offset=0, after=first)
    trailing = totp.match_time_step(
        SECRET, code_at(T), now=NOW + timedelta(seconds=30), offset=0, after=first
    )

    assert (in_step, trailing) == (None, None)


def test_older_step_is_refused_after_a_newer_one() -> None:
    """TO-03: Once the code of t+1 is accepted, the unused code of t is refused."""
    later = NOW + timedelta(seconds=30)
    newest = totp.match_time_step(SECRET, code_at(T + 1), now=later, offset=0, after=T - 1)
    assert newest == T + 1

    older = totp.match_time_step(SECRET, code_at(T), now=later, offset=0, after=newest)

    assert older is None


def test_older_step_passes_when_it_is_still_new() -> None:
    """RFC 6238 §5.2: The code of t-1 passes as long as nothing later has been accepted."""
    assert totp.match_time_step(SECRET, code_at(T - 1), now=NOW, offset=0, after=T - 2) == T - 1


@pytest.mark.parametrize("offset", [0, 3])
@pytest.mark.parametrize("away", range(-11, 12))
def test_two_codes_in_a_row_move_the_offset(away: int, offset: int) -> None:
    """Consecutive codes within ±10 steps set an offset at which both sign-in steps hold."""
    last = T + away

    found = totp.match_consecutive(
        SECRET, code_at(last - 1), code_at(last), now=NOW, offset=offset, after=NEVER
    )

    if abs(away) > 10:
        assert found is None
    else:
        assert found is not None
        step, learned = found
        assert step == last
        assert T + learned - 1 <= step <= T + learned


@pytest.mark.parametrize("away", [-1, 0])
def test_two_codes_at_the_present_offset_leave_it(away: int) -> None:
    """TO-02: An offset that fits is kept when an app is asked for two codes."""
    last = T + 4 + away

    found = totp.match_consecutive(
        SECRET, code_at(last - 1), code_at(last), now=NOW, offset=4, after=NEVER
    )

    assert found == (last, 4)


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (1, 0), (-2, 0), (-9, 0)], ids=["same", "swapped", "gap", "far"]
)
def test_two_codes_not_in_a_row_prove_nothing(first: int, second: int) -> None:
    """Two right codes that do not follow one another at one offset are refused."""
    found = totp.match_consecutive(
        SECRET, code_at(T + first), code_at(T + second), now=NOW, offset=0, after=NEVER
    )

    assert found is None


@pytest.mark.parametrize(("after", "passes"), [(T - 2, True), (T - 1, False), (T, False)])
def test_two_codes_are_both_new(after: int, passes: bool) -> None:
    """TO-03: Neither of two consecutive codes may have been accepted before."""
    found = totp.match_consecutive(
        SECRET, code_at(T - 1), code_at(T), now=NOW, offset=0, after=after
    )

    assert (found is not None) is passes


@pytest.mark.parametrize("away", range(-11, 12))
def test_clock_error_tells_ten_steps_either_way(away: int) -> None:
    """The message can name the app's clock error up to ten steps, and not beyond."""
    told = totp.clock_error(SECRET, code_at(T + away), now=NOW)

    assert told == (away if abs(away) <= 10 else None)


@pytest.mark.parametrize("away", range(1, 11))
def test_step_that_was_told_does_not_pass_when_it_comes(away: int) -> None:
    """TO-02: A guess at a coming code, confirmed by the clock message, is spent by being told."""
    told = totp.clock_error(SECRET, code_at(T + away), now=NOW)
    assert told is not None

    later = NOW + timedelta(seconds=30 * away)
    found = totp.match_time_step(SECRET, code_at(T + away), now=later, offset=0, after=T + told)

    assert found is None


def test_secrets_have_160_bits_and_differ() -> None:
    """TO-01: A new secret is 20 bytes, 32 base-32 characters without padding, and new."""
    entropy = SeededEntropy("two apps")
    one, other = totp.new_secret(entropy), totp.new_secret(entropy)

    assert len(one) == 20
    assert len(totp.base32(one)) == 32
    assert "=" not in totp.base32(one)
    assert one != other


def test_provisioning_uri_is_what_apps_read() -> None:
    """TO-05: Issuer and account are percent-encoded, and stand in the label and the query."""
    secret = base64.b32decode("HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ")

    uri = totp.provisioning_uri(secret, "ACME Co", "john.doe@email.com")

    assert uri == (
        "otpauth://totp/ACME%20Co:john.doe@email.com"
        "?secret=HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ&issuer=ACME%20Co"
        "&algorithm=SHA1&digits=6&period=30"
    )


def test_provisioning_uri_keeps_one_colon_and_no_query_marks() -> None:
    """TO-05: Names cannot add a colon to the label or a parameter to the query."""
    uri = totp.provisioning_uri(SECRET, "A: B & C?", "x:y&secret=z@example.com")
    label, _, query = uri.removeprefix("otpauth://totp/").partition("?")

    assert label.count(":") == 1
    assert query.count("secret=") == 1
    assert query.startswith(f"secret={totp.base32(SECRET)}&issuer=A%20%20B%20%26%20C%3F&")
