"""Which number of a date like ``03/04/2026`` or ``26/01/05`` is the day, the month and the year."""

from __future__ import annotations

from typing import TypeAlias

import pandas as pd

from ...errors import Parts, ReaderError, advised, given
from ..notes import Notes
from ..options import Options
from .places import Place, first_row

# The columns of the parts that are the year, the month and the day.
Order: TypeAlias = tuple[str, str, str]
_DAY_FIRST: Order = ("year", "second_part", "first")
_MONTH_FIRST: Order = ("year", "first", "second_part")
_YEAR_FIRST: Order = ("first", "second_part", "year")


def order_of_parts(
    column: pd.Series, parts: pd.DataFrame, place: Place, options: Options, notes: Notes
) -> Order:
    """Return which part of the dates is the year, which the month and which the day.

    Parameters
    ----------
    column
        The dates.
    parts
        Their numbers: ``first``, ``second_part`` and ``year``, which stands last, and the ``mark`` between
        them, a clock (``hour``, ``second``) perhaps; missing for texts of another form.
    place
        Function that says where a row stands in the input.
    options, notes
        The option ``dayfirst``, and notes that count dates whose order the column decided.

    Raises
    ------
    ReaderError
        If the dates contradict each other or the option, or could be two days.
    """
    firsts, seconds, lasts = (parts[name].astype(float) for name in ("first", "second_part", "year"))
    late_first, late_second = firsts > 12, seconds > 12
    if options.dayfirst is not None:
        contradicts = late_second if options.dayfirst else late_first
        if contradicts.any():
            row = first_row(contradicts)
            raise ReaderError(
                f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} cannot be read with ",
                given("dayfirst", options.dayfirst),
            )
        return _DAY_FIRST if options.dayfirst else _MONTH_FIRST
    count = int(parts["year"].notna().sum())
    # 26/01/05 may be the 5th of January 2026: only a number that is no month or no day shows that it is not.
    is_short = not (parts["year"].str.len() == 4).any()
    if is_short and not late_second.any() and not _is_no_day(lasts):
        if _is_no_day(firsts):
            notes.add("year_first_dates", count, "dates with the year first, as one with no such day shows")
            return _YEAR_FIRST
        if not _has_points(parts) or not _is_later(firsts, lasts):
            raise _doubtful(column, parts, place, may_begin_with_year=True)
    if late_first.any() and late_second.any():
        day, month = first_row(late_first), first_row(late_second)
        raise ReaderError(
            f"{place(day)}: {column.iloc[day]!r} in column {column.name!r} has the day first, "
            f"{column.iloc[month]!r} ({place(month)}) has the month first; write them alike"
        )
    if late_first.any() or late_second.any():
        which = "day" if late_first.any() else "month"
        notes.add(
            f"{which}_first_dates",
            count,
            f"dates with the {which} first, as one with a number above 12 shows",
        )
        return _DAY_FIRST if late_first.any() else _MONTH_FIRST
    if _has_points(parts):
        notes.add("day_first_dates", count, "dates with points, which have the day first")
        return _DAY_FIRST
    raise _doubtful(column, parts, place)


def _is_no_day(numbers: pd.Series) -> bool:
    return bool(((numbers > 31) | (numbers == 0)).any())


def _has_points(parts: pd.DataFrame) -> bool:
    return bool((parts["mark"].dropna() == ".").all())


def _is_later(days: pd.Series, years: pd.Series) -> bool:
    """Check whether numbers are the days, and others the years: years differ less, or are the larger."""
    spread_of_days, spread_of_years = days.max() - days.min(), years.max() - years.min()
    if spread_of_days != spread_of_years:
        return bool(spread_of_days > spread_of_years)
    return bool(years.max() > days.max())


def _doubtful(
    column: pd.Series, parts: pd.DataFrame, place: Place, *, may_begin_with_year: bool = False
) -> ReaderError:
    row = first_row(parts["year"].notna())
    of_year: Parts = ()
    if may_begin_with_year:
        one = parts.iloc[row]
        clock = "" if pd.isna(one["hour"]) else " %H:%M" + ("" if pd.isna(one["second"]) else ":%S")
        of_year = (
            ", or, if the year is first, ",
            advised("time_format", one["mark"].join(("%y", "%m", "%d")) + clock),
        )
    return ReaderError(
        f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} could be two days; pass ",
        given("dayfirst", True),
        " or ",
        given("dayfirst", False),
        *of_year,
    )
