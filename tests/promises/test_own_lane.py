"""Failures elsewhere keep no owner out (product section 5, R4)."""

from tests.front_door import PASSWORD, FrontDoor


async def _guess(house: FrontDoor, times: int) -> None:
    """Wrong passwords for the owner's address, each from another address of the network."""
    for n in range(times):
        stranger = house.browser(source=f"198.51.100.{n + 1}")
        await stranger.get("/sign-in")
        await stranger.press("Sign in", email="ada@example.com", password="not the right one")


async def test_unknown_browser_waits_while_a_stranger_guesses(house: FrontDoor) -> None:
    """After five wrong passwords the lane of unknown browsers waits, also for the right one."""
    await house.member()
    await _guess(house, 5)

    person = house.browser()
    await house.password(person)

    assert person.path == "/sign-in"
    assert "There were many tries" in person.text


async def test_known_browser_does_not_wait(house: FrontDoor) -> None:
    """RL-03: A browser that completed a sign-in before has its own lane."""
    person, _ = await house.member()
    await person.press("Sign out")
    await _guess(house, 5)

    await house.sign_in(person)

    assert person.path == "/"


async def test_right_password_starts_the_own_lane_afresh(house: FrontDoor) -> None:
    """RL-03: slips of earlier sign-ins keep a known browser from none: four before each right one,
    three times."""
    person, _ = await house.member()
    for _ in range(3):
        await person.press("Sign out")
        for _ in range(4):
            await house.password(person, password="not the right one")
        await house.password(person)
        assert person.path == "/sign-in/code", person.text
        house.clock.advance(seconds=31)
        await house.sign_in(person)


async def test_proving_the_mailbox_gives_a_waiting_browser_its_own_lane(house: FrontDoor) -> None:
    """The mailed code of a forgotten password lets its browser try the password at once."""
    await house.member()
    await _guess(house, 5)
    person = house.browser()
    await person.get("/forgot-password")
    await person.press("Send code", email="ada@example.com")
    await person.press("Verify", code=await house.code("email"))
    await person.follow("I remember my password")

    await person.press("Sign in", email="ada@example.com", password=PASSWORD)

    assert person.path == "/sign-in/code", person.text


async def test_own_lane_is_a_lane_and_no_more(house: FrontDoor) -> None:
    """It has its own five tries, and belongs to one browser and one account."""
    await house.member()
    person = house.browser()
    await person.get("/forgot-password")
    await person.press("Send code", email="ada@example.com")
    await person.press("Verify", code=await house.code("email"))

    for _ in range(5):
        await person.get("/sign-in")
        await person.press("Sign in", email="ada@example.com", password="not the right one")
    await house.password(person)

    assert "There were many tries" in person.text


async def test_a_mailbox_opens_five_lanes_a_day(house: FrontDoor) -> None:
    """RL-02: who reads an owner's mail has 25 more tries at the password in a day, no more."""
    await house.member()
    compared = 0
    for n in range(8):
        house.clock.advance(seconds=3_601)
        person = house.browser(source=f"192.0.{n}.1")
        await person.get("/forgot-password")
        await person.press("Send code", email="ada@example.com")
        await person.press("Verify", code=await house.code("email"))
        await _guess(house, 6)
        await person.get("/sign-in")
        for _ in range(6):
            await person.press("Sign in", email="ada@example.com", password="not the right one")
            compared += "is not right" in person.text

    assert compared == 25


async def test_phone_form_starts_with_the_browsers_country(house: FrontDoor) -> None:
    """The country of the browser's language is chosen where it is served, else the default."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")

    await person.get("/set-up/phone", headers={"accept-language": "en-CH, en;q=0.9"})

    assert person.form("Send code by text message")[0].fields["country"] == "CH"
