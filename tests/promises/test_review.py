"""“Still yours?” opens the first sign-in after an upset; *Not mine* only reduces (R12)."""

from tests.answers import (
    ADA,
    NEW_PASSWORD,
    answer_mail,
    answer_text,
    code,
    link,
    reset,
    sign_in,
    thief_inside,
)
from tests.attack import journal
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import (
    SEEN_OR_HELD,
    Member,
    Rows,
    add_app,
    add_phone,
    age_browsers,
    cookie,
    is_inside,
    member,
    put_cookie,
    recover,
    rows,
    snapshot,
    standing,
)
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import review
from vestibule.flows.work import Caller
from vestibule.storage import safeguards, sessions

DAY = 24 * 3600
PAGES = ("/", "/settings", "/sessions", "/settings/password", "/settings/recovery-code")


async def after_reset(house: FrontDoor) -> Member:
    """Signed in again after a reset, in front of the review."""
    ada = await member(house)
    house.clock.advance(seconds=3600)
    await reset(house, ada.person, code_of=ada.next_code())
    ada.password = NEW_PASSWORD
    await sign_in(house, ada.person, code_of=ada.next_code(), password=NEW_PASSWORD)
    return ada


async def is_held(person: Person) -> bool:
    """Whether nothing but the review opens, for people and for the application behind."""
    for path in PAGES:
        await person.get(path)
        if person.path != "/review":
            return False
    await person.post("/settings/open", {})
    return person.path == "/review" and (await person.client.get("/session")).status_code == 401


async def test_reset_is_followed_by_the_review(house: FrontDoor) -> None:
    """R12: the sign-in after a reset shows methods, address and browsers, and can skip nothing."""
    ada = await after_reset(house)

    assert ada.person.path == "/review", ada.person.text
    for shown in (ADA, "Phone app", "This browser", "Yes, all mine"):
        assert shown in ada.person.text, shown
    assert await is_held(ada.person)


async def test_yes_opens_the_dashboard_and_is_asked_once(house: FrontDoor) -> None:
    """R12: nobody is trapped: one press opens the house, here and at the next sign-in."""
    ada = await after_reset(house)
    await ada.person.press("Yes, all mine")

    assert ada.person.path == "/", ada.person.text
    other = await sign_in(house, house.browser(), code_of=ada.next_code(), password=NEW_PASSWORD)
    assert other.path == "/"
    await other.get("/review")
    assert other.path == "/"
    assert len(await journal(house, "review_answered")) == 1


async def test_yes_leads_to_the_page_first_asked_for(house: FrontDoor) -> None:
    """R12: after the answer the person goes on to where they wanted to go."""
    ada = await after_reset(house)
    await ada.person.get("/sessions")
    assert ada.person.path == "/review"

    await ada.person.press("Yes, all mine")

    assert ada.person.path == "/sessions"


async def test_help_and_sign_out_stay_open(house: FrontDoor) -> None:
    """R12: the review keeps nobody in."""
    ada = await after_reset(house)
    await ada.person.get("/help")
    assert ada.person.path == "/help"
    await ada.person.get("/review")

    await ada.person.press("Sign out")

    assert ada.person.path == "/sign-in"


async def test_recovery_and_freeze_are_followed_by_it(house: FrontDoor) -> None:
    """R12: the sign-in after a completed recovery, and one after a freeze, open with it."""
    person, own_code = await house.member()
    house.clock.advance(seconds=3600)
    await recover(house, person, own_code, ADA)
    await house.save_recovery_code(person)
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123457")
    await person.press("Verify", code=await house.code("sms"))
    assert person.path == "/", person.text
    house.clock.advance(seconds=60)
    await person.press("Sign out")

    await sign_in(house, person)
    assert person.path == "/review"
    await person.press("Yes, all mine")
    await age_browsers(house)
    house.clock.advance(seconds=DAY)
    await sign_in(house, person)
    # The browser was new when yes was said in it, so it is asked again.
    assert person.path == "/review"
    await person.press("Yes, all mine")
    await house.open_settings(person)
    await person.get("/settings/app")
    await add_app(house, person)
    await answer_text(house, await code(house, "method_added", to="+447400123457"))
    house.clock.advance(seconds=60)
    await person.press("Sign out")
    await sign_in(house, person)
    assert person.path == "/review"


async def test_session_from_before_goes_on(house: FrontDoor) -> None:
    """R12: a freeze by somebody else stops no session that was open before it."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    await ada.person.get("/settings/recovery-code/new")
    await ada.person.press("Confirm")
    house.clock.advance(seconds=60)

    await answer_text(house, await code(house, "recovery_code_replaced", to="+447400123456"))

    assert await is_inside(ada.person)


async def test_not_mine_reduces_as_not_me_does(house: FrontDoor) -> None:
    """R12: the thief's app is disowned on the page: it proves nothing, and everybody is out."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    house.clock.advance(seconds=60)
    await reset(house, ada.person, code_of=ada.next_code())
    await sign_in(house, ada.person, code_of=ada.next_code(), password=NEW_PASSWORD)
    assert ada.person.path == "/review", ada.person.text

    await ada.person.press("Not mine Second app")

    assert "opens nothing" in ada.person.text
    assert [one["name"] for one in await standing(house)] == ["Phone app"]
    assert not await is_inside(ada.person)
    house.clock.advance(seconds=60)
    await reset(house, ada.person, code_of=ada.next_code(), new="a kettle under the eaves")
    await sign_in(house, ada.person, code_of=ada.next_code(), password="a kettle under the eaves")
    assert "Second app" not in ada.person.text
    await ada.person.press("Yes, all mine")
    assert ada.person.path == "/"


async def test_thief_disowns_nothing_that_is_older(house: FrontDoor) -> None:
    """R12: whoever gets in after a reset cannot take the owner's old methods away by the page."""
    ada = await after_reset(house)
    (app,) = await standing(house)
    assert "Not mine" not in [one[0] for form in ada.person.page.forms for one in form.buttons]
    browsers = await rows(house, "known_browsers")
    before = await snapshot(house)

    for item in (app["id"], "0" * 22, browsers[0]["token_digest"].hex(), "' OR 1=1"):
        await ada.person.post("/review", {"not_mine": item})
        assert ada.person.path == "/review", ada.person.text

    after = await snapshot(house)
    assert after["authenticators"] == before["authenticators"]
    assert after["ended_authenticators"] == []
    assert after["known_browsers"] == before["known_browsers"]


async def test_disowned_browser_is_forgotten(house: FrontDoor) -> None:
    """R12: a browser that is not the owner's is known no more, and its next reset by text waits."""
    ada = await member(house)
    house.clock.advance(seconds=3600)
    thief = house.browser(source="198.51.100.66", agent="Mozilla/5.0 (Windows NT) Firefox/140")
    await sign_in(house, thief, code_of=ada.next_code())
    house.clock.advance(seconds=60)
    await reset(house, ada.person, code_of=ada.next_code())
    await sign_in(house, ada.person, code_of=ada.next_code(), password=NEW_PASSWORD)
    assert len(await rows(house, "known_browsers")) == 2

    await ada.person.press("Not mine Firefox on Windows")

    assert len(await rows(house, "known_browsers")) == 1
    assert not await is_inside(thief)


async def test_browser_is_listed_by_its_first_sign_in(house: FrontDoor) -> None:
    """R12: a browser of several sign-ins stands there once, with the first; one that is known for
    over a week is counted, and can be doubted by none of its later ones."""
    ada = await member(house)
    old = house.browser(source="203.0.113.12", agent="Mozilla/5.0 (Windows NT) Firefox/140")
    await sign_in(house, old, code_of=ada.next_code())
    house.clock.advance(seconds=8 * DAY)
    twice = house.browser(source="203.0.113.13", agent="Mozilla/5.0 (X11; Linux) Firefox/140")
    for person in (old, twice, twice):
        await sign_in(house, person, code_of=ada.next_code())
        assert person.path == "/", person.text
        await person.press("Sign out")
    await reset(house, ada.person, code_of=ada.next_code())

    await sign_in(house, ada.person, code_of=ada.next_code(), password=NEW_PASSWORD)

    assert ada.person.path == "/review", ada.person.text
    assert ada.person.text.count("Firefox on Linux") == 2, "its name and its button"
    assert "Firefox on Windows" not in ada.person.text
    assert "2 more that have been used for over a week" in ada.person.text


async def test_thief_with_the_paper_disowns_nothing_that_a_recovery_bound(
    house: FrontDoor,
) -> None:
    """R8, R12: at the review after a completed recovery its app is shown, and nobody who got past
    both doors takes it away there."""
    ada = await member(house)
    house.clock.advance(seconds=60)
    await ada.person.press("Sign out")
    await recover(house, ada.person, ada.recovery_code, ADA)
    await house.save_recovery_code(ada.person)
    await ada.person.get("/set-up/app")
    await ada.person.press("Show the QR code")
    ada.secret = house.secret_on(ada.person)
    await ada.person.press("Verify", code=house.app_code(ada.secret), app_name="New app")
    thief = house.browser(source="198.51.100.66")
    await sign_in(house, thief, code_of=ada.next_code())
    assert thief.path == "/review", thief.text
    (app,) = await standing(house)
    assert "New app" in thief.text

    await thief.post("/review", {"not_mine": app["id"]})

    assert thief.path == "/review"
    assert [one["name"] for one in await standing(house)] == ["New app"]
    assert await is_inside(ada.person)


async def test_neither_this_browser_nor_that_of_the_set_up_is_disowned(house: FrontDoor) -> None:
    """R8, R12: whoever got in elsewhere does not have the browser forgotten that the account began
    in, and nobody the one that is asked."""
    ada = await member(house)
    house.clock.advance(seconds=3600)
    other = house.browser(source="198.51.100.66")
    await reset(house, other, code_of=ada.next_code())
    await sign_in(house, other, code_of=ada.next_code(), password=NEW_PASSWORD)
    assert other.path == "/review", other.text
    assert "Not mine" not in [one[0] for form in other.page.forms for one in form.buttons]
    acts = [one["id"] for one in await rows(house, "acts") if one["browser_digest"] is not None]
    before = await rows(house, "known_browsers")
    assert len(acts) == len(before) == 2

    for act_id in acts:
        await other.post("/review", {"not_mine": act_id})
        assert other.path == "/review", other.text

    assert await rows(house, "known_browsers") == before


async def frozen_with_a_thiefs_app(house: FrontDoor) -> tuple[Member, Person]:
    """The owner froze changes by text; the thief's app stands, and all factors are known."""
    ada = await member(house)
    await add_phone(house, await ada.step_up())
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    await answer_text(house, await code(house, "method_added", to="+447400123456"))
    house.clock.advance(seconds=60)
    return ada, thief


async def test_thief_answers_no_review_from_a_new_browser(house: FrontDoor) -> None:
    """R12: yes in a browser that changes nothing yet counts for that session and nobody else's.

    The owner's next sign-in is asked all the same, and finds the app that is not theirs.
    """
    ada, _ = await frozen_with_a_thiefs_app(house)
    again = house.browser(source="198.51.100.77", agent="Mozilla/5.0 thief")
    await ada.sign_in_as_far_as_it_goes(again)
    assert again.path == "/review", again.text
    assert "asked again" in again.text
    await again.press("Yes, all mine")
    assert await is_inside(again)
    await again.get("/review")
    assert again.path == "/"
    house.clock.advance(seconds=60)

    owner = await ada.sign_in_as_far_as_it_goes(ada.person)

    assert owner.path == "/review", owner.text
    assert "Second app" in owner.text
    await owner.press("Not mine Second app")
    assert "Second app" not in {one["name"] for one in await standing(house)}
    assert not await is_inside(again)


async def test_answer_with_a_carried_session_counts_for_it_alone(house: FrontDoor) -> None:
    """R12: a session's cookie without its browser's mark ends the review for nobody else."""
    ada, _ = await frozen_with_a_thiefs_app(house)
    await ada.sign_in_as_far_as_it_goes(ada.person)
    carried = house.browser(source="198.51.100.77")
    put_cookie(carried, "session", str(cookie(ada.person, "session")))
    await carried.get("/review")

    await carried.press("Yes, all mine")

    (guard,) = await rows(house, "safeguards")
    assert guard["review_from_at"] is not None
    house.clock.advance(seconds=60)
    later = await ada.sign_in_as_far_as_it_goes(house.browser())
    assert later.path == "/review"


async def test_known_browser_answers_for_the_account(house: FrontDoor) -> None:
    """R12: yes in a browser that is a day old ends the review, at every later sign-in too."""
    ada, _ = await frozen_with_a_thiefs_app(house)
    owner = await ada.sign_in_as_far_as_it_goes(ada.person)
    assert "asked again" not in owner.text
    await owner.press("Yes, all mine")
    house.clock.advance(seconds=60)

    later = await ada.sign_in_as_far_as_it_goes(house.browser())

    assert later.path == "/", later.text


async def test_later_upset_is_asked_of_who_answered_an_earlier_one(house: FrontDoor) -> None:
    """R12: an answer that counted for one session does not answer what happens after it."""
    ada, _ = await frozen_with_a_thiefs_app(house)
    again = await ada.sign_in_as_far_as_it_goes(house.browser())
    await again.press("Yes, all mine")
    house.clock.advance(seconds=60)
    (row,) = await rows(house, "safeguards")

    await house.database.transact(
        lambda tx: safeguards.require_review(tx, row["account_id"], house.clock())
    )

    house.clock.advance(seconds=60)
    await again.press("Sign out")
    await ada.sign_in_as_far_as_it_goes(again)
    assert again.path == "/review"


async def test_review_is_answered_by_its_own_session_only(house: FrontDoor) -> None:
    """R12: a session from before answers no review of later ones, nor disowns through it."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    path = await link(house, "method_added")
    before = await snapshot(house, but=("events",))

    await thief.post("/review", {})
    await thief.post("/review", {"not_mine": (await standing(house))[0]["id"]})

    assert await snapshot(house, but=("events",)) == before
    await answer_mail(house, path)
    await thief.post("/review", {})
    assert (await rows(house, "safeguards"))[0]["review_from_at"] is not None


async def test_late_answer_of_an_older_session_does_nothing(house: FrontDoor) -> None:
    """R12: an answer that was on its way when the review began to be asked of others is refused."""
    ada = await member(house)
    means, caller = house.built.means, Caller("203.0.113.7", "", "", "en")
    (row,) = await rows(house, "sessions")
    session = await means.database.read(lambda tx: sessions.get(tx, row["id"], house.clock()))
    assert session is not None
    house.clock.advance(seconds=60)
    await means.database.transact(
        lambda tx: safeguards.require_review(tx, session.account_id, house.clock())
    )
    before = await snapshot(house)

    for refused in (
        await review.confirm(means, caller, session),
        await review.disown(means, caller, session, item_id=row["authenticator_id"]),
    ):
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.REVIEW_OVER
    assert await snapshot(house, without=SEEN_OR_HELD) == _without_guard(before)
    assert await is_inside(ada.person)


def _without_guard(taken: Rows) -> Rows:
    return {
        table: [{k: v for k, v in row.items() if k != "guard"} for row in found]
        for table, found in taken.items()
    }
