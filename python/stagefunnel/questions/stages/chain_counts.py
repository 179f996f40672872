"""What the chain of a group is estimated from: how often visits led where, and how long they took."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from ..counted.lengths import length_sums
from ..stats.bounds import Floats
from ..stats.spells import CENSORED, Codes, Ticks
from .chain_visits import ENDS, ChainVisits

Integers = npt.NDArray[np.int64]
_CHUNK: Final = 1 << 16  # items that are looked at at once


@dataclass(frozen=True, eq=False)
class SeenVisits:
    """The visits of known start: their stage, what ended them, and how long they took or were seen."""

    stage: Codes
    cause: Codes
    length: Ticks


@dataclass(frozen=True, eq=False)
class ChainCounts:
    """The visits of one group, counted; none of it depends on their order.

    Attributes
    ----------
    moves
        How often a visit of each stage led to each stage or end; the ends stand behind the stages.
    n_timed
        How many of them have a known length, by stage.
    spent
        The time of all visits of known start, open ones too, by stage: upper and lower halves and their
        number, see :func:`length_sums`.
    begun, items_in
        How many items began in each stage, and how many were ever in it.
    seen
        The visits that curves are made of; ``None`` where none are.
    """

    moves: Integers
    n_timed: Integers
    spent: Integers
    begun: Integers
    items_in: Integers
    seen: SeenVisits | None

    @classmethod
    def of(cls, visits: ChainVisits, n_stages: int, method: str) -> Self:
        """Count some visits."""
        width = n_stages + len(ENDS)
        goes_on, timed = visits.to >= 0, visits.is_timed
        cell = visits.stage[goes_on].astype(np.int64) * width + visits.to[goes_on]
        seen = None
        if method == "aalen_johansen":
            cause = np.where(goes_on, visits.to, CENSORED).astype(np.int32)
            seen = SeenVisits(visits.stage[timed], cause[timed], visits.length[timed])

        def by_stage(flags: npt.NDArray[np.bool_]) -> Integers:
            return np.bincount(visits.stage[flags], minlength=n_stages).astype(np.int64)

        return cls(
            np.bincount(cell, minlength=n_stages * width).reshape(n_stages, width).astype(np.int64),
            by_stage(timed & goes_on),
            length_sums(visits.length[timed], visits.stage[timed], n_stages),
            by_stage(visits.is_first),
            _items_in(visits, n_stages),
            seen,
        )

    @property
    def time(self) -> Floats:
        """The time of all visits of known start, by stage, rounded once."""
        return np.array([float((high << 32) + low) for high, low, _ in self.spent.tolist()])


def _items_in(visits: ChainVisits, n_stages: int) -> Integers:
    """Count the items that were ever in each stage."""
    found = np.zeros(n_stages, dtype=np.int64)
    for part, row, size in chunks_of_items(visits):
        was_in = np.zeros((size, n_stages), dtype=bool)
        was_in[row, visits.stage[part]] = True
        found += was_in.sum(axis=0)
    return found


def chunks_of_items(visits: ChainVisits) -> Iterator[tuple[slice, npt.NDArray[np.int64], int]]:
    """Split visits by item: the visits of some items, the place of each visit's item, and their number."""
    number = np.cumsum(visits.is_first) - 1
    n = int(number[-1]) + 1 if len(number) else 0
    for first in range(0, n, _CHUNK):
        part = slice(*np.searchsorted(number, [first, first + _CHUNK]).tolist())
        yield part, number[part] - first, min(_CHUNK, n - first)
