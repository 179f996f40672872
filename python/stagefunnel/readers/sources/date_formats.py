"""The one format that all times of a column have, in the codes of ``strptime``."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import pandas as pd

from ...errors import ReaderError, SchemaError
from ...times.stamps import parse_texts
from ..notes import Notes
from ..options import Options
from .counted_dates import since_1970
from .date_order import order_of_parts
from .dates import YEAR_FIRST, YEAR_LAST, looks_like_times

_NUMBER: Final = r"\s*-?\d{1,19}\s*"
_DAY_NUMBER: Final = r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_OFFSET: Final = r"\d[T ]\d.*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$"
# Texts that are not a time, such as "n/a", are no reason to doubt the format of all others.
_MOST_UNREAD: Final = 0.01
# Texts in which the format is looked for, before all are read by it.
_SAMPLE: Final = 5_000
_CODES: Final = {"minute": "%M", "second": "%S", "half": "%p", "offset": "%z"}
_WITH_NAMES: Final = tuple(
    date + clock
    for date, clock in product(
        (
            *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d.%b.%Y", "%d %B %Y", "%d %b %y"),
            *("%b %d, %Y", "%b %d %Y", "%B %d, %Y", "%B %d %Y", "%Y-%b-%d", "%Y %b %d", "%a, %d %b %Y"),
        ),
        (
            "",
            *(
                f"{mark}{clock}"
                for mark in (" ", ", ")
                for clock in ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
            ),
        ),
    )
)


@dataclass(frozen=True)
class TimesAsWritten:
    """How the times of a column are written.

    Attributes
    ----------
    kind
        ``"times"`` (typed), ``"iso"``, ``"format"``, ``"numbers"`` (plain integers), ``"day numbers"``
        (integers such as 20260331, which a log reads as plain ones), ``"counted"`` (seconds or milliseconds
        since 1970) or ``"words"`` (left to the reader of exports: in words, or in several formats).
    time_format
        The format; ``None`` where none is needed.
    others
        Formats that fit all the texts as well.
    has_offset
        Whether the texts name an offset of their zone.
    n_unread
        Texts that are not a time.
    """

    kind: str
    time_format: str | None = None
    others: tuple[str, ...] = ()
    has_offset: bool = False
    n_unread: int = 0


def times_as_written(column: pd.Series, dayfirst: bool | None = None) -> TimesAsWritten | None:
    """Find out how the times of a column are written; ``None`` if they are not times.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.sources.date_formats import times_as_written
    >>> times_as_written(pd.Series(["02/23/26 08:55 PM", "11/02/26 09:00 AM"])).time_format
    '%m/%d/%y %I:%M %p'
    >>> times_as_written(pd.Series(["03/04/2026"])).others
    ('%m/%d/%Y',)
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return TimesAsWritten("times", has_offset=False)
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_float_dtype(column.dtype):
        return None
    if pd.api.types.is_integer_dtype(column.dtype):
        return _of_numbers(column.dropna().astype(str), str(column.name), is_text=False)
    present = column.dropna()
    if not len(present):
        return None
    if not isinstance(present.iloc[0], str):
        return TimesAsWritten("times") if hasattr(present.iloc[0], "isoformat") else None
    first = present.iloc[:50]
    if 2 * sum(map(_may_be_time, first)) < len(first):
        return None  # most columns end here
    texts = pd.Series(present.unique(), dtype="str", name=str(column.name))
    if texts.iloc[:1000].str.fullmatch(_NUMBER).all() and texts.str.fullmatch(_NUMBER).all():
        return _of_numbers(texts.str.strip(), str(column.name), is_text=True)
    return _of_texts(present, texts, dayfirst)


def _may_be_time(text: object) -> bool:
    """Check for a short text with a digit, as every time has one."""
    return isinstance(text, str) and len(text) < 60 and any(letter.isdigit() for letter in text)


def _of_numbers(texts: pd.Series, name: str, *, is_text: bool) -> TimesAsWritten | None:
    if not len(texts):
        return None
    if texts.str.fullmatch(_DAY_NUMBER).all():
        return TimesAsWritten("format", "%Y%m%d") if is_text else TimesAsWritten("day numbers")
    is_counted = (since_1970(texts, name) != texts).all()
    return TimesAsWritten("counted" if is_counted else "numbers")


def _of_texts(present: pd.Series, texts: pd.Series, dayfirst: bool | None) -> TimesAsWritten | None:
    name, some = str(texts.name), texts.iloc[:_SAMPLE]
    try:
        _, unread = parse_texts(some, name)
        if _are_few(len(unread), len(some)):
            _, unread = parse_texts(texts, name)
            if _are_few(len(unread), len(texts)):
                has_offset = bool(texts.str.contains(_OFFSET, regex=True).any())
                n_unread = _rows_of(present, texts.iloc[unread])
                return TimesAsWritten("iso", has_offset=has_offset, n_unread=n_unread)
    except SchemaError:
        return TimesAsWritten("words")  # with an offset and without, which the reader refuses or joins
    formats = list(_formats(some, dayfirst))
    if len(some) < len(texts) and any(others for _, others in formats):
        formats = list(_formats(texts, dayfirst))  # a later date may say what the first ones do not
    for time_format, others in formats:
        _, unread = parse_texts(texts, name, time_format)
        if _are_few(len(unread), len(texts)):
            n_unread = _rows_of(present, texts.iloc[unread])
            return TimesAsWritten("format", time_format, others, "%z" in time_format, n_unread)
    # The reader of exports knows names of months in many languages, and takes formats that are mixed.
    return TimesAsWritten("words") if looks_like_times(some.astype(object)) else None


def _are_few(n_unread: int, n_texts: int) -> bool:
    return n_unread == 0 or n_unread <= _MOST_UNREAD * n_texts


def _rows_of(present: pd.Series, texts: pd.Series) -> int:
    return int(present.isin(set(texts)).sum()) if len(texts) else 0


def _formats(texts: pd.Series, dayfirst: bool | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """List formats that may fit, each with those that fit as well."""
    matched = texts.str.match(YEAR_LAST)
    if matched.any():
        rows = texts[matched].reset_index(drop=True)
        parts = rows.str.extract(YEAR_LAST)
        orders, others = _orders(rows, parts, dayfirst)
        for order in orders:
            yield (
                _format_like(rows.iloc[0], YEAR_LAST, order),
                tuple(_format_like(rows.iloc[0], YEAR_LAST, other) for other in others),
            )
        return
    matched = texts.str.match(YEAR_FIRST)
    if matched.any():
        yield _format_like(texts[matched].iloc[0], YEAR_FIRST, ("year", "first", "second_part")), ()
        return
    first = texts.iloc[:1]
    if not _names_a_month(first.iloc[0]):
        return
    for time_format in _WITH_NAMES:
        if not len(parse_texts(first, str(texts.name), time_format)[1]):
            yield time_format, ()


def _names_a_month(text: str) -> bool:
    """Check for the name of a month, which takes far less than to try every format that has one."""
    names = [*calendar.month_abbr, *calendar.month_name]  # those of the language that `strptime` speaks
    return any(name and name.lower() in text.lower() for name in names)


_DAY_FIRST: Final = ("year", "second_part", "first")
_MONTH_FIRST: Final = ("year", "first", "second_part")


def _orders(
    rows: pd.Series, parts: pd.DataFrame, dayfirst: bool | None
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """Return the order of year, month and day that the dates show, or the likely one and those in doubt."""
    try:
        return [order_of_parts(rows, parts, str, Options(dayfirst=dayfirst), Notes())], []
    except ReaderError:
        firsts, seconds = (parts[name].astype(float) for name in ("first", "second_part"))
        if (firsts > 12).any() or (seconds > 12).any():
            is_day = (firsts > 12).sum() >= (seconds > 12).sum()
            return [_DAY_FIRST if is_day else _MONTH_FIRST], []
        return [_DAY_FIRST], [_MONTH_FIRST]


def _format_like(text: str, pattern: str, order: tuple[str, str, str]) -> str:
    """Write the format of a text: each part that was matched as its code, and what stands between."""
    match = re.match(pattern, text)
    assert match is not None  # the caller chose such a text
    year, month, day = order
    codes = {**_CODES, month: "%m", day: "%d", "hour": "%I" if match["half"] else "%H"}
    codes[year] = "%Y" if len(match[year]) == 4 else "%y"
    written, end = "", 0
    spans = sorted((match.span(name), name) for name in match.groupdict() if match[name] and name != "mark")
    for (begin, stop), name in spans:
        code = f"{match[name][0]}%f" if name == "fraction" else codes[name]
        written += text[end:begin].replace("%", "%%") + code
        end = stop
    return written
