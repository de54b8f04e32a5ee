"""A call with a code waits for a key, and ends after three rounds."""

import pytest

from vestibule.domain.call import (
    KEY_WITHIN,
    LONGEST_CALL,
    MOST_ROUNDS,
    CallStage,
    Line,
    most_seconds,
    picked_up,
    pressed,
    seconds_to_say,
)

PLACED, ANSWERED, HEARD = CallStage.PLACED, CallStage.ANSWERED, CallStage.HEARD
DENIED, OVER = CallStage.DENIED, CallStage.OVER


@pytest.mark.parametrize(
    ("stage", "rounds", "key", "to", "after", "line"),
    [
        (ANSWERED, 0, "", OVER, 0, Line.NO_KEY),
        (ANSWERED, 0, "9", DENIED, 0, Line.DENIED),
        (ANSWERED, 0, "1", HEARD, 1, Line.CODE_AND_MENU),
        (ANSWERED, 0, "5", HEARD, 1, Line.CODE_AND_MENU),
        (ANSWERED, 0, "#", HEARD, 1, Line.CODE_AND_MENU),
        (HEARD, 1, "1", HEARD, 2, Line.CODE_AND_MENU),
        (HEARD, 2, "1", HEARD, 3, Line.CODE_AND_LAST_MENU),
        (HEARD, 3, "1", OVER, 3, Line.GOODBYE),
        (HEARD, 3, "9", DENIED, 3, Line.DENIED),
        (HEARD, 1, "9", DENIED, 1, Line.DENIED),
        (HEARD, 1, "", OVER, 1, Line.GOODBYE),
        (HEARD, 1, "5", OVER, 1, Line.GOODBYE),
    ],
)
def test_key_leads_on(
    stage: CallStage, rounds: int, key: str, to: CallStage, after: int, line: Line
) -> None:
    """TF-05: each key leads to one step, and the code is heard three times at most."""
    step = pressed(stage, rounds, key)

    assert step is not None
    assert (step.seen, step.to, step.rounds, step.line) == (stage, to, after, line)
    assert step.waits_for_key == (to is HEARD)


@pytest.mark.parametrize("stage", [PLACED, DENIED, OVER])
@pytest.mark.parametrize("key", ["", "1", "9", "5"])
def test_no_key_is_waited_for(stage: CallStage, key: str) -> None:
    """A call that nobody answered, or that is over, takes no key."""
    assert pressed(stage, 1, key) is None


@pytest.mark.parametrize("stage", list(CallStage))
def test_answered_once(stage: CallStage) -> None:
    """A call is picked up once, and offers the code then without saying it."""
    step = picked_up(stage)

    if stage is PLACED:
        assert step is not None
        assert (step.to, step.line) == (ANSWERED, Line.OFFER)
    else:
        assert step is None


def test_seconds_count_characters_and_pauses() -> None:
    """A sentence of 120 characters takes ten seconds and its pause; a digit never less than 1.6."""
    assert seconds_to_say(["x" * 120]) == 11
    assert seconds_to_say(["7", "", "7"]) == pytest.approx(3.2)


def test_limit_has_room_for_every_round_and_key() -> None:
    """TF-05: the limit is all that can be said, three rounds of it, and each wait for a key."""
    limit = most_seconds(before=["x" * 60], each_round=["y" * 120, "1"], after=["z" * 24])

    waits = (MOST_ROUNDS + 1) * KEY_WITHIN.total_seconds()
    assert limit == pytest.approx(6 + MOST_ROUNDS * (11 + 1.6) + 3 + waits, abs=1)
    assert most_seconds(before=["x" * 9999], each_round=[], after=[]) == LONGEST_CALL.seconds
