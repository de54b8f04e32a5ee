"""The house speaks the person's language: on pages, in mails, texts and calls."""

import re

import pytest

from tests.front_door import PASSWORD, FrontDoor
from tests.languages.shipped import CATALOGUES
from tests.person import Person
from tests.promises.states import cookie, put_cookie, rows
from vestibule.bootstrap import languages_of
from vestibule.settings import Settings, SettingsFault

pytestmark = pytest.mark.anyio


def say(text: str, tag: str) -> str:
    # Narrow blanks too are one blank, as they are in what a test reads from a page.
    return " ".join(CATALOGUES.words(tag).gettext(text).split())


def spoken(person: Person) -> str:
    """The language of the page, where page and header agree."""
    tag = person.shown(r'<html lang="([^"]+)"')
    assert person.response.headers["content-language"] == tag
    return tag


async def locale_of(house: FrontDoor, email: str = "ada@example.com") -> str:
    return next(str(r["locale"]) for r in await rows(house, "accounts") if r["email"] == email)


# --- which language -------------------------------------------------------------------------


async def test_a_page_is_in_the_language_of_the_browser(house: FrontDoor) -> None:
    """Who chose nothing reads the language that the browser asks for, else English."""
    for header, tag in [("fr-CA, en;q=0.5", "fr"), ("pt", "pt-BR"), ("it", "en"), ("", "en")]:
        person = house.browser(language=header)
        await person.get("/sign-in")
        assert spoken(person) == tag
        assert say("Forgot password?", tag) in person.text
        assert "Accept-Language" in person.response.headers["vary"]
        assert "Cookie" in person.response.headers["vary"]


async def test_a_choice_counts_more_than_the_browser(house: FrontDoor) -> None:
    """A press on a language's name changes the page that is open, and every one after it."""
    person = house.browser(language="fr")
    await person.get("/sign-in?next=/settings")
    await person.press("Deutsch")

    assert spoken(person) == "de"
    assert str(person.response.request.url).endswith("/sign-in?next=/settings")
    await person.get("/sign-in?next=%2Fsettings")
    await person.press("Français")
    assert (spoken(person), person.path) == ("fr", "/sign-in")
    await person.press("Deutsch")
    await person.get("/help")
    assert spoken(person) == "de"


async def test_every_page_offers_the_languages_by_their_own_names(house: FrontDoor) -> None:
    """The chooser names each language as its speakers do, tagged so that it is read out right."""
    person = house.browser()
    await person.get("/no-such-page")

    for tag, name in [("pt-BR", "Português (Brasil)"), ("ja", "日本語"), ("es", "Español")]:
        assert f'value="{tag}" lang="{tag}">{name}</button>' in person.response.text
    assert 'lang="en" aria-current="true">English' in person.response.text


async def test_a_refusal_is_kept_when_the_language_changes(house: FrontDoor) -> None:
    """Whoever cannot read a refusal reads it after choosing, beside what was typed."""
    person = house.browser()
    await person.get("/sign-up")
    await person.press("Create account", name="Ada", email="no address", password=PASSWORD)
    assert "Enter an e-mail address" in person.text
    await person.press("Español")

    assert say("Enter an e-mail address like name@example.com.", "es") in person.text
    assert 'value="no address"' in person.response.text


async def test_the_chooser_of_an_answered_form_leads_to_a_page(house: FrontDoor) -> None:
    """A page that answers a form directly stands where nothing can be asked for."""
    person, _ = await house.member()
    await person.post("/settings/open", {"csrf": "another house's"})
    assert person.status == 403
    await person.press("Deutsch")

    assert (spoken(person), person.status) == ("de", 200)


# --- the account's language -----------------------------------------------------------------


async def test_an_account_has_the_language_of_its_sign_up(house: FrontDoor) -> None:
    """The language in which the address was proven is the account's."""
    person = house.browser(language="de")
    await person.get("/sign-up")
    await person.press("Español")
    await person.press(
        say("Create account", "es"), name="Ada", email="ada@example.com", password=PASSWORD
    )
    mail = await house.message("email")
    assert mail.locale == "es"
    await person.press("Français")
    await person.press(say("Verify", "fr"), code=str(mail.code))

    assert person.path == "/set-up", person.text
    assert await locale_of(house) == "fr"


async def test_a_choice_inside_is_the_accounts(either_house: FrontDoor) -> None:
    """Chosen while signed in, a language is what mails, texts and calls come in from then on."""
    house = either_house
    person, _ = await house.member()
    await person.press("Deutsch")
    assert await locale_of(house) == "de"
    assert spoken(person) == "de"

    other = house.browser(language="fr")
    await other.get("/sign-in")
    await other.press(say("Sign in", "fr"), email="ada@example.com", password=PASSWORD)
    text = await house.message("sms")
    assert text.locale == "de"
    assert "Ihr Code" in text.text
    await other.press(say("Verify", "fr"), code=str(text.code))
    assert spoken(other) == "de"
    events = [r for r in await rows(house, "events") if r["name"] == "language_chosen"]
    assert len(events) == 1


async def test_a_choice_on_the_way_in_is_taken_along_once(house: FrontDoor) -> None:
    """Chosen at the doors, a language is the account's after both; the next account's it is not."""
    await house.member()
    person = house.browser()
    await person.get("/sign-in")
    await person.press("Español")
    await person.press(say("Sign in", "es"), email="ada@example.com", password=PASSWORD)
    assert await locale_of(house) == "en"
    await person.press(say("Verify", "es"), code=await house.code("sms"))
    assert await locale_of(house) == "es"
    await person.press(say("Sign out", "es"))

    await house.member("grace@example.com", phone="07400 654321")
    await person.press(say("Sign in", "es"), email="grace@example.com", password=PASSWORD)
    await person.press(say("Verify", "es"), code=await house.code("sms"))
    assert spoken(person) == "es"
    assert await locale_of(house, "grace@example.com") == "en"


async def test_a_password_alone_chooses_no_language(house: FrontDoor) -> None:
    """Who holds a password and no second factor cannot change what the owner's mails say."""
    await house.member()
    thief = house.browser()
    await house.password(thief)
    await thief.press("日本語")

    assert spoken(thief) == "ja"
    assert await locale_of(house) == "en"


async def test_a_strangers_language_does_not_reach_the_owner(house: FrontDoor) -> None:
    """Codes and notices to an account come in its own language, whoever asked for them."""
    person, _ = await house.member()
    await person.press("Français")
    stranger = house.browser(language="de")
    await stranger.get("/sign-up")
    await stranger.press(
        say("Create account", "de"), name="Eve", email="ada@example.com", password=PASSWORD
    )
    await house.deliver()
    taken = next(one for one in house.inbox() if one.purpose == "address_taken")
    assert say("You already have an account", "fr") in str(taken.subject)

    await stranger.get("/forgot-password")
    await stranger.press(say("Send code", "de"), email="ada@example.com")
    assert (await house.message("email", to="ada@example.com")).locale == "fr"


async def test_a_call_speaks_the_accounts_language(house: FrontDoor) -> None:
    """A call's sentences, and the tag by which a carrier picks the voice, are the account's."""
    person, _ = await house.member()
    await person.press("Português (Brasil)")
    other = house.browser()
    await house.password(other)
    house.clock.advance(seconds=61)
    await other.press("Call me instead")
    call = await house.message("voice")
    await house.telephone.answer(call)

    assert call.locale == "pt-BR"
    on_line = house.telephone.call(call)
    assert on_line is not None
    greeting = say("Hello. This is %(product)s, with your code %(why)s.", "pt-BR")
    assert on_line.heard[0].text.startswith(greeting.partition("%")[0])


async def test_the_saved_code_is_in_the_language_of_the_page(house: FrontDoor) -> None:
    """RC-03: the text file says what to do in the language in which the code was shown."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.press("Deutsch")
    await person.press(say("Authentication app", "de"))
    secret = house.secret_on(person)
    await person.press(say("Verify", "de"), code=house.app_code(secret), app_name="App")
    assert "/language" not in person.response.text, "coming back would lose the code"
    await person.press(say("Download", "de"))

    assert (
        say(
            "It works once. A newer code replaces this one. Nobody from support ever asks for it.",
            "de",
        )
        in person.response.text
    )
    assert person.response.headers["content-language"] == "de"


# --- the door itself ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "/%2f/evil", "x" * 600]
)
async def test_choosing_leads_nowhere_else(house: FrontDoor, to: str) -> None:
    """WB-05: a way back that is no page of this house leads to the start."""
    person = house.browser()
    await person.get("/sign-in")
    response = await person.post("/language", {"language": "de", "return_to": to}, follow=False)

    assert response.status_code == 303
    assert response.headers["location"] == "/"


async def test_choosing_needs_our_own_form(house: FrontDoor) -> None:
    """WB-01: a foreign page chooses no language for anybody."""
    person, _ = await house.member()
    response = await person.client.post("/language", data={"language": "ja", "return_to": "/"})

    assert response.status_code == 403
    assert await locale_of(house) == "en"


@pytest.mark.parametrize("tag", ["it", "", "../de", "de+", "DE ", "x" * 5000])
async def test_an_unknown_language_changes_nothing(house: FrontDoor, tag: str) -> None:
    """What is not offered is not chosen, kept, or said back."""
    person = house.browser()
    await person.get("/sign-in")
    await person.post("/language", {"language": tag, "return_to": "/sign-in"})

    assert spoken(person) == "en"
    assert cookie(person, "language") is None


async def test_a_strange_cookie_is_passed_over(house: FrontDoor) -> None:
    """A cookie that names no offered language counts as none."""
    person = house.browser(language="es")
    for value in ("it", "+", "de++", "e" * 4000):
        put_cookie(person, "language", value)
        await person.get("/sign-in")
        assert spoken(person) == "es"


async def test_an_account_of_a_language_that_went_is_spoken_to(house: FrontDoor) -> None:
    """An operator may take a language away: its accounts read the default."""
    person, _ = await house.member()
    await house.database.transact(
        lambda tx: tx.execute("UPDATE accounts SET locale = :locale", locale="it")
    )
    await person.get("/")
    assert spoken(person) == "en"
    await house.open_settings(person)
    assert (await house.message("email")).locale == "en"


async def test_errors_and_polls_speak_too(house: FrontDoor) -> None:
    """A page that looks nobody up is in the browser's language, and so is what a page polls."""
    person = house.browser(language="ja")
    response = await person.get("/no-such-page")

    assert response.status_code == 404
    assert say("There is no page here", "ja") in person.text


async def test_countries_are_named_in_the_language(house: FrontDoor) -> None:
    """The list of a phone's countries has the names of the page's language, in its order."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press("Deutsch")
    names = re.findall(r"<option[^>]*>([^<]*) \(", person.response.text)

    assert "Vereinigtes Königreich" in names
    assert names.index("Ägypten") < names.index("Bahamas")


# --- what the operator says -----------------------------------------------------------------


def settings(**values: str) -> Settings:
    return Settings.model_validate({"public_origin": "http://localhost", **values})


def test_operators_choose_languages() -> None:
    """The setting narrows what is offered, and its first is the default."""
    assert languages_of(settings(), CATALOGUES).tags == CATALOGUES.tags
    assert languages_of(settings(languages="de, EN,de"), CATALOGUES).tags == ("de", "en")
    with pytest.raises(SettingsFault, match="VESTIBULE_LANGUAGES: it is not there; there are en"):
        languages_of(settings(languages="de,it"), CATALOGUES)
