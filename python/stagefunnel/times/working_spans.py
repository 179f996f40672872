"""Spans of work in the times of a log, and how much work is done by each moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from .lengths import Changes

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Spans:
    """Spans of work in their order, without an overlap.

    Attributes
    ----------
    begin, end
        Where each begins and ends.
    before
        The working time before each.
    """

    begin: Integers
    end: Integers
    before: Integers

    @classmethod
    def of(cls, begin: Integers, end: Integers) -> Self:
        """Add up the working time before each span."""
        lengths = end - begin
        return cls(begin, end, np.cumsum(lengths) - lengths)

    def scaled(self, factor: int) -> Spans:
        """Return the same spans in another unit."""
        return Spans(self.begin * factor, self.end * factor, self.before * factor)

    def worked_until(self, moments: Integers) -> Integers:
        """Return the working time before each of some moments."""
        at = np.searchsorted(self.begin, moments, side="right") - 1
        worked = self.before[at] + np.minimum(moments, self.end[at]) - self.begin[at]
        return np.where(at < 0, 0, worked)

    def in_local_time(self, changes: Changes) -> Spans:
        """Return the same spans by what the clocks show, all in seconds.

        A local time that comes twice stands for the second of its moments, as :func:`localized` reads it, and
        one that the clocks leave out for the first moment after. So where the clocks go back, the hour before
        is not shown: a span without a length, from which on it is worked, stands in its place.
        """
        since, until = changes.at, np.append(changes.at[1:], np.iinfo(np.int64).max)
        back = np.append(np.minimum(np.diff(changes.offset), 0), 0)
        shown_until = np.where(back < 0, until + back, until)
        parts = []
        for begin, end, offset in zip(since, shown_until, changes.offset, strict=True):
            inside = (self.begin < end) & (self.end > begin)
            first, last = np.maximum(self.begin[inside], begin), np.minimum(self.end[inside], end)
            parts.append((first + offset, last + offset, self.worked_until(first)))
        at, offset = changes.at[1:], changes.offset[1:]
        parts.append((at + offset, at + offset, self.worked_until(at)))
        begin, end, before = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        order = np.lexsort((end, begin))
        return Spans(begin[order], end[order], before[order])
