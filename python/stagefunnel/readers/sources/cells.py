"""Cells of exports: every value as text, columns found by their usual names, amounts as people write them."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from ...errors import ReaderError

Place = Callable[[int], str]  # says where a row stood


def as_text(column: pd.Series, *, times_too: bool = False, nested: bool = False) -> pd.Series:
    """Turn a column into text, so that ``77``, ``"77"`` and ``77.0`` are one key; empty text is missing.

    Parameters
    ----------
    column
        Values of any kind.
    times_too
        Make times text as well; by default they stay what they are.
    nested
        Keep lists and dicts; by default they become JSON, which can be grouped.
    """
    if not times_too and pd.api.types.is_datetime64_any_dtype(column.dtype):
        times = pd.DatetimeIndex(column.to_numpy() if column.dt.tz is None else column)
        return pd.Series(times, index=column.index)
    values = column.astype(object).tolist()
    texts = [value if nested and isinstance(value, list | dict) else _text(value) for value in values]
    return pd.Series(texts, index=column.index, dtype=object)


def flat(column: pd.Series) -> pd.Series:
    """Write the lists and dicts of a column as JSON, so that it can be grouped."""
    nested = column.map(lambda value: isinstance(value, list | dict))
    return column.where(~nested, column[nested].map(_json)) if nested.any() else column


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.strip() else None
    if type(value) is int:  # most of what is no text, and to ask whether it is missing takes longest
        return str(value)
    if isinstance(value, list | dict | tuple | np.ndarray):
        return _json(value)
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


def refuse_nested(frame: pd.DataFrame, place: Place, columns: Sequence[str]) -> None:
    """Refuse objects and lists in columns that are to be text or numbers.

    Parameters
    ----------
    frame
        The rows; columns that it does not have are passed over.
    place
        Says where a row stood.
    columns
        The columns that are read.

    Raises
    ------
    ReaderError
        With the place of the first such value.
    """
    for name in columns:
        if name not in frame or frame[name].dtype != object:
            continue
        nested = frame[name].map(lambda value: isinstance(value, list | dict)).to_numpy(dtype=bool)
        if nested.any():
            row = int(np.flatnonzero(nested)[0])
            raise ReaderError(
                f"{place(row)}: {name!r} must be text or a number, and is {said(frame[name].iloc[row])}"
            )


def said(value: Any) -> str:
    """Write a value of an answer for a message."""
    return f"{type(value).__name__} {repr(value)[:60]}"


def find_column(columns: Iterable[str], names: Sequence[str]) -> str | None:
    """Find the first of some usual names among columns; case, blanks, ``_``, ``-`` and ``.`` do not count.

    Examples
    --------
    >>> from stagefunnel.readers.sources.cells import find_column
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
        row = _first(unread)
        raise ReaderError(f"{place(row)}: {column.iloc[row]!r} in column {column.name!r} is not an amount")
    text = text.str.replace(between, "", regex=False).str.replace(mark, ".", regex=False)
    # Python's float is the nearest one to the text; pandas' own parser may be one off.
    return pd.Series([math.nan if pd.isna(value) else float(value) for value in text], dtype=np.float64)


def _decimal_mark(text: pd.Series, column: pd.Series, place: Place) -> str:
    """Tell which mark a column's numbers have before the decimals, by those that can be read one way only."""
    comma, point = _decimals_after(text, ",", "."), _decimals_after(text, ".", ",")
    if comma.any() and point.any():
        one, other = _first(comma), _first(point)
        raise ReaderError(
            f"{place(one)}: {column.iloc[one]!r} in column {column.name!r} has decimals after a comma, "
            f"{column.iloc[other]!r} ({place(other)}) after a point; make them alike"
        )
    doubtful = text.str.match(r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$", na=False)
    if doubtful.any() and not comma.any() and not point.any():
        row = _first(doubtful)
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


def _first(flags: pd.Series) -> int:
    return int(np.flatnonzero(flags.to_numpy())[0])
