"""The items that were open at past dates, the fits of what was known then, and which were won since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...cached import cached_property
from ...pipeline import Pipeline
from ...tables.options import Unlisted
from ...times.lengths import LengthLike
from ...working_hours import WorkingHours
from ..scope.selection import Selection, selection_of
from ..scope.where import Asked
from .asking import OpenItems, OpenReading, OpenState, refuse_without_won, shown_moment
from .fit import Fits
from .standing import WON, Standing
from .walk import Walk, can_walk

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
        walks = not self.reads_rows and self.fit_by is None and can_walk(self._whole, self.calendar)
        return self._walked() if walks else self._each()

    @cached_property
    def _whole(self) -> Selection:
        return selection_of(self.asked.log, self.pipeline, unlisted=self.unlisted, missing=self.asked.missing)

    def _each(self) -> Iterator[PastDate]:
        for begin, end in zip(self.begins, self.ends, strict=True):
            state = OpenState.of(
                OpenReading.of(
                    self.asked,
                    self.pipeline,
                    horizon=self.horizon,
                    fit_by=self.fit_by,
                    train=None,
                    unlisted=self.unlisted,
                    as_of=shown_moment(self.asked, begin),
                    calendar=self.calendar,
                ),
                self.method,
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
        walk = Walk.of(self._whole)
        found = walk.open_at(self.begins, self.ends)
        bounds, is_won = found.bounds, found.take_outcome() == WON
        item, stage, age = found.take_item(), found.take_stage(), found.take_age()
        at_dates = walk.history(self.pipeline, self.begins).known()
        for date, (begin, end) in enumerate(zip(self.begins, self.ends, strict=True)):
            own = slice(bounds[date], bounds[date + 1])
            is_known, ages = age[own] >= 0, np.maximum(age[own], 0)
            (known,) = at_dates[date]
            fits = Fits.of_known(known, [], ages, method=self.method, horizon=Fraction(end - begin))
            items = OpenItems(
                *(self._whole, item[own], stage[own], ages, is_known, fits),
                np.zeros(len(ages), dtype=np.int64),
            )
            yield PastDate(items, is_won[own])
