"""The trend: the funnel of every period, as one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pandas as pd

from ...errors import check_option
from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.options import (
    AmountAtName,
    BasisName,
    EveryName,
    Fill,
    KindName,
    LostThenWonName,
    MissingStages,
    Unlisted,
)
from ...times.every import check_every
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, Period, PeriodLike, moment_of, period_of
from ..scope.breakdown import check_top, groups_of
from ..scope.calendar_periods import bounds_of, periods_of
from ..scope.money import Rates
from ..scope.remarks import remark
from ..scope.selection import Selection, core_pipeline, remarks_about
from ..scope.units import units_of
from ..scope.where import Where, asked_of
from ..scope.within import basis_of, followed_for, observed_until, partly_covered
from ..stats.share_bounds import read_confidence
from .bounds import with_funnel_bounds
from .kinds import rules_of
from .table import funnel_table
from .trend_cells import Trend, cells_of
from .trend_groups import largest_of_trend
from .trend_money import TrendMoney


def funnel_by_period(
    log: StageLog,
    pipeline: Pipeline,
    *,
    every: EveryName = "month",
    kind: KindName = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    confidence: float | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Count the funnel of every period by itself, all periods in one pass over the log.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages. The log's times are timestamps.
    every
        ``"day"``, ``"week"`` (from Monday), ``"month"``, ``"quarter"`` or ``"year"``, in the log's zone.
    kind, fill, lost_then_won, by, unlisted, missing, as_of, within, unit, where
        As for :func:`funnel`.
    top
        As for :func:`funnel`; the largest groups are those of the funnel of all periods together, so that
        each period has the same.
    amount, amount_at, currency, rates
        As for :func:`funnel`; a column of the log needs ``basis="created"`` or ``"closed"``, because the
        rows that a period keeps of an active item are other ones in each.
    confidence
        As for :func:`funnel`. With ``basis="active"`` an item may be in several periods, whose shares then
        have no bounds; ``attrs["stagefunnel"]["shared_items"]`` counts such items.
    period
        The stretch of time to cover, in whole periods; by default from the first row of the log to the
        last row, or to the last row before `as_of`.
    basis
        As for :func:`funnel`: which items each period keeps, and how much of their journeys.

    Returns
    -------
    DataFrame
        The rows of :func:`funnel` for each period, with ``period`` (a pandas Period) before the columns
        of `by`. Periods follow each other without a gap: a period without items has base 0. With `by`, a
        period has only the groups that have items in it. Without rows and a `period` the table is empty.

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
    check_every(every)
    check_option("basis", "active" if basis is None else basis, get_args(BasisName))
    basis = basis_of(basis, within)
    rules = rules_of(kind, fill, lost_then_won)
    sure = read_confidence(confidence)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    log, missing = asked.log, asked.missing
    clock = log._data.clock
    seen_at = moment_of(as_of, clock, "as_of")
    periods = periods_of(log, every, period_of(period, clock), seen_at)
    lookup = core_pipeline(log, pipeline, unlisted, missing)
    remarks = remarks_about(log, pipeline, unlisted, period=period, as_of=as_of)
    read = as_read(log, pipeline, lookup)
    whole = Selection(read, pipeline, lookup, units=units_of(log, unit))
    check_top(top, by)
    groups = largest_of_trend(
        *(log, pipeline, periods, groups_of(whole, by, reserved=("period",)), rules, top),
        unlisted=unlisted,
        missing=missing,
        basis=basis,
        as_of=as_of,
        within=within,
        unit=unit,
    )
    money = TrendMoney(amount, amount_at, currency, rates)
    money.check(log, basis)
    cells = cells_of(periods, groups, len(pipeline.labels))
    trend = Trend(
        *(whole, groups, rules, money, log, pipeline, unlisted, missing, basis, as_of, within, unit)
    )
    if not len(periods):
        nothing = trend.of_nothing()
        table = funnel_table(pipeline, kind, nothing.counts, cells)
        table = with_funnel_bounds(table, pipeline, nothing.counts, sure, cells)
        return asked.remarked(remark(table, {**nothing.about_units, **remarks, "basis": basis}))
    begins, bounds = bounds_of(periods, clock)
    counted = trend.of_periods(cells, Period(begins[0], begins[-1]), bounds)
    said = {
        "basis": basis,
        **observed_until(log._data, seen_at),
        **followed_for(log._data, within, seen_at),
        "partly_covered": partly_covered(log._data, seen_at, bounds, [str(one) for one in periods]),
    }
    table = funnel_table(pipeline, kind, counted.counts, cells)
    overlap = basis == "active" and len(periods) > 1
    remarks = {**counted.about_units, **remarks, **counted.start_unknown}
    if sure is not None and overlap:
        remarks = {**remarks, "shared_items": sum(trend.in_second(begins))}
    table = with_funnel_bounds(table, pipeline, counted.counts, sure, cells, share_items=overlap)
    return asked.remarked(remark(table, {**remarks, **said}))
