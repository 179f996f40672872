"""Places: where a row stands in the input, for messages that name it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Place: TypeAlias = Callable[[int], str]


def place_of(place: Place, origins: Sequence[int] | npt.NDArray[Any]) -> Place:
    """Return the places of rows that were derived from other rows.

    Parameters
    ----------
    place
        Function that says where a row of the input stands.
    origins
        For each derived row, the row of the input that it comes from.

    Examples
    --------
    >>> from stagefunnel.readers.sources.places import place_of
    >>> place_of(lambda row: f"line {row + 2}", [0, 4])(1)
    'line 6'
    """
    return lambda row: place(int(origins[row]))


def rows_at(frame: pd.DataFrame, place: Place, rows: npt.NDArray[np.intp]) -> tuple[pd.DataFrame, Place]:
    """Take some rows of a frame, numbered anew, with their places."""
    return frame.iloc[rows].reset_index(drop=True), place_of(place, rows)


def first_row(flags: pd.Series) -> int:
    """Return the position of the first flagged row; at least one must be flagged."""
    return int(np.flatnonzero(flags.to_numpy())[0])
