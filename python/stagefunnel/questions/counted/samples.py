"""Lengths of time that quantiles are made of, for each of several rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from .cells import cell_of, middle_of

Lengths: TypeAlias = npt.NDArray[np.uint64]
Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Samples:
    """A sample of lengths of time for each of several rows, in ticks of the log.

    Attributes
    ----------
    values
        The lengths, row after row, rising in each.
    bounds
        Where the sample of each row begins, and where the last one ends.
    """

    values: Lengths
    bounds: Integers

    @classmethod
    def of(cls, values: Lengths, row: npt.NDArray[np.integer[Any]], n_rows: int) -> Self:
        """Put lengths in order; `row` is the row of each."""
        order = np.lexsort((values, row))
        bounds = np.searchsorted(row[order], np.arange(n_rows + 1)).astype(np.int64)
        return cls(np.asarray(values, dtype=np.uint64)[order], bounds)

    @classmethod
    def of_rows(cls, rows: Sequence[Lengths]) -> Self:
        """Take the sample of each row."""
        bounds = np.cumsum([0, *map(len, rows)]).astype(np.int64)
        values = [np.sort(np.asarray(one, dtype=np.uint64)) for one in rows]
        return cls(np.concatenate(values) if values else np.zeros(0, dtype=np.uint64), bounds)

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def sizes(self) -> Integers:
        """Number of lengths of each row."""
        return np.diff(self.bounds)

    def row(self, place: int) -> Lengths:
        """Return the sample of one row."""
        return self.values[self.bounds[place] : self.bounds[place + 1]]

    def to(self, code: npt.NDArray[np.integer[Any]], n: int) -> Self:
        """Put the samples together, each where its row went."""
        if len(code) == n and (code == np.arange(n)).all():
            return self
        return type(self).of(self.values, np.repeat(code, self.sizes), n)

    def times(
        self, quantiles: Sequence[_core.stages.Quantile], rows: npt.NDArray[np.integer[Any]] | None = None
    ) -> list[_core.stages.StageTime]:
        """Summarise the samples of all rows, or of some; ``completed`` has how many lengths there are."""
        places = range(len(self)) if rows is None else rows.tolist()
        found = []
        for place in places:
            sample = self.row(place)
            n = len(sample)
            counts = _core.stages.VisitCounts(visits=n, completed=n, open=0, items=0, start_unknown=0)
            found.append(
                _core.stages.summarise_durations(counts=counts, samples=[sample], quantiles=list(quantiles))
            )
        return found


@dataclass(frozen=True, eq=False)
class ExactLength:
    """A length of time: `whole` ticks and `rest / of` of one, as the core has it."""

    whole: int
    rest: int
    of: int


@dataclass(frozen=True, eq=False)
class SampleTime:
    """What is known of a sample, under the names that the core has for it."""

    completed: int
    mean: ExactLength | None
    quantiles: list[ExactLength]


@dataclass(frozen=True, eq=False)
class Binned:
    """The lengths of several rows, counted by cell; their sums are exact.

    Attributes
    ----------
    cell, n
        The cells of each row in rising order, and how many lengths each has.
    bounds
        Where the cells of each row begin, and where the last ones end.
    total_high, total_low
        The sum of the lengths of each row, in two words.
    """

    cell: Integers
    n: Integers
    bounds: Integers
    total_high: Integers
    total_low: Lengths

    @classmethod
    def of(cls, samples: Samples) -> Self:
        """Count the lengths of each row by cell, and add them up."""
        cell = cell_of(samples.values)
        row = np.repeat(np.arange(len(samples)), samples.sizes)
        is_new = np.ones(len(cell), dtype=bool)
        is_new[1:] = (cell[1:] != cell[:-1]) | (row[1:] != row[:-1])
        starts = np.flatnonzero(is_new)
        # A word may overflow where its halves do not.
        low, high = (_sums_of_rows(samples, np.uint64(shift)) for shift in (0, 32))
        totals = [(int(upper) << 32) + int(lower) for upper, lower in zip(high, low, strict=True)]
        return cls(
            cell[starts],
            np.diff(np.append(starts, len(cell))).astype(np.int64),
            np.searchsorted(row[starts], np.arange(len(samples) + 1)).astype(np.int64),
            *_two_words(totals),
        )

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def sizes(self) -> Integers:
        """Number of lengths of each row."""
        ends = np.concatenate([[0], np.cumsum(self.n)])
        sizes: Integers = ends[self.bounds[1:]] - ends[self.bounds[:-1]]
        return sizes

    def to(self, code: npt.NDArray[np.integer[Any]], n: int) -> Self:
        """Put the rows together, each where it went."""
        if len(code) == n and (code == np.arange(n)).all():
            return self
        row = np.repeat(code, np.diff(self.bounds))
        keys, place = np.unique(np.column_stack([row, self.cell]), axis=0, return_inverse=True)
        counts = np.zeros(len(keys), dtype=np.int64)
        np.add.at(counts, place.reshape(-1), self.n)
        totals = [0] * n
        for at, high, low in zip(code.tolist(), self.total_high, self.total_low, strict=True):
            totals[at] += (int(high) << 64) + int(low)
        return type(self)(
            keys[:, 1],
            counts,
            np.searchsorted(keys[:, 0], np.arange(n + 1)).astype(np.int64),
            *_two_words(totals),
        )

    def times(
        self, quantiles: Sequence[_core.stages.Quantile], rows: npt.NDArray[np.integer[Any]] | None = None
    ) -> list[SampleTime]:
        """Summarise the rows, as :meth:`Samples.times` does; a length is read off the middle of its cell."""
        middles = middle_of(self.cell)
        found = []
        for place in range(len(self)) if rows is None else rows.tolist():
            low, high = self.bounds[place], self.bounds[place + 1]
            ends = np.cumsum(self.n[low:high])
            n = int(ends[-1]) if len(ends) else 0
            if not n:
                found.append(SampleTime(0, None, []))
                continue
            total = (int(self.total_high[place]) << 64) + int(self.total_low[place])
            mean = ExactLength(total // n, total % n, n)
            lengths = [_quantile(middles[low:high], ends, n, one) for one in quantiles]
            found.append(SampleTime(n, mean, lengths))
        return found


def _quantile(middles: Lengths, ends: Integers, n: int, quantile: _core.stages.Quantile) -> ExactLength:
    """Interpolate between the two nearest ranks, as the core does (Hyndman and Fan, definition 7)."""
    numerator, of = int(quantile.numerator), int(quantile.denominator)
    rank, rest = divmod((n - 1) * numerator, of)
    ranks = [rank, min(rank + 1, n - 1)]
    before, after = (int(middles[place]) for place in np.searchsorted(ends, ranks, side="right"))
    whole = before * of + (after - before) * rest
    return ExactLength(whole // of, whole % of, of)


def _two_words(totals: Sequence[int]) -> tuple[Integers, Lengths]:
    high = np.array([total >> 64 for total in totals], dtype=np.int64)
    return high, np.array([total & (2**64 - 1) for total in totals], dtype=np.uint64)


def _sums_of_rows(samples: Samples, shift: np.uint64) -> Lengths:
    """Add up 32 bits of the lengths of each row: 64 bits hold the sum of four billion of them."""
    halves = samples.values >> shift & np.uint64(0xFFFFFFFF)
    ends = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(halves, dtype=np.uint64)])
    sums: Lengths = ends[samples.bounds[1:]] - ends[samples.bounds[:-1]]
    return sums
