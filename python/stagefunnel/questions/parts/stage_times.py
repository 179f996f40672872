"""What the time in each stage of a part of a log is made of, and the table of all parts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import check_option
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import AtName, BasisName, MissingStages, OpenVisitsName, PerName, Unlisted
from ...tables.schema import CENSORED_TIMES, STAGE_TIMES
from ...times.lengths import LengthLike
from ...times.periods import Clock, MomentLike, PeriodLike, moment_of, period_of
from ...working_hours import WorkingHours
from ..counted.about import About
from ..counted.fields import about, dense, groups, nested, same, samples, settled
from ..counted.folding import largest
from ..counted.samples import Binned, Samples
from ..scope.groups import Groups
from ..scope.item_groups import item_groups_of
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths
from ..stages.censored import positive_length, read_options, with_censored_times
from ..stages.censored_counts import CensoredVisits
from ..stages.durations import QUANTILES, box_of, box_shares, keep_box, quantiles_of, time_table
from ..stages.limits import Limits, LimitsLike, limits_of
from ..stages.lives import Watch
from ..stats.share_bounds import bound_names
from .limited import Limited
from .visits import GroupVisits, visits_of_part, with_items

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TimesCounted:
    """What :func:`time_in_stage` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    sizes
        Items with a row that the report keeps, by group.
    visits, lengths
        Visits by group and stage, and the length of each that is completed.
    limited, limits
        Visits beside the limits of their stages, and these in ticks; ``None`` without limits.
    observed
        Until when a question sees the items; ``None`` without rows.
    censored
        Visits as far as they were seen, where those that go on count too.
    tau
        Length in ticks up to which a restricted mean is one, as a fraction.
    unit, noted
        Unit of the lengths, and what the table remembers of their calendar.
    """

    groups: Groups = groups()
    about: About = about()
    sizes: Integers = dense()
    visits: GroupVisits = nested(GroupVisits)
    lengths: Samples | Binned = samples()
    limited: Limited | None = nested(Limited)
    limits: Mapping[Any, int] = same()
    observed: int | None = settled(max)
    censored: CensoredVisits | None = nested(CensoredVisits)
    tau: tuple[int, int] | None = same()
    unit: str | None = same()
    noted: Mapping[str, Any] = same()


def count_times(
    log: StageLog,
    pipeline: Pipeline,
    *,
    per: PerName = "visit",
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    limits: LimitsLike | None = None,
    open_visits: OpenVisitsName = "apart",
    tau: LengthLike | None = None,
    where: Where | None = None,
) -> TimesCounted:
    """Count what :func:`time_in_stage` needs of a part of a log; the options are its own."""
    check_option("per", per, get_args(PerName))
    check_option("open_visits", open_visits, get_args(OpenVisitsName))
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=basis,
        as_of=as_of,
    )
    data = selection.data
    lengths = Lengths.of(data, calendar)
    limit = limits_of(limits, pipeline, lengths)
    reserved = [*STAGE_TIMES, *quantiles_of(QUANTILES), *CENSORED_TIMES]
    of_items = item_groups_of(
        selection, by, at=at, reserved=[*reserved, *bound_names(list(quantiles_of(QUANTILES)))]
    )
    found_groups, sizes, places = with_items(of_items)
    visits, of_visits, limited = visits_of_part(
        selection, lengths, of_items, places, per, limit, period, as_of, basis
    )
    censored = None
    if open_visits == "censored":
        watch = Watch.of(selection, observed=None, period=period, basis=basis, as_of=as_of)
        number = None
        if of_items is not None:
            number = np.full(of_items.groups.n_groups, -1, dtype=np.int64)
            number[places] = np.arange(len(places))
            number = number[of_items.code]
        censored = CensoredVisits.of(selection, lengths, watch, number, len(places))
    return TimesCounted(
        groups=found_groups,
        about=About.of(asked, selection),
        sizes=sizes,
        visits=visits,
        lengths=of_visits,
        limited=limited,
        limits=limit.by_label(pipeline),
        observed=data.end_of_observation(moment_of(as_of, data.clock, "as_of")),
        censored=censored,
        tau=None if tau is None else positive_length(tau, lengths).as_integer_ratio(),
        unit=lengths.unit,
        noted=lengths.remembered,
    )


def times_of(
    counts: TimesCounted,
    pipeline: Pipeline,
    *,
    clock: Clock,
    per: PerName = "visit",
    top: int | None = None,
    quantiles: Sequence[float] = QUANTILES,
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    calendar: WorkingHours | None = None,
    open_visits: OpenVisitsName = "apart",
    confidence: float | None = None,
    tau: LengthLike | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`time_in_stage`."""
    sure = read_options(open_visits, per, confidence, tau)
    exact_quantiles = quantiles_of(quantiles)
    if counts.groups.is_one:
        of_box = box_of(exact_quantiles)
    else:
        counts = largest(counts, counts.groups, counts.sizes, top)
        of_box = {}
    chosen, n_stages = counts.groups, len(pipeline.labels)
    exact_quantiles |= of_box
    names = list(exact_quantiles)
    shown = chosen.shown(counts.sizes > 0)
    cells = (shown[:, np.newaxis] * n_stages + np.arange(n_stages)).reshape(-1)
    wanted = [] if open_visits == "censored" else list(exact_quantiles.values())
    table = time_table(
        pipeline,
        counts.visits.with_times(counts.lengths, cells, wanted),
        per=per,
        names=names,
        unit=counts.unit,
        groups=chosen,
        shown=shown,
        **counts.noted,
    )
    if counts.limited is not None:
        _, end = period_of(period, clock).ticks(clock)
        observed = counts.observed or 0
        until = observed if end is None or basis != "active" else min(end, observed)
        limits = Limits.of(counts.limits, pipeline)
        beyond = counts.limited.shares(limits, until, clock, calendar)
        table["over_limit"] = beyond[shown].ravel()
    if counts.censored is not None:
        shares = dict(zip(names, (0.5, *map(float, quantiles), *box_shares(of_box)), strict=True))
        table = with_censored_times(
            table,
            pipeline,
            counts.censored.curves(chosen.n_groups * len(pipeline.stages)),
            shown,
            chosen.n_groups,
            shares,
            sure,
            None if counts.tau is None else Fraction(*counts.tau),
            counts.unit,
        )
        if "over_limit" in table:
            table["over_limit"] = table.pop("over_limit")
    keep_box(table, list(of_box))
    return counts.about.remarked(table)
