"""What wrong tries cost: the waits for passwords, the strikes for six-digit codes."""

from datetime import UTC, datetime, timedelta

import pytest

from vestibule.domain.throttle import (
    NETWORK_PASSWORD_TRIES,
    Open,
    PausedUntil,
    Strikes,
    network_try,
    password_wait,
    second_factor_decision,
)

TENTH_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FIFTEENTH_AT = TENTH_AT + timedelta(minutes=20)
USUAL = Open(is_long=False)
LONG = Open(is_long=True)


def strikes(epoch: int, *, year: int | None = None) -> Strikes:
    return Strikes(
        epoch=epoch,
        year=epoch if year is None else year,
        tenth_at=TENTH_AT if epoch >= 10 else None,
        fifteenth_at=FIFTEENTH_AT if epoch >= 15 else None,
    )


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        (0, 0),
        (4, 0),
        (5, 30),
        (6, 60),
        (7, 120),
        (8, 240),
        (9, 480),
        (10, 960),
        (11, 1920),
        (12, 3600),
        (13, 3600),
        (100, 3600),
        (10**9, 3600),
    ],
)
def test_password_waits_double_from_30_s_to_1_h(failures: int, seconds: int) -> None:
    """RL-02: Five passwords are free; then the waits double from 30 s and end at one hour."""
    assert password_wait(failures) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (0, USUAL),
        (9, USUAL),
        (10, PausedUntil(TENTH_AT + timedelta(minutes=15))),
        (11, PausedUntil(TENTH_AT + timedelta(minutes=15))),
        (14, PausedUntil(TENTH_AT + timedelta(minutes=15))),
    ],
)
def test_ten_strikes_pause_unknown_browsers(made: int, expected: Open | PausedUntil) -> None:
    """RL-05: From the tenth strike unknown browsers wait until 15 minutes after it."""
    decision = second_factor_decision(strikes(made), now=TENTH_AT, known_browser=False)

    assert decision == expected


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (14, USUAL),
        (15, PausedUntil(FIFTEENTH_AT + timedelta(hours=1))),
        (16, PausedUntil(FIFTEENTH_AT + timedelta(hours=1))),
        (19, PausedUntil(FIFTEENTH_AT + timedelta(hours=1))),
    ],
)
def test_fifteen_strikes_pause_longer(made: int, expected: Open | PausedUntil) -> None:
    """RL-05: From the fifteenth strike unknown browsers wait until an hour after it."""
    decision = second_factor_decision(strikes(made), now=FIFTEENTH_AT, known_browser=False)

    assert decision == expected


@pytest.mark.parametrize(
    ("made", "pause_ends_at"),
    [(10, TENTH_AT + timedelta(minutes=15)), (15, FIFTEENTH_AT + timedelta(hours=1))],
)
@pytest.mark.parametrize(("seconds", "paused"), [(-1, True), (0, False), (1, False)])
def test_pause_ends_at_its_time(
    made: int, pause_ends_at: datetime, seconds: int, paused: bool
) -> None:
    """RL-05: A pause lasts to the second, then six digits are asked for as before."""
    at = pause_ends_at + timedelta(seconds=seconds)

    decision = second_factor_decision(strikes(made), now=at, known_browser=False)

    assert decision == (PausedUntil(pause_ends_at) if paused else USUAL)


@pytest.mark.parametrize("made", [0, 9, 10, 11, 14, 15, 16, 19])
def test_known_browsers_are_never_paused(made: int) -> None:
    """RL-03: Strikes made elsewhere do not stop the owner's own browser."""
    decision = second_factor_decision(strikes(made), now=TENTH_AT, known_browser=True)

    assert decision == USUAL


@pytest.mark.parametrize("known_browser", [True, False])
@pytest.mark.parametrize(("made", "short"), [(19, True), (20, False), (21, False), (1000, False)])
def test_twenty_strikes_end_six_digits_for_this_password(
    made: int, short: bool, known_browser: bool
) -> None:
    """RL-05: From 20 strikes per password the code is ten digits long, and nobody is paused."""
    much_later = FIFTEENTH_AT + timedelta(hours=1)

    decision = second_factor_decision(strikes(made), now=much_later, known_browser=known_browser)

    assert decision == (USUAL if short else LONG)


@pytest.mark.parametrize("known_browser", [True, False])
@pytest.mark.parametrize("made", [0, 9, 15, 20])
def test_password_that_must_go_ends_six_digits(made: int, known_browser: bool) -> None:
    """RL-05, KY-06: While another password is demanded the code is ten digits long, without any
    strike too: those that a restored database has forgotten are not there."""
    decision = second_factor_decision(
        strikes(made), now=TENTH_AT, known_browser=known_browser, is_password_known=True
    )

    assert decision == LONG


@pytest.mark.parametrize("known_browser", [True, False])
@pytest.mark.parametrize(("in_a_year", "short"), [(49, True), (50, False), (51, False)])
def test_fifty_strikes_end_six_digits_for_a_year(
    in_a_year: int, short: bool, known_browser: bool
) -> None:
    """RL-05: From 50 strikes in 365 days the code is ten digits long, whatever the password."""
    counted = strikes(0, year=in_a_year)

    decision = second_factor_decision(counted, now=TENTH_AT, known_browser=known_browser)

    assert decision == (USUAL if short else LONG)


def test_fifty_strikes_lift_the_pause() -> None:
    """From 50 strikes on nothing closes: the long code takes the pause's place."""
    decision = second_factor_decision(strikes(10, year=50), now=TENTH_AT, known_browser=False)

    assert decision == LONG


@pytest.mark.parametrize(("made", "tenth_at"), [(10, None), (15, TENTH_AT)])
def test_strikes_without_their_times_are_a_bug(made: int, tenth_at: datetime | None) -> None:
    """A count that has lost the time of its milestone raises, so it cannot mean: no pause."""
    with pytest.raises(ValueError, match="without the time"):
        Strikes(epoch=made, year=made, tenth_at=tenth_at)


def _opens_after(tries: int, *, at: datetime = TENTH_AT) -> timedelta:
    """How long a network waits that made so many wrong tries at one moment."""
    empty_at = at
    for _ in range(tries):
        _, empty_at = network_try(empty_at, at)
    return network_try(empty_at, at)[0] - at


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [
        (0, 0),
        (NETWORK_PASSWORD_TRIES - 1, 0),
        (NETWORK_PASSWORD_TRIES, 30),
    ],
)
def test_a_network_has_200_tries_and_then_waits_30_s(tries: int, seconds: int) -> None:
    """RL-01: A network's lane is wide, and its wait is thirty seconds however much it is tried."""
    assert _opens_after(tries) == timedelta(seconds=seconds)


def test_a_networks_lane_empties_by_time() -> None:
    """RL-01: After 100 minutes without a wrong try a network has all of its tries again."""
    empty_at = TENTH_AT
    for _ in range(NETWORK_PASSWORD_TRIES):
        _, empty_at = network_try(empty_at, TENTH_AT)

    assert empty_at == TENTH_AT + timedelta(minutes=100)
    later = TENTH_AT + timedelta(minutes=100)
    assert network_try(empty_at, later) == network_try(later, later)
