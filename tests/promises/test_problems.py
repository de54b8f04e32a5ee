"""What does not work says so, on a page of the house."""

import pytest

from tests.front_door import FrontDoor


async def test_unknown_address_is_a_page_and_a_real_404(house: FrontDoor) -> None:
    """There is no catch-all 200, and a lost visitor finds the way back."""
    person = house.browser()

    await person.get(
        "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"
    )

    assert person.status == 404
    assert "There is no page here" in person.text
    assert ("Continue", "/") in person.page.links


async def test_change_password_address_leads_to_the_form(house: FrontDoor) -> None:
    """Password managers find the form at the well-known address, by a redirect."""
    response = await house.browser().client.get("/.well-known/change-password")

    assert (response.status_code, response.headers["location"]) == (302, "/settings/password")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(house: FrontDoor, method: str) -> None:
    """A door knows GET and POST only."""
    response = await house.browser().client.request(method, "/sign-in")

    assert response.status_code == 405


async def test_database_gone_fails_closed(house: FrontDoor) -> None:
    """When the database cannot be reached nothing opens: 503, and readiness says so."""
    person, _ = await house.member()
    await house.database.close()

    page = await person.client.get("/")
    session = await person.client.get("/session")
    ready = await person.client.get("/readyz")
    live = await house.browser().client.get("/livez")

    assert (page.status_code, session.status_code, ready.status_code) == (503, 503, 503)
    assert page.headers["retry-after"]
    assert "You are in" not in page.text
    assert live.status_code == 200
