"""A password that was stored more weakly than today's policy asks for."""

from datetime import timedelta
from pathlib import Path

from tests.front_door import FrontDoor
from tests.promises.states import cookie, digest, member, rows
from vestibule.bootstrap import build_house
from vestibule.entropy import SeededEntropy
from vestibule.settings import Settings


async def test_weakly_stored_password_signs_in_and_is_stored_anew(
    house: FrontDoor, tmp_path: Path
) -> None:
    """PH-01, PH-04: a right password that is stored too weakly is stored anew and opens the door.

    The house is as it is served: it stores what PH-01 asks for.
    """
    ada = await member(house)
    (before,) = await rows(house, "passwords")
    stronger = build_house(
        Settings(data=tmp_path, simulator=True, public_origin="http://localhost"),
        clock=house.clock,
        entropy=SeededEntropy("stronger"),
        database=house.database,
    )
    later = FrontDoor(lambda _: stronger, house.database, house.clock, house.alarm)
    person = later.browser()

    await later.password(person, ada.email, password="something else entirely")
    assert await rows(house, "passwords") == [before]
    await later.password(person, ada.email)
    assert person.path == "/sign-in/code", person.text
    (after,) = await rows(house, "passwords")
    assert after["password_mac"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not before["password_mac"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert after["epoch"] == before["epoch"]
    await later.password(later.browser(), ada.email)
    assert await rows(house, "passwords") == [after]


async def test_password_of_ten_years_ago_signs_in(house: FrontDoor) -> None:
    """PW-03: no password expires: after ten years both doors open, and no new one is asked for."""
    ada = await member(house)
    house.clock.advance(timedelta(days=3653))

    person = await ada.sign_in()

    assert person.path == "/", person.text
    assert (await person.client.get("/session")).status_code == 200


async def test_recovery_forgets_what_other_browsers_were_known_by(house: FrontDoor) -> None:
    """RC-04: a browser's mark from before a recovery is not taken up again by a later sign-in."""
    ada = await member(house)
    old = str(cookie(ada.person, "browser"))
    person = house.browser()
    await house.password(person, ada.email)
    await person.get("/sign-in/recovery-code")
    await person.press("Recover and set up 2FA", recovery_code=ada.recovery_code)
    await house.save_recovery_code(person)
    await person.get("/set-up")
    await person.press("Authentication app")
    ada.secret = house.secret_on(person)
    await person.press("Verify", code=house.app_code(ada.secret), app_name="New")
    await ada.sign_in(ada.person)

    assert cookie(ada.person, "browser") != old
    assert digest(old) not in [row["token_digest"] for row in await rows(house, "known_browsers")]
