"""Columns of text: found by their usual names, sorted as numbers, read as yes or no."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import pandas as pd

_BLANKS: Final = re.compile(r"[\s_.\-]")


def find_column(columns: Iterable[str], names: Sequence[str]) -> str | None:
    """Find the first of some usual names among columns; case, blanks, ``_``, ``-`` and ``.`` do not count.

    Examples
    --------
    >>> from stagefunnel.readers.sources.columns import find_column
    >>> find_column(["Deal ID", "Stage"], ["item", "deal_id"])
    'Deal ID'
    """
    return next(iter(find_columns(columns, names)), None)


def find_columns(columns: Iterable[str], names: Sequence[str]) -> list[str]:
    """Find all of some usual names among columns, in the order of the names."""
    by_key: dict[str, str] = {}
    for column in columns:
        by_key.setdefault(_name_key(column), column)
    found = (by_key.get(_name_key(name)) for name in names)
    return [*dict.fromkeys(column for column in found if column is not None)]


@lru_cache(maxsize=10_000)  # a look at a file compares a few columns with hundreds of usual names
def _name_key(name: str) -> str:
    return _BLANKS.sub("", name).lower()


def column_or_missing(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of a frame, or a column of missing values if the frame does not have it."""
    return frame[name] if name in frame else pd.Series(None, index=frame.index, dtype=object)


def sorted_by_numbers(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Sort rows by columns of numbers written as text.

    Rows without a number come last, and rows of equal numbers keep their order. Columns that the frame
    does not have are ignored.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.sources.columns import sorted_by_numbers
    >>> frame = pd.DataFrame({"stage": ["Won", "Offer", "New"], "sort": [None, "20", "5"]})
    >>> sorted_by_numbers(frame, "sort")["stage"].tolist()
    ['New', 'Offer', 'Won']
    """
    present = [column for column in columns if column in frame]
    if not present:
        return frame
    return frame.sort_values(present, key=_as_numbers, kind="stable")


def _as_numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce")


def is_true(column: pd.Series) -> pd.Series:
    """Flag the texts that mean yes: ``true``, ``TRUE``, ``1``, ``Y``, ``yes``, ``t``."""
    return column.astype("string").str.strip().str.lower().isin(["true", "1", "1.0", "y", "yes", "t"])
