"""The sentence of a sales velocity: its four parts, and why it is missing where it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from ..tables.labels import columns_before, period_label
from ..tables.skipping import LEAST_BASE
from ..words import tr
from ..words.forms import written
from .group_findings import of_each_group
from .lost_stage import can_lose
from .money_sentences import without_amount
from .numbers import counted, number, percent
from .unlike import PART, listed

_DAY = pd.Timedelta(days=1)


def of_velocity(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say what the open items are worth a day; of several periods, in the last one that has a velocity."""
    if table.empty:
        return []
    of_row = partial(_of_row, can_be_lost=can_lose(remembered))
    if "period" not in columns_before(table, "open_at_end"):
        return of_each_group(table, "open_at_end", of_row)
    known = table[table["velocity"].notna()]
    period = known["period"].max() if len(known) else table["period"].max()
    rows = table[table["period"] == period].drop(columns="period")
    lines = [
        tr("{period}: {line}", period=period_label(period), line=line)
        for line in of_each_group(rows, "open_at_end", of_row)
    ]
    in_part = [
        period_label(name)
        for name in remembered.get("partly_covered", ())
        if name in {*table["period"].astype(str)}
    ]
    return [*lines, *([tr(PART, names=listed(in_part))] if in_part else [])]


def _of_row(rows: pd.DataFrame, *, can_be_lost: bool) -> list[str]:
    row = rows.iloc[0]
    missing = without_amount(row["amount_missing"])
    if row["closed"] < LEAST_BASE:
        why = tr(
            "{n_closed_items}, fewer than {least_base}",
            n_closed_items=counted(row["closed"], "closed item"),
            least_base=LEAST_BASE,
        )
        return [tr("; ").join([tr("No velocity: {why}", why=why), *missing])]
    if pd.isna(row["velocity"]):
        return [tr("; ").join([tr("No velocity: {lacking}", lacking=_lacking(row)), *missing])]
    days = row["mean_cycle_time"] / _DAY
    if not can_be_lost:
        # The win rate of 100% is none that was observed.
        about = tr(
            "About {velocity} a day only if every open item is won, because the pipeline has no lost stage: "
            "{open_at_end} open × {mean_amount} ÷ {days} days",
            velocity=_rounded(row["velocity"]),
            open_at_end=number(row["open_at_end"]),
            mean_amount=_rounded(row["mean_amount"]),
            days=written(f"{days:,.3g}"),
        )
        return [tr("; ").join([about, *missing])]
    parts = tr(
        "{open_at_end} open × {win_rate} × {mean_amount} ÷ {days} days",
        open_at_end=number(row["open_at_end"]),
        win_rate=percent(row["win_rate"]),
        mean_amount=_rounded(row["mean_amount"]),
        days=written(f"{days:,.3g}"),
    )
    return [
        tr("; ").join(
            [tr("About {velocity} a day: {parts}", velocity=_rounded(row["velocity"]), parts=parts), *missing]
        )
    ]


def _lacking(row: pd.Series) -> str:
    """Name the part that is not known."""
    if not row["won"]:
        return tr("nothing was won")
    if pd.isna(row["mean_amount"]):
        return tr("no won item has an amount")
    if pd.isna(row["mean_cycle_time"]):
        return tr("the start of no won item is known")
    return tr("the won items took no time")


def _rounded(value: float) -> str:
    """Write a number to three digits: ``12,300``."""
    return number(float(f"{value:.3g}"))
