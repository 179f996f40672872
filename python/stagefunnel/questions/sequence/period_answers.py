"""What entered in each period of the calendar, and the groups that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, advised, named
from ...log.columns.category import CategoryColumn
from ...log.stage_log import StageLog
from ...tables.options import EveryName
from ...times.periods import FREQUENCIES, Period, begin_of
from ...times.stamps import NAT
from ..scope.breakdown import by_columns, check_top, refuse_names_of_the_result
from ..scope.groups import Groups, combined, folded
from ..scope.where import is_read_as_part
from .attribution import Part, Touch, grouped_by, items_of_groups, part_of
from .matches import core_options, held_by_rows
from .plan import Plan
from .question import Question
from .rows import LogRows

_MOST_PERIODS: Final = 100_000
_ONE_ANSWER: Final = ("hybrid", "open")


@dataclass(frozen=True)
class Entered:
    """What entered: an item in a period, or an entry.

    Attributes
    ----------
    periods
        Periods of the log, without a gap.
    item, period
        Place of the item in the journeys, and of the period in `periods`.
    converted, mature
        Whether it did the last step that is asked for, and whether its window is over.
    group
        Place of its group in `groups`, 0 where there is no breakdown.
    groups, sizes
        The groups, and how many items or answers they are ranked by; ``None`` where there is no breakdown.
    """

    periods: pd.PeriodIndex
    item: npt.NDArray[np.uint32]
    period: npt.NDArray[np.int32]
    converted: npt.NDArray[np.bool_]
    mature: npt.NDArray[np.bool_]
    group: npt.NDArray[np.int32]
    groups: Groups | None
    sizes: npt.NDArray[np.int64] | None

    @property
    def n_in_several(self) -> int:
        """Number of items that entered in more than one period."""
        n_periods = max(len(self.periods), 1)
        cells = np.sort(self.item.astype(np.int64) * n_periods + self.period)
        items = cells[np.diff(cells, prepend=-1) > 0] // n_periods  # once for each of its periods
        again = items[1:] == items[:-1]
        return int(np.count_nonzero(again & ~np.concatenate([[False], again])[:-1]))


@dataclass(frozen=True)
class _Asked:
    """A question about the periods of a log."""

    question: Question
    bounds: npt.NDArray[np.int64]
    from_step: int
    to_step: int

    def answers(
        self,
        plan: Plan,
        journeys: _core.journeys.Journeys,
        *,
        timed_step: int = 0,
        valued: npt.NDArray[np.uint8] | None = None,
        last: bool = False,
    ) -> _core.sequence.PeriodAnswers:
        log = self.question.log
        return _core.sequence.answers_by_period(
            journeys=journeys,
            options=core_options(plan, log, self.question.as_of),
            hold=held_by_rows(log, plan),
            bounds=self.bounds,
            from_step=self.from_step,
            to_step=self.to_step,
            every_entry=plan.entries == "all",
            timed_step=timed_step,
            valued=valued,
            touch=_core.sequence.TouchAt.last if last else _core.sequence.TouchAt.first,
            threads=log._data.threads,
        )


def entered_by_period(
    question: Question,
    every: EveryName,
    from_step: int,
    to_step: int,
    by: str | Sequence[str] | None,
    touch: Touch,
    reserved: Sequence[str],
    top: int | None = None,
) -> Entered:
    """Find what entered in each period, and its group.

    Raises
    ------
    SchemaError
        If the mode dates matches by how far they come, or the log has too many periods.
    """
    log, plan = question.log, question.plan
    if plan.mode == "unordered":
        raise SchemaError(
            *(advised("mode", "unordered"), " has no trend: which of its steps is the first depends on how "),
            *("far an item comes, so that items that convert would be dated otherwise than the others; "),
            *("choose ", advised("mode", "ordered"), " or ", advised("mode", "hybrid")),
        )
    periods = _periods_of(log, every, question.as_of)
    clock = log._data.clock
    begins = [begin_of(one, clock) for one in [*periods, periods[-1] + 1]] if len(periods) else []
    bounds = np.array([Period(begin, None).ticks(clock)[0] for begin in begins] or [0, 1], dtype=np.int64)
    asked = _Asked(question, bounds, from_step, to_step)
    check_top(top, by)
    parts = [] if by is None else [part_of(log, column, question.as_of) for column in by_columns(by)]
    reads_by_period = (
        touch.name != "all_events"
        and plan.entries == "best"
        and plan.mode not in _ONE_ANSWER
        and any(part.is_of_rows for part in parts)
    )
    if not reads_by_period:
        grouped = grouped_by(question, by, touch, reserved, top)
        answers = asked.answers(grouped.plan, grouped.journeys)
        groups = grouped.groups
        sizes = None
        if groups is not None and is_read_as_part():
            sizes = items_of_groups(grouped.journeys, groups, question.as_of)
        code = None if groups is None else groups.code[answers.item]
    else:
        refuse_names_of_the_result(log, [part.name for part in parts], reserved)
        answers = asked.answers(plan, log._data.journeys)
        groups = _groups_by_period(asked, answers, parts, touch)
        sizes = np.bincount(groups.code, minlength=groups.n_groups).astype(np.int64)
        if top is not None:
            groups = folded(groups, sizes, sizes > 0, top)
        code = groups.code
    return Entered(
        periods=periods,
        item=answers.item,
        period=answers.period,
        converted=answers.converted.astype(np.bool_),
        mature=answers.mature.astype(np.bool_),
        group=np.zeros(len(answers.period), dtype=np.int32) if code is None else code,
        groups=groups,
        sizes=sizes,
    )


def _groups_by_period(
    asked: _Asked, answers: _core.sequence.PeriodAnswers, parts: Sequence[Part], touch: Touch
) -> Groups:
    """Read each column among the matches of the period; what an item itself has is the same in all."""
    categories = [
        part.category.at(_touched_rows(asked, part.category, touch) if part.is_of_rows else answers.item)
        for part in parts
    ]
    return combined(categories, [part.name for part in parts], "item")


def _touched_rows(asked: _Asked, category: CategoryColumn, touch: Touch) -> npt.NDArray[np.int64]:
    """Find the row of each answer at which a column is read, -1 where there is none."""
    question = asked.question
    log, plan = question.log, question.plan
    if touch.name != "step":
        valued = (category.code >= 0).astype(np.uint8)
        last = touch.name == "last_touch"
        return asked.answers(plan, log._data.journeys, valued=valued, last=last).touch
    answers = asked.answers(plan, log._data.journeys, timed_step=touch.step)
    done = answers.time != NAT
    found = np.full(len(done), -1, dtype=np.int64)
    found[done] = LogRows(log, question.as_of).of_step(
        answers.item[done].astype(np.int64), answers.time[done], plan.steps[touch.step - 1].stages
    )
    return found


def _periods_of(log: StageLog, every: EveryName, as_of: int | None) -> pd.PeriodIndex:
    """List the periods of a log's rows, in its zone, to the end of observation."""
    freq, ends = FREQUENCIES[every], log._data.time_range
    if ends is None or (as_of is not None and as_of <= ends[0]):
        return pd.PeriodIndex([], freq=freq)
    read_to = ends[1] if as_of is None else min(ends[1], as_of - 1)
    times = log._data.to_times(np.array([ends[0], read_to], dtype=np.int64))
    local = times if log.zone is None else times.dt.tz_localize(None)
    first, last = local.dt.to_period(freq)
    # Where clocks are put back over midnight, a period begins before the last row that shows the one before.
    if begin_of(last + 1, log._data.clock) <= times.iloc[1]:
        last += 1
    n_periods = (last - first).n + 1
    if n_periods > _MOST_PERIODS:
        raise SchemaError(
            f"from {first} to {last} there are {n_periods:,} periods; choose longer periods with ",
            named("every"),
            option="every",
        )
    return pd.period_range(first, last, freq=freq)
