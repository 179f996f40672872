"""Cells of exports: every value as text, so that one key is one text, and nested values apart."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from ...errors import ReaderError
from .places import Place, first_row


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
        nested = frame[name].map(lambda value: isinstance(value, list | dict)).astype(bool)
        if nested.any():
            row = first_row(nested)
            raise ReaderError(
                f"{place(row)}: {name!r} must be text or a number, and is {described(frame[name].iloc[row])}"
            )


def described(value: Any) -> str:
    """Write a value of an answer for a message."""
    return f"{type(value).__name__} {repr(value)[:60]}"
