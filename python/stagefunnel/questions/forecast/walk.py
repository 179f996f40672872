"""One walk over the visits of a log, of which it follows what was known of them at any date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ... import _core
from ...pipeline import Pipeline
from ...working_hours import WorkingHours
from ..scope.selection import Selection
from ..stages.lives import START_UNKNOWN, list_stays
from ..stats.spells import CENSORED, LEFT_OUT, Codes, Ticks
from .known_exits import History


def can_walk(selection: Selection, calendar: WorkingHours | None) -> bool:
    """Whether what was known at a date follows from the visits of a whole log as they are known now.

    A visit to another pipeline and an end that is noted on a row may be seen otherwise before later rows, and
    working hours are not the times of the log.
    """
    marks = selection.data.marks
    has_ends = marks is not None and marks.ended is not None
    return selection.is_whole and not has_ends and not selection.pipeline.elsewhere and calendar is None


@dataclass(frozen=True, eq=False)
class Walk:
    """The visits of a log, item by item, those of an item in the order of time.

    Attributes
    ----------
    selection
        The log.
    item, stage, following
        Place of the item of each visit, its stage and that of the next one; -1 where there is none.
    began, ended
        When it began and ended; the latter means nothing where nothing follows.
    state
        As the core has it.
    """

    selection: Selection
    item: npt.NDArray[np.uint32]
    stage: Codes
    following: Codes
    began: Ticks
    ended: Ticks
    state: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, selection: Selection) -> Walk:
        """List the visits."""
        return cls(selection, *list_stays(selection, range(len(selection.pipeline.labels))))

    @property
    def is_known(self) -> npt.NDArray[np.bool_]:
        """Flag the visits whose beginning is known."""
        return np.asarray((self.state & START_UNKNOWN) == 0)

    def open_at(self, dates: Sequence[int], ends: Sequence[int]) -> _core.stages.OpenThen:
        """Find who was open at each date, and how they stand at the end of its horizon."""
        selection = self.selection
        # Items are listed in the order of their first rows, as everywhere.
        first = _core.stages.first_visits(
            item=self.item, state=self.state, first_row=selection.journeys.first_row
        )
        return _core.stages.open_then(
            item=self.item,
            stage=self.stage,
            began=self.began,
            state=self.state,
            pipeline=selection.lookup,
            first_visit=first,
            dates=np.array(dates, dtype=np.int64),
            ends=np.array(ends, dtype=np.int64),
            threads=selection.data.threads,
        )

    def history(self, pipeline: Pipeline, dates: Sequence[int]) -> History:
        """Put the visits of the stages in progress in order, with what was known of them at each date."""
        n = len(pipeline.stages)
        # What follows a stage: one in progress, won, any other end; nothing comes last.
        ends = [*[n] * len(pipeline.won), *[n + 1] * len(pipeline.lost)]
        column = np.array([*range(n), *ends, CENSORED], dtype=np.int32)
        cause = column[self.following]
        cause[(self.stage >= n) | ~self.is_known] = LEFT_OUT
        return History.of(
            *(self.began, self.ended, cause, self.stage, n, 1),
            moments=dates,
            threads=self.selection.data.threads,
        )
