"""The sentences of times to a stage: how many items have arrived, and in which group it takes longest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ..tables.labels import columns_before
from ..words import tr, trn
from .extremes import group_name, largest_and_smallest, with_ties
from .numbers import count, counted, length, part_of
from .period_sentences import NameOf

_FEWEST: Final = 30  # as many as a group needs to be ranked


def way_title(remembered: Mapping[str, Any]) -> str:
    """Name the two ends of the time: ``Time from creation to Offer``."""
    names = remembered.get("names", {})
    start = remembered.get("start")
    begin = tr("creation") if start is None else names.get(start, start)
    end = remembered.get("to_stage", "")
    return tr("Time from {begin} to {get}", begin=begin, get=names.get(end, end))


def of_times_to(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Say how many items have arrived, after what median time, and in which groups it takes longest."""
    n, completed = int(table["n"].sum()), int(table["completed"].sum())
    if not n:
        start = remembered.get("start")
        return [
            tr("No item is counted.")
            if start is None
            else tr("No item entered {start}.", start=name_of(start))
        ]
    arrived = part_of(
        completed,
        n,
        trn(
            "item reached {to_stage}", "items reached {to_stage}", n, to_stage=name_of(remembered["to_stage"])
        ),
    )
    by = columns_before(table, "n")
    working_day = remembered.get("working_day")
    median = (
        ""
        if by or not completed
        else tr(" (median {value})", value=length(table["median"].iloc[0], working_day))
    )
    if remembered.get("open_visits") == "censored":
        median = "" if by else _half_of_all(table, working_day)
    sentences = [f"{arrived}{median}{_rest(table)}"]
    ranked = table[(table["completed"] >= _FEWEST) & table["median"].notna()]
    if by and ranked["median"].nunique() > 1:
        medians = ranked["median"]
        longest, shortest = largest_and_smallest(ranked, medians)
        ends = ((tr("Longest"), longest, medians), (tr("shortest"), shortest, -medians))
        sentences.append(
            tr("; ").join(
                tr("{word}: {median_of}", word=word, median_of=_median_of(row, by, working_day, values))
                for word, row, values in ends
            )
        )
    return sentences


def _half_of_all(table: pd.DataFrame, working_day: float | None) -> str:
    """Say by when half of all items that set out arrive, if half of them do."""
    median = table["median"].iloc[0]
    if pd.isna(median):
        return tr(" (fewer than half are seen to arrive)")
    return tr(" (half of all arrive within {median})", median=length(median, working_day))


def _median_of(row: pd.DataFrame, by: Sequence[Any], working_day: float | None, values: pd.Series) -> str:
    """Name a group with its median and the number of items that it is of, and how many others tie with it."""
    items = with_ties(counted(row["completed"].iloc[0], "item"), values)
    return tr(
        "{row} (median {value} of {items})",
        row=group_name(row, by),
        value=length(row["median"].iloc[0], working_day),
        items=items,
    )


def _rest(table: pd.DataFrame) -> str:
    """Say what became of the items that have not arrived."""
    n_open, closed = int(table["open"].sum()), int(table["closed"].sum())
    parts = []
    if n_open:
        parts.append(trn("{n_open} is still open", "{n_open} are still open", n_open, n_open=count(n_open)))
    if closed:
        parts.append(
            trn(
                "{closed} was closed without it",
                "{closed} were closed without it",
                closed,
                closed=count(closed),
            )
        )
    return tr("; {parts}", parts=tr(" and ").join(parts)) if parts else ""
