"""`vestibule deliver test`: a real message by the channel's route, and what each provider said."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.delivery.carrier import Carrier, Said, carrier
from vestibule.bootstrap import build_house
from vestibule.cli.main import app
from vestibule.domain.routing import Route
from vestibule.flows.opt_outs import opted_out
from vestibule.flows.work import Means
from vestibule.settings import load
from vestibule.storage import routes as measured

SID = "AC" + "0a" * 16
NUMBER = "+447400123456"


@pytest.fixture(scope="module")
def twilio() -> Iterator[Carrier]:
    with carrier("twilio_api_v2010.json") as running:
        yield running
        assert running.refused == []


@pytest.fixture(scope="module")
def vonage() -> Iterator[Carrier]:
    with carrier("vonage_messages.json", "vonage_voice.json") as running:
        yield running
        assert running.refused == []


@pytest.fixture
def settings(tmp_path: Path, twilio: Carrier, vonage: Carrier) -> Path:
    """Texts by Twilio, then Vonage; calls by Twilio; mails by nobody."""
    for one in (twilio, vonage):
        one.got.clear()
    twilio.says = Said(201, {"sid": "SM1"})
    vonage.says = Said(202, {"message_uuid": "uuid-1"})
    file = tmp_path / "settings.env"
    lines = {
        "PUBLIC_ORIGIN": "https://id.example.com",
        "NAME": "Acme",
        "ROUTES_SMS": "twilio,vonage",
        "ROUTES_VOICE": "twilio",
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": "an auth token",
        "TWILIO_FROM": "+14155550100",
        "TWILIO_API_URL": twilio.url,
        "VONAGE_API_KEY": "abcd1234",
        "VONAGE_API_SECRET": "a secret",
        "VONAGE_SIGNATURE_SECRET": "another one of thirty-two letters",
        "VONAGE_FROM": "Acme",
        "VONAGE_API_URL": vonage.url,
    }
    file.write_text("".join(f"VESTIBULE_{name}={value}\n" for name, value in lines.items()))
    return file


def run(settings: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["deliver", "test", "--settings", str(settings), *arguments])


def test_the_first_that_accepts(settings: Path, twilio: Carrier, vonage: Carrier) -> None:
    """The first provider that accepts ends it; the text says that it is a test without a code."""
    result = run(settings, "--channel", "sms", "--to", NUMBER)

    assert result.exit_code == 0
    assert result.output.startswith("twilio     accepted, SM1 (")
    assert len(twilio.got) == 1
    assert twilio.got[0].form["Body"] == [
        "This is a test of Acme. There is no code in it, and nothing to do."
    ]
    assert vonage.got == []


def test_each_attempt_is_told(settings: Path, twilio: Carrier) -> None:
    """A provider that fails for now is told with its reason, and the next one is tried."""
    twilio.says = Said(401, {"code": 20003, "message": f"{NUMBER} an auth token"})

    result = run(settings, "--channel", "sms", "--to", NUMBER)

    assert result.exit_code == 0
    first, second = result.output.splitlines()[:2]
    assert first.startswith("twilio     not now: twilio 20003 (")
    assert second.startswith("vonage     accepted, uuid-1 (")
    assert NUMBER not in result.output
    assert "auth token" not in result.output


def test_country_with_routes_of_its_own(settings: Path, twilio: Carrier, vonage: Carrier) -> None:
    """A number of a country that has its own list goes by that list."""
    with settings.open("a") as file:
        file.write("VESTIBULE_ROUTES_SMS__GB=vonage\n")

    result = run(settings, "--channel", "sms", "--to", NUMBER)

    assert result.exit_code == 0
    assert (len(twilio.got), len(vonage.got)) == (0, 1)


def test_country_that_is_closed_names_its_setting(settings: Path, twilio: Carrier) -> None:
    """What closed the country is named: its own list of routes, or its line in the table."""
    table = settings.with_name("countries.toml")
    table.write_text('[FR]\nsms = "no"\n')
    with settings.open("a") as file:
        file.write(f"VESTIBULE_ROUTES_SMS__GB=\nVESTIBULE_COUNTRIES_FILE={table}\n")

    by_route = run(settings, "--channel", "sms", "--to", NUMBER)
    by_table = run(settings, "--channel", "sms", "--to", "+33612345678")

    assert (by_route.exit_code, by_table.exit_code) == (2, 2)
    assert "VESTIBULE_ROUTES_SMS__GB is empty, which closes sms to that" in by_route.output
    assert "FR is closed for sms in the table of countries" in by_table.output
    assert twilio.got == []


def test_nobody_accepts(settings: Path, twilio: Carrier, vonage: Carrier) -> None:
    """Where no provider accepts, the exit status is 1."""
    twilio.says = Said(429, {"code": 20429})
    vonage.says = Said(500, b"")

    result = run(settings, "--channel", "sms", "--to", NUMBER)

    assert result.exit_code == 1
    assert "twilio     throttled: asks to wait 30 s" in result.output
    assert "vonage     not now: HTTP 500" in result.output


def test_a_number_at_fault_ends_it(settings: Path, twilio: Carrier, vonage: Carrier) -> None:
    """A number that is at fault is not tried elsewhere, and the exit status is 1."""
    twilio.says = Said(400, {"code": 21610})

    result = run(settings, "--channel", "sms", "--to", NUMBER)

    assert result.exit_code == 1
    assert "twilio     never: opted_out (twilio 21610)" in result.output
    assert vonage.got == []


def test_one_provider_alone(settings: Path, twilio: Carrier, vonage: Carrier) -> None:
    """A provider of the route can be tried alone."""
    result = run(settings, "--channel", "sms", "--to", NUMBER, "--provider", "vonage")

    assert result.exit_code == 0
    assert len(vonage.got) == 1
    assert twilio.got == []


def test_a_call(settings: Path, twilio: Carrier) -> None:
    """A call says the test at once, and the command says what it could not try."""
    result = run(settings, "--channel", "voice", "--to", NUMBER)

    assert result.exit_code == 0
    assert "This is a test of Acme." in twilio.got[0].form["Twiml"][0]
    assert "Not tried: the page of a call with a code" in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sms", "12"], "no number that codes are sent to (phone_too_short)"),
        (["voice", NUMBER, "--provider", "vonage"], "vonage is not in VESTIBULE_ROUTES_VOICE"),
        (["email", "ada@example.com"], "set VESTIBULE_ROUTES_EMAIL"),
        (["fax", NUMBER], "'fax' is not one of"),
    ],
)
def test_what_cannot_be_tried(
    settings: Path, twilio: Carrier, arguments: list[str], says: str
) -> None:
    """What cannot be sent is refused before anything is, with status 2."""
    channel, to, *rest = arguments
    result = run(settings, "--channel", channel, "--to", to, *rest)

    assert result.exit_code == 2
    assert says in result.output
    assert twilio.got == []


def test_no_mail_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no mail address is refused; the simulator's own message is not promised elsewhere."""
    monkeypatch.setenv("VESTIBULE_SIMULATOR", "true")
    command = ["deliver", "test", "--channel", "email", "--to"]

    refused = CliRunner().invoke(app, [*command, "ada"])
    accepted = CliRunner().invoke(app, [*command, "ada@example.com"])

    assert refused.exit_code == 2
    assert "no mail address" in refused.output
    assert accepted.exit_code == 0
    assert "a running server's shows nothing" in accepted.output


# --- beside a house -----------------------------------------------------------------------------


@pytest.fixture
def house(settings: Path, tmp_path: Path) -> Path:
    """The same settings, of a house that has a database and a key."""
    with settings.open("a") as file:
        file.write(f"VESTIBULE_DATA={tmp_path}\n")
    done = CliRunner().invoke(app, ["migrate", "--settings", str(settings)])
    assert done.exit_code == 0, done.output
    return settings


async def by_the_house(settings: Path, unit: Callable[[Means], Awaitable[object]]) -> None:
    """Do something in the house that these settings make."""
    built = build_house(load(settings))
    try:
        await unit(built.means)
    finally:
        await built.close()


def test_the_order_is_the_workers(house: Path, twilio: Carrier, vonage: Carrier) -> None:
    """A route that rests is not asked where another one is there, and the output says why."""

    async def rest(means: Means) -> None:
        now = means.clock()
        until = now + timedelta(minutes=5)
        await means.database.transact(
            lambda tx: measured.let_rest(tx, Route("twilio", "sms", "GB"), now=now, until=until)
        )

    asyncio.run(by_the_house(house, rest))

    result = run(house, "--channel", "sms", "--to", NUMBER)

    assert result.exit_code == 0
    assert (len(twilio.got), len(vonage.got)) == (0, 1)
    first, second, tried = result.output.splitlines()[:3]
    assert (first[:6], second[:6], tried[:15]) == ("vonage", "twilio", "vonage     acce")
    assert "rest" in second


def test_a_number_that_asked_for_no_texts(house: Path, twilio: Carrier) -> None:
    """A number that is texted nothing gets no test either."""
    asyncio.run(by_the_house(house, lambda means: opted_out(means, NUMBER, "text")))

    result = run(house, "--channel", "sms", "--to", NUMBER)

    assert result.exit_code == 2
    assert "asked for no texts" in result.output
    assert twilio.got == []
