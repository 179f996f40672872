"""The items of an export: its list of items, completed and compared with the history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from ...errors import ReaderError, advised
from ..notes import Notes
from ..options import Options
from ..sources.amounts import amounts
from ..sources.cells import flat
from ..sources.dates import read_times
from ..sources.places import Place, first_row, rows_at
from ..sources.source import Source, Table
from .keys import refuse_rounded_keys

COLUMNS: Final = ("item", "pipeline", "amount", "currency", "manager", "created")


def read_items(table: Table, names: Mapping[str, str], options: Options, notes: Notes) -> pd.DataFrame:
    """Read a list of items.

    Parameters
    ----------
    table
        The list.
    names
        Names of the list's columns for ``item`` and, where it has them, ``amount``, ``currency``,
        ``manager`` and ``created``. Its other columns keep their names.

    Returns
    -------
    DataFrame
        One row per item: amounts as numbers, ``created`` as times, everything else as text.

    Raises
    ------
    ReaderError
        If the list has an item twice, a row without an item, or no column of items.
    """
    present = {role: name for role, name in names.items() if name in table.frame}
    if "item" not in present:
        raise ReaderError(
            f"{table.sources[0].name}: the list of items has no column {names['item']!r}, which names them"
        )
    # A line of totals has no key, and its other cells are not what those of an item are.
    _refuse_bad_keys(table.frame[present["item"]], present["item"], table.place)
    columns: dict[str, pd.Series] = {}
    for role, name in present.items():
        if role == "amount":
            columns[role] = amounts(table.frame[name], table.place, notes, options.decimal)
        elif role == "created":
            columns[role] = read_times(table.frame[name], table.place, options, notes)
        else:
            columns[role] = table.frame[name]
    for name in map(str, table.frame):
        if name not in present.values():
            is_taken = name in COLUMNS or name in columns
            columns[f"{name} (export)" if is_taken else name] = flat(table.frame[name])
    return pd.DataFrame(columns)


def with_keys(table: Table, key: str, options: Options, notes: Notes) -> Table:
    """Leave rows without a key out of a list of items, such as a line of totals, if `invalid` asks for it.

    Parameters
    ----------
    table
        The list.
    key
        Name of the column of keys.

    Returns
    -------
    Table
        The rows with a key, which keep their places, or the table as it was.
    """
    if options.invalid != "drop" or key not in table.frame or not table.frame[key].isna().any():
        return table
    kept = np.flatnonzero(table.frame[key].notna().to_numpy())
    notes.add(
        "list_rows_without_key",
        len(table.frame) - len(kept),
        "rows of the list of items that have no key, left out",
    )
    frame, place = rows_at(table.frame, table.place, kept)
    return Table.of([Source(table.sources[0].name, frame, place)])


def _refuse_bad_keys(keys: pd.Series, name: str, place: Place) -> None:
    refuse_rounded_keys(keys, place)
    if keys.isna().any():
        row = first_row(keys.isna())
        raise ReaderError(
            f"{place(row)}: the list of items has a row without {name!r}; fill it in, or pass ",
            advised("invalid", "drop"),
            " to leave such rows out",
        )
    repeated = keys.duplicated()
    if repeated.any():
        row = first_row(repeated)
        earlier = first_row(keys == keys.iloc[row])
        raise ReaderError(
            f"{place(row)}: item {keys.iloc[row]!r} is in the list of items already ({place(earlier)}); the "
            f"list must have each item once"
        )


def complete_items(
    items: pd.DataFrame | None, rows: pd.DataFrame, notes: Notes, *, pipelines: pd.Series | None = None
) -> pd.DataFrame:
    """Give every item of the log a row, and count the items that only the list or the history has.

    Parameters
    ----------
    items
        List of items; ``None`` if the export has none.
    rows
        Rows of the log.
    pipelines
        Current pipeline, by item.
    """
    in_log = pd.Series(pd.unique(rows["item"].dropna()), dtype=object)
    if items is None:
        items = pd.DataFrame({"item": in_log})
    else:
        listed = pd.Series(items["item"].astype(object))
        # The last rows of a history have its items in order, which takes no search.
        is_same = len(listed) == len(in_log) and bool((listed.to_numpy() == in_log.to_numpy()).all())
        unlisted = in_log[:0] if is_same else in_log[~in_log.isin(listed)]
        n_unused = 0 if is_same else int((~listed.isin(in_log)).sum())
        notes.add(
            "items_not_listed", len(unlisted), "items of the history that the list of items does not have"
        )
        notes.add("items_without_history", n_unused, "items of the list without a row in the history")
        if len(unlisted):
            items = items.reindex(range(len(items) + len(unlisted)))
            items.loc[len(items) - len(unlisted) :, "item"] = unlisted.to_numpy()
    if pipelines is not None:
        items = items.assign(pipeline=items["item"].map(pipelines.to_dict()).astype(object))
    first = [name for name in COLUMNS if name in items]
    return items[[*first, *(name for name in items if name not in first)]]


def last_stages(rows: pd.DataFrame) -> pd.Series:
    """Return the stage of each item's last row, by item."""
    complete = rows.dropna(subset=["item", "stage", "time"])
    in_time = complete.sort_values(["time", "order"], kind="stable")
    return in_time.drop_duplicates("item", keep="last").set_index("item")["stage"]


def note_other_stages(last: pd.Series, current: pd.Series, notes: Notes) -> None:
    """Count items whose history ends in another stage than the list of items has.

    Parameters
    ----------
    last, current
        Last stage of the history and current stage of the list, by item.
    """
    last = last.reindex(current.index)
    differ = last.notna() & current.notna() & (last != current)
    notes.add(
        "stage_differs_from_list",
        int(differ.sum()),
        "items whose last row is not the stage in the list: fetched at different moments, or not fully",
    )


def note_stageless(items: pd.Series, rows: pd.DataFrame, notes: Notes) -> None:
    """Count items that a history names without any stage."""
    stageless = items.dropna().drop_duplicates()
    stageless = stageless[~stageless.isin(rows["item"])]
    notes.add(
        "items_without_stage",
        len(stageless),
        "items that never moved: a list of items has their stage, the history does not",
    )
