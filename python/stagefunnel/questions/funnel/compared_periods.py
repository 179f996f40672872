"""The two periods of a comparison: which they are, what they are called, and whether a log covers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from ...errors import SchemaError, given_period, named
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.labels import period_label
from ...times.periods import (
    Clock,
    MomentLike,
    Period,
    PeriodLike,
    begin_of,
    calendar_period,
    day_begun,
    moment_at,
    moment_of,
    pair_of,
    period_of,
)
from ..scope.selection import Selection, selection_of
from ..scope.within import Covered, partly_covered

_BEFORE: Final = ("previous", "last_year")


@dataclass(frozen=True)
class ComparedPeriods:
    """Two periods that are compared.

    Attributes
    ----------
    periods
        The period, and the one that it is compared with.
    called
        Their names.
    """

    periods: tuple[Period, Period]
    called: list[str]

    def selections(self, log: StageLog, pipeline: Pipeline, **options: Any) -> list[Selection]:
        """Choose the rows of both; the options are those of :func:`selection_of`."""
        return [selection_of(log, pipeline, period=one, **options) for one in self.periods]

    def about_units(self, unit: str, without: Sequence[int]) -> dict[str, Any]:
        """Say what is counted, and how many items of each period are counted alone."""
        return {"unit": unit, "without_unit": dict(zip(self.called, without, strict=True))}


def compared_periods(
    seen: Covered,
    period: PeriodLike | None,
    against: PeriodLike,
    *,
    same_part: bool,
    as_of: MomentLike | None,
) -> ComparedPeriods:
    """Find the periods that are compared, by when a log is seen."""
    clock = seen.clock
    now = period_of(period, clock)
    before = _period_before(now, period, against, clock)
    called = [period_name(now, clock), period_name(before, clock)]
    if same_part:
        whole = now, before
        now, before = _same_part(seen, now, before, as_of)
        called = [
            name if part is all_of_it else f"{name} until {_minute(part.end)}"
            for name, part, all_of_it in zip(called, (now, before), whole, strict=True)
        ]
    return ComparedPeriods((now, before), called)


def with_period_before(log: StageLog, period: PeriodLike) -> list[tuple[Period, str]]:
    """Return a period and the one just before it, each with its name; nothing of one without both ends."""
    clock = log._data.clock
    now = period_of(period, clock)
    if now.start is None or now.end is None:
        return []
    return [(one, period_name(one, clock)) for one in (now, _period_before(now, period, "previous", clock))]


def _period_before(now: Period, period: PeriodLike | None, against: PeriodLike, clock: Clock) -> Period:
    """Find the period to compare with."""
    if not isinstance(against, str) or against not in _BEFORE:
        return _other_period(against, clock)
    if now.start is None or now.end is None:
        missing = "start" if now.start is None else "end"
        raise SchemaError(given_period("period", period), f" has no {missing}; give both")
    if isinstance(now.start, int) or isinstance(now.end, int):
        if against == "last_year":
            raise SchemaError(
                given_period("against", against), " needs timestamps, and the log's times are plain integers"
            )
        start, end = cast(tuple[int, int], (now.start, now.end))
        return Period(start - (end - start), start)
    if against == "previous":
        return Period(_length_before(now.start, now.end, clock), now.start)
    return _last_year(now.start, now.end, clock, weeks=_is_of_weeks(period))


def is_partly_covered(seen: Covered, period: Period, name: str, seen_at: int | None) -> bool:
    """Check whether a log begins or ends inside a period."""
    start, end = period.ticks(seen.clock)
    if start is None or end is None:
        return False
    return bool(partly_covered(seen, seen_at, np.array([start, end]), [name]))


def _same_part(seen: Covered, now: Period, before: Period, as_of: MomentLike | None) -> tuple[Period, Period]:
    """Cut a period that is not over at the end of observation, and the other one at the same place."""
    clock = seen.clock
    seen_at = moment_of(as_of, clock, "as_of")
    observed = seen.end_of_observation(seen_at)
    start, end = now.ticks(clock)
    if observed is None or start is None or end is None or before.start is None:
        raise SchemaError(named("same_part"), " needs rows, and periods with both ends")
    # Rows at `as_of` are not read, rows at the end of the log are.
    cut = observed if seen_at is not None else observed + 1
    if cut <= start:
        raise SchemaError(
            named("same_part"),
            f" needs a period that has begun: it begins at {now.start}, after the end of observation",
        )
    if cut >= end:
        return now, before
    if isinstance(now.start, int) or isinstance(before.start, int):
        other: Any = cast(int, before.start) + cut - start
        moment: Any = cut
    else:
        moment = pd.Timestamp(seen.to_times(np.array([cut])).iloc[0])
        other = moment_at(_as_far(cast(pd.Timestamp, now.start), moment, before.start), clock)
    if before.end is not None:
        other = min(other, before.end)
    return Period(now.start, moment), Period(before.start, other)


def _as_far(start: pd.Timestamp, moment: pd.Timestamp, other: pd.Timestamp) -> pd.Timestamp:
    """Go from another start as far as a moment is from a start, by what the clock shows.

    From the first of a month it is months first, then days: 17 May is to 1 April what 17 February is to 1
    January.
    """
    start, moment, other = (one.tz_localize(None) for one in (start, moment, other))
    if not start.day == other.day == 1:
        return other + (moment - start)
    months = (moment.year - start.year) * 12 + moment.month - start.month
    whole = pd.DateOffset(months=months)
    return other + whole + (moment - (start + whole))


def _other_period(against: PeriodLike, clock: Clock) -> Period:
    """Read the period to compare with where it is a period of its own."""
    if against is None:
        raise SchemaError(named("against"), ' is a period, "previous" or "last_year"')
    return period_of(against, clock, option="against")


def _length_before(start: pd.Timestamp, end: pd.Timestamp, clock: Clock) -> pd.Timestamp:
    """Go back from a start by the length of the period, in whole months or days where it has them."""
    first, after = day_begun(start, clock), day_begun(end, clock)
    if first is None or after is None:
        return start - (end - start)
    if first.day == after.day == 1:
        months = (after.year - first.year) * 12 + after.month - first.month
        return moment_at(first - pd.DateOffset(months=months), clock)
    return moment_at(first - (after - first), clock)


def _last_year(start: pd.Timestamp, end: pd.Timestamp, clock: Clock, *, weeks: bool) -> Period:
    """Go back to the same dates and times of the clock a year before, or by 52 weeks."""
    year = pd.DateOffset(weeks=52) if weeks else pd.DateOffset(years=1)
    begin, until = (
        moment_at((day_begun(moment, clock) or moment.tz_localize(None)) - year, clock)
        for moment in (start, end)
    )
    # Noon of 28 and of 29 February are one moment a year before.
    return Period(begin, until if until > begin else begin + (end - start))


def _is_of_weeks(period: PeriodLike | None) -> bool:
    """Check whether a period is written as ISO weeks: one of them, or a pair."""
    sides = pair_of(period) or (period,)
    wholes = [calendar_period(side) for side in sides]
    return all(whole is not None and whole.freqstr.startswith("W") for whole in wholes)


def period_name(period: Period, clock: Clock) -> str:
    """Name a period as people do: ``2026``, ``2026Q1``, ``2026-W10``, a month or a day, else by its ends."""
    start, end = period.start, period.end
    if isinstance(start, pd.Timestamp) and isinstance(end, pd.Timestamp):
        for freq in ("Y", "Q", "M", "W-SUN", "D"):
            whole = start.tz_localize(None).to_period(freq)
            if begin_of(whole, clock) == start and begin_of(whole + 1, clock) == end:
                return period_label(whole)
    return period_text(period, clock)


def period_text(period: Period, clock: Clock) -> str:
    """Write a period by its two ends."""
    return f"{_moment_text(period.start, clock)} … {_moment_text(period.end, clock)}"


def _minute(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, pd.Timestamp) else str(moment)


def _moment_text(moment: Any, clock: Clock) -> str:
    day = day_begun(moment, clock) if isinstance(moment, pd.Timestamp) else None
    if day is not None:
        return str(day).split(" ")[0]  # whose year may be beyond what datetime.date has
    return "" if moment is None else str(moment)
