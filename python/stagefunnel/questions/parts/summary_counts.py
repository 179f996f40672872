"""What a summary counts of a part of a log, and the summary of all parts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import check_option
from ...log.stage_log import StageLog
from ...log.stage_signs import UseOfStages
from ...pipeline import Pipeline
from ...tables.options import AtName, BasisName, Fill, LostThenWonName, MissingStages, PerName, Unlisted
from ...tables.schema import STAGE_TIMES, TRANSITIONS
from ...tables.summary import Summary
from ...times.periods import Clock, MomentLike, PeriodLike, moment_of, period_of
from ...working_hours import WorkingHours
from ..counted.about import About
from ..counted.fields import about, dense, groups, nested, rows, same, samples, settled
from ..counted.samples import Binned, Samples
from ..funnel.count import count
from ..funnel.counts import FunnelCounts, added_to
from ..funnel.kinds import rules_of
from ..funnel.table import funnel_table, outcome_table, win_rate_standouts
from ..scope.groups import Groups, folded
from ..scope.item_groups import item_groups_of
from ..scope.remarks import remark
from ..scope.scope import Scope
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths
from ..stages.durations import QUANTILES, box_of, keep_box, quantiles_of, time_table
from ..stages.limits import Limits, LimitsLike, limits_of
from .limited import Limited
from .moves import PartMoves
from .quality_counts import QualityCounted, found_in_rows, summed
from .tables import largest_of_funnels, table_of_moves
from .visits import GroupVisits, visits_of_part, with_items

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SummaryCounted:
    """What a summary counts.

    Attributes
    ----------
    groups, about
        The groups, and what tables remember.
    of_kind
        The counts of each kind of funnel.
    sizes
        Items with a row that the report keeps, by group; of one group they are not counted.
    visits
        Visits by group and stage.
    lengths
        The length of each completed visit, by group and stage.
    moves
        The moves that were made.
    limited
        Visits beside the limits of their stages; ``None`` without limits.
    observed
        Until when a question sees the items; ``None`` without rows.
    found, use
        What the quality table counts, and how stages are used.
    limits
        The limits of the stages that have one, in ticks.
    unit, noted
        Unit of the lengths, and what a table remembers of their calendar.
    """

    groups: Groups = groups()
    about: About = about()
    of_kind: Mapping[str, FunnelCounts] = nested(FunnelCounts)
    sizes: Integers = dense()
    visits: GroupVisits = nested(GroupVisits)
    lengths: Samples | Binned = samples()
    moves: PartMoves = rows(PartMoves)
    limited: Limited | None = nested(Limited, default=None)
    observed: int | None = settled(max, default=None)
    found: Mapping[str, int] = settled(summed, default=None)
    use: UseOfStages = settled(UseOfStages.total, default=None)
    limits: Mapping[Any, int] = same(default=None)
    unit: str | None = same(default=None)
    noted: Mapping[str, Any] = same(default=None)


def count_summary(
    log: StageLog,
    pipeline: Pipeline,
    *,
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    per: PerName = "visit",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    limits: LimitsLike | None = None,
    where: Where | None = None,
) -> SummaryCounted:
    """Count what :func:`summary` needs of a part of a log; the options are its own."""
    rules = rules_of("both", fill, lost_then_won)
    check_option("per", per, get_args(PerName))
    check_option("missing", missing, get_args(MissingStages))
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing="ignore")
    log = asked.log
    selection = selection_of(
        log, pipeline, unlisted=unlisted, missing="ignore", period=period, basis=basis, as_of=as_of
    )
    reserved = [*STAGE_TIMES, *TRANSITIONS, *quantiles_of(QUANTILES)]
    of_items = item_groups_of(selection, by, at=at, reserved=reserved)
    found_groups, sizes, places = with_items(of_items)
    moves = PartMoves.of(selection, of_items)
    scope = Scope(selection)
    if of_items is not None:
        scope = Scope(selection, of_items.groups)
        moves = moves.at(places, of_items.groups.n_groups)
    lengths = Lengths.of(log._data, calendar)
    limit = limits_of(limits, pipeline, lengths)
    visits, of_visits, limited = visits_of_part(
        selection, lengths, of_items, places, per, limit, period, as_of, basis
    )
    return SummaryCounted(
        groups=found_groups,
        about=About.of(asked, selection),
        of_kind={rule.kind: count(scope, rule).at_groups(places) for rule in rules},
        sizes=sizes,
        visits=visits,
        lengths=of_visits,
        moves=moves,
        limited=limited,
        observed=log._data.end_of_observation(moment_of(as_of, log._data.clock, "as_of")),
        found=found_in_rows(log, pipeline),
        use=UseOfStages.of(log._data, pipeline, is_part=True),
        limits=limit.by_label(pipeline),
        unit=lengths.unit,
        noted=lengths.remembered,
    )


def summary_of(
    counts: SummaryCounted,
    pipeline: Pipeline,
    *,
    clock: Clock,
    per: PerName,
    top: int | None = None,
    quantiles: Sequence[float] = QUANTILES,
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    calendar: WorkingHours | None = None,
) -> Summary:
    """Make the tables of a summary."""
    exact_quantiles = quantiles_of(quantiles)
    groups, of_kind = largest_of_funnels(counts.groups, counts.of_kind, top)
    outcome = of_kind["classic"]
    _, end = period_of(period, clock).ticks(clock)
    observed = counts.observed or 0
    until = observed if end is None or basis != "active" else min(end, observed)
    tables = {
        "funnel": funnel_table(pipeline, "both", of_kind, groups),
        "outcomes": outcome_table(pipeline, outcome, groups, win_rate_standouts(outcome, groups)),
        **_times_and_moves(counts, pipeline, exact_quantiles, per, top, until, clock, calendar),
    }
    return Summary(
        **{name: counts.about.remarked(table) for name, table in tables.items()},
        quality=_quality(counts, pipeline, clock),
    )


def _times_and_moves(
    counts: SummaryCounted,
    pipeline: Pipeline,
    quantiles: Mapping[str, _core.stages.Quantile],
    per: PerName,
    top: int | None,
    until: int,
    clock: Clock,
    calendar: WorkingHours | None,
) -> dict[str, pd.DataFrame]:
    """Make the tables of what visits and moves count, of the largest groups by their items."""
    chosen, code = counts.groups, np.arange(len(counts.groups.values))
    if top is not None and not chosen.is_one:
        every = Groups(code.astype(np.int32), chosen.values, later=chosen.later)
        chosen = folded(every, counts.sizes, counts.sizes > 0, top)
        code = chosen.code.astype(np.int64)
    n_groups, n_stages = len(chosen.values), len(pipeline.labels)
    shown = chosen.shown(added_to(code, n_groups, counts.sizes) > 0)
    of_box = box_of(quantiles) if chosen.is_one else {}
    quantiles = {**quantiles, **of_box}
    cell = (code[:, np.newaxis] * n_stages + np.arange(n_stages)).reshape(-1)
    lengths = counts.lengths.to(cell, n_groups * n_stages)
    cells = (shown[:, np.newaxis] * n_stages + np.arange(n_stages)).reshape(-1)
    times = time_table(
        pipeline,
        counts.visits.to(code, n_groups).with_times(lengths, cells, list(quantiles.values())),
        per=per,
        names=list(quantiles),
        unit=counts.unit,
        groups=chosen,
        shown=shown,
        **counts.noted,
    )
    if counts.limited is not None:
        limited, limits = counts.limited.to(code, n_groups), Limits.of(counts.limits, pipeline)
        shares = limited.shares(limits, until, clock, calendar)
        times["over_limit"] = shares[shown].ravel()
    keep_box(times, list(of_box))
    moves = table_of_moves(pipeline, chosen, counts.moves.to(code))
    return {"time_in_stage": times, "transitions": moves}


def _quality(counts: SummaryCounted, pipeline: Pipeline, clock: Clock) -> pd.DataFrame:
    """Make the table of quality: stages are counted once, which several parts may have."""
    facts = counts.about.facts()
    quality = QualityCounted(counts.found, facts.stages, facts.lines, counts.use).table(pipeline, clock)
    return remark(quality, {"where": dict(facts.chosen)} if facts.chosen else {})
