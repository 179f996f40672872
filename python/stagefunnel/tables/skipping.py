"""How often a stage is skipped on the way: the rate that everything which ranks skips goes by."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .build import share

LEAST_BASE: Final = 30  # a rate of fewer items is no rate to rank by


class OnTheWay(NamedTuple):
    """Counts of stages without the items that began beyond them, row by row.

    Attributes
    ----------
    skipped
        Items that moved beyond the stage without a visit of it.
    base
        Items that went beyond the stage, with a visit or without.
    """

    skipped: npt.NDArray[np.int64]
    base: npt.NDArray[np.int64]

    @classmethod
    def of_skips(cls, table: pd.DataFrame) -> OnTheWay:
        """Read the rows of a table of skips."""
        skipped, began, beyond = (table[name].to_numpy() for name in ("skipped", "began_beyond", "beyond"))
        return cls(skipped - began, beyond - began)

    @classmethod
    def of_funnel(cls, table: pd.DataFrame) -> OnTheWay:
        """Read the rows of a funnel, which show no item that went beyond a stage where none skipped it."""
        skipped, began = (table[name].to_numpy() for name in ("skipped", "began_beyond"))
        return cls.of_rates(skipped, began, table["skip_rate"].to_numpy(dtype=np.float64))

    @classmethod
    def of_rates(cls, skipped: npt.ArrayLike, began: npt.ArrayLike, rates: npt.ArrayLike) -> OnTheWay:
        """Read the columns of a funnel: items that skipped a stage, that began beyond it, and their rate."""
        skipped, began = np.asarray(skipped, dtype=np.int64), np.asarray(began, dtype=np.int64)
        rate = np.asarray(rates, dtype=np.float64)
        beyond = np.rint(np.divide(skipped, rate, out=np.zeros(len(rate)), where=rate > 0))
        return cls(skipped - began, beyond.astype(np.int64) - began)

    @property
    def rate(self) -> npt.NDArray[np.float64]:
        """How often a stage is skipped on the way; NaN where nothing moved beyond it."""
        return share(self.skipped, self.base)

    @property
    def is_ranked(self) -> npt.NDArray[np.bool_]:
        """Whether the base is large enough for a rank."""
        large: npt.NDArray[np.bool_] = self.base >= LEAST_BASE
        return large

    def worst_first(self) -> npt.NDArray[np.intp]:
        """Order the rows: large bases, small ones and none; of these by rate, then by items that skipped.

        The sort is stable: equal rows stay in the order of groups and stages.
        """
        size = np.where(self.is_ranked, 0, np.where(self.base > 0, 1, 2))
        return np.lexsort((-self.skipped, -np.nan_to_num(self.rate, nan=0.0), size))
