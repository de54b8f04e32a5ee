"""A browser's mark that somebody has seen before is worth nothing afterwards (R11).

Eve sits at a shared browser first, copies its mark, and waits until somebody else signs in there.
"""

import asyncio

from tests.answers import ADA
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import (
    Member,
    age_browsers,
    cookie,
    digest,
    member,
    put_cookie,
    rows,
)

EVE = "eve@example.com"


async def shared_with_eve(house: FrontDoor) -> tuple[Person, str, bytes]:
    """A browser at which Eve set up her account, the mark that she copied, and her app."""
    shared, secret, _ = await house.member_with_app(EVE)
    mark = str(cookie(shared, "browser"))
    await shared.press("Sign out")
    house.clock.advance(seconds=3600)
    return shared, mark, secret


async def known(house: FrontDoor) -> dict[str, list[bytes]]:
    """The marks by which each account's browsers are known."""
    emails = {one["id"]: one["email"] for one in await rows(house, "accounts")}
    found: dict[str, list[bytes]] = {}
    for one in await rows(house, "known_browsers"):
        found.setdefault(emails[one["account_id"]], []).append(one["token_digest"])
    return found


async def test_mark_copied_in_advance_opens_nothing(house: FrontDoor) -> None:
    """R11: a mark that was known when Ada came is not hers: its copy is a new browser to her."""
    shared, mark, _ = await shared_with_eve(house)
    ada = await member(house)

    await ada.sign_in(shared)
    await age_browsers(house)
    house.clock.advance(seconds=3600)

    assert cookie(shared, "browser") != mark
    thief = house.browser(source="198.51.100.66")
    put_cookie(thief, "browser", mark)
    await ada.sign_in(thief)
    await house.open_settings(thief)
    await thief.get("/settings/app")
    assert thief.path == "/settings/wait", thief.text


async def test_copied_mark_serves_its_own_thief_no_more_either(house: FrontDoor) -> None:
    """R11: the old mark is known to nobody, so Eve cannot keep one that follows the browser."""
    shared, mark, _ = await shared_with_eve(house)
    ada = await member(house)

    await ada.sign_in(shared)

    assert digest(mark) not in {one for marks in (await known(house)).values() for one in marks}
    new = digest(str(cookie(shared, "browser")))
    assert new in (await known(house))[EVE]
    assert new in (await known(house))[ADA]


async def test_shared_browser_stays_known_to_all_of_its_accounts(house: FrontDoor) -> None:
    """R11: Eve's own browser, where she set up, changes things at once as it did before."""
    shared, _, secret = await shared_with_eve(house)
    ada = await member(house)
    await ada.sign_in(shared)
    await shared.press("Sign out")
    eve = Member(house, shared, secret, "", EVE)

    await eve.sign_in(shared)
    await eve.step_up()
    await shared.get("/settings/app")

    assert shared.path == "/settings/app", shared.text
    assert len((await known(house))[EVE]) == 1


async def test_session_that_goes_on_keeps_its_browser(house: FrontDoor) -> None:
    """R11: a sign-in of somebody else draws a new mark, and an open session follows it."""
    shared, secret, _ = await house.member_with_app(EVE)
    session = str(cookie(shared, "session"))
    ada = await member(house)
    shared.client.cookies.delete("session")
    await ada.sign_in(shared)

    put_cookie(shared, "session", session)
    await Member(house, shared, secret, "", EVE).step_up()
    await shared.get("/settings/app")

    assert shared.path == "/settings/app", shared.text


async def test_second_sign_in_keeps_the_mark(house: FrontDoor) -> None:
    """R11: a browser that the account knows keeps its mark, and its age."""
    ada = await member(house)
    mark = cookie(ada.person, "browser")
    await ada.person.press("Sign out")

    await ada.sign_in(ada.person)

    assert cookie(ada.person, "browser") == mark
    assert len(await rows(house, "known_browsers")) == 1


async def test_sign_ins_at_once_leave_the_old_mark_to_nobody(either_house: FrontDoor) -> None:
    """R11: four accounts that enter one browser at the same moment: no copy of its old mark is
    known to any of them afterwards, and the account it was known to is known by one mark."""
    house = either_house
    _, mark, _ = await shared_with_eve(house)
    ready = []
    for number in range(4):
        one = await member(house, f"member-{number}@example.com")
        person = house.browser(source=f"203.0.113.{number + 20}")
        put_cookie(person, "browser", mark)
        await house.password(person, one.email)
        ready.append((person, one))
    house.clock.advance(seconds=60)
    posts = [person.filled("Verify", code=house.app_code(one.secret)) for person, one in ready]

    await asyncio.gather(
        *(
            person.client.post(action, data=data)
            for (person, _), (action, data) in zip(ready, posts, strict=True)
        )
    )

    marks = await known(house)
    assert digest(mark) not in {one for found in marks.values() for one in found}
    assert len(marks[EVE]) == 1
    assert marks[EVE][0] in {digest(str(cookie(person, "browser"))) for person, _ in ready}
    for number in range(4):
        own = digest(str(cookie(ready[number][0], "browser")))
        theirs = marks[f"member-{number}@example.com"]
        assert len(theirs) == 2
        assert own in theirs or marks[EVE][0] in theirs
