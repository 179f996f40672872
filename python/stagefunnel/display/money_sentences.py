"""Sentences about money: what was won, and what a sale is worth on average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..tables.labels import group_label
from ..tables.schema import OUTCOME_AMOUNTS
from .numbers import count, counted, number


def has_amounts(outcome: Mapping[str, Any] | pd.DataFrame) -> bool:
    """Check for outcomes with amounts."""
    return all(name in outcome for name in OUTCOME_AMOUNTS)


def won_amount(outcome: Mapping[str, Any], thing: str) -> list[str]:
    """Say how much was won, of how many items and with what average; nothing without amounts."""
    if not has_amounts(outcome):
        return []
    mean = "" if pd.isna(outcome["mean_amount"]) else f", {number(outcome['mean_amount'])} on average"
    won = f"won {number(outcome['amount_won'])} of {counted(outcome['won'], thing)}{mean}"
    return [won, *without_amount(outcome["amount_missing"])]


def without_amount(missing: Any) -> list[str]:
    """Say how many items have no amount, where there are some."""
    return [f"{count(missing)} without an amount"] if missing else []


def won_by_group(table: pd.DataFrame, by: Sequence[Any], thing: str) -> list[str]:
    """Say how much all groups won together, and which won most; nothing without amounts."""
    if not has_amounts(table) or table.empty:
        return []
    total = float(table["amount_won"].sum())
    most = ""
    if len(table) > 1 and table["amount_won"].max() > 0:
        top = table.loc[[table["amount_won"].idxmax()]]
        most = f", most in {', '.join(group_label(top, by))} ({number(top['amount_won'].iloc[0])})"
    won = f"Won {number(total)} of {counted(table['won'].sum(), thing)}{most}"
    return ["; ".join([won, *without_amount(int(table["amount_missing"].sum()))])]
