"""The items that were open at past dates, the fits of what was known then, and which were won since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ... import _core
from ...pipeline import Pipeline
from ...tables.options import Unlisted
from ...times.lengths import LengthLike
from ...working_hours import WorkingHours
from ..scope.selection import Selection, selection_of
from ..scope.where import Asked
from ..stages.lives import START_UNKNOWN, list_stays
from ..stats.spells import LEFT_OUT
from .asking import OpenItems, OpenState, refuse_without_won, shown_moment
from .fit import Fits
from .known_exits import GOES_ON, History
from .standing import WON, Standing

Flags = npt.NDArray[np.bool_]


class PastDate(NamedTuple):
    """The items that were open at a date, and whether each is won as seen at the end of its horizon."""

    items: OpenItems
    is_won: Flags


@dataclass(frozen=True, eq=False)
class Past:
    """The past of a log, as forecasts of some dates read it.

    Attributes
    ----------
    asked, pipeline, unlisted
        The log and how it is read.
    method, horizon, fit_by, calendar
        As :func:`backtest` has them.
    begins, ends
        The dates, and the end of the horizon of each.
    reads_rows
        Whether something is read off the rows of each date, such as amounts.
    """

    asked: Asked
    pipeline: Pipeline
    unlisted: Unlisted
    method: str
    horizon: LengthLike
    fit_by: str | Sequence[str] | None
    calendar: WorkingHours | None
    begins: Sequence[int]
    ends: Sequence[int]
    reads_rows: bool

    def dates(self) -> Iterator[PastDate]:
        """Read each date: all of them in one walk over the log where that can be, else one by one."""
        refuse_without_won(self.pipeline)
        return self._walked() if self._is_plain else self._each()

    @cached_property
    def _whole(self) -> Selection:
        return selection_of(self.asked.log, self.pipeline, unlisted=self.unlisted, missing=self.asked.missing)

    @property
    def _is_plain(self) -> bool:
        """Whether what was known at a date follows from the visits as they are known now.

        A visit to another pipeline and an end that is noted on a row may be seen otherwise before later rows.
        """
        if self.reads_rows or self.fit_by is not None or self.calendar is not None:
            return False
        marks = self._whole.data.marks
        return not self.pipeline.elsewhere and self._whole.is_whole and (marks is None or marks.ended is None)

    def _each(self) -> Iterator[PastDate]:
        for begin, end in zip(self.begins, self.ends, strict=True):
            state = OpenState.of(
                self.asked,
                self.pipeline,
                method=self.method,
                horizon=self.horizon,
                fit_by=self.fit_by,
                train=None,
                unlisted=self.unlisted,
                as_of=shown_moment(self.asked, begin),
                calendar=self.calendar,
            )
            seen = selection_of(
                self.asked.log,
                self.pipeline,
                unlisted=self.unlisted,
                missing=self.asked.missing,
                as_of=shown_moment(self.asked, end),
            )
            yield PastDate(state, np.asarray(Standing(seen).outcome(state.item) == WON))

    def _walked(self) -> Iterator[PastDate]:
        selection, pipeline = self._whole, self.pipeline
        threads = selection.data.threads
        item, stage, following, began, ended, state = list_stays(selection, range(len(pipeline.labels)))
        is_known = (state & START_UNKNOWN) == 0
        history = _history(pipeline, stage, following, began, ended, is_known, threads)
        first = np.flatnonzero(np.concatenate([[True], item[1:] != item[:-1]])) if len(item) else item
        # Items are listed in the order of their first rows, as everywhere.
        order = np.argsort(selection.journeys.first_row[item[first]], kind="stable")
        found = _core.stages.open_then(
            item=item,
            stage=stage,
            began=began,
            pipeline=selection.lookup,
            first_visit=first[order].astype(np.int64),
            dates=np.array(self.begins, dtype=np.int64),
            ends=np.array(self.ends, dtype=np.int64),
            threads=threads,
        )
        bounds, visits, won = found.take_bounds(), found.take_visit(), found.take_won()
        for date, (begin, end) in enumerate(zip(self.begins, self.ends, strict=True)):
            own = visits[bounds[date] : bounds[date + 1]]
            age = np.where(is_known[own], begin - began[own], 0)
            (known,) = history.known_at(begin)
            fits = Fits.within(known, [], age, method=self.method, horizon=Fraction(end - begin))
            items = OpenItems(
                *(selection, item[own], stage[own], age, is_known[own], fits),
                np.zeros(len(own), dtype=np.int64),
            )
            yield PastDate(items, won[bounds[date] : bounds[date + 1]].astype(bool))


def _history(
    pipeline: Pipeline,
    stage: npt.NDArray[np.int32],
    following: npt.NDArray[np.int32],
    began: npt.NDArray[np.int64],
    ended: npt.NDArray[np.int64],
    is_known: Flags,
    threads: int,
) -> History:
    """Put the visits of the stages in progress in order, with all that ever became of them."""
    n = len(pipeline.stages)
    # The columns of what follows a stage: those in progress, won, any other end; none where nothing follows.
    column = np.array(
        [*range(n), *[n] * len(pipeline.won), *[n + 1] * len(pipeline.lost), -1], dtype=np.int32
    )
    cause = column[following]
    cause[(stage >= n) | ~is_known] = LEFT_OUT
    return History.of(began, np.where(following >= 0, ended, GOES_ON), cause, stage, n, 1, threads)
