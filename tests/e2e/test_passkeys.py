"""Passkeys in a real browser, with its virtual authenticator: made, used, asked for, taken away."""

from datetime import timedelta

import pytest

from tests.e2e.passkey_device import Device
from tests.e2e.visitor import EMAIL, Arrive, Visitor

pytestmark = pytest.mark.browser


def _member_with_passkey(visitor: Visitor) -> Device:
    """Signed up, with an app first and a passkey beside it."""
    visitor.become_member_with_app()
    device = Device(visitor)
    visitor.open_settings()
    visitor.follow("+ Add a passkey")
    visitor.type("Name of this passkey", "Laptop")
    visitor.press("Create a passkey")
    visitor.is_at("/settings")
    visitor.sees("Your passkey is added")
    return device


def test_set_up_with_a_passkey_alone(visitor: Visitor) -> None:
    """The wall falls by a passkey; no phone and no app is needed (product.md C, PK-03)."""
    Device(visitor)
    visitor.sign_up()
    visitor.follow("Passkey")
    visitor.press("Create a passkey")
    visitor.is_at("/set-up/recovery-code")
    visitor.save_recovery_code()
    visitor.is_at("/")
    visitor.press("Sign out")

    visitor.press("Sign in with a passkey")

    visitor.is_at("/")


def test_passkey_alone_signs_in(visitor: Visitor) -> None:
    """R2: a passkey that verifies its user opens both doors, and no address is typed."""
    _member_with_passkey(visitor)
    visitor.press("Sign out")

    visitor.press("Sign in with a passkey")

    visitor.is_at("/")


def test_device_that_does_not_verify_signs_nobody_in(visitor: Visitor) -> None:
    """PK-03: without finger, face or PIN nothing is given, and the page says what to do."""
    device = _member_with_passkey(visitor)
    visitor.press("Sign out")
    device.verify(verifies=False)

    visitor.button("Sign in with a passkey").click()

    visitor.sees("Nothing came back from your device.")
    visitor.is_at("/sign-in")


def test_passkey_after_the_password(visitor: Visitor) -> None:
    """At the second door the passkey stands among the other ways (product.md D)."""
    _member_with_passkey(visitor)
    visitor.press("Sign out")
    visitor.give_password(EMAIL)
    visitor.follow("Try another way")
    visitor.choose("Passkey")

    visitor.press("Use your passkey")

    visitor.is_at("/")


def test_change_asks_for_the_passkey_and_nothing_weaker(visitor: Visitor) -> None:
    """SU-04: with a passkey the page before a change offers no code and no other way."""
    _member_with_passkey(visitor)
    visitor.house.clock.advance(timedelta(minutes=11))
    visitor.open("/settings/password")
    visitor.press("Send code")
    visitor.verify(visitor.house.code("email"))
    visitor.is_at("/settings/confirm")
    assert visitor.page.get_by_label("Six-digit code").count() == 0
    assert "Try another way" not in visitor.text

    visitor.press("Use your passkey")

    visitor.is_at("/settings/password")


def test_copied_passkey_is_refused_and_told(visitor: Visitor) -> None:
    """PK-04: a counter that goes back is refused, and its owner gets a mail."""
    device = _member_with_passkey(visitor)
    (before,) = device.passkeys
    visitor.press("Sign out")
    visitor.press("Sign in with a passkey")
    visitor.press("Sign out")
    device.put_back(before)

    visitor.press("Sign in with a passkey")

    visitor.is_at("/sign-in")
    visitor.sees("This passkey may have been copied")
    visitor.house.wait_for(lambda one: one["purpose"] == "passkey_copied")


def test_no_second_passkey_on_one_device(visitor: Visitor) -> None:
    """PK-05: a device that has one of the account's makes no other, and says so."""
    _member_with_passkey(visitor)
    visitor.open("/settings/passkey")
    visitor.press("Use your passkey")

    visitor.button("Create a passkey").click()

    visitor.sees("This device already has a passkey of yours here.")


def test_removed_passkey_opens_nothing(visitor: Visitor) -> None:
    """PK-06: taken away in settings, its device signs nobody in."""
    _member_with_passkey(visitor)
    visitor.follow("Remove Laptop")
    visitor.press("Use your passkey")
    visitor.press("Remove")
    visitor.is_at("/settings")
    visitor.press("Sign out")

    visitor.press("Sign in with a passkey")

    visitor.is_at("/sign-in")
    visitor.sees("That passkey was not accepted.")


def test_without_scripts_the_other_ways_stand(arrive: Arrive) -> None:
    """R9: without JavaScript nothing is offered that cannot work."""
    visitor = arrive(javascript=False)
    visitor.open("/sign-in")

    assert "passkey" not in visitor.text
