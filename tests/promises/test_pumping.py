"""Somebody pumps texts to numbers that pay him: what it costs, and who notices nothing."""

from datetime import timedelta

import structlog

from bench import pumping
from tests.attack import journal, rows
from tests.front_door import FrontDoor
from tests.pumping import COUNTRIES, Tally, number, set_up
from vestibule.domain.identifier import PhoneFault, parse_phone
from vestibule.domain.refusal import Reason
from vestibule.flows.prefixes import allow_country, allow_prefix
from vestibule.flows.work import Caller, Work, work

OPERATOR = Caller("", "", "", "en")


async def pump(house: FrontDoor, country: str, block: int, times: int, tally: Tally) -> None:
    """Set-ups with ever other numbers of one block, from ever other networks."""
    for turn in range(times):
        house.clock.advance(seconds=3)
        phone = number(country, block, turn)
        source = f"198.{country.encode()[0]}.{block}.{turn}"
        await set_up(house, phone, tally=tally, source=source, enters=False)


def test_blocks_are_made_of_numbers() -> None:
    """The pump's numbers are ones that a text would be sent to."""
    for country in COUNTRIES:
        for block in (0, 42, 99):
            found = parse_phone(number(country, block, 1234), "GB", served=None)
            assert not isinstance(found, PhoneFault), (country, block, found)
            assert found.region == country


async def test_pumping_costs_twenty_texts_a_block(either_house: FrontDoor) -> None:
    """TF-03, TF-04: hundreds of set-ups in few blocks cost twenty texts each, also a day later."""
    house, tally = either_house, Tally()
    for block in range(4):
        await pump(house, "GB", block, 30, tally)
    house.clock.advance(timedelta(hours=26))
    for block in range(4):
        await pump(house, "GB", block, 30, tally)

    assert set(tally.texts.values()) == {20}
    assert set(tally.refused) == {Reason.SEND_PAUSED, Reason.SEND_BUDGET_SPENT}
    honest = Tally()
    for turn in range(12):
        phone = number("GB", 50 + turn, turn)
        assert await set_up(house, phone, tally=honest, source=f"192.0.2.{turn}", enters=True)
    alarms = [one.details["alarm"] for one in await journal(house, "alarm_raised")]
    assert alarms.count("prefix_paused") == 1


async def test_the_command_of_the_figures_runs() -> None:
    """TF-04: what `docs/explanation/toll-fraud.md` was measured with still plays both sides."""
    before = structlog.get_config()
    try:
        pumped, honest = await pumping.main(20)
    finally:
        structlog.configure(**before)

    assert pumped.most == 1
    assert (honest.entered, honest.people) == (20, 20)


async def test_a_paused_block_opens_again(house: FrontDoor) -> None:
    """TF-04: a stopped block opens as the days pass, or at once when the operator says so."""
    tally = Tally()
    await pump(house, "GB", 7, 25, tally)
    assert tally.most == 20
    prefix = number("GB", 7, 0)[:-4]

    async def allow(one: Work) -> bool:
        return await allow_prefix(one, prefix, region="GB")

    house.clock.advance(timedelta(hours=1))
    assert await work(house.built.means, OPERATOR, allow)
    await pump(house, "GB", 7, 3, tally)
    assert tally.most == 23
    await work(house.built.means, OPERATOR, lambda one: allow_country(one, "GB"))
    house.clock.advance(timedelta(hours=1))
    await pump(house, "GB", 7, 25, tally)
    assert tally.most == 43

    house.clock.advance(timedelta(days=7))
    await pump(house, "GB", 7, 3, tally)

    assert tally.most == 46


async def test_a_block_whose_codes_come_back_goes_on(house: FrontDoor) -> None:
    """TF-04: where three people in ten enter their code, nobody is stopped by the others."""
    tally = Tally()
    for turn in range(60):
        # Six in twenty minutes: well below the twenty of an hour.
        house.clock.advance(seconds=200)
        phone = number("GB", 9, turn)
        await set_up(house, phone, tally=tally, source=f"198.51.100.{turn}", enters=turn % 3 == 0)

    assert tally.most == 60
    assert not tally.refused


async def test_confirmed_numbers_sign_in_where_a_block_is_stopped(house: FrontDoor) -> None:
    """TF-04: whoever is stopped at set-up, a confirmed number of the same block gets its code."""
    await house.member(phone=number("GB", 3, 900))
    tally = Tally()
    house.clock.advance(timedelta(hours=1))
    await pump(house, "GB", 3, 30, tally)
    assert tally.refused[Reason.SEND_PAUSED] == 30 - tally.most > 0

    owner = house.browser(source="192.0.2.77")
    await house.sign_in(owner)

    assert owner.path == "/"


async def test_many_thin_blocks_stop_their_country(house: FrontDoor) -> None:
    """TF-04: who spreads over blocks, below the twenty of each, stops at two hundred a country."""
    tally = Tally()
    for round_ in range(6):
        for block in range(50):
            house.clock.advance(seconds=40)
            phone = number("IT", block, round_)
            source = f"198.18.{round_}.{block}"
            await set_up(house, phone, tally=tally, source=source, enters=False)

    assert sum(tally.texts.values()) == 200
    assert tally.refused == {Reason.SEND_PAUSED: 100}
    abroad = Tally()
    assert await set_up(house, number("FR", 0, 0), tally=abroad, source="192.0.2.1", enters=True)
    alarms = [one.details for one in await journal(house, "alarm_raised")]
    assert alarms == [{"alarm": "country_paused", "country": "IT"}]


async def test_no_number_or_prefix_is_stored_readable(house: FrontDoor) -> None:
    """TF-04: of a block stands a keyed mark; journal, alarms and figures name its country alone."""
    tally = Tally()
    await pump(house, "GB", 42, 24, tally)
    prefix = number("GB", 42, 0)[:-4]

    for table in ("prefix_days", "alarms", "events", "throttles", "outbox", "reservations"):
        told = repr(await rows(house, f"SELECT * FROM {table}"))  # noqa: S608 - our own names
        assert prefix[3:] not in told, table
        assert prefix[1:] not in told, table
