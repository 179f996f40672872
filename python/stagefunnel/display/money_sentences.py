"""Sentences about money: what was won, and what a sale is worth on average."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from ..tables.labels import group_label
from ..tables.schema import OUTCOME_AMOUNTS, VALUE_SHARES
from ..words import tr
from .cells import with_bounds
from .extremes import with_ties
from .heads import is_rest, label
from .numbers import count, counted, number, percent, plural
from .things import thing_of


def has_amounts(outcome: Mapping[str, Any] | pd.DataFrame) -> bool:
    """Check for outcomes with amounts."""
    return all(name in outcome for name in OUTCOME_AMOUNTS)


def won_amount(outcome: Mapping[str, Any], thing: str) -> list[str]:
    """Say how much was won, of how many items and with what average; nothing without amounts."""
    if not has_amounts(outcome):
        return []
    missing = without_amount(outcome["amount_missing"])
    if not outcome["won"]:
        return missing
    mean = (
        ""
        if pd.isna(outcome["mean_amount"])
        else tr(", {mean_amount} on average", mean_amount=number(outcome["mean_amount"]))
    )
    won = tr(
        "won {amount_won} of {won}{mean}",
        amount_won=number(outcome["amount_won"]),
        won=counted(outcome["won"], thing),
        mean=mean,
    )
    return [won, *missing]


def without_amount(missing: Any) -> list[str]:
    """Say how many items have no amount, where there are some."""
    return [tr("{missing} without an amount", missing=count(missing))] if missing else []


def won_by_group(table: pd.DataFrame, by: Sequence[Any], thing: str) -> list[str]:
    """Say how much all groups won together, and which won most; nothing without amounts."""
    if not has_amounts(table) or table.empty:
        return []
    missing = without_amount(int(table["amount_missing"].sum()))
    if not table["won"].any():
        return [tr("; ").join([tr("Nothing was won"), *missing])]
    total = float(table["amount_won"].sum())
    most = ""
    best = table["amount_won"].max()
    if len(table) > 1 and best > 0 and (table["amount_won"] == best).sum() == 1:
        top = table.loc[[table["amount_won"].idxmax()]]
        names = group_label(top, by)
        if not any(map(is_rest, names)):  # many small groups together are no group that won most
            most = tr(
                ", most in {group_label} ({value})",
                group_label=", ".join(map(label, names)),
                value=number(top["amount_won"].iloc[0]),
            )
    won = tr(
        "Won {total} of {won}{most}", total=number(total), won=counted(table["won"].sum(), thing), most=most
    )
    return [tr("; ").join([won, *missing])]


def of_value(rows: pd.DataFrame, name_of: Callable[[Any], str], thing: str) -> list[str]:
    """Say how much of the value of one funnel was won, how sure it is, and what the largest item makes."""
    if not {*VALUE_SHARES} <= {*rows.columns}:
        return []
    won = rows[(rows["outcome"] == "won") & rows["amount_conversion"].notna()]
    if won.empty:
        return []
    best = won.loc[[won["amount_conversion"].idxmax()]]
    row = best.iloc[0]
    share = with_bounds(percent, best, "amount_conversion")[0]
    alike = _items(row["amount_n_eff"], thing)
    return [
        tr(
            "By value, {share} reached {stage}: as sure as {alike} of one size; the largest "
            "{thing} is {top_share} of all",
            share=share,
            stage=with_ties(name_of(row["stage"]), won["amount_conversion"]),
            alike=alike,
            thing=thing,
            top_share=percent(row["top_share"]),
        )
    ]


def _items(n_eff: float, thing: str) -> str:
    """Write how many items of one size would be as sure."""
    text = f"{n_eff:.1f}" if n_eff < 10 else count(round(n_eff))
    return f"{text} {thing if text == '1.0' else plural(thing)}"


def notes_of_value(remembered: Mapping[str, Any]) -> list[str]:
    """Say what the shares of the value leave out, or why there are none."""
    thing = thing_of(remembered)
    if remembered.get("value_of_units"):
        return [
            tr(
                "No share of the value: {thing} are counted, and each stage has the amounts of items",
                thing=plural(thing),
            )
        ]
    notes = []
    missing = remembered.get("value_missing", 0)
    if missing:
        notes.append(
            tr("Without an amount, so in no share of the value: {missing}", missing=counted(missing, thing))
        )
    if remembered.get("value_negative"):
        notes.append(tr("Amounts below zero: a group that has one has no share of the value"))
    return notes
