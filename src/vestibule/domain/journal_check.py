"""Walking a chain from its base to its head, row by row, and naming the first break.

Needs no more memory for a long chain. Knows no key: whoever walks says whether a mark is ours.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from vestibule.domain.journal import Head, Row, is_same, link

PLACES_TRIED = 100_000
"""How many numbers are tried for a row that may stand in another row's place."""


class Kind(StrEnum):
    """What is wrong where a chain breaks."""

    EDITED = "edited"
    """The row is not what was written, or never was written by us."""
    MISSING_FIRST = "missing_first"
    """Rows after the base are gone: the oldest that should be there, or all."""
    MISSING_MIDDLE = "missing_middle"
    MISSING_LAST = "missing_last"
    REORDERED = "reordered"
    """The row is ours, and stands in another one's place."""
    UNLINKED = "unlinked"
    """The row is ours and in its place, but follows another row than the one before it."""
    ADDED = "added"
    """The row comes after the head and is not ours."""
    WRONG_HEAD = "wrong_head"
    """The head does not bear our mark, or is not where the chain ends."""
    HEAD_DELETED = "head_deleted"
    UNKNOWN_KEY = "unknown_key"
    """The head's mark is by a key that is not on the ring, so it proves nothing."""
    OTHER_THAN_COPY = "other_than_copy"
    """A copy that was kept elsewhere has another row of this number, or has one that is gone."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first break of a chain, at this row; rows after it may be broken too."""

    chain: str
    seq: int
    kind: Kind


class Walk:
    """One walk along one chain."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self.seq = head.base_seq
        self._link = head.base_digest

    def step(self, row: Row, *, is_marked: bool | None) -> Break | None:
        """Take the next row that is there; `is_marked` is None where the key is not known."""
        if row.entry.seq != self.seq + 1:
            return self._gap()
        if not row.is_whole or is_marked is False:
            is_moved = is_marked is not False and self._is_from_elsewhere(row)
            return self._break(row.entry.seq, Kind.REORDERED if is_moved else Kind.EDITED)
        if not is_same(row.prev_digest, self._link):
            return self._break(row.entry.seq, Kind.UNLINKED)
        self.seq, self._link = row.entry.seq, row.link_digest
        return None

    def end(self) -> Break | None:
        """After the last row: whether the chain ends where its head says."""
        if self.seq < self._head.seq:
            is_first = self.seq == self._head.base_seq
            return self._gap() if is_first else self._break(self.seq + 1, Kind.MISSING_LAST)
        if self.seq > self._head.seq or not is_same(self._link, self._head.link_digest):
            return self._break(self._head.seq, Kind.WRONG_HEAD)
        return None

    def _gap(self) -> Break:
        is_first = self.seq == self._head.base_seq
        return self._break(self.seq + 1, Kind.MISSING_FIRST if is_first else Kind.MISSING_MIDDLE)

    def _break(self, seq: int, kind: Kind) -> Break:
        return Break(self._head.chain, seq, kind)

    def _is_from_elsewhere(self, row: Row) -> bool:
        last = min(self._head.seq, self._head.base_seq + PLACES_TRIED)
        return any(
            is_same(row.link_digest, link(row.prev_digest, replace(row.entry, seq=seq).line))
            for seq in range(self._head.base_seq + 1, last + 1)
        )
