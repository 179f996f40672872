"""Deals that were merged into others: a warehouse keeps the rows of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pandas as pd

from ...notes import Notes
from ...sources.columns import find_column
from ...sources.places import Place, rows_at
from ...sources.source import Table

_IDS: Final = (
    *("hs_merged_object_ids", "property_hs_merged_object_ids", "merged_object_ids", "merged_record_ids"),
    *("merged_deal_ids", "hsMergedObjectIds"),
)


def survivors(tables: Mapping[str, Table], item: str | None) -> dict[str, str]:
    """Return the deal that each merged deal is part of now, through all merges.

    Parameters
    ----------
    tables
        Tables of the export: ``merged deals`` has a row for each, ``deals`` may list the ids.
    item
        Column of the deals' ids.
    """
    into: dict[str, str] = {}
    if (table := tables.get("merged deals")) is not None:
        pairs = table.frame[["merged_deal_id", "deal_id"]].dropna().astype(str)
        into.update(zip(pairs["merged_deal_id"], pairs["deal_id"], strict=True))
    deals = tables.get("deals")
    ids = None if deals is None else find_column([str(name) for name in deals.frame], _IDS)
    if deals is not None and ids is not None and item is not None:
        merged = deals.frame[[item, ids]].dropna().astype(str)
        for survivor, texts in zip(merged[item], merged[ids].str.findall(r"\d+"), strict=True):
            into.update(dict.fromkeys(texts, survivor))
    return {deal: last for deal in into if (last := _last(deal, into)) != deal}


def _last(deal: str, into: Mapping[str, str]) -> str:
    """Follow merges to their end; those in a circle, which are none, are not followed."""
    seen, last = {deal}, deal
    while last in into:
        last = into[last]
        if last in seen:
            return deal
        seen.add(last)
    return last


def note_merged(rows: pd.DataFrame, into: Mapping[str, str], notes: Notes) -> None:
    """Count the deals that were merged: those with rows of their own, which count twice, and the others."""
    n_own = int(rows["item"].drop_duplicates().isin(list(into)).sum())
    notes.add(
        "merged_deals",
        n_own,
        'deals that were merged into another one and count beside it; pass merged="join" to join them',
    )
    notes.add(
        "merged_deals_gone", len(into) - n_own, "deals that were merged into another one and have no rows"
    )


def joined(
    rows: pd.DataFrame, place: Place, into: Mapping[str, str], notes: Notes
) -> tuple[pd.DataFrame, Place]:
    """Give the rows of merged deals to the deals that they are part of.

    Where such a deal has rows itself, it stands where its own last row says: later rows of a merged deal
    are left out.
    """
    is_merged = rows["item"].isin(list(into))
    items = rows["item"].map(lambda item: into.get(item, item))
    last = items.map(rows["time"][~is_merged].groupby(items[~is_merged]).max())
    is_later = is_merged & (rows["time"] > last)
    notes.add(
        "merged_deals_joined",
        rows["item"][is_merged].nunique(),
        "deals that were merged into another one; their rows are rows of that deal",
    )
    notes.add(
        "merged_rows_left_out",
        int(is_later.sum()),
        "rows of merged deals after the last row of the deal that they are part of",
    )
    return rows_at(rows.assign(item=items), place, (~is_later).to_numpy().nonzero()[0])


def without_merged(deals: Table, item: str, into: Mapping[str, str]) -> Table:
    """Leave merged deals out of a list that has the deals that they are part of."""
    ids = deals.frame[item].astype(str)
    is_double = ids.isin([deal for deal, survivor in into.items() if survivor in set(ids)])
    frame, place = rows_at(deals.frame, deals.place, (~is_double).to_numpy().nonzero()[0])
    return Table.of([replace(deals.sources[0], frame=frame, place=place)])
