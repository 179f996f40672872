"""Event sequences: how far items come through ordered steps inside a window."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd

from ... import _core
from ...log.stage_log import StageLog
from ...tables.options import (
    AttributionName,
    EntriesName,
    MissingStages,
    SequenceMode,
    TimingName,
    WindowFunnelMode,
)
from ...tables.schema import SEQUENCE
from ..stages.durations import QUANTILES, quantiles_of
from .attribution import Grouped, grouped_by, touch_of
from .matches import chains_of, counts_of, items_before, window_funnel
from .rules import Exclusion, Question, SequenceRules, question_of, remember_rules
from .table import Steps, item_rows, sequence_table, steps_of, steps_of_levels


def sequence_funnel(
    log: StageLog,
    steps: Any,
    *,
    window: Any = None,
    mode: SequenceMode = "ordered",
    modes: Collection[WindowFunnelMode] = (),
    max_gap: Any = None,
    min_gap: Any = None,
    timing: TimingName = "last_entry",
    exclude: Exclusion | Sequence[Exclusion] = (),
    optional: Collection[int] = (),
    first_time: Collection[int] = (),
    hold: str | Sequence[str] = (),
    entries: EntriesName = "best",
    by: str | Sequence[str] | None = None,
    attribution: AttributionName = "first_touch",
    attribution_step: int = 1,
    quantiles: Sequence[float] | None = QUANTILES,
    missing: MissingStages = "error",
    as_of: Any = None,
) -> pd.DataFrame:
    """Count the items that come through steps in order, and how long they take.

    A chain is step 1 and further steps, each in a row of its own; the deepest chain of an item counts,
    whichever entry it starts from. Rows of equal time may be taken in the order of the steps.

    Parameters
    ----------
    log
        The stage history, of which every row is an event.
    steps
        The steps in order: each a stage, a list of stages any of which will do, or ``"*"`` for any. A
        mapping calls them by its keys.
    window
        The longest time from the first step to the last one, inclusive: text such as ``"7d"`` or
        ``"1 month"``, a timedelta, or a number where the log's times are plain integers.
    mode
        ``"ordered"``: other rows may lie between. ``"increase"``: each step later than the one before.
        ``"strict"``: no other row of the item between. ``"first_entry"``: from the first step-1 row only.
        ``"unordered"``: the most distinct steps inside one window. ``"hybrid"``: step 1, then the others
        in any order. ``"open"``: whether an item has each step at all. ``"clickhouse"``: the level that
        ClickHouse's windowFunnel gives.
    modes
        With ``mode="clickhouse"``: ``"strict_order"``, ``"strict_deduplication"``, ``"strict_increase"``,
        ``"strict_once"``, ``"allow_reentry"``.
    max_gap, min_gap
        Bounds of the time from the step done before, inclusive: one for all steps, or a mapping of step
        numbers.
    timing
        Which of the deepest chains is timed. ``"last_entry"``: the one that ends first, each earlier step
        as late as it can be. ``"first_entry"``: the one that begins first, each step as early as it can be.
    exclude
        :class:`Exclusion` or a list of them: stages that must not come between two steps.
    optional
        NumberColumn of steps that may be skipped; not step 1.
    first_time
        NumberColumn of steps that only an item's first such row fills.
    hold
        Columns of the log, kept with ``columns=``, that must be equal along a chain.
    entries
        ``"best"``: the deepest chain of each item. ``"all"``: one chain after another: the first step-1 row
        opens one, the next one is opened by the first step-1 row after it is completed or its window is over.
    by
        Columns of the items table, or of the log: one sequence per combination of their values.
    attribution
        Which of an item's rows a column of the log is read at: ``"first_touch"`` or ``"last_touch"``, the
        first or the last row that some step names and that has a value; ``"step"``, the row of the chain's
        step number `attribution_step`, without which the value is missing. ``"all_events"`` asks for each
        value by itself, of the rows that have it, so that an item may be in several groups.
    attribution_step
        The number of the step for ``"step"``.
    quantiles
        Shares between 0 and 1; each gives two columns beside those of the median. ``None`` leaves all
        columns of times out, which is faster.
    missing
        ``"error"`` or ``"ignore"`` for a stage that the log does not have.
    as_of
        A moment at which observation ends: rows at or after it are taken out. By default it ends with the
        log's last row.

    Returns
    -------
    DataFrame
        One row per step, per group of `by`:

        - ``step``, ``label``;
        - ``reached``: items that did the step on their chain; ``dropped``, ``immature``: of those whose
          deepest step it is, not the last one, the ones whose window is over and the others;
        - ``conversion_from_first``, ``conversion_from_previous``, ``conversion_from_all``: ``reached``
          over that of the first step, of the step before, over all items;
        - ``mean_from_previous``, ``median_from_previous``, ``q25_from_previous`` and so on, of the items
          that did both steps; ``mean_from_first`` and so on. Timedeltas, or floats where the log's times
          are plain integers.

        Counts are int64; shares are float64, NaN where the denominator is 0. Which mode, window and
        timing were used is in ``attrs["stagefunnel"]``, beside ``items`` and ``left_out`` (by exclusions).

    Raises
    ------
    SchemaError
        If there are no steps, the log does not have a stage, a window or gap is negative or has no unit
        where times are timestamps, or options do not fit each other.

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
    rules = SequenceRules(
        window=window,
        mode=mode,
        modes=modes,
        max_gap=max_gap,
        min_gap=min_gap,
        timing=timing,
        exclude=exclude,
        optional=optional,
        first_time=first_time,
        hold=hold,
        entries=entries,
        missing=missing,
    )
    question = question_of(log, steps, as_of, rules)
    asked = None if quantiles is None else quantiles_of(quantiles)
    reserved = [
        f"{name}_from_{start}" for name in ("mean", *(asked or ())) for start in ("previous", "first")
    ]
    touch = touch_of(attribution, attribution_step, question.plan, by)
    grouped = grouped_by(question, by, touch, reserved=(*SEQUENCE, *reserved))
    shares = None if asked is None else list(asked.values())
    found = _steps(question, grouped, shares)
    names = None if asked is None else list(asked)
    table = sequence_table(log, question.plan, found, grouped.groups, names)
    items, left_out = int(found.items.sum()), int(found.left_out.sum())
    by_columns = [] if grouped.groups is None else list(grouped.groups.values.columns)
    remember_rules(table, "sequence_funnel", question, items=items, left_out=left_out, by=by_columns)
    return table


def sequence_items(
    log: StageLog,
    steps: Any,
    *,
    window: Any = None,
    mode: SequenceMode = "ordered",
    modes: Collection[WindowFunnelMode] = (),
    max_gap: Any = None,
    min_gap: Any = None,
    timing: TimingName = "last_entry",
    exclude: Exclusion | Sequence[Exclusion] = (),
    optional: Collection[int] = (),
    first_time: Collection[int] = (),
    hold: str | Sequence[str] = (),
    entries: EntriesName = "best",
    missing: MissingStages = "error",
    as_of: Any = None,
) -> pd.DataFrame:
    """List how far each item came through steps in order, when, and why it stopped.

    Parameters
    ----------
    log, steps
        The stage history and the steps.
    window, mode, modes, max_gap, min_gap, timing, exclude, optional, first_time, hold, entries
        As for :func:`sequence_funnel`.
    missing, as_of
        As for :func:`sequence_funnel`.

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
        - ``gap``: it is inside the window, but too soon or too late; ``window``: it is beyond;
        - ``no_event``: it did not come.

        With ``mode="clickhouse"`` only the level is known, and whether it is the last.

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
    rules = SequenceRules(
        window=window,
        mode=mode,
        modes=modes,
        max_gap=max_gap,
        min_gap=min_gap,
        timing=timing,
        exclude=exclude,
        optional=optional,
        first_time=first_time,
        hold=hold,
        entries=entries,
        missing=missing,
    )
    question = question_of(log, steps, as_of, rules)
    table = item_rows(log, question.plan, chains_of(log, question.plan, question.as_of))
    remember_rules(table, "sequence_items", question)
    return table


def _steps(question: Question, grouped: Grouped, quantiles: Sequence[_core.stages.Quantile] | None) -> Steps:
    log, as_of, plan, groups = question.log, question.as_of, grouped.plan, grouped.groups
    if plan.mode != "clickhouse":
        return steps_of(counts_of(log, plan, as_of, groups, quantiles, grouped.journeys))
    is_there = items_before(log._data.journeys, as_of)
    group = None if groups is None else groups.code[is_there]
    n_groups = 1 if groups is None else len(groups.values)
    return steps_of_levels(window_funnel(log, plan, as_of)[is_there], len(plan.steps), group, n_groups)
