"""Objects and lists inside the records of an answer, unpacked into columns; malformed ones are refused."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ...errors import ReaderError, quoted
from ..notes import Notes
from .cells import as_text, described, refuse_nested
from .places import Place, first_row, place_of
from .source import Table
from .tidy import TRIMMED, tidied_column


def plain(table: Table, columns: Sequence[str]) -> Table:
    """Return a table after checking that some of its columns hold text or numbers only."""
    refuse_nested(table.frame, table.place, columns)
    return table


def objects(
    values: pd.Series,
    place: Place,
    needed: Sequence[str],
    also: Sequence[str] = (),
    *,
    notes: Notes | None = None,
) -> pd.DataFrame:
    """Give each key of objects a column of text.

    Parameters
    ----------
    values
        Objects, indexed by the row of the input that holds them.
    place
        Function that says where a row stands in the input.
    needed
        Keys that every object must have, with a value.
    also
        Keys that objects may have; their objects and lists stay as they are.
    notes
        Notes that count the texts that had blanks around them and the like, as tables do.

    Returns
    -------
    DataFrame
        One column per key, and ``origin``: the row of the input.

    Raises
    ------
    ReaderError
        With the place of the first value that is not an object, or lacks a needed key.
    """
    records = [value if isinstance(value, dict) else {} for value in values]
    columns = {
        key: as_text(pd.Series([record.get(key) for record in records], dtype=object), nested=True)
        for key in (*needed, *also)
    }
    trimmed: dict[str, int] = {}
    for key in columns:
        columns[key], n_changed = tidied_column(columns[key])
        if n_changed:
            trimmed[key] = n_changed
    if notes is not None:
        notes.add("trimmed", sum(trimmed.values()), f"{TRIMMED}: {quoted(trimmed, most=6)}")
    frame = pd.DataFrame(columns | {"origin": pd.Series(values.index, dtype="int64")})
    record_place = place_of(place, frame["origin"].to_numpy())
    refuse_nested(frame, record_place, needed)
    is_incomplete = frame[list(needed)].isna().any(axis=1)
    if is_incomplete.any():
        row = first_row(is_incomplete)
        raise ReaderError(
            f"{record_place(row)}: expected an object with {quoted(needed)}, "
            f"got {described(values.iloc[row])}"
        )
    return frame
