"""Any table of moves: an item went from one stage to another at a time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .build import finish, make_log, times_of
from .cells import Place
from .dates import of_one_kind
from .export import Export, Notes
from .meaning import guessed_pipelines
from .protocol import Options, Sources
from .sources import Source
from .usual import LIST_OF_ITEMS, columns_of, has, history, items_beside, others_of, sniff_list

FORMAT = "from_to"
ROLES: Mapping[str, str] = {
    "moves": "item, two stages, time, as in deal_id, from_stage, to_stage, moved_at",
    LIST_OF_ITEMS: "an item and more about it, each item once",
}
_NEEDED = ("item", "from_stage", "to_stage", "time")


def sniff(source: Source, options: Options) -> str | None:
    """Tell whether a source has an item, a stage before, a stage after and a time."""
    return "moves" if has(source, options, _NEEDED) else sniff_list(source, options)


def read(sources: Sources, options: Options) -> Export:
    """Read moves; the stage before an item's first move was entered when the item was created."""
    notes = Notes()
    table = history(sources, "moves", options, _NEEDED, notes)
    names = columns_of(table.columns, options, (*_NEEDED, "order", "created", "pipeline"))
    moves = pd.DataFrame({role: table.frame[name] for role, name in names.items()})
    moves["time"] = times_of(table, names["time"], options, notes)
    others = table.frame[others_of(table.columns, names)]
    plain = moves.rename(columns={"to_stage": "stage"})[["item", "stage", "time"]]
    items = items_beside(sources, plain, others, options, notes)
    rows, place = with_first_stages(moves, _created(moves, items), table.place, notes)
    rows, pipelines = guessed_pipelines(rows, options, notes)
    log = make_log(rows, place, options, items=items)
    return finish(FORMAT, log, pipelines, items, notes)


def _created(moves: pd.DataFrame, items: pd.DataFrame) -> pd.Series | None:
    if "created" not in items:
        return None
    known = items.dropna(subset=["created"])
    return known.set_index("item")["created"]


def with_first_stages(
    moves: pd.DataFrame, created: pd.Series | None, place: Place, notes: Notes
) -> tuple[pd.DataFrame, Place]:
    """Turn moves into rows of a log: the stage before the first move is a row of its own.

    It is entered when the item was created. Where that is not known, it stands at the first move, so that
    the funnel has it, and is counted: its time in stage is then 0.

    Parameters
    ----------
    moves
        ``item``, ``from_stage``, ``to_stage``, ``time`` and, where there is one, ``order``.
    created
        When items were created, by item.
    place
        Says where a move stood.

    Returns
    -------
    rows, place
        ``item``, ``stage``, ``time``, ``order``, and where each row stood.
    """
    rank = _rank(moves)
    sorted_moves = (
        moves.assign(rank=rank).dropna(subset=["item"]).sort_values(["time", "rank"], kind="stable")
    )
    previous = sorted_moves.groupby("item", sort=False)["to_stage"].shift()
    broken = previous.notna() & sorted_moves["from_stage"].notna() & (previous != sorted_moves["from_stage"])
    notes.add("broken_moves", int(broken.sum()), "moves from another stage than the move before led to")
    first = sorted_moves.drop_duplicates("item")
    first = first[first["from_stage"].notna()]
    times = first["time"]
    born = times.where(times.isna())
    if created is not None:
        known = created.reindex(first["item"]).set_axis(first.index)
        born = of_one_kind(known, times, "the moves and the creation of items")
    late = born.notna() & (born > times)
    notes.add(
        "first_stage_time_unknown",
        int(born.isna().sum()),
        "first stages that an item entered at an unknown time, put at its first move",
    )
    notes.add(
        "created_after_first_move",
        int(late.sum()),
        "items created after their first move, taken as created then",
    )
    start = pd.DataFrame(
        {"item": first["item"], "stage": first["from_stage"], "time": born.where(born.notna() & ~late, times)}
    ).assign(order=-1)
    after = moves.rename(columns={"to_stage": "stage"})[["item", "stage", "time"]].assign(order=rank)
    if "pipeline" in moves:
        start["pipeline"], after["pipeline"] = first["pipeline"], moves["pipeline"]
    origin = [*start.index, *after.index]
    rows = pd.concat([start, after], ignore_index=True)
    return rows, lambda row: place(int(origin[row]))


def _rank(moves: pd.DataFrame) -> pd.Series:
    """Rank rows of equal time: by their id where they have one, else as they stand."""
    if "order" not in moves:
        return pd.Series(np.arange(len(moves)), index=moves.index)
    numbers = pd.to_numeric(moves["order"], errors="coerce")
    given = moves["order"].astype("string") if numbers.isna().any() else numbers
    return given.rank(method="first").fillna(0).astype("int64")
