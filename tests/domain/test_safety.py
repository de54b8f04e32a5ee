"""What "this was not me" reaches: successors by cause, up to the first barrier (R8)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.domain.safety import Act, ActKind, reach

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def act(name: str, minutes: int, kind: ActKind = ActKind.SESSION) -> Act:
    return Act(name, kind, at(minutes))


def test_successors_are_reached_and_others_are_not() -> None:
    """R8: a sign-in by the thief's app, and one by that one's, follow; the owner's does not."""
    acts = [act("thief", 0), act("owner", 1), act("second", 2), act("third", 3)]
    causes = {"second": {"thief"}, "third": {"second", "set-up"}, "owner": {"set-up"}}

    assert reach("thief", at(0), acts, causes).acts == {"thief", "second", "third"}


def test_order_in_time_alone_is_no_cause() -> None:
    """R8: what came later without the named act stays."""
    acts = [act("thief", 0), act("owner", 1)]

    assert reach("thief", at(0), acts, {}).acts == {"thief"}


def test_barrier_ends_the_reach() -> None:
    """R8: what follows by cause but came after a recovery or an answer is not reached."""
    acts = [
        act("thief", 0),
        act("before", 1),
        act("wall", 2, ActKind.BARRIER),
        act("after", 3),
        act("later wall", 4, ActKind.BARRIER),
    ]
    causes = {"before": {"thief"}, "after": {"before"}}

    reached = reach("thief", at(0), acts, causes)

    assert reached.acts == {"thief", "before"}
    assert reached.is_past_barrier
    assert not reach("after", at(3), acts[:4], causes).is_past_barrier
    assert reach("after", at(3), acts, causes).is_past_barrier


@pytest.mark.parametrize(
    ("kind", "wall", "is_past"),
    [
        (ActKind.RECOVERY, 0, True),
        (ActKind.SESSION, 0, False),
        (ActKind.SESSION, 1, True),
        (ActKind.RECOVERY, -1, False),
    ],
)
def test_recovery_ends_at_the_barrier_that_came_with_it(
    kind: ActKind, wall: int, is_past: bool
) -> None:
    """R8: a barrier of the same moment stands before what a completed recovery led to, and behind
    any other act; one from before stops nothing."""
    acts = [act("named", 0, kind), act("wall", wall, ActKind.BARRIER), act("after", 2)]

    reached = reach("named", at(0), acts, {"after": {"named"}})

    assert reached.is_past_barrier is is_past
    assert ("after" in reached.acts) is not is_past


def test_what_a_recovery_led_to_is_not_untouched() -> None:
    """R8: beyond its own barrier a recovery is followed, and up to the next one only."""
    acts = [
        act("code", 0, ActKind.RECOVERY),
        act("bound", 5, ActKind.RECOVERY),
        act("its wall", 5, ActKind.BARRIER),
        act("a day later", 9),
        act("the owner's wall", 10, ActKind.BARRIER),
        act("after", 11),
    ]
    causes = {"bound": {"code"}, "a day later": {"bound"}, "after": {"a day later"}}

    assert reach("code", at(0), acts, causes).acts == {"code"}
    beyond = reach("code", at(0), acts, causes, beyond_own=True)
    assert beyond.acts == {"code", "bound", "a day later"}
    assert beyond.is_past_barrier
    assert reach("bound", at(5), acts, causes, beyond_own=True).acts == {"bound", "a day later"}


def test_only_a_set_up_or_recovery_itself_is_a_root() -> None:
    """R8: the session that a set-up opened has a browser, and is taken back like any other."""
    roots = {ActKind.SET_UP, ActKind.RECOVERY}

    assert {kind for kind in ActKind if Act("one", kind, START).is_root} == roots
    assert not [kind for kind in ActKind if Act("one", kind, START, b"browser").is_root]


def test_act_that_is_not_noted_is_named_by_its_time() -> None:
    """R8: a pending sign-in that never finished reaches nothing but itself, and its time counts."""
    acts = [act("wall", 2, ActKind.BARRIER)]

    assert reach("pending", at(1), acts, {}).is_past_barrier
    assert not reach("pending", at(3), acts, {}).is_past_barrier
    assert reach("pending", at(3), acts, {}).acts == {"pending"}


@given(
    edges=st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40),
    wall=st.integers(0, 10),
    named=st.integers(0, 9),
)
def test_reach_ends_and_never_crosses(edges: set[tuple[int, int]], wall: int, named: int) -> None:
    """R8: however causes run, circles too, nothing after the barrier is reached from before."""
    acts = [act(str(n), n) for n in range(10)]
    acts.append(Act("wall", ActKind.BARRIER, at(wall)))
    causes: dict[str, set[str]] = {}
    for child, parent in edges:
        causes.setdefault(str(child), set()).add(str(parent))

    reached = reach(str(named), at(named), acts, causes)

    assert str(named) in reached.acts
    if wall > named:
        assert all(int(one) < wall for one in reached.acts)
