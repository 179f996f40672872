"""How the values of a column are written, by its name and its type."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from .numbers import change, count, difference, length, number, percent, points
from .period_sentences import NameOf


def is_number(column: pd.Series) -> bool:
    """Check for numbers and lengths of time, which stand to the right."""
    return pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind == "m"


def cell_writer(
    name: str, column: pd.Series, name_of: NameOf, working_day: float | None
) -> Callable[[Any], str]:
    """Choose how the values of a column are written."""
    kind = column.dtype.kind
    if kind == "m" or name in ("mean", "median"):
        return partial(length, working_day=working_day)
    if name.endswith("_difference") and kind in "if":
        return points if _is_share(name.removesuffix("_difference")) else difference
    if kind == "f":
        if name.endswith("_change"):
            return change
        return percent if _is_share(name) else number
    if kind == "i" and name != "item":
        return count
    if kind == "b":
        return lambda value: "yes" if not pd.isna(value) and value else ""
    return lambda value: _word(value, name_of)


def _is_share(name: str) -> bool:
    return name.startswith(("conversion", "share", "rate_", "over_limit")) or name.endswith("rate")


def _word(value: Any, name_of: NameOf) -> str:
    if pd.isna(value) or value is False:
        return ""
    return "yes" if value is True else name_of(value)
