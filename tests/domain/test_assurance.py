"""What events are worth: two distinct factors, in OpenID Connect's words."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vestibule.domain.assurance import (
    AuthenticationEvent,
    Method,
    acr,
    amr,
    is_multi_factor,
    method_of,
)
from vestibule.domain.challenge import Channel

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PWD, SMS, VOICE, TOTP, RECOVERY, PASSKEY = (AuthenticationEvent(method, AT) for method in Method)
VERIFIED = AuthenticationEvent(Method.PASSKEY, AT, user_verified=True)


@pytest.mark.parametrize(
    ("events", "two"),
    [
        ([], False),
        ([PWD], False),
        ([PWD, PWD], False),
        ([SMS], False),
        ([SMS, VOICE], False),
        ([SMS, TOTP], False),
        ([RECOVERY], False),
        ([PWD, RECOVERY], False),
        ([RECOVERY, TOTP], False),
        ([PWD, SMS], True),
        ([PWD, VOICE], True),
        ([TOTP, PWD], True),
        ([PWD, RECOVERY, SMS], True),
        ([PASSKEY], False),
        ([PASSKEY, PASSKEY], False),
        ([PASSKEY, SMS], False),
        ([PASSKEY, TOTP], False),
        ([PASSKEY, RECOVERY], False),
        ([PWD, PASSKEY], True),
        ([VERIFIED], True),
        ([PWD, VERIFIED], True),
        ([replace(TOTP, user_verified=True)], False),
        ([replace(PWD, user_verified=True)], False),
        ([replace(RECOVERY, user_verified=True)], False),
    ],
)
def test_two_distinct_factors_are_needed(events: list[AuthenticationEvent], two: bool) -> None:
    """R2, PK-03: Something known and something held make two; text and call are one phone, and a
    passkey alone is both only where it verified its user."""
    assert is_multi_factor(events) is two
    assert acr(events) == ("aal2" if two else "aal1")
    assert ("mfa" in amr(events)) is two


@pytest.mark.parametrize(
    ("events", "values"),
    [
        ([], []),
        ([PWD], ["pwd"]),
        ([PWD, SMS], ["pwd", "sms", "mfa"]),
        ([PWD, VOICE], ["pwd", "tel", "mfa"]),
        ([PWD, TOTP], ["pwd", "otp", "mfa"]),
        ([PWD, RECOVERY, TOTP], ["pwd", "otp", "mfa"]),
        ([PWD, SMS, SMS, PWD], ["pwd", "sms", "mfa"]),
        ([PASSKEY], ["pop"]),
        ([PWD, PASSKEY], ["pwd", "pop", "mfa"]),
        ([VERIFIED], ["pop", "user", "mfa"]),
        ([PWD, VERIFIED], ["pwd", "pop", "user", "mfa"]),
    ],
)
def test_amr_speaks_rfc8176(events: list[AuthenticationEvent], values: list[str]) -> None:
    """SE-11: The methods are told in RFC 8176's values, each once, with mfa for two factors."""
    assert amr(events) == values


@pytest.mark.parametrize("channel", Channel)
def test_mail_is_no_method(channel: Channel) -> None:
    """D1: A mailed code has no method, so it cannot be counted as a factor."""
    method = method_of(channel)

    assert (method is None) is (channel is Channel.EMAIL)
    assert method is None or method.value == channel.value
