"""What a table says beside its numbers, kept with the counts that it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import pandas as pd

from .remarks import Remarks, remark
from .selection import Selection
from .where import Asked


@dataclass(frozen=True, eq=False)
class About:
    """What the table of some counts remembers of the rows that were read.

    Attributes
    ----------
    remarks
        Remarks about stages, periods, readers and conditions.
    """

    remarks: Remarks

    @classmethod
    def of(cls, asked: Asked, selection: Selection) -> Self:
        """Take what a question has to say of its log and of the rows that it reads."""
        return cls({**selection.remarks, **asked.remarks})

    def remarked(self, table: pd.DataFrame) -> pd.DataFrame:
        """Let a table remember it, and return the table."""
        return remark(table, self.remarks)
