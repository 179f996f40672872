"""The order of rows of equal time in a home-made history: by a column of it, or by the way it runs."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..build.direction import reading_order
from ..build.pipelines import list_by_names
from ..notes import Notes
from ..options import Options
from ..sources.places import rows_at
from ..sources.source import Source, Table

# A column of ids says when rows were written if times rise along it in at least this share of the pairs.
_AGREES: Final = 0.8
_RANDOM_ID: Final = r"^\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?$"


def in_reading_order(
    table: Table, rows: pd.DataFrame, options: Options, notes: Notes, *, stage: str = "stage"
) -> tuple[Table, pd.DataFrame]:
    """Put the rows of a history in the order in which they happened, where their times are equal.

    Parameters
    ----------
    table
        The history.
    rows
        Columns ``item``, ``time``, that of the stage and perhaps ``order``, one row for each of the table.
    stage
        Name of the column of stages.

    Returns
    -------
    table, rows
        As given, or both turned round. The rows are without ``order`` if it is no order of writing.
    """
    if "order" in rows:
        rows = _with_usable_order(rows, options, notes)
    if "order" in rows:
        notes.ids_decide = True
        return table, rows
    found = reading_order(
        rows["item"],
        rows["time"],
        starts=table.starts,
        is_final=lambda: _finals(rows[stage], options),
    )
    if found is None:
        return table, rows
    ranks, n_turned = found
    notes.add(
        "newest_first",
        n_turned,
        "rows at the same time as another of their item, turned round because the rows go back in time; "
        "pass order= for another order",
    )
    return reordered(table, rows, np.argsort(ranks, kind="stable"))


def reordered(
    table: Table, rows: pd.DataFrame, positions: npt.NDArray[np.intp]
) -> tuple[Table, pd.DataFrame]:
    """Take the rows of a history in another order; each keeps its place in the input."""
    frame, place = rows_at(table.frame, table.place, positions)
    source = Source(table.sources[0].name, frame, place)
    return Table.of([source]), rows.iloc[positions].reset_index(drop=True)


def _finals(stages: pd.Series, options: Options) -> npt.NDArray[np.bool_]:
    """Flag the rows of won and lost stages, as the pipeline passed or the names of stages have them."""
    if options.pipeline is not None:
        final = {*options.pipeline.won, *options.pipeline.lost}
    else:
        listed = list_by_names("", [str(stage) for stage in pd.unique(stages.dropna())])
        final = {*listed.won, *listed.lost}
    return stages.isin(final).to_numpy(dtype=bool)


def _with_usable_order(rows: pd.DataFrame, options: Options, notes: Notes) -> pd.DataFrame:
    """Check that a column with a usual name of an order is one: its values rise with time, or all fall.

    Ids at random (UUIDs) and numbers of something else order nothing, and ``ROW_NUMBER`` over falling times
    is 1 in the newest row.
    """
    if options.order is not None:
        return rows
    keys = rows["order"]
    numbers = pd.to_numeric(keys, errors="coerce")
    is_number = bool(numbers.notna().all())
    is_random = not is_number and bool(keys.astype("string").str.match(_RANDOM_ID, na=False).any())
    share = None if is_random or keys.isna().any() else _share_of_rises(rows, numbers if is_number else keys)
    if share is not None and share >= _AGREES:
        return rows
    if share is not None and share <= 1 - _AGREES and is_number:
        notes.add(
            "newest_first",
            len(rows),
            "rows whose numbers fall as time goes on: the lowest number is the newest row",
        )
        return rows.assign(order=(-numbers).rank(method="dense").astype("int64"))
    notes.add(
        "order_left_out",
        len(rows),
        "rows with an id or number that is missing in places or does not rise with time: it does not order "
        "rows of equal time, their position does; pass order= to use it",
    )
    return rows.drop(columns="order")


def _share_of_rises(rows: pd.DataFrame, keys: pd.Series) -> float:
    """Return in which share of the pairs of an item's rows, in order of their keys, time goes on."""
    stamps = pd.DatetimeIndex(rows["time"]).asi8
    items = pd.factorize(rows["item"])[0]
    in_order = np.lexsort((pd.factorize(keys, sort=True)[0], items))
    is_pair = (items[in_order][1:] == items[in_order][:-1]) & rows["time"].notna().to_numpy()[in_order][1:]
    steps = np.diff(stamps[in_order])[is_pair]
    rises, falls = int((steps > 0).sum()), int((steps < 0).sum())
    return rises / (rises + falls) if rises + falls else 1.0
