"""Times as exports write them: ISO 8601 and close to it, day or month first, seconds since 1970.

An ambiguous date such as ``03/04/2026`` is never guessed: the column or an option decides, or it is an error.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from ...errors import ReaderError, SchemaError, advised, counted, given, named
from ...times.stamps import parse_texts
from ...times.zones import checked_zone, localized
from ..notes import Notes
from ..options import Options
from .cells import refuse_nested
from .places import Place, first_row

_CLOCK = (
    r"(?:[ T,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?)?\s*$"
)
_YEAR_FIRST = r"^\s*(?P<year>\d{4})[-/.](?P<first>\d{1,2})[-/.](?P<second_part>\d{1,2})" + _CLOCK
_YEAR_LAST = (
    r"^\s*(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second_part>\d{1,2})[-/.](?P<year>\d{4}|\d{2})" + _CLOCK
)
_SINCE_1970 = r"^\s*\d{10}(?:\d{3})?(?:\.\d+)?\s*$"


def read_times(column: pd.Series, place: Place, options: Options, notes: Notes) -> pd.Series:
    """Read a column of times; missing ones stay missing.

    ``03/04/2026`` is read only if another date of the column, or ``dayfirst``, says which number is the day.

    Parameters
    ----------
    column
        Times, or text.
    place
        Function that says where a row stands in the input.
    options
        Options of the reader: ``time_format``, ``dayfirst``, ``zone`` and ``invalid``.
    notes
        Notes that count dates whose order the column decided, and texts that could not be read.

    Raises
    ------
    ReaderError
        If a text is not a time, if a date could be two days, or if the column has times with and without a
        time zone; with the place of the row.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _in_zone(column, options, notes)
    if not column.notna().any():
        return pd.Series(pd.NaT, index=range(len(column)), dtype="datetime64[us]")
    name = str(column.name)
    refuse_nested(column.to_frame(name), place, [name])
    if options.time_format is not None:
        times, unparsed = parse_texts(column, name, options.time_format)
    else:
        texts = _as_iso(column, place, options, notes)
        try:
            times, unparsed = parse_texts(texts, name)
        except SchemaError as error:
            raise ReaderError(f"{place(0).rpartition(',')[0]}: ", *error.parts) from error
    if len(unparsed) and options.invalid == "error":
        row = int(unparsed[0])
        raise ReaderError(
            f"{place(row)}: {column.iloc[row]!r} in column {name!r} is not a date or time "
            f"({counted(len(unparsed), 'row')}); pass its format, as in ",
            advised("time_format", "%d %b %Y"),
            ", or pass ",
            advised("invalid", "drop"),
        )
    notes.add(
        "unreadable_times", len(unparsed), f"texts in column {name!r} that are not times, taken as missing"
    )
    return _in_zone(pd.Series(times), options, notes)


def of_one_kind(times: pd.Series, others: pd.Series, what: str) -> pd.Series:
    """Return times that can be compared with others.

    Parameters
    ----------
    times, others
        Two columns of times.
    what
        Name of the two columns, for the message.

    Raises
    ------
    ReaderError
        If only one of the columns has a time zone.
    """
    if not times.notna().any() or not others.notna().any():
        return pd.Series(pd.NaT, index=times.index, dtype=others.dtype)
    if (times.dt.tz is None) != (others.dt.tz is None):
        raise ReaderError(
            f"{what} mix times with a zone and without; pass ", named("zone"), " for the times without one"
        )
    return times


def looks_like_times(column: pd.Series) -> bool:
    """Check whether a column holds dates and nothing else."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return bool(column.notna().any())
    present = column.dropna()
    if not len(present) or not all(isinstance(value, str) for value in present):
        return False
    return bool((present.str.match(_YEAR_FIRST) | present.str.match(_YEAR_LAST)).all())


def _as_iso(column: pd.Series, place: Place, options: Options, notes: Notes) -> pd.Series:
    """Rewrite the times of a column as ISO 8601; texts of another form stay as they are."""
    texts = column.astype(object).where(column.notna(), None)
    is_count = texts.str.match(_SINCE_1970, na=False)
    if is_count.any():
        texts = texts.where(~is_count, _since_1970(texts[is_count]).reindex(texts.index))
    parsed = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    others = texts[parsed.isna() & texts.notna()]
    if not len(others):
        return texts
    year_first = others.str.extract(_YEAR_FIRST)
    others = _rewritten(others, year_first, year_first["first"], year_first["second_part"])
    parts = others.str.extract(_YEAR_LAST)
    if parts["year"].notna().any():
        day_first = _day_first(
            column[others.index], parts, lambda row: place(others.index[row]), options, notes
        )
        day, month = ("first", "second_part") if day_first else ("second_part", "first")
        others = _rewritten(others, parts, parts[month], parts[day])
    texts = texts.copy()
    texts[others.index] = others
    return texts


def _since_1970(texts: pd.Series) -> pd.Series:
    """Rewrite counts since 1970 as ISO 8601: ten digits are seconds, thirteen are milliseconds."""
    numbers = texts.astype(float)
    seconds = numbers.where(numbers < 1e11, numbers / 1000)
    times = pd.to_datetime((seconds * 1000).round().astype("int64"), unit="ms", utc=True)
    return times.dt.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def _day_first(column: pd.Series, parts: pd.DataFrame, place: Place, options: Options, notes: Notes) -> bool:
    """Check whether the dates of a column have the day first; an undecidable column is an error."""
    firsts, seconds = parts["first"].astype(float), parts["second_part"].astype(float)
    late_first, late_second = firsts > 12, seconds > 12
    if options.dayfirst is not None:
        contradicts = late_second if options.dayfirst else late_first
        if contradicts.any():
            row = first_row(contradicts)
            raise ReaderError(
                f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} cannot be read with ",
                given("dayfirst", options.dayfirst),
            )
        return options.dayfirst
    if late_first.any() and late_second.any():
        day, month = first_row(late_first), first_row(late_second)
        raise ReaderError(
            f"{place(day)}: {column.iloc[day]!r} in column {column.name!r} has the day first, "
            f"{column.iloc[month]!r} ({place(month)}) has the month first; write them alike"
        )
    count = int(parts["year"].notna().sum())
    if late_first.any() or late_second.any():
        which = "day" if late_first.any() else "month"
        notes.add(
            f"{which}_first_dates",
            count,
            f"dates with the {which} first, as one with a number above 12 shows",
        )
        return bool(late_first.any())
    if (parts["mark"].dropna() == ".").all():
        notes.add("day_first_dates", count, "dates with points, which have the day first")
        return True
    row = first_row(parts["year"].notna())
    raise ReaderError(
        f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} could be two days; pass ",
        given("dayfirst", True),
        " or ",
        given("dayfirst", False),
    )


def _rewritten(texts: pd.Series, parts: pd.DataFrame, month: pd.Series, day: pd.Series) -> pd.Series:
    """Rewrite the texts whose parts were matched as ISO 8601."""
    is_matched = parts["year"].notna()
    if not is_matched.any():
        return texts
    year = parts["year"].where(parts["year"].str.len() != 2, _century(parts["year"]) + parts["year"])
    clock = " " + _hour(parts) + ":" + parts["minute"] + ":" + parts["second"].fillna("00")
    clock = clock + parts["fraction"].fillna("").str.replace(",", ".") + parts["offset"].fillna("")
    iso = year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2) + clock.fillna("")
    return texts.where(~is_matched, iso)


def _century(years: pd.Series) -> Any:
    """Return the century of years of two digits: 70 to 99 belong to the 20th, the others to the 21st."""
    return years.map(lambda year: "19" if isinstance(year, str) and len(year) == 2 and year >= "70" else "20")


def _hour(parts: pd.DataFrame) -> pd.Series:
    """Return hours of the 24-hour clock; 12 am is 00, 12 pm is 12."""
    hours = parts["hour"]
    half = parts["half"].str[0].str.lower()
    numbers = hours.astype(float) % 12 + 12.0 * (half == "p")
    converted = numbers.map(lambda hour: None if pd.isna(hour) else f"{int(hour):02d}")
    return hours.str.zfill(2).where(half.isna(), converted)


def _in_zone(times: pd.Series, options: Options, notes: Notes) -> pd.Series:
    times = times.reset_index(drop=True)
    zone = checked_zone(options.zone)
    if zone is None:
        return times
    if times.dt.tz is not None:
        return pd.Series(times.dt.tz_convert(zone))
    local, doubtful = localized(pd.DatetimeIndex(times), zone)
    notes.add(
        "doubtful_local_times",
        doubtful,
        "local times that a change of the clocks has twice (read as winter time) or not at all",
    )
    return pd.Series(local)
