"""Sales velocity: what the open items are worth a day, as items were closed lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, given
from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.build import frame, label_rows, remember, share
from ...tables.options import AmountAtName, EveryName, MissingStages, Unlisted
from ...tables.schema import VELOCITY
from ...tables.skipping import LEAST_BASE
from ...times.every import check_every
from ...times.periods import MomentLike, PeriodLike, moment_of
from ...times.stamps import to_durations
from ..funnel.outcome_money import check_amount_at
from ..scope.breakdown import by_columns
from ..scope.calendar_periods import bounds_of, check_rows
from ..scope.groups import Groups
from ..scope.item_groups import ItemGroups, item_groups_of
from ..scope.known import known_group
from ..scope.money import Rates, amounts_of
from ..scope.remarks import remark
from ..scope.selection import Selection, core_pipeline, remarks_about, selection_of
from ..scope.unknown_starts import born_unknown
from ..scope.where import Where, asked_of
from ..scope.within import Covered, observed_until, partly_covered
from ..scope.working import Lengths
from .flow import known_at_the_end
from .flow_counts import FlowTime, count_flow

_AFTER_ALL = np.iinfo(np.int64).max
TICKS_OF_DAY = {"D": 1, "s": 86_400, "ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
_WON, _LOST = (_core.funnel.ItemOutcome[name].value for name in ("won", "lost"))


def sales_velocity(
    log: StageLog,
    pipeline: Pipeline,
    *,
    amount: str,
    period: PeriodLike | None = None,
    every: EveryName | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Say how much money a day the open items are worth, as items were closed lately.

    It is the number of items that are open at the end of the period, times the win rate, times the mean
    amount of the won items, divided by the mean cycle time of the won items in days; the last three are those
    of the items that were closed in the period. It is NaN where fewer than 30 items were closed.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages. The log's times are timestamps.
    amount, amount_at, currency, rates
        As for :func:`outcomes`: the amounts of the won items.
    period
        The stretch of time, as for :func:`funnel`; by default all of the log.
    every
        ``"day"``, ``"week"`` (from Monday), ``"month"``, ``"quarter"`` or ``"year"``: the table has a row for
        each of these periods, as in :func:`funnel_by_period`.
    by, top
        As for :func:`flow`: columns, which are read in the first row of an item, and how many of the groups
        with the most items are shown. ``"outcome"`` and ``"last_stage"`` are refused, because they part the
        open items from the won ones.
    unlisted, missing, as_of, where
        As for :func:`funnel`. Items that are closed are those that are so before `as_of`.

    Returns
    -------
    DataFrame
        One row per period of `every` and group of `by`: ``open_at_end``; ``closed``, the items that are won
        or lost and closed in the period; ``won`` of these, ``win_rate``; ``mean_amount`` of the won items
        that have an amount; ``mean_cycle_time`` of the won items, from their first row until they closed,
        without the ``paused`` stages of the pipeline, where their start is known (a timedelta);
        ``velocity``, per day; ``amount_missing``, the won items without an amount.

    Raises
    ------
    SchemaError
        As for :func:`outcomes` and :func:`funnel_by_period`; also for times that are plain integers, which
        have no days.
    UnknownStageError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> days = ["2026-01-01", "2026-01-11"]
    >>> rows = {"item": [], "stage": [], "time": []}
    >>> for item in range(40):
    ...     rows["item"] += [item, item]
    ...     rows["stage"] += ["New", "Won" if item < 20 else "Lost"]
    ...     rows["time"] += days
    >>> for item in range(40, 50):
    ...     rows["item"] += [item]
    ...     rows["stage"] += ["New"]
    ...     rows["time"] += [days[0]]
    >>> items = {"item": range(50), "amount": [300.0] * 50}
    >>> log = sf.StageLog(rows, items=items)
    >>> found = sf.sales_velocity(log, sf.Pipeline("New", won="Won", lost="Lost"), amount="amount")
    >>> found[["open_at_end", "closed", "win_rate", "mean_amount", "velocity"]]
       open_at_end  closed  win_rate  mean_amount  velocity
    0           10      40       0.5        300.0     150.0
    """
    if every is not None:
        check_every(every)
    check_amount_at(amount_at)
    if amount is None:
        raise SchemaError(given("amount", amount), " does not name the column of amounts")
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    clock = asked.log._data.clock
    if clock.unit is None:
        raise SchemaError(
            "a velocity is one per day, and the log's times are plain integers; give timestamps"
        )
    refuse_later(asked.log, by)
    lookup = core_pipeline(asked.log, pipeline, unlisted, asked.missing)
    time = FlowTime.of(asked.log, period, every, as_of)
    read = as_read(asked.log, pipeline, lookup)
    whole = Selection(read, pipeline, lookup)
    known = whole if by is None else known_at_the_end(whole, time, as_of)
    reserved = [*VELOCITY, *(() if every is None else ("period",))]
    of_items = item_groups_of(known, by, at="first", top=top, reserved=reserved)
    n_groups = 1 if of_items is None else of_items.groups.n_groups
    check_rows(len(time.starts), n_groups, len(pipeline.labels))
    closed = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=time.stretch,
        basis="closed",
        as_of=as_of,
    )
    amounts = amounts_of(closed, amount, amount_at=amount_at, currency=currency, rates=rates)
    numbers = amounts.numbers
    assert numbers is not None  # an amount is given
    cells = ClosedCells.of(closed, time, of_items, n_groups)
    with amounts.errors():
        sums = _core.funnel.sums_of_cells(
            amount=numbers.values, cell=cells.of_won, n_cells=cells.n, scale=numbers.scale
        )
    open_at_end = count_flow(whole, time, of_items, None).at_end.reshape(n_groups, -1, len(pipeline.labels))
    n_open = open_at_end[:, :, : len(pipeline.stages)].sum(axis=2).reshape(-1)
    means = cells.mean_cycle_times()
    columns: dict[str, Any] = {
        "open_at_end": n_open,
        "closed": cells.closed,
        "won": cells.won,
        "win_rate": share(cells.won, cells.closed),
        "mean_amount": share(sums.sum, sums.present),
        "amount_missing": sums.missing,
    }
    columns["velocity"] = velocity_of(columns, means, TICKS_OF_DAY[clock.unit])
    table = velocity_table(columns, means, clock.unit, time, None if of_items is None else of_items.groups)
    pauses = Lengths.of(closed.data, None).remembered_with_pauses(pipeline)
    remember(
        table,
        "sales_velocity",
        pipeline,
        **({} if of_items is None else of_items.groups.remembered),
        amount=amount,
        **pauses,
        **coverage_of(asked.log._data, time, as_of),
    )
    return asked.remarked(
        remark(table, remarks_about(asked.log, pipeline, unlisted, period=period, as_of=as_of))
    )


def refuse_later(log: StageLog, by: str | Sequence[str] | None) -> None:
    """Refuse groups that part the open items from the won ones."""
    for name in [] if by is None else by_columns(by):
        group = known_group(log, name)
        if group is not None and group.what in ("outcome", "last_stage"):
            raise SchemaError(
                given("by", name),
                " parts the open items from the won ones, and a velocity is of both; name another group",
                option="by",
            )


@dataclass(frozen=True, eq=False)
class ClosedCells:
    """The items that closed in each group and period, group after group.

    Attributes
    ----------
    n
        Number of cells.
    of_won
        Cell of each item that is won and closed in a period; -1 for the others.
    closed, won
        Items by cell.
    cycle_cell, cycle_time
        Cell and cycle time of each of the won items whose start is known.
    """

    n: int
    of_won: npt.NDArray[np.int64]
    closed: npt.NDArray[np.int64]
    won: npt.NDArray[np.int64]
    cycle_cell: npt.NDArray[np.int64]
    cycle_time: npt.NDArray[np.int64]

    @classmethod
    def of(cls, closed: Selection, time: FlowTime, of_items: ItemGroups | None, n_groups: int) -> ClosedCells:
        """Put each item where it closed."""
        journeys, threads = closed.journeys, closed.data.threads
        outcome = _core.funnel.outcomes_of_items(
            journeys=journeys,
            pipeline=closed.lookup,
            lost_then_won=_core.funnel.LostThenWon.include,
            threads=threads,
        )
        period = _core.funnel.periods_of_items(
            journeys=journeys,
            pipeline=closed.lookup,
            basis=_core.scan.Basis.closed,
            bounds=np.append(time.starts, _AFTER_ALL),  # what closed later is not in the selection
            threads=threads,
        )
        n_periods = len(time.starts)
        group = np.zeros(len(outcome), dtype=np.int64) if of_items is None else of_items.code.astype(np.int64)
        cell = group * n_periods + np.maximum(period, 0)
        n = n_groups * n_periods
        is_won, is_closed = outcome == _WON, np.isin(outcome, (_WON, _LOST))
        item, cycle_time = cycle_times(closed, outcome, Lengths.of(closed.data, None))
        return cls(
            n,
            np.where(is_won, cell, -1),
            np.bincount(cell[is_closed], minlength=n).astype(np.int64),
            np.bincount(cell[is_won], minlength=n).astype(np.int64),
            cell[item],
            cycle_time,
        )

    def mean_cycle_times(self) -> list[Fraction | None]:
        """Return exact means; the halves of the lengths are added up apart, so that no sum overflows."""
        high, low = np.zeros(self.n, dtype=np.int64), np.zeros(self.n, dtype=np.int64)
        np.add.at(high, self.cycle_cell, self.cycle_time >> 32)
        np.add.at(low, self.cycle_cell, self.cycle_time & (2**32 - 1))
        sizes = np.bincount(self.cycle_cell, minlength=self.n)
        return [
            Fraction((above << 32) + below, size) if size else None
            for above, below, size in zip(high.tolist(), low.tolist(), sizes.tolist(), strict=True)
        ]


def cycle_times(
    closed: Selection, outcome: npt.NDArray[np.uint8], lengths: Lengths
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find the won items whose start is known, and how long each took without paused stages."""
    facts = _core.stages.item_facts(
        journeys=lengths.with_pauses(closed, lengths.journeys(closed.journeys)),
        pipeline=closed.lookup,
        threads=closed.data.threads,
    )
    in_order = _core.journeys.items_by_first_row(closed.journeys)
    item = in_order[outcome[in_order] != 0].astype(np.int64)  # as the facts are
    is_counted = outcome[item] == _WON
    unborn = born_unknown(closed.data, closed.lookup, closed.journeys)
    if unborn is not None:
        is_counted &= ~unborn[item]
    return item[is_counted], (facts.closed_at - facts.first_time)[is_counted]


def velocity_of(
    columns: dict[str, Any], means: Sequence[Fraction | None], ticks_of_day: int
) -> npt.NDArray[np.float64]:
    """Multiply and divide; NaN where few items closed, or a part is not known."""
    days = np.array([np.nan if mean is None or not mean else float(mean / ticks_of_day) for mean in means])
    velocity = columns["open_at_end"] * columns["win_rate"] * columns["mean_amount"] / days
    return np.where(columns["closed"] >= LEAST_BASE, velocity, np.nan)


def velocity_table(
    columns: dict[str, Any],
    means: Sequence[Fraction | None],
    unit: str,
    time: FlowTime,
    groups: Groups | None,
) -> pd.DataFrame:
    """Put the rows of the periods and groups that are shown together."""
    n_periods = len(time.starts)
    group, period = np.divmod(np.arange(len(means)), n_periods)
    is_shown = period < time.n_shown
    if groups is not None:
        is_shown &= (columns["open_at_end"] + columns["closed"]) > 0
    shown = np.flatnonzero(is_shown)
    shown = shown[np.lexsort((group[shown], period[shown]))]
    taken = {name: values[shown] for name, values in columns.items()}
    taken["mean_cycle_time"] = to_durations([means[cell] for cell in shown.tolist()], unit)
    table = frame(taken, VELOCITY)
    if groups is not None:
        table = label_rows(table, groups.values, group[shown])
    if time.periods is not None:
        table = label_rows(table, pd.DataFrame({"period": time.periods}), period[shown])
    return table


def coverage_of(data: Covered, time: FlowTime, as_of: MomentLike | None) -> dict[str, Any]:
    """Say which periods a log covers only in part."""
    if time.periods is None or not len(time.periods):
        return {}
    seen_at = moment_of(as_of, data.clock, "as_of")
    names = [str(one) for one in time.periods]
    return {
        **observed_until(data, seen_at),
        "partly_covered": partly_covered(data, seen_at, bounds_of(time.periods, data.clock)[1], names),
    }
