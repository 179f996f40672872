"""Lengths of time in cells, of which means and medians are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

import numpy as np
import numpy.typing as npt

_HALF = np.uint64(32)


@dataclass(frozen=True, eq=False)
class Samples:
    """Lengths of time, cell after cell, in rising order inside a cell.

    Attributes
    ----------
    values
        The lengths.
    sizes
        How many lengths each cell has.
    """

    values: npt.NDArray[np.uint64]
    sizes: npt.NDArray[np.int64]

    @classmethod
    def of(cls, values: npt.NDArray[np.uint64], cell: npt.NDArray[np.integer[Any]], n_cells: int) -> Self:
        """Order lengths by their cells."""
        sizes = np.bincount(cell, minlength=n_cells).astype(np.int64)
        return cls(values[np.lexsort((values, cell))], sizes)

    def joined(self, cell: npt.NDArray[np.integer[Any]], n_cells: int) -> Self:
        """Put the lengths of several cells together; `cell` says where those of each go."""
        return self.of(self.values, np.repeat(cell, self.sizes), n_cells)

    def means(self) -> list[Fraction | None]:
        """Return exact means; the halves of the lengths are added up apart, so that no sum overflows."""
        filled, sizes, starts = self._filled()
        if not len(filled):
            return self._by_cell(filled, [])
        upper = np.add.reduceat(self.values >> _HALF, starts)
        lower = np.add.reduceat(self.values & np.uint64(2**32 - 1), starts)
        sums = [(high << 32) + low for high, low in zip(upper.tolist(), lower.tolist(), strict=True)]
        means = [Fraction(total, size) for total, size in zip(sums, sizes.tolist(), strict=True)]
        return self._by_cell(filled, means)

    def medians(self) -> list[Fraction | None]:
        """Return exact medians; of an even number of lengths, half the sum of the two in the middle."""
        filled, sizes, starts = self._filled()
        low = self.values[starts + (sizes - 1) // 2]
        high = self.values[starts + sizes // 2]
        medians = [Fraction(a + b, 2) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
        return self._by_cell(filled, medians)

    def _filled(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the cells with lengths, how many they have, and where these begin."""
        filled = np.flatnonzero(self.sizes)
        sizes = self.sizes[filled]
        return filled, sizes, np.cumsum(sizes) - sizes

    def _by_cell(self, filled: npt.NDArray[np.intp], values: Sequence[Fraction]) -> list[Fraction | None]:
        """Return the value of each cell, None where it has no lengths."""
        of_cell: list[Fraction | None] = [None] * len(self.sizes)
        for cell, value in zip(filled.tolist(), values, strict=True):
            of_cell[cell] = value
        return of_cell
