"""All of a log's answers in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from .. import _core
from ..errors import SchemaError, check_option
from ..log.quality import quality_counts, quality_table
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..tables.options import BasisName, Fill, LostThenWonName, PerName, Unlisted
from ..tables.summary import Summary
from .funnel.counts import core_groups, put_together
from .funnel.kinds import Rule, rules_of
from .funnel.states import keep_item_states, kept_item_states
from .funnel.table import funnel_table, outcome_table
from .scope.breakdown import groups_of
from .scope.groups import Groups
from .scope.selection import Selection, selection_of
from .stages.durations import QUANTILES, quantiles_of, time_table
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
    period: Any = None,
    basis: BasisName = "active",
    as_of: Any = None,
) -> Summary:
    """Answer all that is asked of most logs: both funnels, outcomes, times, moves and quality.

    Every table is the one that its own function returns with the same options.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    fill, lost_then_won, by
        As for :func:`funnel`; `lost_then_won` and `by` also as for :func:`outcomes`. Without
        `lost_then_won` each funnel keeps its own default and the outcomes include all items.
    per, quantiles
        As for :func:`time_in_stage`.
    unlisted, period, basis, as_of
        As for :func:`funnel`. The quality table is always about the whole log.

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
    (now,) = rules_of("classic", "won", lost_then_won or "include")
    asked = quantiles_of(quantiles)
    selection = selection_of(log, pipeline, unlisted=unlisted, period=period, basis=basis, as_of=as_of)
    groups = groups_of(selection, by)
    found = _ask_all(selection, [*rules, now], groups, _core.stages.Per[per], list(asked.values()))
    *funnels, outcome = [put_together(selection, counts) for counts in found.funnels]
    counted = dict(zip([rule.kind for rule in rules], funnels, strict=True))
    moves = found.transitions
    return Summary(
        funnel=funnel_table(pipeline, "both", counted, groups),
        outcomes=outcome_table(pipeline, outcome, groups),
        time_in_stage=time_table(pipeline, found.times, per=per, names=list(asked), unit=log.unit),
        transitions=transition_table(pipeline, moves.moves, moves.items),
        quality=quality_table(quality_counts(log._data, pipeline, found if selection.is_whole else None)),
    )


def _ask_all(
    selection: Selection,
    rules: list[Rule],
    groups: Groups | None,
    per: _core.stages.Per,
    quantiles: list[_core.stages.Quantile],
) -> _core.summary.Summary:
    """Let the core read the journeys once for all questions."""
    log, lookup = selection.log, selection.lookup
    code, n_groups = core_groups(selection, groups)
    kinds = [(rule.core_kind, rule.lost_then_won) for rule in rules]
    states = kept_item_states(selection.data, lookup) if selection.is_whole else None
    try:
        found = _core.summary.summarise(
            selection.journeys, lookup, kinds, code, n_groups, per, quantiles, log._data.threads, states
        )
    except ValueError as error:
        raise SchemaError(str(error)) from error
    if selection.is_whole and code is None:
        keep_item_states(selection.data, lookup, found.item_states)
    return found
