"""Sequences by the period in which items entered them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd

from ...errors import SchemaError, counted, named
from ...log.stage_log import StageLog
from ...tables.build import share
from ...tables.labels import value_labels
from ...tables.options import AttributionName, EveryName
from ...tables.schema import SEQUENCE_TREND
from ...times.periods import Clock, MomentLike, Period, begin_of
from ..counted.folding import added_up, largest
from ..scope.where import Where
from ..scope.within import Seen, observed_until, partly_covered
from ..stats.share_bounds import read_confidence
from ..stats.standouts import find_standouts
from .bounds import with_trend_bounds
from .rules import SequenceRules, lists_rules
from .steps import StepsLike
from .trend_counts import COUNTED, TrendCounted, count_trend

_MOST_ROWS = 20_000_000


@lists_rules
def sequence_trend(
    log: StageLog,
    steps: StepsLike,
    *,
    every: EveryName = "month",
    from_step: int | None = None,
    to_step: int | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    attribution: AttributionName = "first_touch",
    attribution_step: int = 1,
    as_of: MomentLike | None = None,
    confidence: float | None = None,
    where: Where | None = None,
    **rules: Unpack[SequenceRules],
) -> pd.DataFrame:
    """Count, period by period, the items that went on from one step of a sequence to another.

    In a period an item is judged as if it had only the matches whose row of `from_step` lies in the period.
    So it may enter in several periods, and one row may convert it in two of them: periods do not add up.

    Parameters
    ----------
    log, steps
        Stage history, and the steps or :class:`Steps`. The mode ``"unordered"`` is refused; ``"hybrid"`` and
        ``"open"`` keep one match an item, that of :func:`sequence_funnel`.
    every
        ``"day"``, ``"week"`` (from Monday), ``"month"``, ``"quarter"`` or ``"year"``, in the log's zone.
    from_step, to_step
        Step numbers, by default those of the first and the last step.
    by, attribution, attribution_step
        As for :func:`sequence_funnel`, but a column of the log is read among the matches of the period.
    top
        Number of groups to show, those with most items; all others are put together.
    as_of
        As for :func:`sequence_funnel`.
    confidence
        As for :func:`funnel`. Where an item enters in more than one period there are no bounds, and
        ``attrs["stagefunnel"]["shared_items"]`` counts such items.
    where
        As for :func:`funnel`.
    **rules
        Rules that decide what a match is, as for :class:`Steps`: ``window=``, ``mode=`` and so on. With
        ``entries="all"`` entries are counted, each with its own match.

    Returns
    -------
    DataFrame
        One row per period, and per group of `by`: ``period`` (a pandas Period), ``entered`` (items that have
        a match in the period), ``converted`` (entered items whose match did `to_step`, whenever) and
        ``conversion`` = ``converted`` / ``entered``, so far; ``mature`` (entered items, converted or not,
        whose last entry in the period had its whole window before the end of observation),
        ``converted_mature`` and ``conversion_mature``, the same of these. Compare the periods in which
        ``mature`` is ``entered``. Without a window no item is mature, and older periods have had longer.
        Periods follow each other without a gap from the first to the last in which something entered; with
        `by` a group has no row for a period in which nothing of it entered.

    Raises
    ------
    SchemaError
        As for :func:`sequence_funnel`; also for times that are plain integers, for two steps that are not in
        order, and for the modes ``"unordered"`` and ``"clickhouse"``.

    Examples
    --------
    >>> import pandas as pd
    >>> import stagefunnel as sf
    >>> days = pd.to_datetime(["2026-01-05", "2026-01-06", "2026-03-02", "2026-03-20"])
    >>> stages = ["visit", "order", "visit", "visit"]
    >>> log = sf.StageLog({"item": [1, 1, 1, 2], "stage": stages, "time": days})
    >>> trend = sf.sequence_trend(log, ["visit", "order"], window="7d")
    >>> trend[["period", "entered", "converted", "mature", "conversion_mature"]]
        period  entered  converted  mature  conversion_mature
    0  2026-01        1          1       1                1.0
    1  2026-02        0          0       0                NaN
    2  2026-03        2          0       1                0.0
    """
    sure = read_confidence(confidence)
    counts = count_trend(
        log,
        steps,
        every=every,
        from_step=from_step,
        to_step=to_step,
        by=by,
        top=top,
        attribution=attribution,
        attribution_step=attribution_step,
        as_of=as_of,
        where=where,
        confidence=sure,
        rules=rules,
    )
    return trend_table(counts, clock=log._data.clock, every=every, attribution=attribution, confidence=sure)


def trend_table(
    counts: TrendCounted,
    *,
    clock: Clock,
    every: EveryName = "month",
    top: int | None = None,
    attribution: AttributionName = "first_touch",
    confidence: float | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`sequence_trend`."""
    sure = read_confidence(confidence)
    if counts.sizes is not None:
        counts = largest(counts, counts.groups, counts.sizes, top)
    groups, about, rows = counts.groups, counts.about, counts.rows
    periods, n_groups = counts.periods(every), groups.n_groups
    _refuse_too_many_rows(len(periods), n_groups)
    first = rows.period.min(initial=np.iinfo(np.int64).max)
    cell = (rows.period - first) * n_groups + rows.group
    found = added_up(rows.n, cell, len(periods) * n_groups)
    columns: dict[str, Any] = {
        "period": pd.Series(periods.repeat(n_groups)),
        **{name: found[:, place] for place, name in enumerate(COUNTED)},
    }
    columns["conversion"] = share(columns["converted"], columns["entered"])
    columns["conversion_mature"] = share(columns["converted_mature"], columns["mature"])
    table = pd.DataFrame({name: columns[name] for name in SEQUENCE_TREND})
    if not groups.is_one:
        table = _with_groups(table, groups.values, len(periods))
    by_columns = list(map(str, groups.names))
    # With all events an item may be in several groups, which cannot be compared with the rest.
    alone = groups.is_one or attribution == "all_events"
    seen = Seen(clock, None if counts.begin is None else (counts.begin, counts.begin), counts.end)
    partial = _partly_covered(seen, counts.as_of, periods)
    has_window = about.steps.window is not None
    compared = {} if alone else _compared(table, by_columns, partial, has_window=has_window)
    shared = 0 if sure is None else int(counts.n_in_several[0])
    start, end = counts.steps
    about.remember(
        table,
        "sequence_trend",
        partly_covered=partial,
        **observed_until(seen, counts.as_of),
        every=every,
        from_step=start,
        to_step=end,
        by=by_columns,
        **compared,
        **({"shared_items": shared} if shared else {}),
    )
    return with_trend_bounds(table, sure, about, attribution, shared)


def _partly_covered(seen: Seen, as_of: int | None, periods: pd.PeriodIndex) -> list[str]:
    if not len(periods):
        return []
    begins = [begin_of(one, seen.clock) for one in [*periods, periods[-1] + 1]]
    bounds = np.array([Period(begin, None).ticks(seen.clock)[0] for begin in begins], dtype=np.int64)
    return partly_covered(seen, as_of, bounds, [str(one) for one in periods])


def _compared(
    table: pd.DataFrame, by: Sequence[str], partial: Sequence[str], *, has_window: bool
) -> dict[str, str]:
    """Record what stands out in the last period of several groups whose windows are all over.

    A period that the log covers only in part, for all groups alike, is taken if there is no other.
    """
    periods = reversed([*table.groupby("period", sort=True)])
    for period, rows in sorted(periods, key=lambda one: str(one[0]) in partial):
        if len(rows) < 2 or (has_window and (rows["mature"] < rows["entered"]).any()):
            continue
        labels = list(zip(*(value_labels(rows[name]) for name in by), strict=True))
        converted, entered = (rows[name].to_numpy() for name in ("converted", "entered"))
        found = find_standouts(labels, converted, entered, entered * 0, entered)
        return {"compared": str(period), "standouts": json.dumps(found.as_plain())}
    return {}


def _refuse_too_many_rows(n_periods: int, n_groups: int) -> None:
    if n_periods * n_groups > _MOST_ROWS:
        raise SchemaError(
            f"{counted(n_periods, 'period')} × {counted(n_groups, 'group')} are too many rows; "
            "choose longer periods with ",
            named("every"),
            option="every",
        )


def _with_groups(table: pd.DataFrame, values: pd.DataFrame, n_periods: int) -> pd.DataFrame:
    """Put the groups behind the periods, without rows of groups of which nothing entered in the period."""
    groups = values.iloc[np.tile(np.arange(len(values)), n_periods)].reset_index(drop=True)
    table = pd.concat([table[["period"]], groups, table.drop(columns="period")], axis="columns")
    return table[table["entered"] > 0].reset_index(drop=True)
