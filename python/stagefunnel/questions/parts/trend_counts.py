"""The trend of a part of a log, and the table of all parts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
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
from ...times.periods import (
    FREQUENCIES,
    Clock,
    MomentLike,
    Period,
    PeriodLike,
    begin_of,
    moment_of,
    period_of,
)
from ..counted.about import About
from ..counted.fields import (
    about,
    dense,
    groups,
    nested,
    rows,
    same,
    settled,
)
from ..counted.folding import largest
from ..funnel.bounds import with_funnel_bounds
from ..funnel.count import count
from ..funnel.halves import total_currencies
from ..funnel.kinds import rules_of
from ..funnel.table import funnel_table
from ..funnel.trend_cells import Trend, cells_of
from ..funnel.trend_money import TrendMoney
from ..scope.breakdown import groups_of
from ..scope.calendar_periods import bounds_of, periods_between, rows_before
from ..scope.groups import Groups
from ..scope.money import Rates
from ..scope.remarks import Noted, remark
from ..scope.scope import Scope
from ..scope.selection import Selection, core_pipeline, remarks_about
from ..scope.units import units_of
from ..scope.where import Where, asked_of
from ..scope.within import Seen, basis_of, followed_for, observed_until, partly_covered
from ..stats.share_bounds import read_confidence
from .trend_rows import SecondPeriods, TrendOfKind, funnels_of, in_several, rows_of

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrendCounted:
    """What :func:`funnel_by_period` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers of the log.
    sizes, counted
        Items of each group in the funnel of all periods together, and those that are counted there or left
        out of it.
    of_kind
        The funnels of each kind.
    columns
        The counts that a funnel has, and the shape of each.
    currencies
        How many amounts are in each currency, where no rates are given.
    first, last
        Times of the first and the last row that is read; ``None`` without one.
    begin, end
        When the log begins and until when it is seen; ``None`` without rows.
    in_second
        Items, or units, that are active in more than one period; ``None`` where nothing depends on it.
    without_unit, start_unknown
        Items that are counted alone, and items in no period because their start is not known.
    """

    groups: Groups = groups()
    about: About = about()
    sizes: Integers = dense()
    counted: Integers = dense()
    of_kind: Mapping[str, TrendOfKind] = nested(TrendOfKind)
    columns: Mapping[str, tuple[int, ...]] = same()
    currencies: Mapping[Any, int] | None = settled(total_currencies)
    first: int | None = settled(min)
    last: int | None = settled(max)
    begin: int | None = settled(min)
    end: int | None = settled(max)
    in_second: SecondPeriods | None = rows(SecondPeriods)
    without_unit: int = settled(sum)
    start_unknown: int = settled(sum)


def count_trend(
    log: StageLog,
    pipeline: Pipeline,
    *,
    every: EveryName = "month",
    kind: KindName = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
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
) -> TrendCounted:
    """Count what :func:`funnel_by_period` needs of a part of a log; the options are its own."""
    check_every(every)
    check_option("basis", "active" if basis is None else basis, get_args(BasisName))
    kept = basis_of(basis, within)
    rules = rules_of(kind, fill, lost_then_won)
    sure = read_confidence(confidence)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    log, missing = asked.log, asked.missing
    data = log._data
    seen_at = moment_of(as_of, data.clock, "as_of")
    found = rows_before(log, seen_at)
    stretch = period_of(period, data.clock)
    periods = _periods_of_part(found, every, stretch, data.clock, kept)
    n_own = len(periods)
    if _goes_on(periods, kept, stretch, data.clock, seen_at):
        periods = pd.period_range(periods[0], periods[-1] + 1, freq=FREQUENCIES[every])
    lookup = core_pipeline(log, pipeline, unlisted, missing)
    whole = Selection(
        as_read(log, pipeline, lookup),
        pipeline,
        lookup,
        units=units_of(log, unit),
        remarks=remarks_about(log, pipeline, unlisted, period=period, as_of=as_of),
        noted=Noted(unlisted, "active", period, as_of),
    )
    by_groups = groups_of(whole, by, reserved=("period",))
    money = TrendMoney(amount, amount_at, currency, rates)
    money.check(log, kept)
    trend = Trend(
        *(whole, by_groups, rules, money, log, pipeline, unlisted, missing, kept, as_of, within, unit)
    )
    cells = cells_of(periods, by_groups, len(pipeline.labels))
    sizes = counted = np.zeros(by_groups.n_groups, dtype=np.int64)
    in_second = None
    if len(periods):
        begins, bounds = bounds_of(periods, data.clock)
        all_of_them = Period(begins[0], begins[-1])
        cell_counts = trend.of_periods(cells, all_of_them, bounds)
        if not by_groups.is_one:
            together = count(Scope(trend.selected(all_of_them), by_groups), rules[0])
            sizes, counted = together.base, together.counts_something("item").astype(np.int64)
        if sure is not None and kept == "active":
            n = np.array(trend.in_second(begins), dtype=np.int64)
            in_second = SecondPeriods(periods.asi8[n > 0], n[n > 0])
    else:
        cell_counts = trend.of_nothing()
        cell_counts = replace(cell_counts, about_units={}, start_unknown={})
    of_kind, columns = rows_of(cell_counts, periods, n_own, by_groups.n_groups)
    return TrendCounted(
        groups=by_groups.alone(),
        about=About.of(asked, whole, noted=followed_for(data, within, seen_at)),
        sizes=sizes,
        counted=counted,
        of_kind=of_kind,
        columns=columns,
        currencies=cell_counts.amounts.used,
        first=None if found is None else found[0],
        last=None if found is None else found[1],
        begin=None if data.time_range is None else data.time_range[0],
        end=data.end_of_observation(seen_at),
        in_second=in_second,
        without_unit=cell_counts.about_units.get("without_unit", 0),
        start_unknown=cell_counts.start_unknown.get("start_unknown", 0),
    )


def _periods_of_part(
    found: tuple[int, int] | None, every: EveryName, period: Period, clock: Clock, basis: BasisName
) -> pd.PeriodIndex:
    """List the periods of a part, whose rows may all lie outside of a stretch with one end."""
    start, end = period.ticks(clock)
    if found is not None and (start is None or end is None):
        if start is not None and found[1] < start and basis == "active":
            found = start, start  # items that are open then are active in it
        elif (start is not None and found[1] < start) or (end is not None and found[0] >= end):
            return pd.PeriodIndex([], freq=FREQUENCIES[every])
    return periods_between(found, every, period, clock)


def _goes_on(
    periods: pd.PeriodIndex, basis: BasisName, period: Period, clock: Clock, seen_at: int | None
) -> bool:
    """Check whether items that are open may be active in periods that only other parts have."""
    if basis != "active" or period.end is not None or not len(periods):
        return False
    behind = Period(begin_of(periods[-1] + 1, clock), None).ticks(clock)[0]
    return seen_at is None or (behind is not None and behind < seen_at)


def trend_of(
    counts: TrendCounted,
    pipeline: Pipeline,
    clock: Clock,
    *,
    every: EveryName = "month",
    kind: KindName = "classic",
    top: int | None = None,
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    confidence: float | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`funnel_by_period`."""
    kept, sure = basis_of(basis, within), read_confidence(confidence)
    seen_at = moment_of(as_of, clock, "as_of")
    found = None if counts.first is None or counts.last is None else (counts.first, counts.last)
    periods = periods_between(found, every, period_of(period, clock), clock)
    if len(periods):
        counts = largest(counts, counts.groups, counts.sizes, top, shown=counts.counted > 0)
    cells = cells_of(periods, counts.groups, len(pipeline.labels))
    of_cells = {
        name: funnels_of(one, counts.columns, periods, cells, counts.groups.n_groups)
        for name, one in counts.of_kind.items()
    }
    table = funnel_table(pipeline, kind, of_cells, cells)
    overlap = kept == "active" and len(periods) > 1
    table = with_funnel_bounds(table, pipeline, of_cells, sure, cells, share_items=overlap)
    if unit is not None:
        remark(table, {"unit": unit, "without_unit": counts.without_unit})
    # The table of one log has its own notes between those about its rows and the conditions.
    own = ("within", "observed_until", "where")
    noted = counts.about.remarks
    remark(table, {name: said for name, said in noted.items() if name not in own})
    conditions = {"where": noted["where"]} if "where" in noted else {}
    if not len(periods):
        return remark(table, {"basis": kept, **conditions})
    seen = Seen(clock, None if counts.begin is None else (counts.begin, counts.begin), counts.end)
    bounds = bounds_of(periods, clock)[1]
    if counts.start_unknown:
        remark(table, {"start_unknown": counts.start_unknown})
    if sure is not None and overlap:
        remark(table, {"shared_items": in_several(counts.in_second, periods)})
    said = {
        "basis": kept,
        **observed_until(seen, seen_at),
        **({} if within is None else followed_for(seen, within, seen_at)),
        "partly_covered": partly_covered(seen, seen_at, bounds, [str(one) for one in periods]),
    }
    return remark(table, {**said, **conditions})
