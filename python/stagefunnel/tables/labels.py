"""How the values of a breakdown are written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile, islice, takewhile
from typing import Any

import pandas as pd

MISSING = "(missing)"  # label of the group of missing values
_OF_LOG = {"by_created": "time of creation"}


def columns_before(table: pd.DataFrame, name: str) -> list[Any]:
    """List the columns that a table is broken down by: those before the first column of its own."""
    return [*takewhile(lambda column: column != name, table.columns)]


def columns_behind(table: pd.DataFrame, name: str) -> list[Any]:
    """List the columns that follow a column."""
    return [*islice(dropwhile(lambda column: column != name, table.columns), 1, None)]


def group_label(part: pd.DataFrame, by: Sequence[Any]) -> tuple[str, ...]:
    """Write the group of some rows, with one label for each column of the breakdown."""
    return tuple(value_label(part[name].iloc[0]) for name in by)


def value_label(value: Any) -> str:
    """Write a value of a breakdown."""
    return MISSING if pd.isna(value) else str(value)


def spoken(column: Any) -> str:
    """Write the name of a breakdown's column as titles have it; ``by_`` marks those of the log itself."""
    name = str(column)
    return _OF_LOG.get(name, name.removeprefix("by_")).replace("_", " ")


def present_or_missing(value: Any) -> Any:
    """Return a value unchanged, or :data:`MISSING` for any form of a missing value."""
    return MISSING if pd.isna(value) else value


def value_labels(values: pd.Series) -> list[str]:
    """Write all values of a column of a breakdown."""
    missing = values.isna().tolist()
    return [MISSING if gone else str(value) for value, gone in zip(values, missing, strict=True)]
