"""The features of open items at all moments, out of the journeys of a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...log.columns.marks import RowMarks
from ...tables.build import stage_values
from ...tables.options import Unlisted
from ..scope.further import further_values
from ..scope.item_rows import rows_of_items
from ..scope.selection import Selection, selection_of
from ..scope.where import Asked
from .asking import shown_moment
from .crm_chances import is_of_log
from .standing import MOVED, NAMES

TICKS_A_DAY: Final = {
    "D": 1,
    "s": 86_400,
    "ms": 86_400_000,
    "us": 86_400_000_000,
    "ns": 86_400_000_000_000,
}
TIME_IN: Final = "time_in_"
_NO_MARKS: Final = RowMarks(None, None)


@dataclass(frozen=True, eq=False)
class WalkedFeatures:
    """What is wanted of the open items at some moments.

    Attributes
    ----------
    asked, unlisted, selection
        The log and how it is read, and all its rows as the pipeline reads them.
    moments, ends
        The moments, and the end of the horizon of each; ``None`` where the log ends before it.
    windows, names
        The windows in which moves are counted, and the columns to add.
    """

    asked: Asked
    unlisted: Unlisted
    selection: Selection
    moments: Sequence[int]
    ends: Sequence[int | None]
    windows: Mapping[str, int]
    names: Sequence[str]

    def table(self) -> pd.DataFrame:
        """Make the rows of all moments."""
        selection = self.selection
        pipeline, data = selection.pipeline, selection.data
        pairs = zip(self.moments, self.ends, strict=True)
        ends = [moment if end is None else end for moment, end in pairs]
        found = _core.stages.open_features(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            dates=np.array(self.moments, dtype=np.int64),
            ends=np.array(ends, dtype=np.int64),
            windows=np.array(list(self.windows.values()), dtype=np.int64),
            ticks_a_day=1.0 if data.unit is None else float(TICKS_A_DAY[data.unit]),
            marks=selection.core_marks(data.marks or _NO_MARKS),
            threads=data.threads,
        )
        bounds, item = found.bounds, found.take_item()
        counts = np.diff(bounds)
        moves = found.take_moves().reshape(len(self.windows), len(item))
        times = found.take_time_in_stage().reshape(len(pipeline.stages), len(item))
        moments = np.repeat(np.array(self.moments, dtype=np.int64), counts)
        columns: dict[str, Any] = {
            "item": data.keys_at(selection.journeys.first_row[item]).reset_index(drop=True),
            "moment": data.to_times(moments),
            "stage": stage_values(pipeline, found.take_stage()),
            "age": found.take_age(),
            "in_stage": found.take_in_stage(),
            "visits": found.take_visits(),
            "back_moves": found.take_back_moves(),
            "skipped": found.take_skipped(),
            **dict(zip(self.windows, moves, strict=True)),
            **{f"{TIME_IN}{label}": times[row] for row, label in enumerate(pipeline.stages)},
        }
        further = further_values(selection.log, self.names, item, self._rows(item, bounds))
        columns |= {str(name): values for name, values in further.items()}
        has_label = np.repeat(np.array([end is not None for end in self.ends]), counts)
        codes = np.where(has_label, found.take_outcome().view(np.int8), -1)
        columns["label"] = pd.Categorical.from_codes(codes, categories=pd.Index(NAMES[:MOVED]))
        return pd.DataFrame(columns, copy=False)

    def _rows(self, item: npt.NDArray[np.uint32], bounds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Find the last row of each open item before its moment, where a column of the log is wanted."""
        rows = np.full(len(item), -1, dtype=np.int64)
        if not any(is_of_log(self.selection.log, name) for name in self.names):
            return rows
        for place, moment in enumerate(self.moments):
            then = selection_of(
                self.asked.log,
                self.selection.pipeline,
                unlisted=self.unlisted,
                missing=self.asked.missing,
                as_of=shown_moment(self.asked, moment),
            )
            own = slice(bounds[place], bounds[place + 1])
            rows[own] = rows_of_items(then, "last")[item[own]]
        return rows
