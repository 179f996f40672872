"""Lengths of time: what people write for a window or a gap, and where it ends for every time of a log."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import SchemaError, did_you_mean, given, is_whole_number, named
from .periods import Clock
from .stamps import NAT, TICKS_A_SECOND

Seconds: TypeAlias = npt.NDArray[np.int64]

_NAMES: Final = {
    Fraction(1, 10**9): ("ns", "nanosecond", "nanoseconds"),
    Fraction(1, 10**6): ("us", "µs", "microsecond", "microseconds"),
    Fraction(1, 1000): ("ms", "millisecond", "milliseconds"),
    Fraction(1): ("s", "sec", "second", "seconds"),
    Fraction(60): ("min", "minute", "minutes"),
    Fraction(3600): ("h", "hour", "hours"),
    Fraction(86_400): ("d", "day", "days"),
    Fraction(7 * 86_400): ("w", "week", "weeks"),
}
_LENGTHS: Final = {name: length for length, names in _NAMES.items() for name in names}
_MONTHS: Final = {"month": 1, "months": 1, "quarter": 3, "quarters": 3, "year": 12, "years": 12}
_MOST_DIGITS: Final = 40
_MOST_NUMBER: Final = 2**64
_TEXT: Final = re.compile(r"(-?\d+(?:\.\d+)?)\s*([^\W\d_]*)")
_EXAMPLES: Final = '"30min", "7d", "1 month" or a timedelta'
_MOST_TICKS: Final = np.iinfo(np.int64).max
_MOST_MONTHS: Final = 12_000
_DAY: Final = 86_400


@dataclass(frozen=True)
class Months:
    """A length in calendar months, after which the clock shows the same time of the same day of the month.

    Attributes
    ----------
    number
        Number of months, at least 0.
    """

    number: int


Length: TypeAlias = int | Months
# What callers may pass for a window or a gap: text with a unit, a timedelta, or a plain number.
LengthLike: TypeAlias = str | datetime.timedelta | np.timedelta64 | float | np.integer[Any] | np.floating[Any]


@dataclass(frozen=True)
class Reach:
    """Where a length of time ends for every time of a log, piece by piece.

    From ``begin[i]`` on, up to the next piece, the length that starts at `t` ends at
    ``max(t + shift[i], least[i])``, all in the unit of the log.
    """

    begin: npt.NDArray[np.int64]
    shift: npt.NDArray[np.int64]
    least: npt.NDArray[np.int64]


def length_of(value: LengthLike | None, clock: Clock, option: str, *, up: bool = False) -> Length | None:
    """Read a window or a gap in the unit of a log; ``None`` stays ``None``.

    Parameters
    ----------
    value
        Text with a unit, a timedelta, or for a log of plain integers a number.
    clock
        Unit and zone of the log.
    option
        Name of the argument, for messages.
    up
        Whether a length between two ticks is rounded up, as a least length needs it; by default it is rounded
        down.

    Raises
    ------
    SchemaError
        If the value is not a length of time, is negative, or does not fit the log's times.
    """
    if value is None:
        return None
    exact = exact_length(value, clock, option)
    if isinstance(exact, Months):
        if not 0 <= exact.number <= _MOST_MONTHS:
            raise SchemaError(given(option, value), " is not between 0 and 1,000 years")
        return exact if exact.number else 0
    if exact < 0:
        raise SchemaError(given(option, value), " is negative; a length of time is not")
    ticks = exact if clock.unit is None else _in_unit(exact, clock.unit)
    whole = -(-ticks // 1) if up else ticks // 1
    if whole > _MOST_TICKS:
        raise SchemaError(given(option, value), " is longer than any log; None means no bound")
    return int(whole)


def exact_length(value: Any, clock: Clock, option: str) -> Fraction | Months:
    """Read a length exactly: in seconds, in calendar months, or as a number in a log of integers."""
    if value is pd.NaT:
        raise SchemaError(named(option), " is missing (NaT); None means no bound")
    if isinstance(value, str):
        if clock.unit is None:
            raise SchemaError(
                given(option, value), " has a unit, and the log's times are plain integers; give a number"
            )
        return _from_text(value, option)
    if isinstance(value, datetime.timedelta | np.timedelta64):
        return _from_timedelta(value, clock, option)
    if is_whole_number(value) or isinstance(value, float | np.floating):
        if clock.unit is not None:
            raise SchemaError(
                given(option, value), f" has no unit, and the log's times are timestamps; give {_EXAMPLES}"
            )
        size: Any = abs(value)
        if size > _MOST_NUMBER or not np.isfinite(float(value)):
            raise SchemaError(given(option, value), " is not a length of time; None means no bound")
        return Fraction(int(value)) if is_whole_number(value) else Fraction(float(value))
    raise SchemaError(given(option, value), f" is not a length of time; give {_EXAMPLES}")


def _from_text(value: str, option: str) -> Fraction | Months:
    found = _TEXT.fullmatch(value.strip())
    if found is None:
        raise SchemaError(given(option, value), f" is not a length of time; give {_EXAMPLES}")
    if len(found[1]) > _MOST_DIGITS:
        raise SchemaError(given(option, value), " has more digits than a length of time can have")
    number, unit = Fraction(found[1]), found[2].lower()
    if unit in _LENGTHS:
        return number * _LENGTHS[unit]
    if unit in _MONTHS:
        months = number * _MONTHS[unit]
        if months.denominator > 1:
            raise SchemaError(given(option, value), " is not a whole number of months")
        return Months(int(months))
    if not unit:
        raise SchemaError(given(option, value), f" has no unit; give {_EXAMPLES}")
    hint = '; is it "min" or "months"?' if unit == "m" else did_you_mean(unit, [*_LENGTHS, *_MONTHS])
    raise SchemaError(given(option, value), f" has the unknown unit {found[2]!r}; give {_EXAMPLES}{hint}")


def _from_timedelta(value: Any, clock: Clock, option: str) -> Fraction:
    if pd.isna(value):
        raise SchemaError(named(option), " is missing (NaT); None means no bound")
    if clock.unit is None:
        raise SchemaError(
            given(option, value),
            " is a length of time, and the log's times are plain integers; give a number",
        )
    try:
        delta = pd.Timedelta(value)
    except ValueError as error:
        raise SchemaError(given(option, value), f" is not a length of time; give {_EXAMPLES}") from error
    return Fraction(delta // pd.Timedelta(1, delta.unit), TICKS_A_SECOND[delta.unit])


def _in_unit(seconds: Fraction, unit: str) -> Fraction:
    return seconds / _DAY if unit == "D" else seconds * TICKS_A_SECOND[unit]


def length_text(value: LengthLike) -> str | int | float:
    """Write a length as text with a unit, or as the number that it is; :func:`length_of` reads it again."""
    if isinstance(value, str):
        return value
    if not isinstance(value, datetime.timedelta | np.timedelta64):
        return int(value) if is_whole_number(value) else float(value)
    seconds = _from_timedelta(value, Clock("ns", None), "length")
    unit = max(length for length in _NAMES if (seconds / length).denominator == 1)
    return f"{seconds / unit}{_NAMES[unit][0]}"


def reach_of(months: Months, first: int, last: int, clock: Clock) -> Reach:
    """Compute where a length in calendar months ends for every time from `first` to `last`.

    A day that the last month does not have becomes the last day of that month. A time of day that the zone
    leaves out becomes the first moment after the gap; of a time that comes twice, the first one is taken. A
    later time never has an earlier end.
    """
    unit = str(clock.unit)
    per_second = TICKS_A_SECOND.get(unit, 1)
    scale = _DAY if unit == "D" else 1
    # Start four days early: a target day such as the 31st may be cut to the 28th.
    since, until = first * scale // per_second - 4 * _DAY, last * scale // per_second + 1
    changes = changes_of(since - _DAY, until + (months.number + 1) * 31 * _DAY, clock.zone)
    begin, shown = _days(since, until, changes)
    # Seconds from a time to what the clock shows at the end of its length.
    to_end = shown + _months_later(begin + shown, months)
    begin, to_end = _cut(begin, to_end, changes)
    end = np.searchsorted(changes.shown, begin + to_end, side="right") - 1
    shift, least = to_end - changes.offset[end], changes.at[end]
    least[begin + shift >= least] = NAT
    first_of_run = np.flatnonzero(np.r_[True, (np.diff(shift) != 0) | (np.diff(least) != 0)])
    begin, shift, least = begin[first_of_run], shift[first_of_run], least[first_of_run]
    bound = least == NAT
    return _never_falling(
        begin * per_second // scale,
        shift * per_second // scale,
        np.where(bound, NAT, least * per_second // scale),
    )


def ends_of(length: Length, starts: npt.NDArray[np.int64], clock: Clock) -> npt.NDArray[np.int64]:
    """Compute where a length ends for each of some times, all in the unit of a log.

    An end beyond what 64 bits hold is the last time that they hold.
    """
    if not len(starts):
        return starts
    if isinstance(length, Months):
        reach = reach_of(length, int(starts.min()), int(starts.max()), clock)
        piece = np.maximum(np.searchsorted(reach.begin, starts, side="right") - 1, 0)
        ends: npt.NDArray[np.int64] = np.maximum(starts + reach.shift[piece], reach.least[piece])
        return ends
    room = _MOST_TICKS - length
    if starts.max() <= room:
        return starts + length
    return np.where(starts > room, _MOST_TICKS, np.minimum(starts, room) + length)


def _never_falling(begin: Seconds, shift: Seconds, least: Seconds) -> Reach:
    """Raise each end to the latest end of an earlier time.

    Ends fall back where several days share the end of a month, and where an hour comes twice.
    """
    last = np.maximum(begin[1:] - 1 + shift[:-1], least[:-1])
    before = np.maximum.accumulate(last)
    falls = before > np.maximum(begin[1:] + shift[1:], least[1:])
    least[1:][falls] = before[falls]
    return Reach(begin, shift, least)


@dataclass(frozen=True)
class Changes:
    """Changes of a zone's offset from UTC; the first entry holds from before all times.

    Attributes
    ----------
    at
        Moment of the change.
    offset
        Offset from that moment on.
    shown
        Time that the clock before the change would show at that moment.
    """

    at: Seconds
    offset: Seconds
    shown: Seconds


def changes_of(first: int, last: int, zone: str | None) -> Changes:
    """Find when the clocks of a zone change between two moments, in seconds since 1970."""
    days = np.arange(first, last + 2 * _DAY, _DAY, dtype=np.int64)
    offsets = _offsets(days, zone)
    changed = np.flatnonzero(np.diff(offsets))
    low, high = days[changed], days[changed + 1]
    before, after = offsets[changed], offsets[changed + 1]
    while (high - low > 1).any():
        middle = (low + high) // 2
        is_before = _offsets(middle, zone) == before
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
    least = np.iinfo(np.int64).min
    return Changes(np.r_[least, high], np.r_[offsets[0], after], np.r_[least, high + before])


def _offsets(seconds: Seconds, zone: str | None) -> Seconds:
    if zone is None:
        return np.zeros_like(seconds)
    times = pd.DatetimeIndex(seconds.view("datetime64[s]")).tz_localize("UTC")
    shown = times.tz_convert(zone).tz_localize(None).to_numpy().astype("datetime64[s]")
    offsets: Seconds = shown.view(np.int64) - seconds
    return offsets


def _days(since: int, until: int, changes: Changes) -> tuple[Seconds, Seconds]:
    """Cut time at every midnight of the clock and at every change of it; return begins and offsets."""
    begins, offsets = [], []
    ends = np.r_[changes.at[1:], np.iinfo(np.int64).max]
    for at, end, offset in zip(changes.at.tolist(), ends.tolist(), changes.offset.tolist(), strict=True):
        start, stop = max(at, since), min(end, until)
        if start >= stop:
            continue
        midnight = -(-(start + offset) // _DAY) * _DAY
        days = np.arange(midnight, stop + offset, _DAY, dtype=np.int64) - offset
        begins.append(np.union1d([start], days))
        offsets.append(np.full(len(begins[-1]), offset))
    return np.concatenate(begins), np.concatenate(offsets)


def _months_later(shown: Seconds, months: Months) -> Seconds:
    """Return the seconds from what a clock shows to what it shows months later, for a day's beginning."""
    day = (shown // _DAY).view("datetime64[D]")
    month = day.astype("datetime64[M]")
    of_month = day - month.astype("datetime64[D]")
    target = month + months.number
    begin = target.astype("datetime64[D]")
    longest = (target + 1).astype("datetime64[D]") - begin - 1
    later = begin + np.minimum(of_month, longest)
    seconds: Seconds = (later - day).astype(np.int64) * _DAY
    return seconds


def _cut(begin: Seconds, to_end: Seconds, changes: Changes) -> tuple[Seconds, Seconds]:
    """Cut the pieces also where their ends meet a change of the clock."""
    stop = np.r_[begin[1:], np.iinfo(np.int64).max // 2]
    begins, to_ends = [begin], [to_end]
    for shown in changes.shown[1:]:
        inside = (begin + to_end < shown) & (shown < stop + to_end)
        begins.append(shown - to_end[inside])
        to_ends.append(to_end[inside])
    all_begins, all_to_ends = np.concatenate(begins), np.concatenate(to_ends)
    order = np.argsort(all_begins, kind="stable")
    return all_begins[order], all_to_ends[order]
