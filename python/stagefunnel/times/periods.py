"""Periods: what people write for a stretch of time, and where it starts and ends in the times of a log."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Final, Literal, TypeAlias, TypeGuard, Union

import numpy as np
import pandas as pd

from ..errors import Option, SchemaError, counted, given, given_period, is_whole_number, named, written
from .stamps import TICKS_A_SECOND
from .zones import first_shown

Moment: TypeAlias = pd.Timestamp | int
# What callers may pass: a moment, or a whole period of the calendar, which stands for its start or its end.
MomentLike: TypeAlias = str | int | np.integer[Any] | datetime.date | np.datetime64 | pd.Period
FREQUENCIES: Final = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q-DEC", "year": "Y-DEC"}
_NS = 10**9
_DAY_NS = 86_400 * _NS
_MOST_TICKS: Final = np.iinfo(np.int64).max
_CALENDAR = re.compile(
    r"\d{4}(-?Q[1-4]|-\d{2}(-\d{2}([T ]\d{2}(:\d{2}(:\d{2}(\.\d{1,6})?)?)?)?)?)?", re.ASCII | re.IGNORECASE
)
_ZONED = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-]\d{2}(:?\d{2})?)",
    re.ASCII | re.IGNORECASE,
)
_ISO_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII | re.IGNORECASE)
_EXAMPLES = '"2026", "2026-Q1", "2026-03", "2026-W09", "2026-03-31"'


@dataclass(frozen=True)
class Clock:
    """How a log counts time: the unit of its times and their zone.

    Attributes
    ----------
    unit
        ``None`` for plain integers.
    zone
        ``None`` for times without a zone.
    """

    unit: str | None
    zone: str | None


@dataclass(frozen=True)
class Period:
    """A half-open period of time, in timestamps or, for a log of plain integers, in integers.

    Attributes
    ----------
    start, end
        First moment of the period, and first moment after it; ``None`` where that side is open.
    """

    start: Moment | None
    end: Moment | None

    def ticks(self, clock: Clock) -> tuple[int | None, int | None]:
        """Return the start and the end in the unit of a log."""
        return _ticks(self.start, clock), _ticks(self.end, clock)


# What callers may pass for a period: one of the calendar, or its start and its end.
# An Interval is generic to type checkers alone.
PeriodLike: TypeAlias = Union[
    str, datetime.date, pd.Period, Period, Sequence[MomentLike | None], slice, "pd.Interval[Any]"
]


def period_of(period: PeriodLike | None, clock: Clock, option: str = "period") -> Period:
    """Read a period.

    Parameters
    ----------
    period
        Text such as ``"2026-03"``, a pandas Period or a date, which stand for a whole period of the
        calendar; or a pair (start, end). A pair includes the calendar periods at its sides whole, is
        half-open where its sides are timestamps, and ``None`` leaves a side open. A log of plain integers
        takes a half-open pair of integers. A slice is read as the pair of its ends. A pandas Interval has the
        moments between its sides, and those of its closed sides.
    clock
        Unit and zone of the log; text without an offset is read in the zone.
    option
        Name of the argument, for messages.

    Raises
    ------
    SchemaError
        If the value is not a period, does not fit the log's times, or ends before it begins.
    """
    if period is None:
        return Period(None, None)
    if isinstance(period, Period):
        return period
    if isinstance(period, pd.Interval):
        return _of_interval(period, clock, option)
    pair = pair_of(period, option)
    if pair is not None:
        first, last = pair
        with _errors_of(option):
            start, end = _side(first, clock, "start"), _side(last, clock, "end")
        if start is not None and end is not None and end <= start:  # type: ignore[operator]  # both are of one clock
            raise SchemaError(
                given_period(option, period), " ends before it begins; give the earlier side first"
            )
        return Period(start, end)
    if isinstance(period, Integral | datetime.datetime | np.datetime64) or _is_zoned(period):
        raise SchemaError(given(option, period), " is a moment, not a period; give a pair (start, end)")
    with _errors_of(option):
        whole = calendar_period(period)
        if whole is not None:
            return Period(begin_of(whole, clock), begin_of(whole + 1, clock))
    if clock.unit is None:
        raise SchemaError(
            given(option, period),
            " is not a period, and the log's times are plain integers; give a pair, such as ",
            Option(option, "(0, 10)", "0..10"),
        )
    raise SchemaError(
        given(option, period),
        f" is not a period; give text such as {_EXAMPLES}, or a pair such as ",
        Option(option, '("2026-01", "2026-03")', "2026-01..2026-03"),
    )


def moment_of(value: MomentLike | None, clock: Clock, option: str) -> int | None:
    """Read one moment in the unit of a log, as `as_of` takes it; text stands for the start of its period."""
    if value is None:
        return None
    with _errors_of(option):
        stamp = _moment(value, clock)
        whole = calendar_period(value) if stamp is None else None
        if whole is not None:
            stamp = begin_of(whole, clock)
    if stamp is None:
        raise SchemaError(
            given(option, value), ' is not a moment; give a timestamp, or text such as "2026-04-01"'
        )
    return _ticks(stamp, clock)


def moments_of(values: Sequence[Any], clock: Clock, option: str) -> list[int]:
    """Read several moments in the unit of a log, each once and in the order of time.

    Raises
    ------
    SchemaError
        If there is none, one of them is missing, or one is no moment.
    """
    if not len(values):
        raise SchemaError(given(option, values), ' has no moment; give one, such as "2026-03-01"')
    moments = set[int]()
    for place, value in enumerate(values):
        moment = moment_of(value, clock, option)
        if moment is None:
            raise SchemaError(named(option), f" has None in place {place}, which is no moment")
        moments.add(int(moment))
    return sorted(moments)


def span_of(value: MomentLike, clock: Clock) -> tuple[int, int]:
    """Read a stretch of time in the unit of a log: its first tick, and the first one after it.

    Text, a pandas Period and a date stand for a whole period of the calendar. A timestamp is a moment, at
    which the stretch begins or ends; a number is that tick.

    Raises
    ------
    SchemaError
        If the value is none of these, or does not fit the log's times.
    """
    if clock.unit is None and not is_whole_number(value):
        raise SchemaError("the log's times are plain integers; give an integer")
    stamp = _moment(value, clock)
    if isinstance(stamp, int):
        return stamp, stamp + 1
    if stamp is not None:
        moment = Period(stamp, stamp)
    else:
        whole = calendar_period(value)
        if whole is None:
            raise SchemaError(f"it is not a date or a time; give a timestamp, or text such as {_EXAMPLES}")
        moment = Period(begin_of(whole, clock), begin_of(whole + 1, clock))
    begin, end = moment.ticks(clock)
    assert begin is not None
    assert end is not None
    return begin, end


@contextmanager
def _errors_of(option: str) -> Iterator[None]:
    """Name the option before an error about a part of its value."""
    try:
        yield
    except SchemaError as error:
        raise SchemaError(named(option), ": ", *error.parts) from error


def calendar_period(value: object) -> pd.Period | None:
    """Read what stands for a whole period: calendar text, a pandas Period or a date; else return ``None``."""
    if isinstance(value, pd.Period):
        return value
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return pd.Period(value, freq="D")
    if not isinstance(value, str):
        return None
    text = value.strip()
    week = _ISO_WEEK.fullmatch(text)
    try:
        if week is not None:
            return pd.Period(datetime.date.fromisocalendar(int(week[1]), int(week[2]), 1), freq="W-SUN")
        return pd.Period(text) if _CALENDAR.fullmatch(text) else None
    except ValueError as error:
        raise SchemaError(f"{written(value)} is not in the calendar: {error}") from error


def _ticks(moment: Moment | None, clock: Clock) -> int | None:
    """Return a moment in the unit of a log: the first tick that is not before it."""
    if moment is None or not isinstance(moment, pd.Timestamp):
        return moment
    # Nanoseconds of 64 bits do not reach as far as the calendar.
    ns = int(moment.asm8.view("i8")) * (_NS // TICKS_A_SECOND[moment.unit])
    length = _DAY_NS if clock.unit == "D" else _NS // TICKS_A_SECOND[str(clock.unit)]
    return min(max(-(-ns // length), -_MOST_TICKS), _MOST_TICKS)


def pair_of(period: object, option: str = "period") -> tuple[Any, Any] | None:
    """Return the start and the end of a period that is given by both; ``None`` for any other value."""
    if isinstance(period, slice | range):
        if period.step not in (None, 1):
            raise SchemaError(given(option, period), " has a step; a period is a stretch without gaps")
        return period.start, period.stop
    if isinstance(period, str) or not isinstance(period, Sequence):
        return None
    if len(period) != 2:
        raise SchemaError(
            given(option, period), f" has {counted(len(period), 'part')}; give a pair (start, end)"
        )
    return period[0], period[1]


def _of_interval(interval: pd.Interval[Any], clock: Clock, option: str) -> Period:
    """Read a pandas Interval, whose closed sides belong to it and whose open ones do not."""
    sides: list[Moment] = []
    for side, passes in ((interval.left, not interval.closed_left), (interval.right, interval.closed_right)):
        with _errors_of(option):
            moment = _moment(_whole(side), clock)
            if moment is None:
                raise SchemaError(
                    f"{side!r} is not the side of a period; give an Interval of timestamps, or of whole "
                    f"numbers where the log's times are plain integers"
                )
        sides.append(_tick_after(moment, clock) if passes else moment)
    start, end = sides
    if end <= start:  # type: ignore[operator]  # both are of one clock
        raise SchemaError(given(option, interval), f" holds no moment: it is closed={interval.closed!r}")
    return Period(start, end)


def _whole(side: Any) -> Any:
    """Return the whole number that a float is, as pandas makes floats of the sides of many intervals."""
    return int(side) if isinstance(side, float) and side.is_integer() else side


def _tick_after(moment: Moment, clock: Clock) -> Moment:
    """Return the first moment after another one that a time of the log can be."""
    if isinstance(moment, int):
        return moment + 1
    unit: Any = clock.unit
    of_second: Any = "s" if unit == "D" else unit
    is_coarser = TICKS_A_SECOND[moment.unit] < TICKS_A_SECOND[of_second]
    stamp = moment.as_unit(of_second) if is_coarser else moment
    # Two times that a clock shows alike are told apart in UTC alone.
    zone = stamp.tz
    before = (stamp if zone is None else stamp.tz_convert("UTC")).floor(unit)
    after = before + pd.Timedelta(1, unit=unit).as_unit(of_second)
    return after if zone is None else after.tz_convert(zone)


def _side(value: MomentLike | None, clock: Clock, side: Literal["start", "end"]) -> Moment | None:
    if value is None:
        return None
    stamp = _moment(value, clock)
    if stamp is not None:
        return stamp
    whole = calendar_period(value)
    if whole is None:
        raise SchemaError(
            f"{written(value)} is not the {side} of a period; give a timestamp, or text such as {_EXAMPLES}"
        )
    return begin_of(whole if side == "start" else whole + 1, clock)


def _moment(value: MomentLike, clock: Clock) -> Moment | None:
    """Read a timestamp, or an integer for a log of integers; return ``None`` for anything else."""
    if is_whole_number(value):
        if clock.unit is not None:
            raise SchemaError(
                f"{written(value)} is a number, and the log's times are timestamps; give a timestamp"
            )
        return int(value)
    if _is_zoned(value):
        stamp = _zoned(value)
    elif isinstance(value, datetime.datetime | np.datetime64):
        stamp = pd.Timestamp(value)
    else:
        return None
    if pd.isna(stamp):
        raise SchemaError("a period's start or end is missing (NaT); None leaves a side open")
    _refuse_integers(value, clock)
    if clock.zone is None and stamp.tzinfo is not None:
        raise SchemaError(f"{written(value)} has a zone, and the log's times have none; give it without one")
    if clock.zone is not None and stamp.tzinfo is None:
        raise SchemaError(
            f"{written(value)} has no zone, and the log's times are in {clock.zone}; give it one, for "
            f'example pd.Timestamp("{stamp}", tz="{clock.zone}")'
        )
    return stamp if clock.zone is None else stamp.tz_convert(clock.zone)


def _is_zoned(value: object) -> TypeGuard[str]:
    """Check for the text of a moment with an offset, such as ``"2026-05-01T00:00:00Z"``."""
    return isinstance(value, str) and _ZONED.fullmatch(value.strip()) is not None


def _zoned(text: str) -> pd.Timestamp:
    try:
        return pd.Timestamp(text.strip())
    except ValueError as error:
        raise SchemaError(f"{text!r} is not in the calendar: {error}") from error


def begin_of(whole: pd.Period, clock: Clock) -> pd.Timestamp:
    """Find the first moment of a calendar period in the log's zone."""
    _refuse_integers(str(whole), clock)
    return moment_at(whole.start_time, clock)


def moment_at(shown: pd.Timestamp, clock: Clock) -> pd.Timestamp:
    """Find the first moment at which clocks in a log's zone show a time, or a later time."""
    if clock.zone is None:
        return shown
    try:
        # Of a time that comes twice, the first one is taken.
        moment = shown.tz_localize(clock.zone, nonexistent="NaT", ambiguous=True)
    except NotImplementedError as error:  # pandas' word for a year that datetime does not have
        raise SchemaError(f"{shown} is later than the year 9999, with which the calendar ends") from error
    return first_shown(shown, clock.zone) if pd.isna(moment) else moment


def day_begun(moment: pd.Timestamp, clock: Clock) -> pd.Timestamp | None:
    """Return the midnight of the day that begins at a moment; ``None`` if no day does."""
    midnight = moment.tz_localize(None).normalize()
    return midnight if moment_at(midnight, clock) == moment else None


def _refuse_integers(value: Any, clock: Clock) -> None:
    if clock.unit is None:
        raise SchemaError(
            f"{written(value)} is a calendar time, and the log's times are plain integers; give a pair of "
            "integers"
        )
