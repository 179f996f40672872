"""Sums of amounts before they are rounded, which add up over parts of the items without an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import core_errors
from ...log.columns.number import NumberColumn


@dataclass(frozen=True, eq=False)
class ExactSums:
    """Sums of amounts in some cells: each is `whole` + `fraction` / 2^64, over ten to the power of `scale`.

    Attributes
    ----------
    whole, fraction
        The two parts of the sum of each cell, in fixed point.
    present, missing
        How many amounts each cell has and lacks.
    scale
        Number of decimal places of which the amounts are whole numbers; see :class:`NumberColumn`.
    """

    whole: npt.NDArray[np.int64]
    fraction: npt.NDArray[np.uint64]
    present: npt.NDArray[np.int64]
    missing: npt.NDArray[np.int64]
    scale: int

    @classmethod
    def of(cls, numbers: NumberColumn, cell: npt.NDArray[np.int64], n_cells: int) -> Self:
        """Add up the amounts of each cell; the cell -1 leaves an amount out."""
        with core_errors():
            found = _core.funnel.sums_of_cells(
                amount=np.ascontiguousarray(numbers.values),
                cell=np.ascontiguousarray(cell, dtype=np.int64),
                n_cells=n_cells,
                scale=numbers.scale,
            )
        return cls(found.whole, found.fraction, found.present, found.missing, numbers.scale)

    def joined(self, cell: npt.NDArray[np.integer[Any]], n_cells: int) -> Self:
        """Add up the sums that go into one cell; `cell` says where each goes."""
        halves = (self.fraction >> np.uint64(32), self.fraction & np.uint64(2**32 - 1))
        high, low = (_added(half.astype(np.int64), cell, n_cells) for half in halves)
        high += low >> 32
        fraction = ((high & (2**32 - 1)).astype(np.uint64) << np.uint64(32)) | (low & (2**32 - 1)).astype(
            np.uint64
        )
        return type(self)(
            _added(self.whole, cell, n_cells) + (high >> 32),
            fraction,
            _added(self.present, cell, n_cells),
            _added(self.missing, cell, n_cells),
            self.scale,
        )

    def rounded(self) -> npt.NDArray[np.float64]:
        """Round each sum once."""
        return _core.funnel.rounded(
            whole=np.ascontiguousarray(self.whole),
            fraction=np.ascontiguousarray(self.fraction),
            scale=self.scale,
        )


def _added(
    values: npt.NDArray[np.int64], cell: npt.NDArray[np.integer[Any]], n_cells: int
) -> npt.NDArray[np.int64]:
    total = np.zeros(n_cells, dtype=np.int64)
    np.add.at(total, cell, values)
    return total
