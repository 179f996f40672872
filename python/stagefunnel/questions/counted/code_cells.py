"""Cells: the combinations of codes that occur, in rising order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Cells:
    """The combinations of codes that occur, in rising order.

    Attributes
    ----------
    keys
        The codes of each cell, one array per code.
    of_each
        The cell of each entry.
    n
        Number of cells.
    """

    keys: list[npt.NDArray[np.int64]]
    of_each: npt.NDArray[np.int64]
    n: int

    @classmethod
    def of(cls, codes: Sequence[npt.NDArray[np.integer[Any]]]) -> Self:
        """Find the cells of some entries, which have one code of each kind."""
        order = np.lexsort(tuple(reversed(codes)))
        in_order = [code[order] for code in codes]
        begins = np.zeros(len(order), dtype=bool)
        begins[:1] = True
        for code in in_order:
            begins[1:] |= code[1:] != code[:-1]
        starts = np.flatnonzero(begins)
        of_each = np.empty(len(order), dtype=np.int64)
        of_each[order] = np.cumsum(begins) - 1
        return cls([code[starts].astype(np.int64) for code in in_order], of_each, len(starts))

    def sizes(self) -> npt.NDArray[np.int64]:
        """Count the entries of each cell."""
        return np.bincount(self.of_each, minlength=self.n).astype(np.int64)

    def sums(self, values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Add up whole numbers of the entries of each cell."""
        total = np.zeros(self.n, dtype=np.int64)
        np.add.at(total, self.of_each, values)
        return total
