"""Amounts as people write them: with signs of currencies, and points, commas or blanks as separators."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd

from ...errors import ReaderError, advised
from .places import Place, first_row

_NUMBER = r"^[+-]?(?:\d+|\d{{1,3}}(?:[{separator}]\d{{3}})+)(?:{mark}\d+)?(?:[eE][+-]?\d+)?$"
# Blanks and apostrophes between thousands, signs and codes of currencies.
_BESIDE_NUMBERS = r"[\s\u00a0\u202f'’]|[$€£₽¥₴]|[A-Za-zА-Яа-я]{3}\.?$"


def amounts(column: pd.Series, place: Place, decimal: str | None = None) -> pd.Series:
    """Read amounts like ``1 234,50``, ``1.234,50``, ``1,234.50``, ``1234.5`` and ``$1,200``.

    Parameters
    ----------
    column
        Text; missing values stay missing.
    place
        Function that says where a row stands in the input.
    decimal
        Decimal mark, ``"."`` or ``","``; by default the numbers of the column decide.

    Raises
    ------
    ReaderError
        If a text is not an amount, or if neither the column nor `decimal` decides how to read a number
        like ``1,234``.
    """
    text = column.astype("string").str.replace(_BESIDE_NUMBERS, "", regex=True)
    mark = decimal or _decimal_mark(text, column, place)
    separator = "." if mark == "," else ","
    pattern = _NUMBER.format(mark=re.escape(mark), separator=separator)
    is_unread = column.notna() & ~text.str.match(pattern, na=False)
    if is_unread.any():
        row = first_row(is_unread)
        raise ReaderError(f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} is not an amount")
    text = text.str.replace(separator, "", regex=False).str.replace(mark, ".", regex=False)
    # Python's float is the nearest one to the text; pandas' own parser may be one off.
    return pd.Series([math.nan if pd.isna(value) else float(value) for value in text], dtype=np.float64)


def _decimal_mark(text: pd.Series, column: pd.Series, place: Place) -> str:
    """Return the decimal mark of a column, by the numbers that can be read one way only."""
    with_comma, with_point = _has_decimals_after(text, ",", "."), _has_decimals_after(text, ".", ",")
    if with_comma.any() and with_point.any():
        comma, point = first_row(with_comma), first_row(with_point)
        raise ReaderError(
            f"{place(comma)}: {column.iloc[comma]!r} in column {column.name!r} has decimals after a comma, "
            f"{column.iloc[point]!r} ({place(point)}) after a point; write them alike"
        )
    is_doubtful = text.str.match(r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$", na=False)
    if is_doubtful.any() and not with_comma.any() and not with_point.any():
        row = first_row(is_doubtful)
        raise ReaderError(
            f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} may be thousands or decimals; "
            "pass ",
            advised("decimal", "."),
            " or ",
            advised("decimal", ","),
        )
    return "," if with_comma.any() else "."


def _has_decimals_after(text: pd.Series, mark: str, separator: str) -> pd.Series:
    """Flag the numbers that can only be read with decimals after a mark."""
    mark, separator = re.escape(mark), re.escape(separator)
    one_mark = rf"^[^{mark}]*{mark}\d*$"
    three_digits = rf"^[+-]?[1-9]\d{{0,2}}{mark}\d{{3}}$"  # 1,234 may be thousands
    groups = rf"^[+-]?\d{{1,3}}(?:{separator}\d{{3}}){{2,}}$"  # 1.234.567 separates thousands
    is_single = text.str.match(one_mark, na=False) & ~text.str.match(three_digits, na=False)
    return is_single | text.str.match(groups, na=False)
