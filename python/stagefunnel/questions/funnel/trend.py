"""The funnel period after period: the trend as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, check_option, counted
from ...log.columns.kept import RowColumns
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import BasisName, EveryName, Fill, KindName, LostThenWonName, Unlisted
from ...times.periods import FREQUENCIES, Clock, Period, begin_of, moment_of, period_of
from ..scope.breakdown import groups_of, source_of
from ..scope.groups import Groups
from ..scope.money import Amounts, amounts_of
from ..scope.selection import Selection, core_pipeline, elsewhere_flags, selection_of
from .counts import Counts, FunnelCounts, count_all
from .kinds import Rule, rules_of
from .table import funnel_table

_MOST_PERIODS: Final = 100_000
_MOST_ROWS: Final = 20_000_000


def funnel_by_period(
    log: StageLog,
    pipeline: Pipeline,
    *,
    every: EveryName = "month",
    kind: KindName = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    amount: str | None = None,
    unlisted: Unlisted = "error",
    period: Any = None,
    basis: BasisName = "active",
    as_of: Any = None,
) -> pd.DataFrame:
    """Count the funnel of every period on its own, all in one pass over the log.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages. The log's times are timestamps.
    every
        ``"day"``, ``"week"`` (from Monday), ``"month"``, ``"quarter"`` or ``"year"``, in the log's zone.
    kind, fill, lost_then_won, by, amount, unlisted, as_of
        As for :func:`funnel`.
    period
        The stretch of time to cover, in whole periods; by default from the first row of the log to the
        last one.
    basis
        As for :func:`funnel`: which items each period keeps, and how much of their journeys.

    Returns
    -------
    DataFrame
        The rows of :func:`funnel` for each period, with ``period`` (a pandas Period) before the columns
        of `by`. Periods follow each other without a gap: one without items has base 0. Of the groups
        of `by`, a period has those with items in it.

    Raises
    ------
    SchemaError
        As for :func:`funnel`; also for times that are plain integers, and a `period` that begins or ends
        within a period.
    UnknownStageError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.furniture_shop()
    >>> trend = sf.funnel_by_period(shop.log, shop.pipeline, every="quarter", basis="created")
    >>> won = trend[trend["outcome"] == "won"]
    >>> (won["reached"] <= won["base"]).all()
    np.True_
    """
    check_option("every", every, get_args(EveryName))
    check_option("basis", basis, get_args(BasisName))
    rules = rules_of(kind, fill, lost_then_won)
    clock = log._data.clock
    periods = _periods_of(log, every, period_of(period, clock), clock)
    begins = [begin_of(one, clock) for one in [*periods, periods[-1] + 1]]
    lookup = core_pipeline(log, pipeline, unlisted)
    whole = Selection(log, pipeline, lookup, log._data.journeys)
    groups = groups_of(whole, by, reserved=("period",))
    if amount is not None and isinstance(source_of(log, amount, "amount"), RowColumns):
        raise SchemaError(f"amount={amount!r} changes from row to row; a trend adds up the items table's")
    amounts = amounts_of(whole, amount)
    cells = _cells(periods, groups, len(pipeline.labels))
    if basis == "active":
        bounds = _ticks(begins, clock)
        seen_at = moment_of(as_of, clock, "as_of")
        counts = {
            rule.kind: _count_active(log, pipeline, lookup, rule, groups, amounts, bounds, seen_at)
            for rule in rules
        }
    else:
        all_periods = Period(begins[0], begins[-1])
        selection = selection_of(
            log, pipeline, unlisted=unlisted, period=all_periods, basis=basis, as_of=as_of
        )
        at = _core.funnel.periods_of_items(
            selection.journeys,
            selection.lookup,
            _core.scan.Basis[basis],
            _ticks(begins, clock),
            log._data.threads,
        )
        # An item in none of the periods has no rows left, so that its group does not matter.
        code = np.maximum(at, 0) * np.int32(_n_groups(groups)) + (0 if groups is None else groups.code)
        placed = replace(cells, code=code.astype(np.int32))
        counts = count_all(selection, rules, placed, amounts)
    scale = None if amounts is None else amounts.numbers.scale
    return funnel_table(pipeline, kind, counts, cells, scale=scale)


def _count_active(
    log: StageLog,
    pipeline: Pipeline,
    lookup: _core.scan.Pipeline,
    rule: Rule,
    groups: Groups | None,
    amounts: Amounts | None,
    bounds: npt.NDArray[np.int64],
    seen_at: int | None,
) -> Counts:
    """Ask the core for the counts of one kind in all periods."""
    n_groups = _n_groups(groups)
    try:
        counts = _core.funnel.count_trend(
            log._data.journeys,
            lookup,
            rule.core_kind,
            rule.lost_then_won,
            None if groups is None else groups.code,
            n_groups,
            None if amounts is None else amounts.numbers.values,
            bounds,
            seen_at,
            elsewhere_flags(log, pipeline),
            _core.scan.MovedOut[pipeline.moved_out],
            log._data.threads,
        )
    except ValueError as error:
        raise SchemaError(str(error)) from error
    if pipeline.moved_out == "exclude":
        return counts
    # Behind the groups of each period stand those of the items that moved out.
    place = np.arange((len(bounds) - 1) * 2 * n_groups).reshape(-1, 2, n_groups)
    return FunnelCounts.with_moved(counts, place[:, 0].ravel(), place[:, 1].ravel())


def _periods_of(log: StageLog, every: EveryName, period: Period, clock: Clock) -> pd.PeriodIndex:
    """List the periods from the begin of a period to its end, by default from the first row to the last."""
    if clock.unit is None:
        raise SchemaError("the log's times are plain integers, which have no calendar; give timestamps")
    freq = FREQUENCIES[every]
    first = _period_at(_end_of(log, 0) if period.start is None else period.start, freq)
    last = _period_at(_end_of(log, 1), freq) if period.end is None else _period_at(period.end, freq) - 1
    for end, one, side in ((period.start, first, "begins"), (period.end, last + 1, "ends")):
        if end is not None and begin_of(one, clock) != end:
            raise SchemaError(
                f"period= {side} at {end}, within a {every}; give whole ones, or another every="
            )
    if last < first:
        raise SchemaError(f"the log's times end before period= begins ({_end_of(log, 1)} < {period.start})")
    n = (last - first).n + 1
    if n > _MOST_PERIODS:
        raise SchemaError(f"from {first} to {last} there are {n:,} periods; give period=, or a longer every=")
    return pd.period_range(first, last, freq=freq)


def _end_of(log: StageLog, side: int) -> pd.Timestamp:
    """Find the time of the log's first row or its last one, which takes a look at all of them."""
    ends = log._data.time_range or (0, 0)
    return pd.Timestamp(log._data.to_times(np.array([ends[side]], dtype=np.int64)).iloc[0])


def _period_at(moment: Any, freq: str) -> pd.Period:
    stamp = moment if moment.tzinfo is None else moment.tz_localize(None)
    period: pd.Period = stamp.to_period(freq)
    return period


def _ticks(begins: Sequence[pd.Timestamp], clock: Clock) -> npt.NDArray[np.int64]:
    return np.array([Period(begin, None).ticks(clock)[0] for begin in begins], dtype=np.int64)


def _n_groups(groups: Groups | None) -> int:
    return 1 if groups is None else max(len(groups.values), 1)


def _cells(periods: pd.PeriodIndex, groups: Groups | None, n_stages: int) -> Groups:
    """Make a group of every period, or of every period and group, the groups of one period together."""
    n_groups = _n_groups(groups)
    if len(periods) * n_groups * n_stages > _MOST_ROWS:
        raise SchemaError(
            f"{counted(len(periods), 'period')} × {counted(n_groups, 'group')} × "
            f"{counted(n_stages, 'stage')} make a table of more than {_MOST_ROWS:,} rows; take longer "
            f"periods or fewer groups"
        )
    values = pd.DataFrame({"period": periods.repeat(n_groups)})
    if groups is not None:
        places = np.tile(np.arange(n_groups), len(periods))
        repeated = groups.values.reindex(range(n_groups)).iloc[places].reset_index(drop=True)
        values = pd.concat([values, repeated], axis="columns")
    return Groups(np.zeros(0, dtype=np.int32), values, keeps_empty=groups is None)
