"""What a flow balance counts: in which periods, in which groups, with which amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import amount_errors
from ...log.columns.kept import RowColumns
from ...log.columns.number import NumberColumn
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, label_rows, stage_columns
from ...tables.options import EveryName
from ...tables.schema import ENTRIES, FLOW, FLOW_AMOUNTS
from ...times.periods import MomentLike, Period, PeriodLike, moment_of, period_of
from ..scope.calendar_periods import bounds_of, periods_of
from ..scope.columns import source_of
from ..scope.groups import Groups
from ..scope.item_groups import ItemGroups
from ..scope.item_rows import rows_of_items
from ..scope.money import NO_AMOUNTS, Rates, amounts_of
from ..scope.reading import elsewhere_flags, select
from ..scope.selection import Selection

_BEFORE_ALL = np.iinfo(np.int64).min
_ROUNDED = _core.stages.FlowSums.rounded


@dataclass(frozen=True, eq=False)
class FlowTime:
    """The periods of a balance.

    Attributes
    ----------
    starts
        First moment of each period, as the core reads them; there is one where there are no periods.
    end
        First moment that is not read any more, if there is one.
    stretch
        All of the periods together.
    periods
        The periods of the calendar; ``None`` where the question is about one stretch of time.
    """

    starts: npt.NDArray[np.int64]
    end: int | None
    stretch: Period
    periods: pd.PeriodIndex | None

    @classmethod
    def of(
        cls, log: StageLog, period: PeriodLike | None, every: EveryName | None, as_of: MomentLike | None
    ) -> Self:
        """Read the periods; the options are those of :func:`flow`."""
        clock = log._data.clock
        stretch = period_of(period, clock)
        seen_at = moment_of(as_of, clock, "as_of")
        periods = None if every is None else periods_of(log, every, stretch, seen_at)
        start, end = stretch.ticks(clock)
        starts = np.array([_BEFORE_ALL if start is None else start], dtype=np.int64)
        if periods is not None and len(periods):
            begins, bounds = bounds_of(periods, clock)
            starts, end, stretch = bounds[:-1], int(bounds[-1]), Period(begins[0], begins[-1])
        ends = [moment for moment in (end, seen_at) if moment is not None]
        return cls(starts, min(ends, default=None), stretch, periods)

    @property
    def n_shown(self) -> int:
        """How many periods a table shows."""
        return len(self.starts) if self.periods is None else len(self.periods)


@dataclass(frozen=True, eq=False)
class FlowMoney:
    """The amounts that a balance adds up: one for each row of the log, or one for each item.

    Attributes
    ----------
    numbers, of_item
        The amounts, and whether each is of an item.
    used, is_converted
        As :class:`Amounts` has them.
    column
        Name of their column, for messages.
    """

    numbers: NumberColumn
    of_item: bool
    used: Mapping[Any, int] | None = None
    is_converted: bool = False
    column: str | None = None


def flow_money(
    whole: Selection, amount: str | None, end: int | None, *, currency: str | None, rates: Rates | None
) -> FlowMoney | None:
    """Read the amounts of all rows before the end, or of the items; ``None`` without an amount."""
    if amount is None:
        amounts_of(whole, None, currency=currency, rates=rates)
        return None
    of_rows = isinstance(source_of(whole.log, amount, "amount"), RowColumns)
    amounts = amounts_of(
        _rows_before(whole, end),
        amount,
        amount_at="stage" if of_rows else "last",
        currency=currency,
        rates=rates,
    )
    assert amounts.numbers is not None  # an amount was given
    return FlowMoney(amounts.numbers, not of_rows, amounts.used, amounts.is_converted, amount)


def _rows_before(whole: Selection, end: int | None) -> Selection:
    """Choose all rows before a moment, those of other pipelines too."""
    if end is None:
        return whole
    until = np.full(whole.log.n_items, end - 1, dtype=np.int64)
    here = whole.pipeline.replace(elsewhere=(), moved_out="exclude")
    journeys = select(
        whole.log,
        whole.journeys,
        here,
        whole.lookup,
        period=None,
        basis="created",
        as_of=None,
        until=until,
    )
    return replace(whole, rows=journeys)


def count_flow(
    whole: Selection,
    time: FlowTime,
    of_items: ItemGroups | None,
    money: FlowMoney | None,
    sums: _core.stages.FlowSums = _ROUNDED,
) -> _core.stages.Flow:
    """Ask the core for the balance of each group and period."""
    with NO_AMOUNTS.errors() if money is None else amount_errors(money.column, money.numbers.scale):
        return _core.stages.count_flow(
            journeys=whole.data.journeys,
            pipeline=whole.lookup,
            starts=time.starts,
            end=time.end,
            elsewhere=elsewhere_flags(whole.log, whole.pipeline),
            group=None if of_items is None else of_items.code,
            n_groups=1 if of_items is None else of_items.groups.n_groups,
            amount=None if money is None else money.numbers.values,
            amount_of_item=money is not None and money.of_item,
            scale=0 if money is None else money.numbers.scale,
            sums=sums,
            threads=whole.data.threads,
        )


@dataclass(frozen=True, eq=False)
class FlowCells:
    """The periods and groups that a table shows, in the order of its rows."""

    period: npt.NDArray[np.intp]
    group: npt.NDArray[np.intp]

    def labelled(self, table: pd.DataFrame, time: FlowTime, groups: Groups | None = None) -> pd.DataFrame:
        """Put the columns of periods and groups before those of a table with so many stages in each cell."""
        n_stages = len(table) // max(len(self.period), 1)
        if groups is not None:
            table = label_rows(table, groups.values, np.repeat(self.group, n_stages))
        if time.periods is not None:
            values = pd.DataFrame({"period": time.periods})
            table = label_rows(table, values, np.repeat(self.period, n_stages))
        return table


def shown_cells(known: Selection, time: FlowTime, of_items: ItemGroups | None) -> FlowCells:
    """Choose the cells that are shown: those of a group from the period on in which it has its first row."""
    n_periods = time.n_shown
    if of_items is None:
        return FlowCells(np.arange(n_periods), np.zeros(n_periods, dtype=np.intp))
    rows = rows_of_items(known, "first")
    has_rows = rows >= 0
    times = known.data.journeys.time[rows[has_rows]]
    begun = np.maximum(np.searchsorted(time.starts, times, side="right") - 1, 0)
    first = np.full(of_items.groups.n_groups, n_periods, dtype=np.intp)
    np.minimum.at(first, of_items.code[has_rows], begun)
    shown = np.arange(n_periods)[:, np.newaxis] >= first[np.newaxis, of_items.shown]
    period, place = np.nonzero(shown)
    return FlowCells(period, of_items.shown[place])


def flow_table(
    pipeline: Pipeline, counts: _core.stages.Flow, n_groups: int, cells: FlowCells, *, has_money: bool
) -> pd.DataFrame:
    """Build the table of the cells that are shown."""

    def taken(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        in_cells = values.reshape(n_groups, -1, len(pipeline.labels))
        return in_cells[cells.group, cells.period].reshape(-1)

    columns: dict[str, Any] = {
        name: taken(getattr(counts, name)) for name in FLOW if name not in ("stage", "outcome", "entered")
    }
    columns["entered"] = np.sum([columns[name] for name in ENTRIES], axis=0)
    order = list(FLOW)
    if has_money:
        for name in FLOW_AMOUNTS[:-1]:
            columns[name] = taken(getattr(counts.amount, name.removeprefix("amount_")))
        columns["amount_missing"] = taken(counts.amount_missing)
        order += FLOW_AMOUNTS
    columns |= stage_columns(pipeline, len(cells.period))
    return frame(columns, order)
