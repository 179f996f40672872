"""Cells of exports as text, so that ``77``, ``"77"`` and ``77.0`` are one key; nested values as JSON."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd

from ...errors import ReaderError
from .places import Place, first_row

_OBJECTS = (list, dict, np.ndarray)
MOST_EXACT: Final = 2**53  # whole numbers below are floats; from here on two of them may be one float


def as_text(column: pd.Series, *, times_too: bool = False, nested: bool = False) -> pd.Series:
    """Turn a column into text; empty text becomes missing.

    Parameters
    ----------
    column
        Values of any kind.
    times_too
        Whether times become text as well; by default they stay times.
    nested
        Whether lists and dicts stay as they are; by default they become JSON, which can be grouped.

    Returns
    -------
    Series
        Text with the index of the column.
    """
    if not times_too and pd.api.types.is_datetime64_any_dtype(column.dtype):
        times = pd.DatetimeIndex(column.to_numpy() if column.dt.tz is None else column)
        return pd.Series(times, index=column.index)
    values = column.astype(object).tolist()
    most = _most_exact(column.dtype)
    kinds = {*map(type, values)} - {type(None)}
    if kinds <= {str}:  # most columns of an answer
        texts = [value if value and not value.isspace() else None for value in values]
    elif kinds == {int} and None not in values:
        texts = [*map(str, values)]
    elif kinds == {float}:
        texts = [None if value is None or value != value else _number(value, most) for value in values]
    elif nested:
        texts = [_nested(value) if isinstance(value, _OBJECTS) else _text(value, most) for value in values]
    else:
        texts = [_text(value, most) for value in values]
    return pd.Series(texts, index=column.index, dtype=object)


def _nested(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def flat(column: pd.Series) -> pd.Series:
    """Write the lists and dicts of a column as JSON, so that it can be grouped."""
    if not has_nested(column):
        return column
    is_nested = _is_nested(column)
    return column.where(~is_nested, column[is_nested].map(_json))


def has_nested(column: pd.Series) -> bool:
    """Check for lists and dicts, by the types of a column: that is faster than value by value."""
    if column.dtype != object:
        return False
    return any(issubclass(kind, list | dict) for kind in {*map(type, column.tolist())})


def _is_nested(column: pd.Series) -> pd.Series:
    return column.map(lambda value: isinstance(value, list | dict)).astype(bool)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _text(value: Any, most: int) -> Any:
    if isinstance(value, str):
        return value if value.strip() else None
    if type(value) is int:  # the most frequent type after text; pd.isna below is slow
        return str(value)
    if isinstance(value, list | dict | tuple | np.ndarray):
        return _json(value)
    if value is None or pd.isna(value):
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return _number(float(value), most)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _number(value: float, most: int) -> str:
    """Write 77.0 as 77; a whole number that may be a rounded one gets an exponent, which no key has."""
    if not math.isfinite(value) or not value.is_integer():
        return repr(value)
    return str(int(value)) if abs(value) < most else np.format_float_scientific(value, trim="-")


def _most_exact(dtype: Any) -> int:
    """Return the number from which on floats of a type are not exact."""
    kind = getattr(dtype, "numpy_dtype", dtype)
    return 1 << (np.finfo(kind).nmant + 1) if getattr(kind, "kind", "") == "f" else MOST_EXACT


def refuse_nested(frame: pd.DataFrame, place: Place, columns: Sequence[str]) -> None:
    """Refuse objects and lists in columns that must hold text or numbers.

    Parameters
    ----------
    frame
        The rows.
    place
        Function that says where a row stands in the input.
    columns
        Names of the columns to check; those that the frame does not have are ignored.

    Raises
    ------
    ReaderError
        With the place of the first such value.
    """
    for name in columns:
        if name in frame and has_nested(frame[name]):
            row = first_row(_is_nested(frame[name]))
            raise ReaderError(
                f"{place(row)}: {name!r} must be text or a number, and is {described(frame[name].iloc[row])}"
            )


def described(value: Any) -> str:
    """Write a value of an answer for a message, with its type and shortened."""
    return f"{type(value).__name__} {repr(value)[:60]}"
