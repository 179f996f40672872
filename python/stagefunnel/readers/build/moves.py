"""Histories of moves: the row of creation that they lack, and the order of rows of equal time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import ReaderError
from ..notes import Notes
from ..sources.cells import Place
from ..sources.dates import of_one_kind


def rows_of_moves(
    moves: pd.DataFrame,
    created: pd.Series | None,
    current: pd.Series | None,
    place: Place,
    notes: Notes,
) -> tuple[pd.DataFrame, Place]:
    """Turn moves into rows of a log, with a row for the creation of each item.

    Parameters
    ----------
    moves
        ``item``, ``from_stage``, ``to_stage``, ``time``, ``order``, in any order.
    created
        When items were created, by item.
    current
        The stage that items without a move are in, by item; ``None`` where such an item may only miss
        its history.
    place
        Says where a move stood.

    Returns
    -------
    rows, place
        ``item``, ``stage``, ``time``, ``order``, and where each row stood.
    """
    if created is not None:
        created = _on_one_clock(created.dropna(), moves["time"])
    rows, row_place = with_first_stages(moves, created, place, notes)
    if created is None or current is None:
        return rows, row_place
    still = pd.DataFrame({"stage": current, "time": created}).dropna().rename_axis("item")
    still = still[~still.index.isin(moves["item"])].reset_index().assign(order=-1)
    notes.add(
        "items_without_move",
        len(still),
        "items without a move in the history: taken to be in their stage of now since they were created",
    )
    if not len(still):
        return rows, row_place
    n_rows = len(rows)
    return (
        pd.concat([rows, still], ignore_index=True) if n_rows else still,
        lambda row: row_place(row) if row < n_rows else f"the list of items, {still['item'][row - n_rows]!r}",
    )


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


def _on_one_clock(created: pd.Series, times: pd.Series) -> pd.Series:
    """Bring the times of creation to the zone of the history's."""
    zoned = {series.dt.tz is not None for series in (created, times) if series.notna().any()}
    if len(zoned) > 1:
        raise ReaderError(
            "the times of the history and of the list of items differ: one has a zone, the other has not; "
            "pass zone="
        )
    return created if created.dt.tz is None else created.dt.tz_convert(times.dt.tz or created.dt.tz)


def arrival(
    items: pd.Series, times: pd.Series, ids: pd.Series | None = None, *, newest_first: bool = False
) -> npt.NDArray[np.int64]:
    """Rank rows, so that those of one item and time can be put in order.

    Parameters
    ----------
    items, times
        The rows.
    ids
        Ids that the CRM gave to rows as it wrote them. Without them the input's order decides, turned
        round for items whose newest row comes first.
    newest_first
        What holds where times do not tell, because all of an item's are equal: the order in which most
        items stand, or else this one.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.build.moves import arrival
    >>> times = pd.Series(pd.to_datetime(["2026-03-02", "2026-03-02", "2026-03-01"]))
    >>> arrival(pd.Series(["7", "7", "7"]), times).tolist()
    [2, 1, 0]
    """
    if ids is not None and len(ids) and ids.notna().all():
        texts = ids.astype(str)
        if texts.str.fullmatch(r"\d+").all():
            texts = texts.str.zfill(int(texts.str.len().max()))
        return np.unique(texts.to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)
    place = np.arange(len(items), dtype=np.int64)
    ends = times.groupby(items, sort=False).agg(["first", "last"])
    falling, rising = ends["first"] > ends["last"], ends["first"] < ends["last"]
    more = int(falling.sum()) - int(rising.sum())
    backwards = falling | (~rising & (newest_first if more == 0 else more > 0))
    turned = items.map(backwards).fillna(False).to_numpy(dtype=bool)
    return np.where(turned, len(items) - 1 - place, place)


def fetched_once(rows: pd.DataFrame, ids: pd.Series, place: Place, notes: Notes) -> npt.NDArray[np.intp]:
    """Find the rows to keep where overlapping pages hold some twice.

    Raises
    ------
    ReaderError
        For two rows of one id that differ.
    """
    again = ids.duplicated() & ids.notna()
    equal = again & rows.assign(_id=ids).duplicated()
    if (again & ~equal).any():
        row = _first(again & ~equal)
        other = _first(ids == ids.iloc[row])
        raise ReaderError(
            f"{place(row)}: id {ids.iloc[row]!r} is on another row that differs ({place(other)})"
        )
    notes.add("rows_fetched_twice", int(equal.sum()), "rows that equal an earlier one, id included, left out")
    return np.flatnonzero(~equal.to_numpy())


def note_other_stages(rows: pd.DataFrame, current: pd.Series, notes: Notes) -> None:
    """Count items whose history does not end in the stage that the list of items has."""
    ordered = rows.dropna(subset=["item", "stage", "time"]).sort_values(["time", "order"], kind="stable")
    last = ordered.drop_duplicates("item", keep="last").set_index("item")["stage"]
    now = last.reindex(current.index)
    differ = now.notna() & current.notna() & (now != current)
    notes.add(
        "stage_differs_from_list",
        int(differ.sum()),
        "items whose last row is not the stage in the list: fetched at different moments, or not fully",
    )


def note_stageless(named: pd.Series, rows: pd.DataFrame, notes: Notes) -> None:
    """Count items that a history names without telling any stage of them."""
    stageless = named.dropna().drop_duplicates()
    stageless = stageless[~stageless.isin(rows["item"])]
    notes.add(
        "items_without_stage",
        len(stageless),
        "items that never moved: a list of items would tell their stage, the history does not",
    )


def _first(flags: pd.Series) -> int:
    return int(np.flatnonzero(flags.to_numpy())[0])
