"""The rows of a log that fill the steps of matches."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ...log.stage_log import StageLog
from .stages import StageFlags, with_missing

RowNumbers: TypeAlias = npt.NDArray[np.int64]


class LogRows:
    """The rows of a log in the order of its journeys, to look some of them up.

    Attributes
    ----------
    begin, end
        First row of each item, and the first row past it.
    """

    def __init__(self, log: StageLog, as_of: int | None) -> None:
        journeys = log._data.journeys
        offsets = journeys.offsets.view(np.int64)
        self.begin: RowNumbers = offsets[:-1]
        self.end: RowNumbers = offsets[1:]
        self._stage = journeys.stage
        self._time = journeys.time
        if as_of is not None:
            self.end = self.not_before(np.arange(log.n_items), np.full(log.n_items, as_of))

    def stage(self, row: RowNumbers) -> npt.NDArray[np.int64]:
        """Read the stage codes of some rows; the code after all labels stands for a missing stage."""
        codes: npt.NDArray[np.int64] = self._stage[row].astype(np.int64)
        return codes

    def with_stages(self, stages: StageFlags) -> npt.NDArray[np.bool_]:
        """Return whether the stage of each row is one of some stages."""
        of_code: npt.NDArray[np.bool_] = with_missing(stages).astype(np.bool_)
        found: npt.NDArray[np.bool_] = of_code[self._stage]
        return found

    def not_before(self, item: npt.NDArray[np.integer], time: npt.NDArray[np.int64]) -> RowNumbers:
        """Find the first row of each item that is not before a time, or its end, by bisection."""
        low, high = self.begin[item].copy(), self.end[item].copy()
        while (low < high).any():
            middle = (low + high) // 2
            open_still = low < high
            is_before = open_still & (self._time[np.where(open_still, middle, 0)] < time)
            low = np.where(is_before, middle + 1, low)
            high = np.where(open_still & ~is_before, middle, high)
        found: RowNumbers = low
        return found

    def of_step(
        self, item: npt.NDArray[np.integer], time: npt.NDArray[np.int64], stages: StageFlags
    ) -> RowNumbers:
        """Find the row of each item that fills a step at a time; the first of several at that time."""
        rows = next_true(self.with_stages(stages))
        found: RowNumbers = rows[self.not_before(item, time)]
        return found


def next_true(flags: npt.NDArray[np.bool_]) -> RowNumbers:
    """Return the place of the next true flag from each place on; the number of flags if there is none."""
    n = len(flags)
    places = np.where(flags, np.arange(n), n)
    found: RowNumbers = np.append(np.minimum.accumulate(places[::-1])[::-1], n)
    return found


def last_true(flags: npt.NDArray[np.bool_]) -> RowNumbers:
    """Return the place of the last true flag before each place; -1 if there is none."""
    places = np.where(flags, np.arange(len(flags)), -1)
    found: RowNumbers = np.append(-1, np.maximum.accumulate(places))
    return found
