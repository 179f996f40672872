"""The list of items beside a home-made history, or what the history itself says about its items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import quoted
from ..build.items import complete_items, read_items, with_keys
from ..build.tables import stacked
from ..notes import Notes
from ..options import Options
from ..sources.source import Source, Sources, Table
from .item_column import columns_in, has, key_in

LIST_OF_ITEMS: Final = "list of items"
LIST_ROLE: Final[Mapping[str, str]] = {LIST_OF_ITEMS: "an item and more about it, each item once"}


def sniff_list(source: Source, options: Options) -> str | None:
    """Return the role of a source that may be the list of items beside a history."""
    return LIST_OF_ITEMS if has(source.frame, options, ("item",)) and len(source.columns) > 1 else None


def items_beside(
    sources: Sources, rows: pd.DataFrame, others: pd.DataFrame, options: Options, notes: Notes
) -> pd.DataFrame:
    """Read the list of items; without one, take the history's other columns from each item's last row.

    Parameters
    ----------
    rows
        Columns ``item``, ``stage`` and ``time`` of the log.
    others
        Columns of the history that the log does not take, row by row.
    """
    table = stacked(sources, LIST_OF_ITEMS, notes)
    if table is not None:
        unused = list(others.columns)
        notes.add(
            "columns_left_out",
            len(unused),
            f"columns of the history that are not used, because there is a list of items: {quoted(unused)}",
        )
        names = item_columns(table.frame, options)
        names["item"] = key_in(table.frame, {*rows["item"].dropna()}, options, names["item"])
        items = read_items(with_keys(table, names["item"], options, notes), names, options, notes)
    elif len(others.columns):
        items = items_of_last_rows(rows, others, options, notes)
    else:
        return complete_items(None, rows, notes)
    return complete_items(items, rows, notes)


def items_of_last_rows(
    rows: pd.DataFrame, others: pd.DataFrame, options: Options, notes: Notes
) -> pd.DataFrame:
    """Take what a history says about its items from the last row of each."""
    last = rows.index[_last_rows(rows)]
    # Where another column is named as the item, one of this name is a column like others.
    others = others.rename(columns={"item": "item (export)"})
    frame = others.loc[last].reset_index(drop=True)
    frame.insert(0, "item", rows.loc[last, "item"].reset_index(drop=True))
    source = Source(
        "the last row of each item", frame, lambda row: f"the last row of item {frame['item'].iloc[row]!r}"
    )
    names = {**item_columns(others, options), "item": "item"}
    items = read_items(Table.of([source]), names, options, notes)
    notes.add(
        "from_last_rows", len(items), "items whose amount, manager and the like are those of their last row"
    )
    return items


def _last_rows(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the position of the last row with a time of each item, in order of the items' first rows."""
    codes, items = pd.factorize(rows["item"])
    in_time = np.flatnonzero((codes >= 0) & rows["time"].notna().to_numpy())
    times = rows["time"].iloc[in_time]
    if not times.is_monotonic_increasing:
        in_time = in_time[times.argsort(kind="stable")]
    last = np.full(len(items), -1, dtype=np.int64)
    last[codes[in_time]] = in_time  # where an item has several places, the last one stays
    return last[last >= 0]


def item_columns(frame: pd.DataFrame, options: Options) -> dict[str, str]:
    """Return the columns of a list of items by role; an amount column without a digit is left out."""
    roles = ("item", "pipeline", "amount", "currency", "manager", "created")
    names = columns_in(frame, options, roles)
    amount = names.get("amount")
    if amount is not None and not frame[amount].astype("string").str.contains(r"\d", na=False).any():
        del names["amount"]
    return names
