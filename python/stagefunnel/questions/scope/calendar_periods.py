"""The periods of the calendar that a question about several of them covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, counted, named
from ...log.stage_log import StageLog
from ...tables.options import EveryName
from ...times.periods import FREQUENCIES, Clock, Period, begin_of
from ...times.stamps import to_times
from .selection import data_of

_MOST_PERIODS: Final = 100_000
_MOST_ROWS: Final = 20_000_000


def periods_of(log: StageLog, every: EveryName, period: Period, seen_at: int | None) -> pd.PeriodIndex:
    """List the periods of a stretch of time, by default from the first row that is read to the last one."""
    return periods_between(rows_before(log, seen_at), every, period, data_of(log).clock)


def periods_between(
    rows: tuple[int, int] | None, every: EveryName, period: Period, clock: Clock
) -> pd.PeriodIndex:
    """List the periods as :func:`periods_of` does; `rows` are the times of the first and the last row."""
    if clock.unit is None:
        raise SchemaError("the log's times are plain integers, which have no calendar; give timestamps")
    freq = FREQUENCIES[every]
    ends: tuple[Any, Any] | None = None
    if rows is not None:
        stamps = to_times(np.array(rows, dtype=np.int64), clock.unit, clock.zone)
        ends = pd.Timestamp(stamps.iloc[0]), pd.Timestamp(stamps.iloc[1])
    if ends is None:
        if period.start is None or period.end is None:
            return pd.PeriodIndex([], freq=freq)
        ends = period.start, period.end
    first_time, last_time = ends
    first = _period_at(first_time if period.start is None else period.start, freq)
    last = _period_at(last_time, freq) if period.end is None else _period_at(period.end, freq) - 1
    for end, one, side in ((period.start, first, "begins"), (period.end, last + 1, "ends")):
        if end is not None and begin_of(one, clock) != end:
            raise SchemaError(
                named("period"),
                f" {side} at {end}, within a {every}; give whole periods, or another ",
                named("every"),
            )
    if last < first and period.end is None:
        raise SchemaError(
            "the log's times end before ",
            named("period"),
            f" begins ({last_time} < {period.start})",
            option="period",
        )
    if last < first:
        raise SchemaError(
            "the log's times begin after ",
            named("period"),
            f" ends ({first_time} >= {period.end})",
            option="period",
        )
    n = (last - first).n + 1
    if n > _MOST_PERIODS:
        raise SchemaError(
            f"from {first} to {last} there are {n:,} periods; give ",
            named("period"),
            ", or a longer ",
            named("every"),
            option="every",
        )
    return pd.period_range(first, last, freq=freq)


def rows_before(log: StageLog, seen_at: int | None) -> tuple[int, int] | None:
    """Return the times of the first and last row before a moment, in order of time; ``None`` without one."""
    ends = data_of(log).time_range
    if ends is None or (seen_at is not None and ends[0] >= seen_at):
        return None
    if seen_at is not None and ends[1] >= seen_at:
        time = log._data.journeys.time
        return ends[0], int(np.max(time, where=time < seen_at, initial=ends[0]))
    return ends


def _period_at(moment: Any, freq: str) -> pd.Period:
    stamp = moment if moment.tzinfo is None else moment.tz_localize(None)
    period: pd.Period = stamp.to_period(freq)
    return period


def bounds_of(periods: pd.PeriodIndex, clock: Clock) -> tuple[Sequence[pd.Timestamp], npt.NDArray[np.int64]]:
    """Return the moments at which periods begin and the last one ends, as times and as ticks."""
    begins = [begin_of(one, clock) for one in [*periods, periods[-1] + 1]]
    return begins, np.array([Period(begin, None).ticks(clock)[0] for begin in begins], dtype=np.int64)


def check_rows(n_periods: int, n_groups: int, n_stages: int) -> None:
    """Refuse a table that would not fit an ordinary memory."""
    if n_periods * n_groups * n_stages > _MOST_ROWS:
        raise SchemaError(
            f"{counted(n_periods, 'period')} × {counted(n_groups, 'group')} × "
            f"{counted(n_stages, 'stage')} make a table of more than {_MOST_ROWS:,} rows; take longer "
            f"periods or fewer groups"
        )
