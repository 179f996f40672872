"""Times between steps, exactly: as the core has summarised them, or of the lengths that parts keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ..counted.cells import middle_of
from ..counted.samples import Binned, Samples

Numbers: TypeAlias = npt.NDArray[np.int64]
#: The mean and the quantiles, in the unit of the log.
Exact: TypeAlias = list[Fraction | None]
Quantiles: TypeAlias = Sequence[_core.stages.Quantile]


class Times(Protocol):
    """Times of each of some cells."""

    def exact(self, quantiles: Quantiles, cells: Sequence[int]) -> list[Exact]:
        """Return the mean and the quantiles of the times of some cells."""


@dataclass(frozen=True, eq=False)
class NoTimes:
    """Times that are not known."""

    def exact(self, quantiles: Quantiles, cells: Sequence[int]) -> list[Exact]:
        """Return nothing for each cell."""
        return [[None] * (1 + len(quantiles)) for _ in cells]


@dataclass(frozen=True, eq=False)
class SummarisedTimes:
    """Times that the core has summarised.

    Attributes
    ----------
    of_cells
        What is known of the times of each cell.
    excess
        Amount by which they are too large, in the unit of the log.
    """

    of_cells: Sequence[_core.sequence.StepTime]
    excess: int

    def exact(self, quantiles: Quantiles, cells: Sequence[int]) -> list[Exact]:
        """Return the mean and the quantiles, which the core was asked for."""
        found: list[Exact] = []
        for cell in cells:
            time = self.of_cells[cell]
            if time.count:
                parts = (time.mean, *time.quantiles)
                found.append([whole - self.excess + Fraction(rest, of) for whole, rest, of in parts])
            else:
                found.append([None] * (1 + len(quantiles)))
        return found


@dataclass(frozen=True, eq=False)
class SampledTimes:
    """Times of which all are known, or how many lie in each cell of length.

    Attributes
    ----------
    ahead, back
        The times that are not negative, and those that are, without their sign.
    """

    ahead: Samples | Binned
    back: Samples | Binned

    def exact(self, quantiles: Quantiles, cells: Sequence[int]) -> list[Exact]:
        """Summarise the times of some cells, as the core does."""
        return [self._of(cell, quantiles) for cell in cells]

    def _of(self, cell: int, quantiles: Quantiles) -> Exact:
        later, n_later, sum_later = _row_of(self.ahead, cell)
        earlier, n_earlier, sum_earlier = _row_of(self.back, cell)
        values = np.concatenate([-earlier[::-1], later])
        ends = np.cumsum(np.concatenate([n_earlier[::-1], n_later]))
        n = int(ends[-1]) if len(ends) else 0
        if not n:
            return [None] * (1 + len(quantiles))
        of_quantiles = [
            _quantile(values, ends, n, Fraction(int(q.numerator), int(q.denominator))) for q in quantiles
        ]
        return [Fraction(sum_later - sum_earlier, n), *of_quantiles]


def signed_samples(times: Numbers, row: npt.NDArray[np.integer[Any]], n_rows: int) -> tuple[Samples, Samples]:
    """Keep times of rows: those that are not negative, and the others without their sign."""
    is_back = times < 0
    ahead = Samples.of(times[~is_back].view(np.uint64), row[~is_back], n_rows)
    return ahead, Samples.of((-times[is_back]).view(np.uint64), row[is_back], n_rows)


def _row_of(lengths: Samples | Binned, place: int) -> tuple[Numbers, Numbers, int]:
    """Return the lengths of a row, how many there are of each, and the sum of all."""
    low, high = int(lengths.bounds[place]), int(lengths.bounds[place + 1])
    if isinstance(lengths, Binned):
        total = (int(lengths.total_high[place]) << 64) + int(lengths.total_low[place])
        return middle_of(lengths.cell[low:high]).view(np.int64), lengths.n[low:high], total
    values = lengths.values[low:high].view(np.int64)
    total = (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
    return values, np.ones(high - low, dtype=np.int64), total


def _quantile(values: Numbers, ends: Numbers, n: int, share: Fraction) -> Fraction:
    """Interpolate between the two nearest ranks (Hyndman and Fan, definition 7)."""
    rank, rest = divmod((n - 1) * share.numerator, share.denominator)
    ranks = [rank, min(rank + 1, n - 1)]
    before, after = (int(values[place]) for place in np.searchsorted(ends, ranks, side="right"))
    return before + Fraction((after - before) * rest, share.denominator)
