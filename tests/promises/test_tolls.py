"""What a text or call draws on: calls, country, money; who stops first, and what goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.attack import journal, rows
from tests.databases import migrated_sqlite
from tests.front_door import FrontDoor, front_door
from tests.person import Person
from tests.pumping import Tally, number, set_up
from vestibule.crypto import root_key
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.identifier import phone_of
from vestibule.domain.refusal import Reason, Refused
from vestibule.entropy import SystemEntropy
from vestibule.flows import codes
from vestibule.flows.tolls import LINE_TAKEN_FOR
from vestibule.flows.work import Caller, Work, work
from vestibule.storage.database import connect

pytestmark = pytest.mark.anyio

Built = Callable[..., AbstractAsyncContextManager[FrontDoor]]
PRICES: dict[str, object] = {"price_sms": "1", "price_voice": "2"}


@pytest.fixture
def built(tmp_path: Path) -> Built:
    """A house with settings of the test's own; a text costs 1, a call 2. Another one that is built
    later is the same house after a restart: its database and its key."""
    folders = (tmp_path / str(turn) for turn in range(9))
    url = migrated_sqlite(tmp_path / "house.db")
    key = tmp_path / "root.key"

    @asynccontextmanager
    async def make(table: str = "", **settings: object) -> AsyncIterator[FrontDoor]:
        folder = next(folders)
        folder.mkdir()
        root_key.make(key, SystemEntropy())
        settings["root_key_file"] = key
        if table:
            settings["countries_file"] = folder / "countries.toml"
            (folder / "countries.toml").write_text(table)
        over = connect(url, sqlite_synchronous="OFF")
        async with front_door(over, folder, settings={**PRICES, **settings}) as house:
            yield house
        await over.close()

    return make


async def ask(
    house: FrontDoor,
    turn: int,
    *,
    channel: Channel = Channel.SMS,
    purpose: Purpose = Purpose.ENROLL,
    phone: str | None = None,
    known: str | None = None,
) -> codes.Sent | Refused:
    """One send as a flow asks for it, each from another network and to another block."""
    e164 = phone or number("GB", turn % 100, turn)

    async def unit(one: Work) -> codes.Sent | Refused:
        return await codes.send(
            one,
            codes.Asked(
                purpose=purpose,
                binding_id=f"binding-{turn}",
                channel=channel,
                destination=phone_of(e164),
                account_id=known,
                known_browser=known is not None,
            ),
        )

    caller = Caller(f"198.51.{turn // 250}.{turn % 250}", "", "", "en")
    return await work(house.built.means, caller, unit)


async def account(house: FrontDoor) -> str:
    """The id of an account with an app, for what only an account has."""
    await house.member_with_app("owner@example.com")
    (one,) = await rows(house, "SELECT id FROM accounts WHERE email = 'owner@example.com'")
    return str(one["id"])


def reasons(got: list[codes.Sent | Refused]) -> list[str]:
    return ["sent" if isinstance(one, codes.Sent) else one.reason.value for one in got]


# --- calls ----------------------------------------------------------------------------------


async def test_one_call_at_a_time(house: FrontDoor) -> None:
    """TF-05: while a number is called nobody has it called again, whatever the call is for."""
    phone = number("GB", 1, 1)
    first = await ask(house, 0, channel=Channel.VOICE, phone=phone)
    house.clock.advance(seconds=31)

    both = [
        await ask(house, 1, channel=Channel.VOICE, phone=phone),
        await ask(house, 2, channel=Channel.VOICE, phone=phone, purpose=Purpose.SIGN_IN),
        await ask(house, 3, phone=phone),
    ]

    assert isinstance(first, codes.Sent)
    assert reasons(both) == ["call_under_way", "call_under_way", "sent"]


async def test_a_call_that_is_over_frees_the_line(house: FrontDoor) -> None:
    """TF-05: once a call ended, or could last no longer, there may be the next."""
    phone = number("GB", 1, 1)
    await ask(house, 0, channel=Channel.VOICE, phone=phone)
    await house.heard(to=phone)
    house.clock.advance(seconds=31)
    second = await ask(house, 1, channel=Channel.VOICE, phone=phone)
    house.clock.advance(LINE_TAKEN_FOR + timedelta(seconds=1))

    third = await ask(house, 2, channel=Channel.VOICE, phone=phone)

    assert reasons([second, third]) == ["sent", "sent"]


async def test_five_calls_a_day(house: FrontDoor) -> None:
    """TF-05: a number is called five times in 24 hours; texts to it go on."""
    phone, got = number("GB", 1, 1), []
    for turn in range(6):
        house.clock.advance(timedelta(hours=1))
        got.append(await ask(house, turn, channel=Channel.VOICE, phone=phone))
    text = await ask(house, 6, phone=phone)
    house.clock.advance(timedelta(hours=19))
    after = await ask(house, 7, channel=Channel.VOICE, phone=phone)

    assert reasons(got) == ["sent"] * 5 + ["send_budget_spent"]
    assert reasons([text, after]) == ["sent", "sent"]


# --- country --------------------------------------------------------------------------------


async def test_country_has_a_limit_of_its_own(built: Built) -> None:
    """TF-03: past its hour's limit no phone is set up in a country; sign-ins there go on."""
    async with built("[GB]\nper_hour = 3") as house:
        got = [await ask(house, turn) for turn in range(4)]
        abroad = await ask(house, 5, phone=number("FR", 1, 1))
        sign_in = await ask(house, 6, purpose=Purpose.SIGN_IN)
        alarms = [one.details for one in await journal(house, "alarm_raised")]
        house.clock.advance(timedelta(hours=1))
        later = await ask(house, 7)

    assert reasons(got) == ["sent"] * 3 + ["send_budget_spent"]
    assert reasons([abroad, sign_in, later]) == ["sent"] * 3
    assert alarms == [{"alarm": "country_full_unconfirmed", "country": "GB"}]


async def test_country_stops_sign_ins_last_and_known_browsers_never(built: Built) -> None:
    """TF-03: at ten times its limit sign-ins stop too, but a known browser keeps five a day."""
    async with built("[GB]\nper_hour = 1") as house:
        owner = await account(house)
        got = [await ask(house, turn, purpose=Purpose.SIGN_IN) for turn in range(11)]
        known = []
        for turn in range(6):
            house.clock.advance(seconds=1)
            known.append(await ask(house, 20 + turn, purpose=Purpose.SIGN_IN, known=owner))

    assert reasons(got) == ["sent"] * 10 + ["send_budget_spent"]
    assert reasons(known) == ["sent"] * 5 + ["send_budget_spent"]


# --- money ----------------------------------------------------------------------------------


async def test_set_ups_stop_before_sign_ins(built: Built) -> None:
    """TF-03: of an hour's money set-ups get 80 %, sign-ins 95 %, known browsers the rest."""
    async with built(budget_hour="20") as house:
        owner = await account(house)
        set_ups = [await ask(house, turn) for turn in range(17)]
        sign_ins = [await ask(house, 30 + turn, purpose=Purpose.SIGN_IN) for turn in range(4)]
        known = [
            await ask(house, 60 + turn, purpose=Purpose.SIGN_IN, known=owner) for turn in range(2)
        ]
        alarms = [one.details for one in await journal(house, "alarm_raised")]
        stopped = await journal(house, "challenge_refused")

    assert reasons(set_ups) == ["sent"] * 16 + ["send_money_spent"]
    assert reasons(sign_ins) == ["sent"] * 3 + ["send_money_spent"]
    assert reasons(known) == ["sent", "send_money_spent"]
    # All in one moment, so the journal has no order for them.
    assert {one["alarm"] for one in alarms} == {"money_hour"}
    assert sorted(int(one["percent"]) for one in alarms) == [50, 80, 95, 100]
    assert {one.details["limit"] for one in stopped} == {"money"}


async def test_money_comes_back_with_the_hour_and_the_day(built: Built) -> None:
    """TF-03: the hour's budget is new with the hour, the day's with the day (UTC)."""
    async with built(budget_hour="5", budget_day="10") as house:
        got = []
        for hour in range(3):
            got.append(reasons([await ask(house, 10 * hour + turn) for turn in range(5)]))
            house.clock.advance(timedelta(hours=1))
        house.clock.advance(timedelta(hours=11))
        got.append(reasons([await ask(house, 50)]))

    spent = "send_money_spent"
    assert got == [["sent"] * 4 + [spent], ["sent"] * 4 + [spent], [spent] * 5, ["sent"]]


async def test_calls_cost_their_own_price(built: Built) -> None:
    """TF-03: a call takes what a call costs in its country; a country may have its own prices."""
    table = "[FR]\nsms_price = 4"
    async with built(table, budget_hour="10") as house:
        got = [
            await ask(house, 0, channel=Channel.VOICE),
            await ask(house, 1, phone=number("FR", 1, 1)),
            await ask(house, 2, phone=number("FR", 2, 1)),
            await ask(house, 3, channel=Channel.VOICE),
        ]

    assert reasons(got) == ["sent", "sent", "send_money_spent", "sent"]


async def test_race_for_money_spends_no_more_than_there_is(either_house: FrontDoor) -> None:
    """TF-03: of forty sends at once exactly as many leave as there is money for."""
    house = either_house
    decided = house.built.means.policy.tolls
    table = type(decided.table)(default=type(decided.table.default)(sms_price=1_000_000))
    object.__setattr__(decided, "table", table)
    object.__setattr__(decided, "budget_hour", 25_000_000)

    got = await asyncio.gather(*(ask(house, turn) for turn in range(40)))

    assert reasons(list(got)).count("sent") == 20
    assert {one.reason for one in got if isinstance(one, Refused)} == {Reason.SEND_MONEY_SPENT}


async def test_app_and_mail_go_on_without_money(built: Built) -> None:
    """TF-03: at the hard stop mails leave, apps are set up and open, and the page says so."""
    async with built(budget_hour="2") as house:
        owner, _ = await house.member()
        await owner.press("Sign out")
        house.clock.advance(seconds=60)
        person = house.browser()
        await house.sign_up(person, "eve@example.com")
        await person.get("/set-up/phone")
        await person.press("Send code by text message", country="GB", phone="07400 654321")
        assert "We cannot text or call anybody now" in person.text
        assert "authentication app" in person.text

        await house.set_up_app(person)

        assert person.path == "/", person.text
        # The owner's known browser has the last of the budget.
        await house.sign_in(owner)


async def test_alarm_is_mailed_once(built: Built) -> None:
    """TF-03: each level is one mail to the operator in its hour, and names nobody."""
    async with built(budget_hour="10", alarm_email="oncall@example.com") as house:
        for turn in range(7):
            await ask(house, turn)
        await house.deliver()
        mails = [one for one in house.inbox() if one.to == "oncall@example.com"]

    assert [one.subject for one in mails] == [
        "Vestibule: 50 % of the hour's budget for texts and calls"
    ]
    assert "At 80 % nobody sets up" in mails[0].text
    assert "+44" not in mails[0].text


async def test_every_hand_over_is_in_the_ledger(built: Built) -> None:
    """What a provider took is counted by hour, country, channel and provider; mails are not."""
    async with built("[FR]\nsms_price = 0.25\nvoice_price = 0.5") as house:
        await house.member()
        await ask(house, 1, phone=number("FR", 1, 1))
        await ask(house, 2, phone=number("FR", 2, 1), channel=Channel.VOICE)
        await house.deliver()
        found = await rows(
            house, "SELECT country, channel, messages, amount FROM spending ORDER BY amount"
        )

    assert [tuple(row.values()) for row in found] == [
        ("FR", "sms", 1, 250_000),
        ("FR", "voice", 1, 500_000),
        ("GB", "sms", 1, 1_000_000),
    ]


# --- the country table ----------------------------------------------------------------------


async def set_up_page(house: FrontDoor, email: str = "ada@example.com") -> Person:
    person = house.browser()
    await house.sign_up(person, email)
    await person.get("/set-up/phone")
    return person


async def test_country_closed_for_texts_offers_the_call(built: Built) -> None:
    """TF-02: where texts are closed and calls are not, the page says so, and the call rings."""
    async with built('[FR]\nsms = "confirmed"') as house:
        person = await set_up_page(house)
        await person.press("Send code by text message", country="FR", phone="06 12 34 56 78")
        assert "We cannot text numbers in that country. Choose Call me" in person.text
        assert person.path == "/set-up/phone"
        assert await journal(house, "enrollment_started") == []

        await person.press("Call me", country="FR", phone="06 12 34 56 78")

        assert (await house.message("voice")).to == "+33612345678"
        assert "Text me instead" not in person.text


async def test_country_closed_both_ways_is_not_offered(built: Built) -> None:
    """TF-02: a country where nobody can be set up is not on the form; a hand-made post is told."""
    async with built('[FR]\nsms = "confirmed"\nvoice = "no"') as house:
        person = await set_up_page(house)
        assert 'value="FR"' not in person.response.text
        assert 'value="GB"' in person.response.text

        form = {"country": "FR", "phone": "06 12 34 56 78", "channel": "sms"}
        await person.post("/set-up/phone", form)

        assert "Use an authentication app" in person.text
        await house.deliver()
        assert [one.channel for one in house.inbox()] == ["email"]


async def test_closed_everywhere_leaves_the_app(built: Built) -> None:
    """TF-02: where no phone can be set up at all, set-up begins with an app."""
    async with built('[default]\nsms = "confirmed"\nvoice = "no"') as house:
        person = house.browser()
        await house.sign_up(person, "ada@example.com")
        assert "text message" not in person.text

        await person.press("Set up 2FA")

        assert person.path == "/set-up/app"


@pytest.mark.parametrize(
    ("table", "signs_in"),
    [
        ('[GB]\nsms = "confirmed"\nvoice = "confirmed"', True),
        ('[GB]\nsms = "no"\nvoice = "no"', True),
        ('[GB]\nsms = "no"\nvoice = "no"\nuntil = 2026-11-24', True),
        ('[GB]\nsms = "no"\nvoice = "no"\nuntil = 2026-11-23', False),
    ],
)
async def test_a_country_that_closes_keeps_its_owners(
    built: Built, table: str, signs_in: bool
) -> None:
    """TF-02: who has nothing but a number of a closed country signs in until the end date (R1)."""
    async with built() as house:
        await house.member()
    async with built(table) as house:
        await _sign_in_later(house, signs_in=signs_in)


async def _sign_in_later(house: FrontDoor, *, signs_in: bool) -> None:
    house.clock.advance(timedelta(hours=1))
    person = house.browser()
    await house.password(person)
    await house.deliver()
    texts = [one for one in house.inbox() if one.channel == "sms"]
    assert len(texts) == int(signs_in)
    assert person.path == "/sign-in/code"
    if not signs_in:
        assert "We cannot reach phones that way here" in person.text


async def test_numbers_on_the_internet_may_be_closed(built: Built) -> None:
    """PN-05: with the switch off a number of an internet telephone is told so."""
    async with built(phone_voip=False) as house:
        person = await set_up_page(house)
        await person.press("Send code by text message", country="GB", phone="056 1234 5678")
        assert "number on the internet" in person.text

        await person.press("Send code by text message", country="GB", phone="07400 123456")

        assert person.path == "/set-up/phone/code"


async def test_pump_is_told_what_else_works(built: Built) -> None:
    """TF-04: who is stopped with a block is told to use an app."""
    async with built() as house:
        tally = Tally()
        for turn in range(20):
            phone = number("GB", 5, turn)
            await set_up(house, phone, tally=tally, source=f"198.51.100.{turn}", enters=False)
        house.clock.advance(timedelta(hours=1))
        person = await set_up_page(house)

        await person.press("Send code by text message", country="GB", phone=number("GB", 5, 99))

        assert "Use an authentication app instead" in person.text
