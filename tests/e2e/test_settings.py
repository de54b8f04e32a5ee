"""User Settings in a browser: the gate, the step-up, and every change of what is bound."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import Arrive, Visitor

pytestmark = pytest.mark.browser

PROOF_IS_OLD = timedelta(minutes=11)
"""After this the password and the code of the sign-in no longer allow a change."""

either_way = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])


@either_way
def test_default_method_is_changed(arrive: Arrive, house: RunningHouse, javascript: bool) -> None:
    """Behind the mailed code and a step-up, Edit and Save make the next sign-in ring."""
    visitor = arrive(javascript=javascript)
    visitor.become_member()
    house.clock.advance(PROOF_IS_OLD)
    visitor.open_settings()
    visitor.sees("On — required")

    visitor.follow("Edit default method")
    visitor.prove_it_is_me()
    visitor.is_at("/settings/method")
    visitor.page.get_by_label("Voice call").check()
    visitor.press("Save")

    visitor.is_at("/settings")
    visitor.sees("Voice call")
    house.clock.advance(seconds=60)
    visitor.press("Sign out")
    visitor.give_password()
    visitor.sees("We are calling the number ending in 56")


def test_looking_at_settings_sends_nothing(visitor: Visitor, house: RunningHouse) -> None:
    """The address of the settings shows Send code; only its button mails one."""
    visitor.become_member()
    before = len(house.settled())

    visitor.open("/settings")
    assert len(house.settled()) == before
    visitor.press("Send code")

    visitor.verify(house.code("email"))
    visitor.is_at("/settings")


def test_number_is_changed(arrive: Arrive, house: RunningHouse) -> None:
    """The old number opens the door until the new one is verified; then a new code is shown."""
    visitor, elsewhere = arrive(), arrive()
    old_code = visitor.become_member()
    house.clock.advance(PROOF_IS_OLD)
    visitor.open_settings()
    visitor.follow("Change number")
    visitor.prove_it_is_me()
    visitor.is_at("/settings/phone")
    visitor.ask_for_code(phone="(415) 555-0100", country="US")
    visitor.sees("+1 415-555-0100")
    new_number_code = house.code("sms", to="+14155550100")

    house.clock.advance(seconds=60)
    elsewhere.give_password()
    elsewhere.verify(house.code("sms", to="+447400123456"))
    elsewhere.is_at("/")

    visitor.verify(new_number_code)
    visitor.is_at("/settings/recovery-code")
    assert visitor.save_recovery_code() != old_code
    visitor.is_at("/settings")
    visitor.press("Sign out")
    house.clock.advance(seconds=60)
    visitor.give_password()
    visitor.verify(house.code("sms", to="+14155550100"))
    visitor.is_at("/")


def test_apps_come_and_go_but_never_the_last_method(visitor: Visitor, house: RunningHouse) -> None:
    """An app is added, renamed and removed; what is the only method has no way to be removed."""
    visitor.become_member()
    house.clock.advance(PROOF_IS_OLD)
    visitor.open_settings()
    remove = visitor.page.get_by_role("link", name="Remove")
    expect(remove).to_have_count(0)

    visitor.follow("+ Add authentication app")
    visitor.prove_it_is_me()
    visitor.press("Show the QR code")
    visitor.connect_app("Tablet")
    visitor.is_at("/settings")
    expect(remove).to_have_count(2)

    visitor.follow("+ Add authentication app")
    visitor.press("Show the QR code")
    visitor.connect_app("Work phone")
    visitor.follow("Rename Work phone")
    visitor.type("Name", "Desk drawer")
    visitor.press("Save")
    visitor.sees("Desk drawer")
    visitor.follow("Remove Desk drawer")
    visitor.press("Remove")
    visitor.is_at("/settings")
    assert "Desk drawer" not in visitor.text

    visitor.follow("Remove phone")
    visitor.press("Remove")
    visitor.is_at("/settings")
    expect(remove).to_have_count(0)
    visitor.open("/settings/phone/remove")
    visitor.sees("That way is not there any more.")


def test_new_recovery_code_replaces_the_old_one(
    visitor: Visitor, arrive: Arrive, house: RunningHouse
) -> None:
    """Generate new code warns, Confirm shows the new one with Download, and the old one is dead."""
    old_code = visitor.become_member()
    house.clock.advance(PROOF_IS_OLD)
    visitor.open_settings()

    visitor.follow("Generate new code")
    visitor.prove_it_is_me()
    visitor.sees("Your old code stops working at once.")
    visitor.press("Confirm")
    assert visitor.shown_recovery_code() != old_code
    expect(visitor.button("Download")).to_be_visible()
    visitor.save_recovery_code()
    visitor.is_at("/settings")

    house.clock.advance(seconds=60)
    stranger = arrive()
    stranger.give_password()
    stranger.follow("Try another way")
    stranger.follow("Enter recovery code")
    stranger.type("Recovery code", old_code)
    stranger.press("Recover and set up 2FA")
    stranger.sees("That is not your recovery code.")
