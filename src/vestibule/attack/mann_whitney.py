"""Whether one sample tends to be larger than another: the U test of Mann and Whitney."""

from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist, median


def p_value(left: Sequence[float], right: Sequence[float]) -> float:
    """Two-sided, by the normal approximation with the correction for ties."""
    n, m = len(left), len(right)
    both = n + m
    u = sum((a > b) + (a == b) / 2 for a in left for b in right)
    ties = sum(count**3 - count for count in Counter([*left, *right]).values())
    variance = n * m / 12 * (both + 1 - ties / (both * (both - 1)))
    if variance <= 0:
        return 1.0
    return 2 * (1 - NormalDist().cdf(abs(u - n * m / 2) / variance**0.5))


def median_shift(left: Sequence[float], right: Sequence[float]) -> float:
    """How much larger the larger median is."""
    return abs(median(left) - median(right))
