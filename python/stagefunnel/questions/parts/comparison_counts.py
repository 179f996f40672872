"""The funnels of two periods of a part of a log, and their comparison of all parts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import check_flag
from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.options import (
    AmountAtName,
    BasisName,
    Fill,
    KindName,
    LostThenWonName,
    MissingStages,
    Unlisted,
)
from ...times.lengths import LengthLike
from ...times.periods import Clock, MomentLike, PeriodLike, moment_of
from ..counted.about import About
from ..counted.fields import about, groups, nested, settled
from ..counted.group_labels import GroupColumns
from ..funnel.compared_periods import compared_periods
from ..funnel.comparison import check_names, comparison_table
from ..funnel.counts import FunnelCounts
from ..funnel.funnel import count_funnel
from ..funnel.halves import FunnelsCounted, funnel_of, total_currencies
from ..funnel.period_bounds import shared_items
from ..scope.groups import Groups
from ..scope.money import Rates
from ..scope.remarks import OF_STAGES, Ends, Noted, joined_remarks, remark
from ..scope.selection import Selection, core_pipeline, remarks_about
from ..scope.where import Where, asked_of
from ..scope.within import Seen, observed_until
from ..stats.share_bounds import read_confidence

Integers: TypeAlias = npt.NDArray[np.int64]
#: What a table remembers of the reader of an export.
OF_READERS = ("guesses", "warnings")


@dataclass(frozen=True, eq=False)
class ComparisonCounted:
    """What :func:`compare_periods` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups of both periods, and what the table remembers of the log.
    now, before
        The funnels of each kind, in the period and in the one that it is compared with.
    currencies, currencies_before
        How many amounts are in each currency, where no rates are given.
    ends, ends_before
        Where the periods lie.
    without_unit, without_unit_before
        Items that are counted alone.
    start_unknown
        Items that are not in the period because their start is not known.
    shared
        Items that are in both periods.
    begin, end
        When the log begins and until when it is seen; ``None`` without rows.
    """

    groups: Groups = groups()
    about: About = about()
    now: Mapping[str, FunnelCounts] = nested(FunnelCounts)
    before: Mapping[str, FunnelCounts] = nested(FunnelCounts)
    currencies: Mapping[Any, int] | None = settled(total_currencies)
    currencies_before: Mapping[Any, int] | None = settled(total_currencies)
    ends: Ends = settled(Ends.total)
    ends_before: Ends = settled(Ends.total)
    without_unit: int = settled(sum)
    without_unit_before: int = settled(sum)
    start_unknown: int = settled(sum)
    shared: int = settled(sum)
    begin: int | None = settled(min)
    end: int | None = settled(max)


def count_comparison(
    log: StageLog,
    pipeline: Pipeline,
    *,
    period: PeriodLike | None,
    against: PeriodLike = "previous",
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
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    same_part: bool = False,
    confidence: float | None = None,
    where: Where | None = None,
) -> ComparisonCounted:
    """Count what :func:`compare_periods` needs of a part of a log; the options are its own."""
    check_flag("same_part", same_part)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    sure = read_confidence(confidence)
    log, missing = asked.log, asked.missing
    data = log._data
    sides = compared_periods(data, period, against, same_part=same_part, as_of=as_of)
    of_items: dict[str, Any] = {
        "unlisted": unlisted,
        "missing": missing,
        "basis": basis,
        "as_of": as_of,
        "within": within,
        "unit": unit,
    }
    found = [
        count_funnel(
            *(log, pipeline),
            kind=kind,
            fill=fill,
            lost_then_won=lost_then_won,
            by=by,
            amount=amount,
            amount_at=amount_at,
            currency=currency,
            rates=rates,
            period=one,
            **of_items,
        )
        for one in sides.periods
    ]
    check_names(log, found[0].groups.names)
    both, codes = of_both([one.groups for one in found])
    of_kind = [
        {kind: counts.to(code, both.n_groups) for kind, counts in one.of_kind.items()}
        for one, code in zip(found, codes, strict=True)
    ]
    remembered = [one.about.remarks for one in found]
    seen_at = moment_of(as_of, data.clock, "as_of")
    whole = Selection(
        as_read(log, pipeline, core_pipeline(log, pipeline, unlisted, missing)),
        pipeline,
        core_pipeline(log, pipeline, unlisted, missing),
        remarks=remarks_about(log, pipeline, unlisted),
        noted=Noted(unlisted),
    )
    # Where the answer depends on the end of observation, parts have to be observed until one moment.
    needs_end = within is not None or same_part
    ends = [
        Ends.of(data, one, as_of, called) for one, called in zip(sides.periods, sides.called, strict=True)
    ]
    return ComparisonCounted(
        groups=both,
        about=About.of(asked, whole, noted=observed_until(data, seen_at) if needs_end else {}),
        now=of_kind[0],
        before=of_kind[1],
        currencies=found[0].currencies,
        currencies_before=found[1].currencies,
        ends=ends[0],
        ends_before=ends[1],
        without_unit=remembered[0].get("without_unit", 0),
        without_unit_before=remembered[1].get("without_unit", 0),
        start_unknown=remembered[0].get("start_unknown", 0),
        shared=0 if sure is None else shared_items(sides.selections(log, pipeline, **of_items)),
        begin=None if data.time_range is None else data.time_range[0],
        end=data.end_of_observation(seen_at),
    )


def of_both(found: Sequence[Groups]) -> tuple[Groups, list[Integers]]:
    """Put the groups of several selections of one log together; return which each of theirs is."""
    if found[0].is_one:
        return found[0].alone(), [np.zeros(1, dtype=np.int64) for _ in found]
    columns = [GroupColumns.of(one) for one in found]
    labels = [of.labels(one) for of, one in zip(columns, found, strict=True)]
    place_of = {label: place for place, label in enumerate(dict.fromkeys(chain.from_iterable(labels)))}
    both, number = GroupColumns.total(columns).groups(list(place_of))
    # Where there is no group, the core has one nevertheless, in which nothing is.
    codes = [np.array([number[place_of[label]] for label in one] or [0], dtype=np.int64) for one in labels]
    return both.alone(), codes


def comparison_of(
    counts: ComparisonCounted,
    pipeline: Pipeline,
    clock: Clock,
    *,
    period: PeriodLike | None,
    against: PeriodLike = "previous",
    kind: KindName = "classic",
    amount: str | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    same_part: bool = False,
    confidence: float | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`compare_periods`."""
    seen = Seen(clock, None if counts.begin is None else (counts.begin, counts.begin), counts.end)
    sides = compared_periods(seen, period, against, same_part=same_part, as_of=as_of)
    funnels = [
        funnel_of(FunnelsCounted(counts.groups, counts.about, one).rounded_largest(None), pipeline, kind=kind)
        for one in (counts.now, counts.before)
    ]
    table = comparison_table(
        *(funnels[0], funnels[1], pipeline, sides, seen),
        kind=kind,
        groups=counts.groups.remembered,
        has_amounts=amount is not None,
        basis=basis,
        as_of=as_of,
        within=within,
        confidence=read_confidence(confidence),
        shared=counts.shared,
    )
    noted = counts.about.remarks
    said = [
        {
            **{name: noted[name] for name in OF_STAGES if name in noted},
            **ends.remarks(clock),
            **{name: noted[name] for name in OF_READERS if name in noted},
        }
        for ends in (counts.ends, counts.ends_before)
    ]
    remark(table, joined_remarks(said))
    if counts.start_unknown:
        remark(table, {"start_unknown": counts.start_unknown})
    if unit is not None:
        remark(table, sides.about_units(unit, [counts.without_unit, counts.without_unit_before]))
    return remark(table, {"where": noted["where"]} if "where" in noted else {})
