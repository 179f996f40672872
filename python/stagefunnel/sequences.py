"""Event sequences: how far items come through ordered steps inside a window."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd

from . import _core
from .breakdowns import groups_of_items
from .durations import QUANTILES, quantiles_of
from .errors import SchemaError
from .factors import Groups
from .log import StageLog
from .periods import Clock, moment_of
from .schema import SEQUENCE, EntriesName, MissingStages, SequenceMode, TimingName, WindowFunnelMode
from .sequence_chains import chains_of, counts_of, items_before, window_funnel
from .sequence_options import Exclusion, Plan, plan_of
from .sequence_tables import Steps, item_rows, sequence_table, steps_of, steps_of_levels
from .spans import Months


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
        Numbers of steps that may be skipped; not step 1.
    first_time
        Numbers of steps that only an item's first such row fills.
    hold
        Columns of the log, kept with ``columns=``, that must be equal along a chain.
    entries
        ``"best"``: the deepest chain of each item. ``"all"``: one chain after another: the first step-1 row
        opens one, the next one is opened by the first step-1 row after it is completed or its window is over.
    by
        Columns of the log's items table: one sequence per combination of their values.
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
    plan = plan_of(
        *_terms(log),
        steps,
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
    asked = None if quantiles is None else quantiles_of(quantiles)
    reserved = [
        f"{name}_from_{start}" for name in ("mean", *(asked or ())) for start in ("previous", "first")
    ]
    groups = groups_of_items(log, by, reserved=(*SEQUENCE, *reserved))
    shares = None if asked is None else list(asked.values())
    found = _steps(log, plan, _moment(log, as_of), groups, shares)
    table = sequence_table(log, plan, found, groups, None if asked is None else list(asked))
    items, left_out = int(found.items.sum()), int(found.left_out.sum())
    _remember(table, "sequence_funnel", plan, items=items, left_out=left_out)
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
    plan = plan_of(
        *_terms(log),
        steps,
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
    table = item_rows(log, plan, chains_of(log, plan, _moment(log, as_of)))
    _remember(table, "sequence_items", plan)
    return table


def _steps(
    log: StageLog,
    plan: Plan,
    as_of: int | None,
    groups: Groups | None,
    quantiles: Sequence[_core.Quantile] | None,
) -> Steps:
    if plan.mode != "clickhouse":
        return steps_of(counts_of(log, plan, as_of, groups, quantiles))
    is_there = items_before(log, as_of)
    group = None if groups is None else groups.code[is_there]
    n_groups = 1 if groups is None else len(groups.values)
    return steps_of_levels(window_funnel(log, plan, as_of)[is_there], len(plan.steps), group, n_groups)


def _terms(log: StageLog) -> tuple[Sequence[Any], Clock]:
    if not isinstance(log, StageLog):
        raise SchemaError(f"expected a StageLog, got {type(log).__name__}; make one with StageLog(...)")
    return log._labels, Clock(log.unit, log.zone)


def _moment(log: StageLog, as_of: Any) -> int | None:
    return moment_of(as_of, Clock(log.unit, log.zone), "as_of")


def _remember(table: pd.DataFrame, what: str, plan: Plan, **more: Any) -> None:
    """Note which rules a table was made by, as plain data that survives JSON."""
    window = plan.window
    table.attrs["stagefunnel"] = {
        "table": what,
        "steps": [step.label for step in plan.steps],
        "mode": plan.mode,
        "modes": sorted(plan.modes),
        "timing": plan.timing,
        "entries": plan.entries,
        "window": f"{window.number} months" if isinstance(window, Months) else window,
        **more,
    }
