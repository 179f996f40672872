"""Times: read from text and objects, and turned back into timestamps and timedeltas."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import InvalidRowError, Parts, SchemaError, advised, counted, given
from .zones import zone_name

NAT = np.iinfo(np.int64).min
# A time of day, then Z or an offset: the text names its zone.
_OFFSET = r"\d[T ]\d.*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$"
# The digits of a second's fraction that nanoseconds have and microseconds do not.
_NANOSECONDS = re.compile(r"[.,]\d{6}(\d{1,3})")
_MOST_MICROSECONDS = np.iinfo(np.int64).max // 1_000 - 1  # which 64 bits hold in nanoseconds
_MOST_HALVES = 2.0**27  # as many days are whole numbers of microseconds
_PER_UNIT = {"D": 86_400_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
TICKS_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def parse_texts(
    texts: pd.Series, name: str, time_format: str | None = None
) -> tuple[pd.DatetimeIndex, npt.NDArray[np.uint64]]:
    """Read times from ISO 8601 text, or text of one given format.

    Parameters
    ----------
    texts
        Text with missing values; zoned and naive times do not mix.
    name
        The column's name, for messages.
    time_format
        A :func:`time.strptime` format where the text is not ISO 8601.

    Returns
    -------
    times, unparsed
        The times (UTC where the texts name offsets) and the rows whose text is not a time.
    """
    if time_format is not None:
        try:
            parsed = pd.to_datetime(texts, format=time_format, utc="%z" in time_format, errors="coerce")
        except ValueError as error:
            raise SchemaError(
                given("time_format", time_format), f" is not a format of times: {error}"
            ) from error
        parsed = _without_words(parsed, texts)
        return pd.DatetimeIndex(parsed), _rows(parsed.isna() & texts.notna())
    zoned = texts.str.contains(_OFFSET, regex=True, na=False)
    some, others = _rows(zoned), _rows(~zoned & texts.notna())
    parsed = pd.to_datetime(texts, format="ISO8601", utc=bool(len(some)), errors="coerce")
    parsed = _without_words(parsed, texts)
    if len(some):
        # A text that is not a time at all does not count as a time without zone.
        naive = next((row for row in others if pd.notna(parsed.iloc[row]) or _is_time(texts.iloc[row])), None)
        if naive is not None:
            _refuse_mixed(name, int(some[0]), texts.iloc[some[0]], int(naive), texts.iloc[naive])
    times = pd.DatetimeIndex(parsed)
    unparsed = _rows(parsed.isna() & texts.notna())
    # Far years (9999 means "never" in exports) may not fit the unit that pandas chose.
    return _parse_singly(times, texts, unparsed, name) if len(unparsed) else (times, unparsed)


def _without_words(times: pd.Series, texts: pd.Series) -> pd.Series:
    """Take out the times of texts such as "now" and "today", which pandas reads off the clock."""
    # Only a time of these days can be one, and those are few.
    recent = times >= pd.Timestamp.now(times.dt.tz) - pd.Timedelta(days=2)
    if not recent.any():
        return times
    is_word = recent & ~texts.where(recent, "").astype("string").str.contains(r"\d", regex=True, na=False)
    return times.mask(is_word) if is_word.any() else times


def in_unit(times: pd.DatetimeIndex, unit: Any) -> pd.DatetimeIndex:
    """Convert times to the unit of the batches before them, if that unit holds them exactly."""
    if unit not in ("s", "ms", "us", "ns") or unit == times.unit:
        return times
    try:
        converted = times.as_unit(unit)
    except pd.errors.OutOfBoundsDatetime:
        return times
    return converted if (converted == times)[times.notna()].all() else times


def _is_time(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _parse_singly(
    parsed: pd.DatetimeIndex, texts: pd.Series, rows: npt.NDArray[np.uint64], name: str
) -> tuple[pd.DatetimeIndex, npt.NDArray[np.uint64]]:
    """Read the texts of some rows one by one, and return the rows that are still unparsed."""
    zone = None if parsed.tz is None else datetime.UTC
    is_fine = parsed.unit == "ns"
    microseconds = parsed.as_unit("us").asi8.copy()
    nanoseconds = np.zeros_like(microseconds)
    if is_fine:
        present = parsed.notna()
        microseconds[present], nanoseconds[present] = np.divmod(parsed.asi8[present], 1_000)
    unparsed = []
    for row in rows:
        text = texts.iloc[row]
        try:
            value = datetime.datetime.fromisoformat(text)
        except ValueError:
            unparsed.append(row)
            continue
        local = value.astimezone(zone).replace(tzinfo=None) if zone else value
        microseconds[row] = np.datetime64(local, "us").astype(np.int64)
        digits = _NANOSECONDS.search(text)
        nanoseconds[row] = 0 if digits is None else int(digits[1].ljust(3, "0"))
    times = _put_together(microseconds, nanoseconds, texts, name, is_fine=is_fine)
    return (times.tz_localize(zone) if zone else times), np.array(unparsed, dtype=np.uint64)


def _put_together(
    microseconds: npt.NDArray[np.int64],
    nanoseconds: npt.NDArray[np.int64],
    given_times: pd.Series,
    name: str,
    *,
    is_fine: bool = False,
) -> pd.DatetimeIndex:
    """Make times of whole microseconds and the nanoseconds above them.

    Parameters
    ----------
    given_times
        The times as they were given, for the message.
    is_fine
        Whether the times are of nanoseconds, where these hold all of them, even if no time needs them.

    Raises
    ------
    SchemaError
        If a time needs nanoseconds, and another one is too far away for them.
    """
    is_far = (microseconds != NAT) & (np.abs(microseconds) > _MOST_MICROSECONDS)
    if not nanoseconds.any() and (is_far.any() or not is_fine):
        return pd.DatetimeIndex(microseconds.view("datetime64[us]"))
    if is_far.any():
        fine, far = int(np.flatnonzero(nanoseconds)[0]), int(np.flatnonzero(is_far)[0])
        raise SchemaError(
            f"column {name!r} has a time with nanoseconds (row {fine}: {str(given_times.iloc[fine])!r}), "
            f"which reach from the year 1677 to 2262, and a time beyond these (row {far}: "
            f"{str(given_times.iloc[far])!r}); correct the year, or round the times to microseconds"
        )
    scaled = np.where(microseconds == NAT, NAT, microseconds * 1_000 + nanoseconds)
    return pd.DatetimeIndex(scaled.view("datetime64[ns]"))


def stamps_from_objects(values: npt.NDArray[np.object_], name: str) -> pd.DatetimeIndex:
    """Turn dates or datetimes, all naive or all zoned, into timestamps of micro- or nanoseconds."""
    present = [(row, value) for row, value in enumerate(values) if not pd.isna(value)]
    zones = {zone_name(value.tzinfo) for _, value in present if _zone(value) is not None}
    if not zones:
        return _stamps([None if pd.isna(value) else value for value in values], name)
    for row, value in present:
        if _zone(value) is None:
            zoned_row, zoned = next((r, v) for r, v in present if _zone(v) is not None)
            _refuse_mixed(name, zoned_row, zoned, row, value)
    utc = datetime.UTC
    shifted = [None if pd.isna(value) else value.astimezone(utc).replace(tzinfo=None) for value in values]
    index = _stamps(shifted, name).tz_localize("UTC")
    key = next(iter(zones)) if len(zones) == 1 else "UTC"
    return index.tz_convert(key) if key in zoneinfo.available_timezones() else index


def _stamps(values: Sequence[Any], name: str) -> pd.DatetimeIndex:
    """Turn naive dates and datetimes into timestamps; only those of pandas have nanoseconds."""
    microseconds = np.array(values, dtype="datetime64[us]").view(np.int64)
    nanoseconds = np.array([getattr(value, "nanosecond", 0) for value in values], dtype=np.int64)
    return _put_together(microseconds, nanoseconds, pd.Series(values, dtype=object), name)


def _zone(value: Any) -> datetime.tzinfo | None:
    return getattr(value, "tzinfo", None)


def _refuse_mixed(name: str, zoned_row: int, zoned: Any, naive_row: int, naive: Any) -> None:
    raise SchemaError(
        f"column {name!r} mixes times with a zone (row {zoned_row}: {str(zoned)!r}) and without "
        f"(row {naive_row}: {str(naive)!r}); give all of them a zone, for example with tz_localize, "
        f"or none"
    )


def refuse_unparsed(
    name: str,
    texts: pd.Series,
    rows: npt.NDArray[np.uint64],
    time_format: str | None,
    first_row: int | None,
) -> None:
    """Refuse the first text that is not a time; `first_row` is the row at which a stream's batch begins."""
    text = texts.iloc[int(rows[0])]
    row = int(rows[0]) + (first_row or 0)
    share = f" ({len(rows):,} of {counted(len(texts), 'row')})" if first_row is None else ""
    form = "ISO 8601" if time_format is None else f"of the format {time_format!r}"
    format_advice = ("pass its format, for example ", advised("time_format", "%d/%m/%Y %H:%M"))
    correction: Parts = ("correct it",) if time_format else format_advice
    raise InvalidRowError(
        f"time {text!r} in row {row:,} of column {name!r} is not {form}{share}",
        row=row,
        advice=("; ", *correction, ", or pass ", advised("invalid", "drop"), " to leave such rows out"),
    )


def _rows(flags: pd.Series) -> npt.NDArray[np.uint64]:
    return np.flatnonzero(flags.to_numpy(dtype=bool)).astype(np.uint64)


def to_times(values: npt.NDArray[np.int64], unit: str | None, zone: str | None) -> pd.Series:
    """Turn the core's times into timestamps of the log's unit and zone, or leave them integers.

    The memory of the times is that of the column: they must not be changed afterwards.
    """
    if unit is None:
        return pd.Series(values, copy=False)
    if unit == "D":
        # Timestamps have no unit of days.
        values = np.where(values == NAT, NAT, values * 86_400)
        unit = "s"
    stamps = pd.Series(values.view(f"datetime64[{unit}]"), copy=False)
    return stamps if zone is None else stamps.dt.tz_localize("UTC").dt.tz_convert(zone)


def ticks_in(times: npt.NDArray[np.int64], unit: str, other: str) -> npt.NDArray[np.int64]:
    """Convert times from one unit to another: to the last tick that is not after each."""
    ours, theirs = (1 if one == "D" else 86_400 * TICKS_A_SECOND[one] for one in (unit, other))
    if theirs < ours:
        return times // (ours // theirs)
    factor = theirs // ours
    most = np.iinfo(np.int64).max // factor
    converted: npt.NDArray[np.int64] = np.clip(times, -most, most) * factor
    return converted


def to_lengths(ticks: npt.NDArray[np.int64], unit: str | None) -> pd.Series:
    """Turn whole lengths in a log's unit into timedeltas, or nullable integers; the lowest one is missing.

    Timedeltas are of microseconds, of nanoseconds for a log in nanoseconds.
    """
    if unit is None:
        return pd.Series(pd.arrays.IntegerArray(ticks, ticks == NAT), dtype="Int64")
    scale = _PER_UNIT.get(unit, 1)
    if scale > 1:
        is_known = ticks != NAT
        if ticks.max(initial=0) > np.iinfo(np.int64).max // scale:
            raise _too_long()
        ticks = np.where(is_known, ticks * scale, NAT)
    return pd.Series(ticks.view(f"timedelta64[{'ns' if unit == 'ns' else 'us'}]"), copy=False)


def _too_long() -> SchemaError:
    return SchemaError(
        "a time in stage is longer than a timedelta can hold (292,000 years); are the times right?"
    )


def to_durations(lengths: Sequence[Fraction | int | None], unit: str | None) -> pd.Series:
    """Turn exact lengths in a log's unit into timedeltas, or floats without a unit; None is missing.

    Timedeltas are of microseconds (of nanoseconds for a log in nanoseconds), rounded half to even.
    """
    return pd.Series(duration_values(lengths, unit))


def duration_values(lengths: Sequence[Fraction | int | None], unit: str | None) -> npt.NDArray[Any]:
    """Turn exact lengths into an array likewise, which pandas need not lay beside others row by row."""
    if unit is None:
        return np.array([np.nan if length is None else float(length) for length in lengths], dtype=float)
    scale = _PER_UNIT.get(unit, 1)
    steps = [NAT if length is None else round(length * scale) for length in lengths]
    if max(steps, default=0) > np.iinfo(np.int64).max:
        raise _too_long()
    stamps = np.array(steps, dtype=np.int64)
    return stamps.view(f"timedelta64[{'ns' if unit == 'ns' else 'us'}]")


def halves_to_durations(lengths: npt.NDArray[np.float64], unit: str | None) -> pd.Series | None:
    """Turn lengths all of which are halves of a log's unit into what :func:`to_durations` makes of them.

    Whole ones are among them, as are the middles between two; NaN is missing. ``None``: some are others.
    """
    if unit is None:
        return pd.Series(lengths, dtype=float)
    is_known = ~np.isnan(lengths)
    halves = np.where(is_known, 2 * lengths, 0.0)
    if (halves != np.rint(halves)).any() or np.abs(halves).max(initial=0) > _MOST_HALVES:
        return None
    scale = _PER_UNIT.get(unit, 1)
    steps = np.rint(halves / 2).astype(np.int64) if scale == 1 else halves.astype(np.int64) * (scale // 2)
    stamps = np.where(is_known, steps, NAT)
    return pd.Series(stamps.view(f"timedelta64[{'ns' if unit == 'ns' else 'us'}]"))
