"""The rows of a trend by period, read as arrays: pandas takes a while to choose the rows of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..tables.labels import period_label


@dataclass(frozen=True)
class PeriodRows:
    """Where the rows of each period stand in a table.

    Attributes
    ----------
    table
        The table.
    names
        Names of the periods, as people read them, in the order in which they come.
    code
        For each row the place of its period among the names.
    first
        For each period its first row.
    """

    table: pd.DataFrame
    names: list[str]
    code: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]

    @classmethod
    def of(cls, table: pd.DataFrame) -> PeriodRows:
        """Read a table with the column ``period``; rows without one are passed over."""
        code, values = pd.factorize(table["period"])
        if (code < 0).any():
            return cls.of(table[code >= 0])
        first = np.unique(code, return_index=True)[1]
        return cls(table, [period_label(value) for value in values], code, first)

    def sums(self, column: str, rows: npt.NDArray[np.bool_] | None = None) -> list[int]:
        """Add up whole numbers of each period, of all rows or of some; missing ones count as 0."""
        values = np.nan_to_num(self.table[column].to_numpy(dtype=np.float64))
        if rows is not None:
            values = np.where(rows, values, 0)
        return [round(total) for total in np.bincount(self.code, values, len(self.names))]

    def of_first(self, column: Any) -> pd.Series:
        """Return the value in the first row of each period."""
        found: pd.Series = self.table[column].iloc[self.first]
        return found

    @property
    def is_of_first_stage(self) -> npt.NDArray[np.bool_]:
        """Flag the rows about the stage that the first row of their period is about."""
        stage = pd.factorize(self.table["stage"])[0]
        return np.asarray(stage == stage[self.first][self.code])
