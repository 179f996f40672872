"""The trend: the funnel of every period, as one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import check_option, core_errors
from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.build import label_rows
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
from ..scope.calendar_periods import bounds_of, check_rows, periods_of
from ..scope.groups import Groups
from ..scope.money import Rates
from ..scope.reading import elsewhere_flags
from ..scope.remarks import Remarks, of_unknown_start, remark
from ..scope.scope import Scope
from ..scope.selection import Selection, core_pipeline, remarks_about, selection_of
from ..scope.units import Flips, units_of
from ..scope.where import Where, asked_of
from ..scope.within import basis_of, followed_for, observed_until, partly_covered
from ..stats.share_bounds import read_confidence
from .bounds import with_funnel_bounds
from .count import count, count_all
from .counts import FunnelCounts
from .kinds import Rule, rules_of
from .period_bounds import shared_items
from .table import funnel_table
from .trend_groups import largest_of_trend
from .trend_money import TrendMoney
from .units import count_unit_trend


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
    units = units_of(log, unit)
    whole = Selection(read, pipeline, lookup, units=units)
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
    cells = _cells(periods, groups, len(pipeline.labels))
    options: dict[str, Any] = {
        "unlisted": unlisted,
        "missing": missing,
        "basis": basis,
        "as_of": as_of,
        "within": within,
        "unit": unit,
        "flips": [rule.lost_then_won for rule in rules],
    }
    if not len(periods):
        nothing = Scope(selection_of(log, pipeline, **options))
        nothing = replace(nothing, amounts=money.of(nothing.selection))
        table = funnel_table(pipeline, kind, counts := count_all(nothing, rules), cells)
        table = with_funnel_bounds(table, pipeline, counts, sure, cells)
        said_of_none = {**_about_units(nothing.selection), **remarks, "basis": basis}
        return asked.remarked(remark(table, said_of_none))
    begins, bounds = bounds_of(periods, clock)
    options["period"] = Period(begins[0], begins[-1])
    if basis == "active":
        amounts = money.of_active(whole, lambda: selection_of(log, pipeline, **options))
        scope = Scope(whole, groups, amounts)
    if basis == "active" and units is None:
        counts = {rule.kind: _count_active(scope, rule, bounds, seen_at) for rule in rules}
    elif basis == "active" and units is not None:
        counts = {rule.kind: count_unit_trend(scope, rule, units, bounds, seen_at) for rule in rules}
        said_of_units: Remarks = {"unit": units.name, "without_unit": 0}
        if units.n > units.n_named:  # else no item of any period is counted alone
            said_of_units = _about_units(selection_of(log, pipeline, **options))
        remarks = {**said_of_units, **remarks}
    else:
        selection = selection_of(log, pipeline, **options)
        amounts = money.of(selection)
        if units is None:
            placed = _placed(cells, groups, _periods_of_items(selection, basis, bounds))
            counts = count_all(Scope(selection, placed, amounts), rules)
        else:
            counts = {}
            for rule in rules:
                # An account is followed from the first row of all its items.
                flips = rule.lost_then_won if within is None else Flips.include
                at = selection.facts(flips).periods(basis, bounds)[units.of_item]
                counts[rule.kind] = count(Scope(selection, _placed(cells, groups, at), amounts), rule)
        remarks = {**_about_units(selection), **remarks, **of_unknown_start(selection.remarks)}
    said = {
        "basis": basis,
        **observed_until(log._data, seen_at),
        **followed_for(log._data, within, seen_at),
        "partly_covered": partly_covered(log._data, seen_at, bounds, [str(one) for one in periods]),
    }
    table = funnel_table(pipeline, kind, counts, cells)
    overlap = basis == "active" and len(periods) > 1
    if sure is not None and overlap:
        remarks = {**remarks, "shared_items": _in_several(log, pipeline, begins, options)}
    table = with_funnel_bounds(table, pipeline, counts, sure, cells, share_items=overlap)
    return asked.remarked(remark(table, {**remarks, **said}))


def _in_several(log: StageLog, pipeline: Pipeline, begins: Sequence[Any], options: Mapping[str, Any]) -> int:
    """Count the items, or units, that are active in more than one period."""
    return shared_items(
        selection_of(log, pipeline, **{**options, "period": Period(start, end)})
        for start, end in pairwise(begins)
    )


def _about_units(selection: Selection) -> Remarks:
    """Take what a selection has to say about the units that are counted."""
    return {name: selection.remarks[name] for name in ("unit", "without_unit") if name in selection.remarks}


def _placed(cells: Groups, groups: Groups, at: npt.NDArray[np.integer[Any]]) -> Groups:
    """Put each item in the cell of its period and group."""
    # An item in none of the periods has no rows left, so that its group does not matter.
    code = np.maximum(at, 0) * np.int32(groups.n_groups) + groups.codes(len(at))
    return replace(cells, code=code.astype(np.int32))


def _periods_of_items(
    selection: Selection, basis: BasisName, bounds: npt.NDArray[np.int64]
) -> npt.NDArray[np.int32]:
    """Find the period in which each item was created or closed."""
    return _core.funnel.periods_of_items(
        journeys=selection.grouped,
        pipeline=selection.lookup,
        basis=_core.scan.Basis[basis],
        bounds=bounds,
        threads=selection.data.threads,
    )


def _count_active(
    scope: Scope, rule: Rule, bounds: npt.NDArray[np.int64], seen_at: int | None
) -> FunnelCounts:
    """Count one kind in all periods, each of which keeps the items that are active in it."""
    selection, groups = scope.selection, scope.groups
    log, pipeline = selection.log, selection.pipeline
    with core_errors():
        counts = _core.funnel.count_trend(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            kind=rule.core_kind,
            lost_then_won=rule.lost_then_won,
            group=None if groups.is_one else groups.code,
            n_groups=groups.n_groups,
            amount=scope.amounts.values,
            bounds=bounds,
            as_of=seen_at,
            elsewhere=elsewhere_flags(log, pipeline),
            moved_out=_core.scan.MovedOut[pipeline.moved_out],
            threads=log._data.threads,
        )
    if pipeline.moved_out == "exclude":
        return FunnelCounts.of(counts, scope.amounts.scale)
    # The groups of each period are followed by the groups of the items that moved out.
    place = np.arange((len(bounds) - 1) * 2 * groups.n_groups).reshape(-1, 2, groups.n_groups)
    here, moved = (place[:, side].ravel() for side in (0, 1))
    return FunnelCounts.with_moved(counts, here, moved, scope.amounts.scale)


def _cells(periods: pd.PeriodIndex, groups: Groups, n_stages: int) -> Groups:
    """Make a group of every period and group, the groups of one period together."""
    n_groups = groups.n_groups
    check_rows(len(periods), n_groups, n_stages)
    in_each = groups.values.reindex(range(n_groups)).iloc[np.tile(np.arange(n_groups), len(periods))]
    values = label_rows(
        in_each.reset_index(drop=True),
        pd.DataFrame({"period": periods}),
        np.repeat(np.arange(len(periods)), n_groups),
    )
    return replace(
        groups, code=np.zeros(0, dtype=np.int32), values=values, each="item", keeps_empty=groups.is_one
    )
