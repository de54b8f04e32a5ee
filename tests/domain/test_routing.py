"""Which provider goes first: measured success within bounds, the settings' order otherwise."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.domain.routing import (
    BREAKS_AFTER,
    CLEARLY,
    Breaker,
    Score,
    Standing,
    is_clearly_better,
    order,
    rest_for,
)

NOW = datetime(2026, 11, 23, 10, 42, tzinfo=UTC)
NAMES = ("twilio", "vonage", "webhook", "smpp", "other")


@st.composite
def scores(draw: st.DrawFn) -> Score:
    codes, receipts = draw(st.integers(0, 500)), draw(st.integers(0, 500))
    return Score(
        codes=codes,
        converted=draw(st.integers(0, codes)),
        delivered=draw(st.integers(0, receipts)),
        undelivered=receipts,
    )


breakers = st.builds(
    Breaker,
    failures=st.integers(0, 20),
    open_until=st.none() | st.integers(-600, 600).map(lambda s: NOW + timedelta(seconds=s)),
)
configured = st.lists(st.sampled_from(NAMES), unique=True, max_size=len(NAMES))
awake = st.dictionaries(st.sampled_from(NAMES), st.builds(Standing, score=scores()))
standings = st.dictionaries(
    st.sampled_from(NAMES), st.builds(Standing, score=scores(), breaker=breakers)
)


def _names(names: list[str], known: dict[str, Standing]) -> list[str]:
    return [one.provider for one in order(names, known, NOW)]


@given(configured, standings)
def test_order_is_a_permutation(names: list[str], known: dict[str, Standing]) -> None:
    """Every configured provider has one place, whatever was measured, and nobody else has any."""
    assert sorted(_names(names, known)) == sorted(names)


@given(configured, st.builds(Standing, score=scores(), breaker=breakers))
def test_equals_keep_the_settings_order(names: list[str], standing: Standing) -> None:
    """Among routes of equal worth the operator's order stands."""
    assert _names(names, dict.fromkeys(names, standing)) == names


@given(configured, awake)
def test_clearly_better_is_never_behind(names: list[str], known: dict[str, Standing]) -> None:
    """No route that works stands behind one than which it is clearly better."""
    placed = _names(names, known)

    for at, ahead in enumerate(placed):
        for behind in placed[at + 1 :]:
            mine, theirs = (known.get(one, Standing()).score for one in (behind, ahead))
            assert not is_clearly_better(mine, theirs)


@given(configured, awake)
def test_only_the_clearly_better_overtake(names: list[str], known: dict[str, Standing]) -> None:
    """A route that is ahead of its place in the settings is clearly better than somebody behind."""
    placed = _names(names, known)

    for at, one in enumerate(placed):
        overtaken = [other for other in placed[at:] if names.index(other) < names.index(one)]
        mine = known.get(one, Standing()).score
        theirs = [known.get(other, Standing()).score for other in overtaken]
        assert not overtaken or any(is_clearly_better(mine, score) for score in theirs)


@given(configured, standings)
def test_resting_ones_are_last(names: list[str], known: dict[str, Standing]) -> None:
    """A route that rests stands behind all that do not."""
    placed = [one.breaker.is_resting(NOW) for one in order(names, known, NOW)]

    assert placed == sorted(placed)


@given(scores(), scores(), scores())
def test_clearly_better_is_an_order(one: Score, two: Score, three: Score) -> None:
    """Who is clearly better than a clearly better one is clearly better; nobody than oneself."""
    assert not is_clearly_better(one, one)
    if is_clearly_better(one, two) and is_clearly_better(two, three):
        assert is_clearly_better(one, three)


def test_untested_route_is_worth_the_prior() -> None:
    """A first provider whose codes do not come back makes room for one that was never tried."""
    failing = Standing(Score(codes=10, converted=0))

    assert failing.score.conversion == pytest.approx(0.3)
    assert _names(["a", "b"], {"a": failing}) == ["b", "a"]


@pytest.mark.parametrize(("converted", "first"), [(44, "a"), (34, "b")])
def test_a_little_worse_stays_ahead(converted: int, first: str) -> None:
    """What may be chance moves nobody: 0.6 overtakes 0.4, not 0.5."""
    known = {
        "a": Standing(Score(codes=90, converted=converted)),
        "b": Standing(Score(codes=90, converted=54)),
    }

    assert _names(["a", "b"], known)[0] == first
    assert CLEARLY == 0.15


def test_receipts_decide_where_codes_do_not() -> None:
    """Receipts count second: they move a route whose codes come back as often, and no other."""
    bad, good = Score(undelivered=20), Score(delivered=20)
    worse = Score(delivered=20, codes=100, converted=50)

    assert _names(["a", "b"], {"a": Standing(bad), "b": Standing(good)}) == ["b", "a"]
    assert _names(["a", "b"], {"a": Standing(bad), "b": Standing(worse)}) == ["a", "b"]


def test_reasons_are_said() -> None:
    """The operator reads why each is in its place."""
    known = {
        "a": Standing(Score(codes=90, converted=29)),
        "b": Standing(Score(codes=90, converted=76)),
        "d": Standing(Score(), Breaker(5, NOW + timedelta(seconds=30))),
        "e": Standing(Score(), Breaker(0, NOW + timedelta(seconds=17))),
    }

    assert [(one.provider, one.reason) for one in order("abcde", known, NOW)] == [
        ("b", "moved ahead: 82 % of codes entered against 35 %"),
        ("c", "moved ahead: 60 % of codes entered against 35 %"),
        ("a", "overtaken: 35 % of codes entered against 82 %"),
        ("d", "resting until 10:42:30 UTC after 5 failures"),
        ("e", "resting until 10:42:17 UTC: it asked to be left alone"),
    ]
    assert [one.reason for one in order("abcd", {}, NOW)] == [
        "first by settings",
        "second by settings",
        "third by settings",
        "number 4 by settings",
    ]
    arrives = {"b": Standing(Score(delivered=30)), "a": Standing(Score(undelivered=30))}
    assert order("ab", arrives, NOW)[0].reason == "moved ahead: 90 % delivered against 15 %"


def test_rests_double_to_ten_minutes() -> None:
    """Five failures in a row rest 30 s, each further one twice as long, ten minutes at most."""
    waits = [rest_for(failures) for failures in range(4, 12)]

    assert waits == [
        None,
        *(timedelta(seconds=s) for s in (30, 60, 120, 240, 480, 600, 600)),
    ]
    assert rest_for(10_000) == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("failures", "seconds", "wants"),
    [(4, -1, False), (5, 1, False), (5, 0, True), (5, -1, True), (0, -1, False)],
)
def test_rested_route_wants_a_trial(failures: int, seconds: int, wants: bool) -> None:
    """After its rest a route that failed is tried once; one that was throttled is used."""
    breaker = Breaker(failures, NOW + timedelta(seconds=seconds))

    assert breaker.wants_trial(NOW) is wants
    assert BREAKS_AFTER == 5
