"""What a use of a passkey has to agree with."""

from datetime import timedelta

import pytest

from vestibule.domain.challenge import Channel, lifetime
from vestibule.domain.passkey import ANSWER_WITHIN, is_clone


@pytest.mark.parametrize(
    ("stored", "shown", "suspected"),
    [
        (0, 0, False),  # synced: nothing is counted
        (0, 1, False),
        (0, 2**32 - 1, False),
        (1, 0, True),  # it counted once, so it goes on counting
        (1, 1, True),
        (1, 2, False),
        (5, 4, True),
        (5, 5, True),
        (5, 6, False),
        (5, 500, False),
        (2**32 - 1, 0, True),
        (2**32 - 1, 2**32 - 1, True),
    ],
)
def test_counter_only_goes_up(stored: int, shown: int, suspected: bool) -> None:
    """PK-04: where either side counts, a counter that does not go up is a possible clone."""
    assert is_clone(stored, shown) is suspected


def test_a_question_waits_five_minutes() -> None:
    """PK-01: and never longer than the pending sign-in that it stands in."""
    assert timedelta(minutes=5) == ANSWER_WITHIN
    assert lifetime(Channel.PASSKEY) >= ANSWER_WITHIN
