"""The balance of each stage of a part of a log, and the table of all parts together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import EllipsisType, SimpleNamespace
from typing import Any, Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.build import remember
from ...tables.options import AtName, EveryName, MissingStages, Unlisted
from ...tables.schema import ENTRIES, FLOW, FLOW_AMOUNTS
from ...times.every import check_every
from ...times.periods import FREQUENCIES, Clock, MomentLike, Period, PeriodLike, moment_of, period_of
from ..counted.about import About
from ..counted.fields import about, dense, groups, key, key_of_group, nested, rows, settled, value
from ..counted.folding import added_up, largest
from ..scope.calendar_periods import bounds_of, check_rows, periods_between, rows_before
from ..scope.groups import ONE_GROUP, Groups
from ..scope.item_groups import ItemGroups, item_groups_of
from ..scope.item_rows import rows_of_items
from ..scope.money import Rates
from ..scope.remarks import Noted
from ..scope.selection import Selection, core_pipeline, remarks_about
from ..scope.where import Where, asked_of
from ..stages.flow import known_at_the_end
from ..stages.flow_counts import FlowCells, FlowTime, count_flow, flow_money, flow_table
from .flow_money import MoneyMoved

Integers: TypeAlias = npt.NDArray[np.int64]
_LEAVING: Final = ("advanced", "went_back", "won", "lost", "moved_out")
_COLUMNS: Final = (*ENTRIES, *_LEAVING)
_LATEST: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class FlowRows:
    """Visits that enter and leave a stage in a period.

    Attributes
    ----------
    group, period, stage
        The group, the ordinal of the period and the stage; the period is 0 where there are none.
    n
        The visits, one column for each of `_COLUMNS`.
    """

    group: Integers = key_of_group()
    period: Integers = key()
    stage: Integers = key()
    n: Integers = value()


@dataclass(frozen=True, eq=False)
class Moving:
    """The visits of each stage over time.

    Attributes
    ----------
    at_start
        Visits of each group and stage at the beginning of the first period.
    rows
        Visits that enter and leave.
    begun
        Ordinal of the period in which the first row of each group lies.
    first, last
        Ordinals of the first and the last period; ``None`` where there are none.
    """

    at_start: Integers = dense()
    rows: FlowRows = rows(FlowRows)
    begun: Integers = dense("least")
    first: int | None = settled(min)
    last: int | None = settled(max)

    @classmethod
    def of(cls, whole: Selection, known: Selection, time: FlowTime, of_items: ItemGroups | None) -> Moving:
        """Count the visits of a part of a log."""
        n_groups = 1 if of_items is None else of_items.groups.n_groups
        counts = count_flow(whole, time, of_items, None)
        shape = (n_groups, len(time.starts), len(whole.pipeline.labels))
        has_periods = time.periods is not None and len(time.periods) > 0
        ordinals = np.zeros(1, dtype=np.int64)
        if time.periods is not None and has_periods:
            ordinals = time.periods.asi8
        begun = np.full(n_groups, _LATEST, dtype=np.int64)
        if of_items is not None:
            first_rows = rows_of_items(known, "first")
            has_rows = first_rows >= 0
            times = known.data.journeys.time[first_rows[has_rows]]
            place = np.maximum(np.searchsorted(time.starts, times, side="right") - 1, 0)
            np.minimum.at(begun, of_items.code[has_rows], ordinals[place])
        n = np.stack([getattr(counts, name).reshape(shape) for name in _COLUMNS], axis=-1)
        group, period, stage = np.nonzero(n.any(axis=-1))
        return cls(
            at_start=counts.at_start.reshape(shape)[:, 0],
            rows=FlowRows(
                group.astype(np.int64), ordinals[period], stage.astype(np.int64), n[group, period, stage]
            ),
            begun=begun,
            first=int(ordinals[0]) if has_periods else None,
            last=int(ordinals[-1]) if has_periods else None,
        )

    @property
    def start(self) -> int:
        """Ordinal of the first period."""
        return 0 if self.first is None else self.first

    @property
    def n_periods(self) -> int:
        """Number of periods, at least 1."""
        return 1 if self.last is None else self.last - self.start + 1

    def periods(self, every: EveryName | None) -> pd.PeriodIndex | None:
        """Return the periods; ``None`` where there are none to show."""
        if every is None:
            return None
        n = 0 if self.first is None else self.n_periods
        return period_list(self.start, n, every)

    def columns(self, n_stages: int) -> dict[str, Any]:
        """Return the columns of a balance, by group, period and stage."""
        n_groups, n_periods, rows = len(self.at_start), self.n_periods, self.rows
        cell = (rows.group * n_periods + (rows.period - self.start)) * n_stages + rows.stage
        found = added_up(rows.n, cell, n_groups * n_periods * n_stages)
        columns = dict(zip(_COLUMNS, np.moveaxis(found, -1, 0), strict=True))
        net = sum(columns[name] for name in ENTRIES) - sum(columns[name] for name in _LEAVING)
        at_start = self.at_start[:, np.newaxis]
        # What stands at the end of a period stands at the start of the next one, though a part has ended.
        at_end = at_start + net.reshape(n_groups, n_periods, n_stages).cumsum(axis=1)
        columns["at_end"] = at_end.reshape(-1)
        columns["at_start"] = np.concatenate([at_start, at_end[:, :-1]], axis=1).reshape(-1)
        return columns


@dataclass(frozen=True, eq=False)
class FlowCounted:
    """What :func:`flow` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    sizes
        Items of each group that have a row before the end.
    moving
        The visits over time.
    money
        Their amounts, if there are any.
    """

    groups: Groups = groups()
    about: About = about()
    sizes: Integers = dense()
    moving: Moving = nested(Moving)
    money: MoneyMoved | None = nested(MoneyMoved, default=None)


def period_list(first: int, n: int, every: EveryName) -> pd.PeriodIndex:
    """List periods of the calendar from the ordinal of the first one on."""
    freq = FREQUENCIES[every]
    return pd.period_range(start=pd.Period(ordinal=first, freq=freq), periods=n, freq=freq)


def count_flows(
    log: StageLog,
    pipeline: Pipeline,
    *,
    period: PeriodLike | EllipsisType | None = ...,
    every: EveryName | None = None,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    amount: str | None = None,
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    where: Where | None = None,
) -> FlowCounted:
    """Count what :func:`flow` needs of a part of a log; the options are its own."""
    if period is ...:
        if every is None:
            raise TypeError("flow() needs period= or every=; period=None is all of the log")
        period = None
    if every is not None:
        check_every(every)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    lookup = core_pipeline(asked.log, pipeline, unlisted, asked.missing)
    time = time_of_part(asked.log, period, every, as_of)
    whole = Selection(
        as_read(asked.log, pipeline, lookup),
        pipeline,
        lookup,
        remarks=remarks_about(asked.log, pipeline, unlisted, period=period, as_of=as_of),
        noted=Noted(unlisted, "active", period, as_of),
    )
    known = whole if by is None else known_at_the_end(whole, time, as_of)
    reserved = [*FLOW, *FLOW_AMOUNTS, *(() if every is None else ("period",))]
    of_items = item_groups_of(known, by, at=at, reserved=reserved)
    n_groups = 1 if of_items is None else of_items.groups.n_groups
    check_rows(len(time.starts), n_groups, len(pipeline.labels))
    moving = Moving.of(whole, known, time, of_items)
    money = flow_money(whole, amount, time.end, currency=currency, rates=rates)
    is_of_today = money is not None and money.of_item
    return FlowCounted(
        groups=(ONE_GROUP if of_items is None else of_items.groups).alone(),
        about=About.of(asked, whole, noted={"amounts_of_today": True} if is_of_today else None),
        sizes=np.zeros(1, dtype=np.int64) if of_items is None else of_items.sizes,
        moving=moving,
        money=None if money is None else MoneyMoved.of(whole, time, _after(time, asked.log), of_items, money),
    )


def _refuse_period(counts: FlowCounted, every: EveryName, period: PeriodLike | None, clock: Clock) -> None:
    """Refuse a period in which no part has a row, as one log without a row in it does."""
    ends = counts.about.facts().ends
    if ends is None or ends.log is None:
        return
    first, last = ends.log
    if ends.seen_at is None or first < ends.seen_at:
        # Rows that are read lie before the period, or all of them behind it.
        latest = [last, *(moment - 1 for moment in (ends.seen_at, ends.start) if moment is not None)]
        periods_between((first, max(first, min(latest))), every, period_of(period, clock), clock)


def _after(time: FlowTime, log: StageLog) -> int | None:
    """Return the end of the last period of the calendar; ``None`` where there is none."""
    if time.periods is None or not len(time.periods):
        return None
    return int(bounds_of(time.periods, log._data.clock)[1][-1])


def time_of_part(
    log: StageLog, period: PeriodLike | None, every: EveryName | None, as_of: MomentLike | None
) -> FlowTime:
    """Read the periods of a part, which may have no rows in them."""
    clock = log._data.clock
    stretch = period_of(period, clock)
    start, end = stretch.ticks(clock)
    seen_at = moment_of(as_of, clock, "as_of")
    times = log._data.time_range
    if every is not None and times is not None:
        first = times[0] if seen_at is None else min(times[0], seen_at)
        read = rows_before(log, seen_at)  # a later row of the part is not seen yet
        is_before = start is not None and read is not None and read[1] < start
        is_after = (end is not None and first >= end) or (seen_at is not None and first >= seen_at)
        if (is_before or is_after) and not (start is not None and end is not None):
            ends = [moment for moment in (end, seen_at) if moment is not None]
            starts = np.array([np.iinfo(np.int64).min if start is None else start], dtype=np.int64)
            nothing = pd.PeriodIndex([], freq=FREQUENCIES[every])
            return FlowTime(starts, min(ends, default=None), stretch, nothing)
    return FlowTime.of(log, period, every, as_of)


def flows_of(
    counts: FlowCounted,
    pipeline: Pipeline,
    *,
    clock: Clock,
    every: EveryName | None = None,
    period: PeriodLike | EllipsisType | None = None,
    top: int | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`flow`."""
    if every is not None and counts.moving.first is None and period is not ...:
        _refuse_period(counts, every, period, clock)
    counts = largest(counts, counts.groups, counts.sizes, top)
    chosen, moving, n_stages = counts.groups, counts.moving, len(pipeline.labels)
    n_groups, n_periods = chosen.n_groups, moving.n_periods
    check_rows(n_periods, n_groups, n_stages)
    columns, periods = moving.columns(n_stages), moving.periods(every)
    n_shown = n_periods if periods is None else len(periods)
    cells = FlowCells(np.arange(n_shown), np.zeros(n_shown, dtype=np.intp))
    if not chosen.is_one:
        shown = chosen.shown(counts.sizes > 0)
        begun = np.maximum(moving.begun[shown] - moving.start, 0)
        at, place = np.nonzero(np.arange(n_shown)[:, np.newaxis] >= begun[np.newaxis])
        cells = FlowCells(at, shown[place])
    if counts.money is not None:
        amounts = counts.money.columns(moving.start, n_periods, n_stages)
        columns |= {"amount": amounts, "amount_missing": amounts.amount_missing}
    flow = cast(_core.stages.Flow, SimpleNamespace(**columns))
    table = flow_table(pipeline, flow, n_groups, cells, has_money=counts.money is not None)
    time = FlowTime(np.zeros(n_periods, dtype=np.int64), None, Period(None, None), periods)
    table = cells.labelled(table, time, None if chosen.is_one else chosen)
    remember(table, "flow", pipeline, **({} if chosen.is_one else chosen.remembered))
    return counts.about.remarked(table)
