"""A browser says where its clock is, and its person reads times of there (NO-02)."""

import re

import pytest

from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import Arrive

pytestmark = pytest.mark.browser


def test_times_are_those_of_the_browsers_clock(arrive: Arrive, house: RunningHouse) -> None:
    """NO-02: with JavaScript the set-up says the zone, and pages and the first mail are in it."""
    visitor = arrive(zone="Asia/Calcutta")
    visitor.become_member()

    visitor.sees("(Kolkata time)")
    visitor.open("/activity")
    at = visitor.page.locator("time").first
    exact = at.get_attribute("datetime") or ""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", exact)
    assert at.inner_text().endswith("(Kolkata time)")
    mail = next(one for one in house.settled() if one["purpose"] == "method_added")
    assert re.search(r"When: .* \(Kolkata time; .*UTC\)", mail["text"]), mail["text"]


def test_sign_in_follows_the_browser(arrive: Arrive, house: RunningHouse) -> None:
    """NO-02: a known browser that has travelled says so with its next sign-in; a choice is kept."""
    visitor = arrive(zone="Europe/Berlin")
    visitor.become_member()
    visitor.open_settings()
    visitor.sees("Germany – Berlin, as your browser says")
    visitor.follow("Edit time zone")
    visitor.type("Country or large town", "tokyo")
    visitor.press("Find")
    visitor.press("Save")
    visitor.sees("Japan – Tokyo")

    house.clock.advance(seconds=60)
    visitor.press("Sign out")
    visitor.give_password()
    visitor.verify(house.code("sms"))
    visitor.sees("(Tokyo time)")
    visitor.open_settings()
    visitor.follow("Edit time zone")
    visitor.page.get_by_label("Automatic").check()
    visitor.press("Save")
    visitor.sees("Germany – Berlin, as your browser says")


def test_without_scripts_a_zone_is_chosen(arrive: Arrive) -> None:
    """R9: without JavaScript times are in UTC until a zone is chosen, which needs no script."""
    visitor = arrive(javascript=False, zone="Europe/Berlin")
    visitor.become_member()
    visitor.sees("UTC")
    visitor.open_settings()
    visitor.follow("Edit time zone")
    visitor.type("Country or large town", "Germany")
    visitor.press("Find")
    assert visitor.page.get_by_label("Automatic").is_checked()
    visitor.page.get_by_label("Germany – Berlin").check()
    visitor.press("Save")
    visitor.open("/sessions")
    visitor.sees("(Berlin time)")
