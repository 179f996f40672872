"""The usual answers about a log, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import pandas as pd

from .. import _core
from ..errors import check_option, core_errors
from ..log.quality import quality_of
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..tables.options import AtName, BasisName, Fill, LostThenWonName, MissingStages, PerName, Unlisted
from ..tables.schema import STAGE_TIMES, TRANSITIONS
from ..tables.summary import Summary
from ..times.periods import MomentLike, PeriodLike
from ..working_hours import WorkingHours
from .funnel.count import count_all, largest_groups, without_core_groups
from .funnel.counts import FunnelCounts
from .funnel.kinds import Rule, rules_of
from .funnel.states import keep_item_states, kept_item_states
from .funnel.table import funnel_table, outcome_table, win_rate_standouts
from .scope.breakdown import groups_of
from .scope.groups import ONE_GROUP, Groups
from .scope.item_groups import item_groups_of
from .scope.scope import Scope
from .scope.selection import Selection, selection_of
from .scope.where import Where, asked_of
from .scope.working import Lengths
from .stages.durations import QUANTILES, box_of, keep_box, quantiles_of, stage_times, time_table
from .stages.limits import LimitsLike, with_over_limit
from .stages.transitions import transition_table, transitions_of_groups


def summary(
    log: StageLog,
    pipeline: Pipeline,
    *,
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    top: int | None = None,
    per: PerName = "visit",
    quantiles: Sequence[float] = QUANTILES,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    limits: LimitsLike | None = None,
    where: Where | None = None,
) -> Summary:
    """Answer the usual questions about a log: both funnels, outcomes, times, moves and quality.

    Every table is equal to that of its own function with the same options.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    fill, lost_then_won
        As for :func:`funnel`; `lost_then_won` is also that of :func:`outcomes`. Without it each funnel keeps
        its own default, and the outcomes include all items.
    by, at, top
        As for :func:`time_in_stage`; they break down every table but that of quality. With `top` each table
        keeps its own largest groups, as its function does.
    per, quantiles, calendar, limits
        As for :func:`time_in_stage`.
    unlisted, missing, period, basis, as_of
        As for :func:`funnel`. The quality table is always about the whole log.
    where
        As for :func:`funnel`; the quality table is about the chosen items too.

    Returns
    -------
    Summary
        The tables ``funnel``, ``outcomes``, ``time_in_stage``, ``transitions`` and ``quality``;
        :func:`show` prints them together.

    Raises
    ------
    UnknownStageError, SchemaError
        As for the functions of the tables.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> answers = sf.summary(shop.log, shop.pipeline)
    >>> answers
    Summary: 13 items: 6 won, 5 lost, 2 open
      tables  funnel, outcomes, time_in_stage, transitions, quality
    >>> answers.transitions.head(2)
      from_stage  to_stage  moves  items     share
    0        New  Prepayment      2      2  0.222222
    1        New    Delivery      2      2  0.222222
    """
    check_option("per", per, get_args(PerName))
    rules = rules_of("both", fill, lost_then_won)
    exact_quantiles = quantiles_of(quantiles)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    log, missing = asked.log, asked.missing
    selection = selection_of(
        log, pipeline, unlisted=unlisted, missing=missing, period=period, basis=basis, as_of=as_of
    )
    lengths = Lengths.of(selection.data, calendar)
    reserved = [*STAGE_TIMES, *TRANSITIONS, *exact_quantiles]
    of_items = item_groups_of(selection, by, at=at, top=top, reserved=reserved)
    of_box = box_of(exact_quantiles) if of_items is None else {}
    exact_quantiles |= of_box
    core_per, core_quantiles = _core.stages.Per[per], list(exact_quantiles.values())
    if of_items is None:
        found = _counted_at_once(selection, rules, core_per, core_quantiles, lengths)
    else:
        groups = largest_groups(Scope(selection, groups_of(selection, by, at=at)), rules, top)
        found = _Found(
            groups,
            count_all(Scope(selection, groups), rules),
            stage_times(selection, core_per, core_quantiles, lengths, of_items),
            transitions_of_groups(selection, of_items),
        )
    times = time_table(
        pipeline,
        found.times,
        per=per,
        names=list(exact_quantiles),
        unit=lengths.unit,
        groups=ONE_GROUP if of_items is None else of_items.groups,
        shown=None if of_items is None else of_items.shown,
        **lengths.remembered,
    )
    times = with_over_limit(
        times, selection, lengths, limits, of_items, period=period, basis=basis, as_of=as_of
    )
    keep_box(times, list(of_box))
    # Without a flip rule of their own the outcomes include all items, as the classic funnel does.
    outcome, groups = found.funnels["classic"], found.groups
    now = outcome_table(pipeline, outcome, groups, win_rate_standouts(outcome, groups))
    tables = {
        "funnel": funnel_table(pipeline, "both", found.funnels, groups),
        "outcomes": now,
        "time_in_stage": times,
        "transitions": found.moves,
    }
    read = found.read if selection.is_whole else None
    known = read if selection.data is log._data else None
    return Summary(
        **{name: asked.remarked(selection.remarked(table)) for name, table in tables.items()},
        quality=asked.remarked(quality_of(log._data, pipeline, known, read)),
    )


@dataclass(frozen=True)
class _Found:
    """What was counted: funnels by kind and group, times by group and stage, moves as a table.

    `read` has what the core found in the rows on the way.
    """

    groups: Groups
    funnels: Mapping[str, FunnelCounts]
    times: Sequence[_core.stages.StageTime]
    moves: pd.DataFrame
    read: _core.summary.Summary | None = None


def _counted_at_once(
    selection: Selection,
    rules: Sequence[Rule],
    per: _core.stages.Per,
    quantiles: list[_core.stages.Quantile],
    lengths: Lengths,
) -> _Found:
    """Let the core read the journeys once for all questions about all items."""
    code, n_groups = Scope(selection).core_groups()
    states = kept_item_states(selection.data, selection.lookup) if selection.is_whole else None
    with core_errors():
        found = _core.summary.summarise(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            funnels=[rule.core_rule for rule in rules],
            group=code,
            n_groups=n_groups,
            per=per,
            quantiles=quantiles,
            threads=selection.data.threads,
            item_states=states,
        )
    if selection.is_whole and code is None:
        keep_item_states(selection.data, selection.lookup, found.item_states)
    counts = [without_core_groups(selection, one) for one in found.funnels]
    # Only the question of its own knows a calendar, ends of rows, and moves to another pipeline, which end
    # a visit.
    times = found.times
    if selection.moved is not None or selection.marks is not None or lengths.calendar is not None:
        times = stage_times(selection, per, quantiles, lengths)
    return _Found(
        ONE_GROUP,
        dict(zip([rule.kind for rule in rules], counts, strict=True)),
        times,
        transition_table(selection.pipeline, found.transitions.moves, found.transitions.items),
        found,
    )
