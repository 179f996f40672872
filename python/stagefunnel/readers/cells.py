"""Cells of exports: every value as text, columns found by their usual names, amounts as people write them."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ReaderError

Place = Callable[[int], str]  # says where a row stood


def as_text(column: pd.Series) -> pd.Series:
    """Turn a column into text, so that ``77``, ``"77"`` and ``77.0`` are one key; times stay times.

    Empty text is missing. Lists and dicts, which answers in JSON hold, stay as they are.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.reset_index(drop=True)
    values = column.astype(object).tolist()
    return pd.Series([_text(value) for value in values], dtype=object)


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, list | dict):
        return value
    if value is None or pd.isna(value):
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return str(int(value)) if math.isfinite(value) and float(value).is_integer() else repr(float(value))
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def find_column(columns: Iterable[str], names: Sequence[str]) -> str | None:
    """Find the first of some usual names among columns; case, blanks, ``_``, ``-`` and ``.`` do not count.

    Examples
    --------
    >>> from stagefunnel.readers.cells import find_column
    >>> find_column(["Deal ID", "Stage"], ["item", "deal_id"])
    'Deal ID'
    """
    known: dict[str, str] = {}
    for column in columns:
        known.setdefault(_plain(column), column)
    return next((known[_plain(name)] for name in names if _plain(name) in known), None)


def _plain(name: str) -> str:
    return re.sub(r"[\s_.\-]", "", name).lower()


def is_true(column: pd.Series) -> pd.Series:
    """Say where a column of text says yes: ``true``, ``TRUE``, ``1``, ``Y``, ``yes``, ``t``."""
    return column.astype("string").str.strip().str.lower().isin(["true", "1", "1.0", "y", "yes", "t"])


_NUMBER = r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$"


def amounts(column: pd.Series, place: Place) -> pd.Series:
    """Read amounts as people write them: ``1 234,50``, ``1.234,50``, ``1,234.50``, ``1234.5``, ``$1,200``.

    Parameters
    ----------
    column
        Text; missing values stay missing.
    place
        Says in which line a row stands.

    Raises
    ------
    ReaderError
        For text that is no number, and for a number like ``1,234`` that could be two where the column
        does not tell which.
    """
    text = column.astype("string").str.replace(
        r"[\s\u00a0\u202f'’]|[$€£₽¥₴]|[A-Za-zА-Яа-я]{3}\.?$", "", regex=True
    )
    decimal = _decimal_mark(text, column, place)
    if decimal == ",":
        text = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    else:
        text = text.str.replace(",", "", regex=False)
    unread = column.notna() & ~text.str.match(_NUMBER, na=False)
    if unread.any():
        row = int(np.flatnonzero(unread.to_numpy())[0])
        raise ReaderError(f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} is not an amount")
    # Python's float is the nearest one to the text; pandas' own parser may be one off.
    return pd.Series([math.nan if pd.isna(value) else float(value) for value in text], dtype=np.float64)


def _decimal_mark(text: pd.Series, column: pd.Series, place: Place) -> str:
    """Tell which mark a column's numbers have before the decimals."""
    points = text.str.contains(r"\.\d*$", na=False)
    both_comma_last = text.str.contains(r"\..*,", na=False)
    both_point_last = text.str.contains(r",.*\.", na=False)
    commas = text.str.contains(",", na=False) & ~both_comma_last & ~both_point_last
    grouped = commas & text.str.match(r"^[+-]?\d{1,3}(?:,\d{3})+$", na=False)
    decimal_commas = both_comma_last | (commas & ~grouped)
    decimal_points = both_point_last | (
        points & ~both_comma_last & ~text.str.match(r"^[+-]?\d{1,3}(?:\.\d{3})+$", na=False)
    )
    if decimal_commas.any() and decimal_points.any():
        first = int(np.flatnonzero(decimal_commas.to_numpy())[0])
        other = int(np.flatnonzero(decimal_points.to_numpy())[0])
        raise ReaderError(
            f"{place(first)}: {column.iloc[first]!r} in column {column.name!r} has decimals after a comma, "
            f"{column.iloc[other]!r} ({place(other)}) after a point; make them alike"
        )
    if grouped.any() and not decimal_commas.any() and not decimal_points.any():
        row = int(np.flatnonzero(grouped.to_numpy())[0])
        # Groups of three more than once, or a plain number of a thousand and more beside it, tell thousands.
        if not text.str.match(r"^[+-]?\d{1,3}(?:,\d{3}){2,}$", na=False).any():
            raise ReaderError(
                f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} may be thousands or decimals; "
                f"write it without the mark, or convert the column first"
            )
    return "," if decimal_commas.any() else "."
