"""The table of conditions: its values as people write them, and what failed in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..tables.schema import CHECKED_SHARES
from ..words import current_catalogue, tr
from .given import of_moment
from .numbers import count, counted, number, percent


def written_checks(table: pd.DataFrame) -> pd.DataFrame:
    """Write each value and limit as the number that it is: a count, a share or a moment."""
    written = {
        name: pd.Series(
            [_written(*row) for row in zip(table["condition"], table[name], strict=True)],
            index=table.index,
            dtype=object,
        )
        for name in ("value", "limit")
    }
    return table.assign(**written)


def check_sentence(table: pd.DataFrame) -> str:
    """Say how many conditions failed."""
    n_failed, n_all = int(table["failed"].sum()), counted(len(table), "condition")
    return (
        tr("{n_failed} of {n_all} failed.", n_failed=n_failed, n_all=n_all)
        if n_failed
        else tr("None of {n_all} failed.", n_all=n_all)
    )


def failures(table: pd.DataFrame) -> list[str]:
    """Say of each condition that failed what the value was, or why it is not known."""
    failed = written_checks(table)[table["failed"].to_numpy(dtype=bool)]
    rows = zip(failed["condition"], failed["value"], failed["note"], strict=True)
    return [
        tr("{condition} ({note})", condition=condition, note=note or tr("it is {value}", value=value))
        for condition, value, note in rows
    ]


def _written(condition: str, value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return str(value) if current_catalogue() is None else of_moment(value)
    if isinstance(value, str):  # of a column of several types that was written to a file
        try:
            value = float(value)
        except ValueError:
            return str(value)
    is_share = condition.lstrip().startswith(CHECKED_SHARES)
    return percent(float(value)) if is_share else _number(float(value))


def _number(value: float) -> str:
    return count(value) if value.is_integer() else number(value)
