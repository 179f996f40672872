"""Event sequences: how far items come through ordered steps inside a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import pandas as pd

from ...log.stage_log import StageLog
from ...tables.options import AttributionName
from ...times.periods import MomentLike
from ..scope.where import Where
from ..stages.durations import QUANTILES
from ..stats.share_bounds import read_confidence
from .counts import count_sequence
from .matches import matches_of
from .question import question_of
from .rules import SequenceRules, lists_rules
from .steps import StepsLike
from .table import item_rows, sequence_table


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
    counts = count_sequence(
        log,
        steps,
        by=by,
        top=top,
        attribution=attribution,
        attribution_step=attribution_step,
        quantiles=quantiles,
        as_of=as_of,
        where=where,
        rules=rules,
    )
    return sequence_table(counts, attribution=attribution, quantiles=quantiles, confidence=sure)


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
    question.about.remember(table, "sequence_items")
    return table
