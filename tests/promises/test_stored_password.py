"""A password that was stored more weakly than today's policy asks for."""

from pathlib import Path

from tests.front_door import FrontDoor
from tests.promises.states import cookie, digest, member, rows
from vestibule.bootstrap import build_house
from vestibule.crypto.password_hash import OWASP
from vestibule.entropy import SeededEntropy
from vestibule.settings import Settings


async def test_weakly_stored_password_signs_in_and_is_stored_anew(
    house: FrontDoor, tmp_path: Path
) -> None:
    """PH-04: a right password that is stored too weakly is stored anew and opens the first door."""
    ada = await member(house)
    (before,) = await rows(house, "passwords")
    stronger = build_house(
        Settings(data=tmp_path, simulator=True, public_origin="http://localhost"),
        clock=house.clock,
        entropy=SeededEntropy("stronger"),
        profile=OWASP,
        database=house.database,
    )
    later = FrontDoor(lambda _: stronger, house.database, house.clock, house.alarm)
    person = later.browser()

    await later.password(person, ada.email, password="something else entirely")
    assert await rows(house, "passwords") == [before]
    await later.password(person, ada.email)
    assert person.path == "/sign-in/code", person.text
    (after,) = await rows(house, "passwords")
    assert after["password_mac"] != before["password_mac"]
    assert after["epoch"] == before["epoch"]
    await later.password(later.browser(), ada.email)
    assert await rows(house, "passwords") == [after]


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
