"""Objects and lists inside the records of an answer, taken apart; what is not as it should be is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ...errors import ReaderError, quoted
from .cells import as_text, described, refuse_nested
from .places import Place, first_row, place_of
from .source import Table


def plain(table: Table, columns: Sequence[str]) -> Table:
    """Return a table of whose columns these are known to be text or numbers."""
    refuse_nested(table.frame, table.place, columns)
    return table


def objects(values: pd.Series, place: Place, needed: Sequence[str], also: Sequence[str] = ()) -> pd.DataFrame:
    """Give the keys of objects a column each, as text.

    Parameters
    ----------
    values
        Objects, each indexed by the row of the input that it is in.
    place
        Says where a row of the input stood.
    needed
        Keys that each must have with a value.
    also
        Keys that are wanted where they are there; objects and lists stay as they are.

    Returns
    -------
    DataFrame
        A column per key, and ``origin``, the row of the input.

    Raises
    ------
    ReaderError
        With the place of the first value that is no object, or misses what is needed.
    """
    rows = [value if isinstance(value, dict) else {} for value in values]
    found = {
        key: as_text(pd.Series([row.get(key) for row in rows], dtype=object), nested=True)
        for key in (*needed, *also)
    }
    frame = pd.DataFrame(found | {"origin": pd.Series(values.index, dtype="int64")})
    origin_place = place_of(place, frame["origin"].to_numpy())
    refuse_nested(frame, origin_place, needed)
    missing = frame[list(needed)].isna().any(axis=1)
    if missing.any():
        row = first_row(missing)
        raise ReaderError(
            f"{origin_place(row)}: expected an object with {quoted(needed)}, "
            f"got {described(values.iloc[row])}"
        )
    return frame
