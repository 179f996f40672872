"""Times as exports write them: ISO 8601 and close to it, day or month first, in words, counted.

An ambiguous date such as ``03/04/2026`` is never guessed: the column or an option decides, or it is an error.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import ReaderError, SchemaError, advised, counted, named
from ...times.stamps import parse_texts
from ...times.zones import checked_zone, localized
from ..notes import Notes
from ..options import Options
from .cells import refuse_nested
from .counted_dates import of_serial_days, since_1970, whole_counts
from .date_order import order_of_parts
from .date_words import is_plain, without_words
from .places import Place

_CLOCK = (
    r"(?:[ T,]+(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?P<fraction>[.,]\d+)?)?)?"
    r"\s*(?P<half>[AaPp]\.?\s?[Mm]\.?)?\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?)?\s*$"
)
YEAR_FIRST = r"^\s*(?P<year>\d{4})[-/.](?P<first>\d{1,2})[-/.](?P<second_part>\d{1,2})" + _CLOCK
YEAR_LAST = (
    r"^\s*(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second_part>\d{1,2})[-/.](?P<year>\d{4}|\d{2})" + _CLOCK
)
_LINES_OF_DATES = re.compile(
    r"(?:\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\n)*+"
)
_UTC = " UTC"
_NO_DATE = r"0000-00-00(?:[ T]00:00:00(?:\.0+)?)?"  # how MySQL writes that there is none


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
    if options.time_format is None and (counts := whole_counts(column)) is not None:
        return _in_zone(counts, options, notes)
    if options.time_format is not None:
        times, unparsed = parse_texts(column, name, options.time_format)
    else:
        texts = _as_iso(column, place, options, notes)
        try:
            times, unparsed = parse_texts(texts, name)
        except SchemaError as error:
            raise ReaderError(f"{place(0).rpartition(',')[0]}: ", *error.parts) from error
    unparsed = _without_zeros(column, unparsed, notes)
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


def _without_zeros(
    column: pd.Series, unparsed: npt.NDArray[np.uint64], notes: Notes
) -> npt.NDArray[np.uint64]:
    """Take dates of nothing but zeros, which were not read as times, for missing ones."""
    is_zero = column.iloc[unparsed].str.fullmatch(_NO_DATE, na=False).to_numpy(dtype=bool)
    notes.add(
        "zero_dates", int(is_zero.sum()), f"texts 0000-00-00 in column {column.name!r}, taken as missing"
    )
    return unparsed[~is_zero]


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
    # Most columns end here, at their first value: every format looks at every column.
    if len(column) and isinstance(first := column.iat[0], str) and not _begins_as_date(first):
        return False
    present = column.dropna()
    if not len(present) or not isinstance(present.iloc[0], str) or not _begins_as_date(present.iloc[0]):
        return False
    values = present.astype(object).tolist()
    if not all(issubclass(kind, str) for kind in {*map(type, values)}):
        return False
    in_lines = "\n".join([*values, ""])
    if in_lines.count("\n") == len(values) and _LINES_OF_DATES.fullmatch(in_lines):
        return True  # what a program writes; one search of all is far faster than one of each
    are_dates = _are_dates(present)
    return bool(are_dates.all() or _are_dates(present[~are_dates].map(without_words)).all())


def _begins_as_date(text: str) -> bool:
    """Check one text by the patterns alone, which is far faster than pandas' own."""
    return any(re.match(pattern, without_words(text)) for pattern in (YEAR_FIRST, YEAR_LAST))


def _are_dates(texts: pd.Series) -> pd.Series:
    return texts.str.match(YEAR_FIRST) | texts.str.match(YEAR_LAST)


def _as_iso(column: pd.Series, place: Place, options: Options, notes: Notes) -> pd.Series:
    """Rewrite the times of a column as ISO 8601; texts of another form stay as they are."""
    texts = column.astype(object).where(column.notna(), None)
    others = texts[_is_not_iso(texts)]  # of most columns none is
    unclear = others[~others.map(is_plain).astype(bool)]
    if len(unclear):
        unclear = _with_numbers(unclear, options, notes)
        texts = texts.copy()
        texts[unclear.index] = unclear
        others = texts[others.index].drop(unclear.index[~_is_not_iso(unclear)])
    if not len(others):
        return texts
    year_first = others.str.extract(YEAR_FIRST)
    others = _rewritten(
        others, year_first, year_first["year"], year_first["first"], year_first["second_part"]
    )
    parts = others.str.extract(YEAR_LAST)
    if parts["year"].notna().any():
        order = order_of_parts(
            column[others.index], parts, lambda row: place(others.index[row]), options, notes
        )
        others = _rewritten(others, parts, *(parts[name] for name in order))
    texts = texts.copy()
    texts[others.index] = others
    return texts


def _with_numbers(texts: pd.Series, options: Options, notes: Notes) -> pd.Series:
    """Rewrite counted times and dates with words; what is known becomes ISO 8601 or a date of numbers."""
    texts = since_1970(texts, str(texts.name))
    if options.serial_epoch is not None:
        texts, n_serial = of_serial_days(texts, options.serial_epoch)
        notes.add(
            "serial_dates",
            n_serial,
            f"numbers of column {texts.name!r} of a workbook, read as days of its calendar",
        )
    with_offsets = _with_offsets(texts)
    is_other = _is_not_iso(with_offsets)
    return (
        with_offsets.where(~is_other, texts[is_other].map(without_words)) if is_other.any() else with_offsets
    )


def _is_not_iso(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce").isna() & texts.notna()


def _with_offsets(texts: pd.Series) -> pd.Series:
    """Write the offset of UTC, which many rows of a warehouse end in, in the time of a comparison."""
    is_in_utc = texts.str.endswith(_UTC, na=False).to_numpy(dtype=bool)
    return texts.where(~is_in_utc, texts.str.removesuffix(_UTC) + "+00:00") if is_in_utc.any() else texts


def _rewritten(
    texts: pd.Series, parts: pd.DataFrame, year: pd.Series, month: pd.Series, day: pd.Series
) -> pd.Series:
    """Rewrite the texts whose parts were matched as ISO 8601."""
    is_matched = parts["year"].notna()
    if not is_matched.any():
        return texts
    year = year.where(year.str.len() == 4, _century(year) + year.str.zfill(2))
    clock = " " + _hour(parts) + ":" + parts["minute"].fillna("00") + ":" + parts["second"].fillna("00")
    clock = clock + parts["fraction"].fillna("").str.replace(",", ".") + parts["offset"].fillna("")
    iso = year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2) + clock.fillna("")
    return texts.where(~is_matched, iso)


def _century(years: pd.Series) -> Any:
    """Return the century of years of two digits: 70 to 99 belong to the 20th, the others to the 21st."""
    return years.map(lambda year: "19" if isinstance(year, str) and year.zfill(2) >= "70" else "20")


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
