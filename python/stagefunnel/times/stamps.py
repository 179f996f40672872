"""Times: reading them from text and objects, and giving them and their differences back."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import InvalidRowError, Parts, SchemaError, advised, counted, given

NAT = np.iinfo(np.int64).min
# A time of day, then Z or an offset: the text names its zone.
_OFFSET = r"[T ]\d.*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$"
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
        return pd.DatetimeIndex(parsed), _rows(parsed.isna() & texts.notna())
    zoned = texts.str.contains(_OFFSET, regex=True, na=False)
    some, others = _rows(zoned), _rows(~zoned & texts.notna())
    parsed = pd.to_datetime(texts, format="ISO8601", utc=bool(len(some)), errors="coerce")
    if len(some):
        # What is no time at all is not naive either.
        naive = next((row for row in others if pd.notna(parsed.iloc[row]) or _is_time(texts.iloc[row])), None)
        if naive is not None:
            _refuse_mixed(name, int(some[0]), texts.iloc[some[0]], int(naive), texts.iloc[naive])
    unparsed = _rows(parsed.isna() & texts.notna())
    if len(unparsed):
        # Far years (9999 means "never" in exports) may not fit the unit that pandas chose.
        parsed = pd.Series(parsed).dt.as_unit("us")
        parsed, unparsed = _parse_singly(pd.Series(parsed), texts, unparsed)
    return pd.DatetimeIndex(parsed), unparsed


def in_unit(times: pd.DatetimeIndex, unit: Any) -> pd.DatetimeIndex:
    """Give times the unit of the ones before them in a stream, where it holds them exactly."""
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
    parsed: pd.Series, texts: pd.Series, rows: npt.NDArray[np.uint64]
) -> tuple[pd.Series, npt.NDArray[np.uint64]]:
    zone = None if parsed.dt.tz is None else datetime.UTC
    values = parsed.to_numpy(dtype="datetime64[us]").copy()
    unparsed = []
    for row in rows:
        try:
            value = datetime.datetime.fromisoformat(texts.iloc[row])
        except ValueError:
            unparsed.append(row)
            continue
        values[row] = np.datetime64(value.astimezone(zone).replace(tzinfo=None) if zone else value)
    times = pd.Series(values)
    return (times.dt.tz_localize(zone) if zone else times), np.array(unparsed, dtype=np.uint64)


def stamps_from_objects(values: npt.NDArray[np.object_], name: str) -> pd.DatetimeIndex:
    """Turn dates or datetimes, all naive or all zoned, into timestamps of microseconds."""
    present = [(row, value) for row, value in enumerate(values) if not pd.isna(value)]
    zones = {str(value.tzinfo): value.tzinfo for _, value in present if _zone(value) is not None}
    if not zones:
        naive = [None if pd.isna(value) else value for value in values]
        return pd.DatetimeIndex(np.array(naive, dtype="datetime64[us]"))
    for row, value in present:
        if _zone(value) is None:
            zoned_row, zoned = next((r, v) for r, v in present if _zone(v) is not None)
            _refuse_mixed(name, zoned_row, zoned, row, value)
    utc = datetime.UTC
    shifted = [None if pd.isna(value) else value.astimezone(utc).replace(tzinfo=None) for value in values]
    index = pd.DatetimeIndex(np.array(shifted, dtype="datetime64[us]")).tz_localize("UTC")
    key = next(iter(zones)) if len(zones) == 1 else "UTC"
    return index.tz_convert(key) if key in zoneinfo.available_timezones() else index


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
    """Say which text is not a time and how to read it; `first_row` is where a batch of a stream begins."""
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
    """Give the core's times back as timestamps of the log's unit and zone, or as integers."""
    if unit is None:
        return pd.Series(values)
    seconds = values.copy()
    if unit == "D":
        # Timestamps have no unit of days.
        present = values != NAT
        seconds[present] = values[present] * 86_400
        unit = "s"
    stamps = pd.Series(seconds.view(f"datetime64[{unit}]"))
    return stamps if zone is None else stamps.dt.tz_localize("UTC").dt.tz_convert(zone)


def to_durations(lengths: Sequence[Fraction | None], unit: str | None) -> pd.Series:
    """Turn exact lengths in a log's unit into timedeltas, or floats without a unit; None is missing.

    Timedeltas are of microseconds (of nanoseconds for a log in nanoseconds), rounded half to even.
    """
    if unit is None:
        return pd.Series([np.nan if length is None else float(length) for length in lengths], dtype=float)
    scale = _PER_UNIT.get(unit, 1)
    steps = [NAT if length is None else round(length * scale) for length in lengths]
    if max(steps, default=0) > np.iinfo(np.int64).max:
        raise SchemaError(
            "a time in stage is longer than a timedelta can hold (292,000 years); are the times right?"
        )
    stamps = np.array(steps, dtype=np.int64)
    return pd.Series(stamps.view(f"timedelta64[{'ns' if unit == 'ns' else 'us'}]"))
