"""The budget of six-digit guesses holds against whoever knows the password and can wait."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.domain.throttle import (
    YEAR,
    Open,
    PausedUntil,
    Strikes,
    password_wait,
    second_factor_decision,
)

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

waits = st.sampled_from(
    [timedelta(), timedelta(seconds=1), timedelta(minutes=16), timedelta(hours=2), timedelta(90)]
)
# Each move: guess from a known or unknown browser, or the owner sets a new password.
moves = st.lists(
    st.tuples(st.sampled_from(["unknown", "known", "new password"]), waits, st.integers(1, 25)),
    max_size=20,
)


def counted(made: list[tuple[datetime, int]], epoch: int, now: datetime) -> Strikes:
    """The strikes as storage counts them."""
    here = [at for at, in_epoch in made if in_epoch == epoch]
    return Strikes(
        epoch=len(here),
        year=sum(at > now - YEAR for at, _ in made),
        tenth_at=here[9] if len(here) > 9 else None,
        fifteenth_at=here[14] if len(here) > 14 else None,
    )


@given(moves)
@settings(max_examples=60, deadline=None)
def test_short_guesses_stay_within_both_budgets(steps: list[tuple[str, timedelta, int]]) -> None:
    """D.3, RL-05: At most 20 six-digit guesses per password and 50 in any 365 days."""
    now, epoch = START, 1
    made: list[tuple[datetime, int]] = []
    short: list[tuple[datetime, int]] = []
    for act, wait, times in steps:
        now += wait
        if act == "new password":
            epoch += 1
            continue
        for _ in range(times):
            decision = second_factor_decision(
                counted(made, epoch, now), now=now, known_browser=act == "known"
            )
            if isinstance(decision, PausedUntil):
                assert act == "unknown"
                now = decision.at
                continue
            made.append((now, epoch))
            if not decision.is_long:
                short.append((now, epoch))

    for at, in_epoch in short:
        assert sum(other == in_epoch for _, other in short) <= 20
        assert sum(at - YEAR < other <= at for other, _ in short) <= 50


@given(st.integers(0, 200), st.integers(0, 200), st.booleans(), st.integers(0, 10_000))
@settings(max_examples=100)
def test_owner_is_never_closed_out(epoch: int, year: int, known: bool, minutes: int) -> None:
    """RL-12: Whatever was guessed, an hour after the last milestone anybody may prove himself."""
    strikes = Strikes(epoch=epoch, year=year, tenth_at=START, fifteenth_at=START)
    decision = second_factor_decision(
        strikes, now=START + timedelta(minutes=60 + minutes), known_browser=known
    )

    assert isinstance(decision, Open)
    assert decision.is_long is (epoch >= 20 or year >= 50)


@given(st.integers(0, 10_000))
@settings(max_examples=100)
def test_password_waits_never_shrink(failures: int) -> None:
    """RL-02: One more wrong password never shortens the wait, and none exceeds an hour."""
    assert password_wait(failures) <= password_wait(failures + 1) <= timedelta(hours=1)
