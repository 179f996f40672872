"""The sentence of a sales velocity: its four parts, and why it is missing where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..tables.labels import columns_before
from ..tables.skipping import LEAST_BASE
from .group_findings import of_each_group
from .money_sentences import without_amount
from .numbers import counted, number, percent
from .unlike import listed

_DAY = pd.Timedelta(days=1)


def of_velocity(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say what the open items are worth a day; of several periods, in the last one that has a velocity."""
    if table.empty:
        return []
    if "period" not in columns_before(table, "open_at_end"):
        return of_each_group(table, "open_at_end", _of_row)
    known = table[table["velocity"].notna()]
    period = known["period"].max() if len(known) else table["period"].max()
    rows = table[table["period"] == period].drop(columns="period")
    lines = [f"{period}: {line}" for line in of_each_group(rows, "open_at_end", _of_row)]
    partial = [
        name for name in remembered.get("partly_covered", ()) if name in {*table["period"].astype(str)}
    ]
    return [*lines, *([f"Covered only in part: {listed(partial)}"] if partial else [])]


def _of_row(rows: pd.DataFrame) -> list[str]:
    row = rows.iloc[0]
    missing = without_amount(row["amount_missing"])
    if row["closed"] < LEAST_BASE:
        why = f"{counted(row['closed'], 'closed item')}, fewer than {LEAST_BASE}"
        return ["; ".join([f"No velocity: {why}", *missing])]
    if pd.isna(row["velocity"]):
        return ["; ".join([f"No velocity: {_lacking(row)}", *missing])]
    days = row["mean_cycle_time"] / _DAY
    parts = (
        f"{number(row['open_at_end'])} open × {percent(row['win_rate'])} × {_rounded(row['mean_amount'])} ÷ "
        f"{days:,.3g} days"
    )
    return ["; ".join([f"About {_rounded(row['velocity'])} a day: {parts}", *missing])]


def _lacking(row: pd.Series) -> str:
    """Name the part that is not known."""
    if not row["won"]:
        return "nothing was won"
    if pd.isna(row["mean_amount"]):
        return "no won item has an amount"
    if pd.isna(row["mean_cycle_time"]):
        return "the start of no won item is known"
    return "the won items took no time"


def _rounded(value: float) -> str:
    """Write a number to three digits: ``12,300``."""
    return number(float(f"{value:.3g}"))
