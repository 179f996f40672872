"""The items of an export: the list it holds, completed by what the history says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from ...errors import ReaderError
from ..notes import Notes
from ..options import Options
from ..sources.cells import Place, amounts, flat
from ..sources.dates import read_times
from ..sources.source import Table

KNOWN: Final = ("item", "pipeline", "amount", "currency", "manager", "created")


def read_items(table: Table, names: Mapping[str, str], options: Options, notes: Notes) -> pd.DataFrame:
    """Read a list of items.

    Parameters
    ----------
    table
        The list.
    names
        The list's columns for ``item`` and, where it has them, ``amount``, ``currency``, ``manager`` and
        ``created``; the other columns keep their names.

    Returns
    -------
    DataFrame
        One row per item: amounts as numbers, ``created`` as times, all else as text.

    Raises
    ------
    ReaderError
        For an item that the list has twice or a row without one.
    """
    known = {role: name for role, name in names.items() if name in table.frame}
    columns: dict[str, pd.Series] = {}
    for role, name in known.items():
        if role == "amount":
            columns[role] = amounts(table.frame[name], table.place, options.decimal)
        elif role == "created":
            columns[role] = read_times(table.frame[name], table.place, options, notes)
        else:
            columns[role] = table.frame[name]
    for name in map(str, table.frame):
        if name not in known.values():
            taken = name in KNOWN or name in columns
            columns[f"{name} (export)" if taken else name] = flat(table.frame[name])
    items = pd.DataFrame(columns)
    _refuse_bad_keys(items["item"], known["item"], table.place)
    return items


def complete_items(
    items: pd.DataFrame | None, rows: pd.DataFrame, notes: Notes, *, pipelines: pd.Series | None = None
) -> pd.DataFrame:
    """Give every item of the log a row, and tell what the list and the history do not share.

    Parameters
    ----------
    items
        The list, or ``None`` where the export has none.
    rows
        The rows of the log.
    pipelines
        The pipeline in which each item is now, by item.
    """
    seen = pd.Series(pd.unique(rows["item"].dropna()), dtype=object)
    if items is None:
        items = pd.DataFrame({"item": seen})
    else:
        absent = seen[~seen.isin(items["item"])]
        unused = ~items["item"].isin(seen)
        notes.add(
            "items_not_listed", len(absent), "items of the history that the list of items does not have"
        )
        notes.add(
            "items_without_history", int(unused.sum()), "items of the list without a row in the history"
        )
        if len(absent):
            items = items.reindex(range(len(items) + len(absent)))
            items.loc[len(items) - len(absent) :, "item"] = absent.to_numpy()
    if pipelines is not None:
        items = items.assign(pipeline=items["item"].map(pipelines.to_dict()).astype(object))
    first = [name for name in KNOWN if name in items]
    return items[[*first, *(name for name in items if name not in first)]]


def _refuse_bad_keys(keys: pd.Series, name: str, place: Place) -> None:
    if keys.isna().any():
        row = int(np.flatnonzero(keys.isna().to_numpy())[0])
        raise ReaderError(f"{place(row)}: the list of items has a row without {name!r}")
    again = keys.duplicated()
    if again.any():
        row = int(np.flatnonzero(again.to_numpy())[0])
        first = int(np.flatnonzero((keys == keys.iloc[row]).to_numpy())[0])
        raise ReaderError(
            f"{place(row)}: item {keys.iloc[row]!r} is in the list of items already ({place(first)}); it "
            f"must have each item once"
        )
