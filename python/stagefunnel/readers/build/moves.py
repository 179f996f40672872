"""From moves between stages to rows of a log, with a row for the creation of each item."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...errors import ReaderError, named
from ..notes import Notes
from ..sources.dates import of_one_kind
from ..sources.places import Place, place_of
from .move_chains import chained


def rows_of_moves(
    moves: pd.DataFrame,
    created: pd.Series | None,
    current: pd.Series | None,
    place: Place,
    notes: Notes,
) -> tuple[pd.DataFrame, Place]:
    """Turn the moves that a CRM records into rows of a log, also for items that never moved.

    Parameters
    ----------
    moves
        Columns ``item``, ``from_stage``, ``to_stage``, ``time`` and ``order``, in any order.
    created
        Time of creation, by item.
    current
        Current stage, by item: where an item without a move has been since its creation. ``None`` if such
        an item may merely lack its history.
    place
        Function that says where a move stands in the input.

    Returns
    -------
    rows, place
        Columns ``item``, ``stage``, ``time``, ``order`` and ``start_unknown``, and where each row stands in
        the input.
    """
    if created is not None:
        created = _in_zone_of(moves["time"], created.dropna())
    rows, row_place = with_first_stages(moves, created, place, notes)
    if created is None or current is None:
        return rows, row_place
    unmoved = pd.DataFrame({"stage": current, "time": created}).dropna().rename_axis("item")
    unmoved = unmoved[~unmoved.index.isin(moves["item"])].reset_index()
    unmoved = unmoved.assign(order=-1, start_unknown=False)
    notes.add(
        "items_without_move",
        len(unmoved),
        "items without a move in the history: taken to be in their stage of now since they were created",
    )
    if not len(unmoved):
        return rows, row_place
    n_rows = len(rows)

    def place_of_either(row: int) -> str:
        if row < n_rows:
            return row_place(row)
        return f"the list of items, {unmoved['item'][row - n_rows]!r}"

    return pd.concat([rows, unmoved], ignore_index=True) if n_rows else unmoved, place_of_either


def _in_zone_of(times: pd.Series, created: pd.Series) -> pd.Series:
    """Convert the times of creation to the time zone of the history."""
    has_zone = {series.dt.tz is not None for series in (created, times) if series.notna().any()}
    if len(has_zone) > 1:
        raise ReaderError(
            "only one of the history and the list of items has times with a zone; pass ",
            named("zone"),
            " for the other",
            option="zone",
        )
    return created if created.dt.tz is None else created.dt.tz_convert(times.dt.tz or created.dt.tz)


def with_first_stages(
    moves: pd.DataFrame, created: pd.Series | None, place: Place, notes: Notes
) -> tuple[pd.DataFrame, Place]:
    """Turn moves into rows of a log, with a row for the stage that the first move of an item leaves.

    The item entered that stage when it was created. If its creation is unknown, the row gets the time of
    the first move, so that the funnel counts the stage, and says that its start is unknown; a note counts it.

    Parameters
    ----------
    moves
        Columns ``item``, ``from_stage``, ``to_stage``, ``time`` and optionally ``order``.
    created
        Time of creation, by item.
    place
        Function that says where a move stands in the input.

    Returns
    -------
    rows, place
        Columns ``item``, ``stage``, ``time``, ``order`` and ``start_unknown``, and where each row stands in
        the input.
    """
    rank = _rank(moves)
    in_time = moves.assign(rank=rank).dropna(subset=["item"]).sort_values(["time", "rank"], kind="stable")
    in_time, n_chained, n_broken = chained(in_time)
    if n_chained:
        rank = pd.Series(np.arange(len(in_time)), index=in_time.index).reindex(moves.index, fill_value=0)
        notes.add(
            "ties_by_chain",
            n_chained,
            "moves at the same time as another of their item, put in the order in which one leads on to the "
            "next",
        )
    notes.add("broken_moves", n_broken, "moves from another stage than the move before led to")
    first = in_time.drop_duplicates("item")
    _note_unknown_starts(first[first["from_stage"].isna()], created, notes)
    first = first[first["from_stage"].notna()]
    times = first["time"]
    births = times.where(times.isna())
    if created is not None:
        births = created.reindex(first["item"]).set_axis(first.index)
        births = of_one_kind(births, times, "the moves and the creation of items")
    late = births.notna() & (births > times)
    notes.add(
        "first_stage_time_unknown",
        int(births.isna().sum()),
        "first stages that an item entered at an unknown time, put at its first move",
    )
    notes.add(
        "created_after_first_move",
        int(late.sum()),
        "items created after their first move, taken as created then",
    )
    entered = births.where(births.notna() & ~late, times)
    starts = pd.DataFrame({"item": first["item"], "stage": first["from_stage"], "time": entered})
    starts = starts.assign(order=-1, start_unknown=births.isna())
    arrivals = moves.rename(columns={"to_stage": "stage"})[["item", "stage", "time"]]
    arrivals = arrivals.assign(order=rank, start_unknown=False)
    if "pipeline" in moves:
        starts["pipeline"], arrivals["pipeline"] = first["pipeline"], moves["pipeline"]
    origins = [*starts.index, *arrivals.index]
    return pd.concat([starts, arrivals], ignore_index=True), place_of(place, origins)


def _note_unknown_starts(first: pd.DataFrame, created: pd.Series | None, notes: Notes) -> None:
    """Count the items that were created before their first move, where this does not say what it leaves."""
    if created is None or not len(first):
        return
    births = created.reindex(first["item"]).set_axis(first.index)
    births = of_one_kind(births, first["time"], "the moves and the creation of items")
    notes.add(
        "first_stage_unknown",
        int((births < first["time"]).sum()),
        "items created before their first move, which does not name the stage that it leaves",
    )


def _rank(moves: pd.DataFrame) -> pd.Series:
    """Rank moves of equal time by their id where they have one, otherwise by their position."""
    if "order" not in moves:
        return pd.Series(np.arange(len(moves)), index=moves.index)
    numbers = pd.to_numeric(moves["order"], errors="coerce")
    ids = moves["order"].astype("string") if numbers.isna().any() else numbers
    return ids.rank(method="first").fillna(0).astype("int64")
