"""Amounts as people write them: blanks, points or commas between thousands, signs of currencies."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd

from ...errors import ReaderError
from .places import Place, first_row

_NUMBER = r"^[+-]?(?:\d+|\d{{1,3}}(?:[{between}]\d{{3}})+)(?:{mark}\d+)?(?:[eE][+-]?\d+)?$"
# Blanks and apostrophes between thousands, signs and codes of currencies.
_BESIDE_NUMBERS = r"[\s\u00a0\u202f'’]|[$€£₽¥₴]|[A-Za-zА-Яа-я]{3}\.?$"


def amounts(column: pd.Series, place: Place, decimal: str | None = None) -> pd.Series:
    """Read amounts as people write them: ``1 234,50``, ``1.234,50``, ``1,234.50``, ``1234.5``, ``$1,200``.

    Parameters
    ----------
    column
        Text; missing values stay missing.
    place
        Says where a row stood.
    decimal
        The mark before decimals, ``"."`` or ``","``; by default the column tells it.

    Raises
    ------
    ReaderError
        For text that is no number, and for a number like ``1,234`` that could be two where neither the
        column nor `decimal` tells which.
    """
    text = column.astype("string").str.replace(_BESIDE_NUMBERS, "", regex=True)
    mark = decimal or _decimal_mark(text, column, place)
    between = "." if mark == "," else ","
    unread = column.notna() & ~text.str.match(_NUMBER.format(mark=re.escape(mark), between=between), na=False)
    if unread.any():
        row = first_row(unread)
        raise ReaderError(f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} is not an amount")
    text = text.str.replace(between, "", regex=False).str.replace(mark, ".", regex=False)
    # Python's float is the nearest one to the text; pandas' own parser may be one off.
    return pd.Series([math.nan if pd.isna(value) else float(value) for value in text], dtype=np.float64)


def _decimal_mark(text: pd.Series, column: pd.Series, place: Place) -> str:
    """Tell which mark a column's numbers have before the decimals, by those that can be read one way only."""
    comma, point = _decimals_after(text, ",", "."), _decimals_after(text, ".", ",")
    if comma.any() and point.any():
        one, other = first_row(comma), first_row(point)
        raise ReaderError(
            f"{place(one)}: {column.iloc[one]!r} in column {column.name!r} has decimals after a comma, "
            f"{column.iloc[other]!r} ({place(other)}) after a point; make them alike"
        )
    doubtful = text.str.match(r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$", na=False)
    if doubtful.any() and not comma.any() and not point.any():
        row = first_row(doubtful)
        raise ReaderError(
            f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} may be thousands or decimals; "
            f'pass decimal="." or decimal=","'
        )
    return "," if comma.any() else "."


def _decimals_after(text: pd.Series, mark: str, other: str) -> pd.Series:
    """Say which numbers can only have their decimals after a mark."""
    mark, other = re.escape(mark), re.escape(other)
    after = rf"^[^{mark}]*{mark}\d*$"  # one mark, nothing but digits behind it
    doubtful = rf"^[+-]?[1-9]\d{{0,2}}{mark}\d{{3}}$"
    groups = rf"^[+-]?\d{{1,3}}(?:{other}\d{{3}}){{2,}}$"
    has = text.str.match(after, na=False) & ~text.str.match(doubtful, na=False)
    return has | text.str.match(groups, na=False)
