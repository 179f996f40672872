"""Event sequences: how far items come through ordered steps inside a window."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Unpack

import pandas as pd

from ... import _core
from ...log.stage_log import StageLog
from ...tables.labels import value_labels
from ...tables.options import AttributionName
from ...tables.schema import SEQUENCE
from ...times.periods import MomentLike
from ..scope.groups import Groups
from ..scope.where import Where
from ..stages.durations import QUANTILES, quantiles_of
from ..stats.share_bounds import read_confidence
from ..stats.standouts import find_standouts
from .attribution import Grouped, grouped_by, touch_of
from .bounds import with_step_bounds
from .matches import counts_of, items_before, matches_of, window_funnel
from .question import Question, question_of, remember_rules
from .rules import SequenceRules, lists_rules
from .steps import StepsLike
from .table import StepCounts, item_rows, sequence_table, step_counts, step_counts_of_levels


@lists_rules
def sequence_funnel(
    log: StageLog,
    steps: StepsLike,
    *,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    attribution: AttributionName = "first_touch",
    attribution_step: int = 1,
    quantiles: Sequence[float] | None = QUANTILES,
    as_of: MomentLike | None = None,
    confidence: float | None = None,
    where: Where | None = None,
    **rules: Unpack[SequenceRules],
) -> pd.DataFrame:
    """Count the items that come through steps in order, and how long they take.

    A match is step 1 and further steps, each in a row of its own; the deepest match of an item counts,
    whichever entry it starts from. Rows of equal time may be taken in the order of the steps.

    Parameters
    ----------
    log
        Stage history, of which every row is an event.
    steps
        Steps in order, or :class:`Steps` with the rules in them. A :class:`Step` is one with conditions on
        its row.
    by
        Columns of the items table, or of the log: one sequence per combination of their values.
    top
        Number of groups to show, those with most items; all others are put together.
    attribution
        Which of an item's rows a column of the log is read at. ``"first_touch"`` or ``"last_touch"``: the
        first or the last row that fills some step and has a value. ``"step"``: the row of the match's step
        number `attribution_step`; the value is missing where that step is not done. ``"all_events"``: each
        value by itself, with the rows that have it, so that an item may be in several groups.
    attribution_step
        Number of the step for ``"step"``.
    quantiles
        Shares between 0 and 1; each adds two columns to those of the median. ``None`` leaves out all columns
        of times, which is faster.
    as_of
        Moment at which observation ends: rows at or after it are taken out. By default it ends with the
        log's last row.
    confidence, where
        As for :func:`funnel`. With ``entries="all"``, ``attribution="all_events"`` and after optional steps a
        share is no proportion of items, and has no bounds.
    **rules
        Rules that decide what a match is, as for :class:`Steps`: ``window=``, ``mode=``, ``modes=``,
        ``max_gap=``, ``min_gap=``, ``timing=``, ``exclude=``, ``optional=``, ``first_time=``, ``hold=``,
        ``entries=``, ``missing=``. A rule that `steps` have already is refused.

    Returns
    -------
    DataFrame
        One row per step, per group of `by`:

        - ``step``, ``label``;
        - ``reached``: items that did the step in their match; ``dropped``, ``immature``: items whose
          deepest step it is, the last step aside; the window of the dropped ones is over, that of the
          immature ones is not;
        - ``conversion_from_first``, ``conversion_from_previous``, ``conversion_from_all``: ``reached``
          divided by that of the first step, by that of the step before, by the number of all items;
        - ``mean_from_previous``, ``median_from_previous``, ``q25_from_previous`` and so on, of the items
          that did both steps; ``mean_from_first`` and so on. Timedeltas, or floats where the log's times
          are plain integers.

        Counts are int64; shares are float64, NaN where the denominator is 0. ``attrs["stagefunnel"]`` has
        the mode, the window and the timing, and the numbers of ``items`` and of items that exclusions leave
        out (``left_out``).

    Raises
    ------
    SchemaError
        If there are no steps, the log does not have a stage, a window or gap is negative or has no unit
        where times are timestamps, options do not go together, or a rule is given both in `steps` and
        beside them.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 1, 2], "stage": ["visit", "cart", "order", "visit"], "time": [0, 2, 9, 4]}
    >>> table = sf.sequence_funnel(sf.StageLog(rows), ["visit", "cart", "order"], window=8)
    >>> table[["label", "reached", "dropped", "immature"]]
       label  reached  dropped  immature
    0  visit        2        0         1
    1   cart        1        1         0
    2  order        0        0         0
    """
    sure = read_confidence(confidence)
    question = question_of(log, steps, as_of, rules, where)
    shares = None if quantiles is None else quantiles_of(quantiles)
    reserved = [
        f"{name}_from_{start}" for name in ("mean", *(shares or ())) for start in ("previous", "first")
    ]
    touch = touch_of(attribution, attribution_step, question.plan, by)
    grouped = grouped_by(question, by, touch, (*SEQUENCE, *reserved), top)
    counts = _counts(question, grouped, None if shares is None else list(shares.values()))
    table = sequence_table(question, counts, grouped.groups, None if shares is None else list(shares))
    items, left_out = int(counts.items.sum()), int(counts.left_out.sum())
    by_columns = [] if grouped.groups is None else list(grouped.groups.values.columns)
    found = _standouts(counts, grouped.groups, attribution)
    remember_rules(table, "sequence_funnel", question, items=items, left_out=left_out, by=by_columns, **found)
    kept = counts.items > 0 if grouped.groups is not None else slice(None)
    return with_step_bounds(table, sure, question, attribution, (counts.items - counts.left_out)[kept])


@lists_rules
def sequence_items(
    log: StageLog,
    steps: StepsLike,
    *,
    as_of: MomentLike | None = None,
    where: Where | None = None,
    **rules: Unpack[SequenceRules],
) -> pd.DataFrame:
    """List how far each item came through steps in order, when, and why it stopped.

    Parameters
    ----------
    log, steps
        Stage history, and the steps or :class:`Steps`.
    as_of
        As for :func:`sequence_funnel`.
    where
        As for :func:`funnel`.
    **rules
        Rules that decide what a match is, as for :class:`Steps`: ``window=``, ``mode=`` and so on.

    Returns
    -------
    DataFrame
        One row per item with a row before the end of observation, in the order of the items' first rows
        in the input: ``item`` (its key), ``level`` (the deepest step done; 0 if it never entered or was
        left out), ``entry_time``, ``time_1`` and so on (missing where a step was not done), ``stop``:

        - ``completed``: the last step is done;
        - ``excluded``: left out, stopped or reset by an exclusion;
        - ``immature``: its window is not over;
        - ``interrupted``: the next step is inside the window, but not adjacent (strict);
        - ``gap``: it is inside the window, but too soon or too late; ``window``: it is beyond the window;
        - ``no_event``: it did not come.

        With ``mode="clickhouse"`` times are missing, and so is ``stop`` where the last step is not done.

    Raises
    ------
    SchemaError
        As for :func:`sequence_funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 1, 2], "stage": ["visit", "cart", "order", "visit"], "time": [0, 2, 9, 4]}
    >>> sf.sequence_items(sf.StageLog(rows), ["visit", "cart", "order"], window=8)
       item  level  entry_time  time_1  time_2  time_3      stop
    0     1      2           0       0       2    <NA>    window
    1     2      1           4       4    <NA>    <NA>  immature
    """
    question = question_of(log, steps, as_of, rules, where)
    matches = matches_of(question.log, question.plan, question.as_of)
    table = item_rows(question.log, len(question.plan.steps), matches)
    remember_rules(table, "sequence_items", question)
    return table


def _standouts(counts: StepCounts, groups: Groups | None, attribution: AttributionName) -> dict[str, str]:
    """Record the groups whose conversion from the first to the last step stands out."""
    # With all events an item may be in several groups, which cannot be compared with the rest.
    if groups is None or attribution == "all_events":
        return {}
    entered, pending = counts.reached[:, 0], counts.immature.sum(axis=1)
    columns = [value_labels(groups.values[name]) for name in groups.names]
    labels = list(zip(*columns, strict=True))
    found = find_standouts(labels, counts.reached[:, -1], entered, pending, entered)
    return {"standouts": json.dumps(found.as_plain())}


def _counts(
    question: Question, grouped: Grouped, quantiles: Sequence[_core.stages.Quantile] | None
) -> StepCounts:
    log, as_of, plan, groups = question.log, question.as_of, grouped.plan, grouped.groups
    if plan.mode != "clickhouse":
        return step_counts(counts_of(log, plan, as_of, groups, quantiles, grouped.journeys))
    is_there = items_before(log._data.journeys, as_of)
    group = None if groups is None else groups.code[is_there]
    n_groups = 1 if groups is None else len(groups.values)
    level = window_funnel(log, plan, as_of)[is_there]
    return step_counts_of_levels(level, len(plan.steps), group, n_groups)
