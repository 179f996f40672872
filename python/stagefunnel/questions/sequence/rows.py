"""Where the steps of chains stand among the rows of a log."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...log.stage_log import StageLog
from .steps import Flags

Places = npt.NDArray[np.int64]


class LogRows:
    """The rows of a log in the order of its journeys, to look some of them up.

    Attributes
    ----------
    begin, end
        Per item its first row, and the first one past it.
    """

    def __init__(self, log: StageLog, as_of: int | None) -> None:
        journeys = log._data.journeys
        offsets = journeys.offsets.view(np.int64)
        self.begin: Places = offsets[:-1]
        self.end: Places = offsets[1:]
        self._stage = journeys.stage
        self._time = journeys.time
        if as_of is not None:
            self.end = self.not_before(np.arange(log.n_items), np.full(log.n_items, as_of))

    def time(self, row: Places) -> npt.NDArray[np.int64]:
        """Read the times of some rows."""
        found: npt.NDArray[np.int64] = self._time[row]
        return found

    def stage(self, row: Places) -> npt.NDArray[np.int64]:
        """Read the stage codes of some rows; the one behind all labels is missing."""
        codes: npt.NDArray[np.int64] = self._stage[row].astype(np.int64)
        return codes

    def matching(self, matches: Flags) -> npt.NDArray[np.bool_]:
        """Tell of every row whether its stage is one of some."""
        of_code: npt.NDArray[np.bool_] = np.append(matches, np.uint8(0)).astype(np.bool_)
        found: npt.NDArray[np.bool_] = of_code[self._stage]
        return found

    def not_before(self, item: npt.NDArray[np.integer], time: npt.NDArray[np.int64]) -> Places:
        """Find the first row of each item that is not before a time, or its end."""
        low, high = self.begin[item].copy(), self.end[item].copy()
        while (low < high).any():
            middle = (low + high) // 2
            open_still = low < high
            is_before = open_still & (self._time[np.where(open_still, middle, 0)] < time)
            low = np.where(is_before, middle + 1, low)
            high = np.where(open_still & ~is_before, middle, high)
        found: Places = low
        return found

    def of_step(self, item: npt.NDArray[np.integer], time: npt.NDArray[np.int64], matches: Flags) -> Places:
        """Find the rows that fill a step at some times: of several at one time the first."""
        places = next_true(self.matching(matches))
        found: Places = places[self.not_before(item, time)]
        return found


def next_true(flags: npt.NDArray[np.bool_]) -> Places:
    """Tell for every place the next one that is true, or itself; the number of all if there is none."""
    n = len(flags)
    places = np.where(flags, np.arange(n), n)
    found: Places = np.append(np.minimum.accumulate(places[::-1])[::-1], n)
    return found


def last_true(flags: npt.NDArray[np.bool_]) -> Places:
    """Tell for every place the last one before it that is true, -1 if there is none."""
    places = np.where(flags, np.arange(len(flags)), -1)
    found: Places = np.append(-1, np.maximum.accumulate(places))
    return found
