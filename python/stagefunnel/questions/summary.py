"""The usual answers about a log, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from .. import _core
from ..errors import check_option, core_errors
from ..log.quality import quality_of
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..tables.options import BasisName, Fill, LostThenWonName, MissingStages, PerName, Unlisted
from ..tables.summary import Summary
from ..times.periods import MomentLike, PeriodLike
from ..working_hours import WorkingHours
from .funnel.count import without_core_groups
from .funnel.kinds import Rule, rules_of
from .funnel.states import keep_item_states, kept_item_states
from .funnel.table import funnel_table, outcome_table, win_rate_standouts
from .scope.breakdown import groups_of
from .scope.scope import Scope
from .scope.selection import selection_of
from .scope.where import Where, asked_of
from .scope.working import Lengths
from .stages.durations import QUANTILES, quantiles_of, stage_times, time_table
from .stages.transitions import transition_table


def summary(
    log: StageLog,
    pipeline: Pipeline,
    *,
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    per: PerName = "visit",
    quantiles: Sequence[float] = QUANTILES,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> Summary:
    """Answer the usual questions about a log: both funnels, outcomes, times, moves and quality.

    Every table is equal to that of its own function with the same options.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    fill, lost_then_won, by
        As for :func:`funnel`; `lost_then_won` and `by` are also those of :func:`outcomes`. Without
        `lost_then_won` each funnel keeps its own default, and the outcomes include all items.
    per, quantiles, calendar
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
    (outcome_rule,) = rules_of("classic", "won", lost_then_won or "include")
    exact_quantiles = quantiles_of(quantiles)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    log, missing = asked.log, asked.missing
    selection = selection_of(
        log, pipeline, unlisted=unlisted, missing=missing, period=period, basis=basis, as_of=as_of
    )
    lengths = Lengths.of(selection.data, calendar)
    groups = groups_of(selection, by)
    found = _count_all(
        Scope(selection, groups),
        [*rules, outcome_rule],
        _core.stages.Per[per],
        list(exact_quantiles.values()),
    )
    *funnels, outcome = [without_core_groups(selection, counts) for counts in found.funnels]
    counted = dict(zip([rule.kind for rule in rules], funnels, strict=True))
    moves = found.transitions
    # Only the question of its own knows a calendar, ends of rows, and moves to another pipeline, which end
    # a visit.
    stages = found.times
    if selection.moved is not None or selection.marks is not None or calendar is not None:
        stages = stage_times(selection, _core.stages.Per[per], list(exact_quantiles.values()), lengths)
    read = found if selection.is_whole else None
    known = read if selection.data is log._data else None
    times = time_table(
        pipeline, stages, per=per, names=list(exact_quantiles), unit=lengths.unit, **lengths.remembered
    )
    return Summary(
        funnel=asked.remarked(selection.remarked(funnel_table(pipeline, "both", counted, groups))),
        outcomes=asked.remarked(
            selection.remarked(outcome_table(pipeline, outcome, groups, win_rate_standouts(outcome, groups)))
        ),
        time_in_stage=asked.remarked(selection.remarked(times)),
        transitions=asked.remarked(selection.remarked(transition_table(pipeline, moves.moves, moves.items))),
        quality=asked.remarked(quality_of(log._data, pipeline, known, read)),
    )


def _count_all(
    scope: Scope, rules: Sequence[Rule], per: _core.stages.Per, quantiles: Sequence[_core.stages.Quantile]
) -> _core.summary.Summary:
    """Let the core read the journeys once for all questions."""
    selection = scope.selection
    code, n_groups = scope.core_groups()
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
    return found
