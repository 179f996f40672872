"""How the values of a breakdown are written."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from itertools import dropwhile, islice, takewhile
from typing import Any, Final

import pandas as pd

MISSING = "(missing)"  # label of the group of missing values
_OF_LOG = {"by_created": "time of creation"}
_DAYS_OF_WEEK: Final = re.compile(r"(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)", re.ASCII)


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


def period_label(period: Any) -> str:
    """Write a period as people give it: a week, which a table has as its two days, is that of ISO 8601.

    Examples
    --------
    >>> period_label("2026-03-02/2026-03-08"), period_label("2026-03"), period_label("2026-03-03/2026-03-09")
    ('2026-W10', '2026-03', '2026-03-03/2026-03-09')
    """
    text = str(period)
    found = _DAYS_OF_WEEK.fullmatch(text)
    if found is None:
        return text
    try:
        first, last = (datetime.date.fromisoformat(day) for day in found.groups())
    except ValueError:  # a name that looks like days
        return text
    year, week, weekday = first.isocalendar()
    return f"{year:04}-W{week:02}" if weekday == 1 and (last - first).days == 6 else text


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
