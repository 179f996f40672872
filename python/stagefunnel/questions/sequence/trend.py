"""Sequences by the period in which items entered them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, check_option, counted, named
from ...log.stage_log import StageLog
from ...tables.build import share
from ...tables.options import AttributionName, EveryName
from ...tables.schema import SEQUENCE_TREND, STOPS
from ...times.periods import FREQUENCIES
from .attribution import grouped_by, touch_of
from .matches import matches_of
from .question import question_of, remember_rules, steps_between
from .rules import SequenceRules, lists_rules
from .steps import StepsLike

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
    attribution: AttributionName = "first_touch",
    attribution_step: int = 1,
    as_of: Any = None,
    **rules: Unpack[SequenceRules],
) -> pd.DataFrame:
    """Count, period by period, the matches that went on from one step of a sequence to another.

    Parameters
    ----------
    log, steps
        Stage history, and the steps or :class:`Steps`.
    every
        ``"day"``, ``"week"`` (from Monday), ``"month"``, ``"quarter"`` or ``"year"``, in the log's zone.
    from_step, to_step
        Step numbers, by default those of the first and the last step.
    by, attribution, attribution_step, as_of
        As for :func:`sequence_funnel`.
    **rules
        Rules that decide what a match is, as for :class:`Steps`: ``window=``, ``mode=`` and so on.

    Returns
    -------
    DataFrame
        One row per period, and per group of `by`: ``period`` (a pandas Period), ``entered`` (matches that
        did `from_step` in the period), ``converted`` (entered matches that did `to_step`, whenever),
        ``immature`` (entered matches that did not, and whose window was not over), ``conversion`` =
        ``converted`` / ``entered``. Periods follow each other without a gap from the first to the last in
        which a match entered; with `by` a group has no row for a period in which none of its matches
        entered.

    Raises
    ------
    SchemaError
        As for :func:`sequence_funnel`; also for times that are plain integers, and for two steps that are
        not in order.

    Examples
    --------
    >>> import pandas as pd
    >>> import stagefunnel as sf
    >>> days = pd.to_datetime(["2026-01-05", "2026-01-06", "2026-03-02"])
    >>> log = sf.StageLog({"item": [1, 1, 2], "stage": ["visit", "order", "visit"], "time": days})
    >>> sf.sequence_trend(log, ["visit", "order"], window="7d")
        period  entered  converted  immature  conversion
    0  2026-01        1          1         0         1.0
    1  2026-02        0          0         0         NaN
    2  2026-03        1          0         1         0.0
    """
    check_option("every", every, get_args(EveryName))
    question = question_of(log, steps, as_of, rules)
    if log.unit is None:
        raise SchemaError("the log's times are plain integers, which have no calendar; give timestamps")
    start, end = steps_between(question, from_step, to_step)
    touch = touch_of(attribution, attribution_step, question.plan, by)
    grouped = grouped_by(question, by, touch, reserved=SEQUENCE_TREND)
    matches = matches_of(log, grouped.plan, question.as_of, grouped.journeys)
    entered = matches.done[:, start - 1]
    converted = matches.done[entered, end - 1]
    immature = ~converted & (matches.stop[entered] == STOPS.index("immature"))
    period = _periods_of(log, matches.time[entered, start - 1], every)
    first = period.min() if len(period) else None
    n_periods = 0 if first is None else (period.max() - first).n + 1
    groups = grouped.groups
    n_groups = 1 if groups is None else max(len(groups.values), 1)
    _refuse_too_many_rows(n_periods, n_groups)
    place = np.zeros(0, dtype=np.int64) if first is None else period.asi8 - first.ordinal
    group = np.zeros(len(place), dtype=np.int64) if groups is None else groups.code[matches.item[entered]]
    cell = place * n_groups + group
    columns: dict[str, Any] = {
        name: np.bincount(cell[flags], minlength=n_periods * n_groups).astype(np.int64)
        for name, flags in (("entered", slice(None)), ("converted", converted), ("immature", immature))
    }
    columns["conversion"] = share(columns["converted"], columns["entered"])
    periods = pd.period_range(first, periods=n_periods, freq=FREQUENCIES[every]) if n_periods else period
    columns["period"] = pd.Series(periods.repeat(n_groups))
    table = pd.DataFrame({name: columns[name] for name in SEQUENCE_TREND})
    if groups is not None:
        table = _with_groups(table, groups.values, n_periods)
    by_columns = [] if groups is None else list(map(str, groups.values.columns))
    remember_rules(
        table, "sequence_trend", question, every=every, from_step=start, to_step=end, by=by_columns
    )
    return table


def _periods_of(log: StageLog, time: npt.NDArray[np.int64], every: EveryName) -> pd.PeriodIndex:
    """Find the period of each time, in the log's zone."""
    times = log._data.to_times(time)
    local = times if log.zone is None else times.dt.tz_localize(None)
    return pd.PeriodIndex(local.dt.to_period(FREQUENCIES[every]))


def _refuse_too_many_rows(n_periods: int, n_groups: int) -> None:
    if n_periods * n_groups > _MOST_ROWS:
        raise SchemaError(
            f"{counted(n_periods, 'period')} × {counted(n_groups, 'group')} are too many rows; "
            "choose longer periods with ",
            named("every"),
            option="every",
        )


def _with_groups(table: pd.DataFrame, values: pd.DataFrame, n_periods: int) -> pd.DataFrame:
    """Put the groups behind the periods, without rows of groups that no match entered in the period."""
    groups = values.iloc[np.tile(np.arange(len(values)), n_periods)].reset_index(drop=True)
    table = pd.concat([table[["period"]], groups, table.drop(columns="period")], axis="columns")
    return table[table["entered"] > 0].reset_index(drop=True)
