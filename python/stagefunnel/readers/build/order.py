"""The rows of a history: each of them once, and their order where times are equal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import ReaderError
from ..notes import Notes
from ..sources.places import Place, first_row
from .direction import reading_order


def are_ids(ids: pd.Series | None) -> bool:
    """Return whether every row has an id that its CRM gave it as it wrote the row."""
    return ids is not None and len(ids) > 0 and bool(ids.notna().all())


def arrival(
    items: pd.Series, times: pd.Series, ids: pd.Series | None = None, *, newest_first: bool = False
) -> npt.NDArray[np.int64]:
    """Rank rows by when the CRM wrote them, to order the rows of one item and one time.

    Parameters
    ----------
    items, times
        Item and time of each row.
    ids
        Ids that the CRM gave to rows as it wrote them. Without them the input's order decides, reversed
        for items whose newest row comes first.
    newest_first
        Direction for items whose times are all equal, where as many items run forwards as backwards;
        otherwise such items follow the majority.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.build.order import arrival
    >>> times = pd.Series(pd.to_datetime(["2026-03-02", "2026-03-02", "2026-03-01"]))
    >>> arrival(pd.Series(["7", "7", "7"]), times).tolist()
    [2, 1, 0]
    """
    if ids is not None and are_ids(ids):
        texts = ids.astype(str)
        if texts.str.fullmatch(r"\d+").all():
            texts = texts.str.zfill(int(texts.str.len().max()))
        return np.unique(texts.to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)
    found = reading_order(items, times, newest_first=newest_first)
    return np.arange(len(items), dtype=np.int64) if found is None else found[0]


def fetched_once(rows: pd.DataFrame, ids: pd.Series, place: Place, notes: Notes) -> npt.NDArray[np.intp]:
    """Return the positions of the rows to keep where overlapping pages hold some rows twice.

    Parameters
    ----------
    rows
        The rows.
    ids
        Id of each row; rows without an id are kept.
    place
        Function that says where a row stands in the input.

    Raises
    ------
    ReaderError
        If two rows with the same id differ.
    """
    is_repeated = ids.duplicated() & ids.notna()
    is_equal = is_repeated & rows.assign(_id=ids).duplicated()
    differs = is_repeated & ~is_equal
    if differs.any():
        row = first_row(differs)
        earlier = first_row(ids == ids.iloc[row])
        raise ReaderError(
            f"{place(row)}: id {ids.iloc[row]!r} is on another row that differs ({place(earlier)})"
        )
    notes.add(
        "rows_fetched_twice", int(is_equal.sum()), "rows that equal an earlier one, id included, left out"
    )
    return np.flatnonzero(~is_equal.to_numpy())
