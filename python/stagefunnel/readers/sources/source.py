"""Sources and tables: text whose rows can be found again in the files that they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from .cells import as_text
from .places import Place

Note: TypeAlias = tuple[str, int, str]


@dataclass(frozen=True, eq=False)
class Source:
    """One file of an export, or one answer of a REST interface.

    Attributes
    ----------
    name
        The file, or which input it was.
    frame
        Its rows: text, missing as ``None``; times where the input has them as such; lists and dicts where
        an answer nests what a reader looks into, elsewhere as JSON.
    place
        Says where a row stood.
    notes
        What reading it is to say in the quality table.
    optional
        Whether it may be left out if the format does not know it: a sheet of a workbook.
    total
        How many records a paged answer says there are.
    goes_on
        Whether each page of an answer says that another one follows, so that the last is missing.
    """

    name: str
    frame: pd.DataFrame
    place: Place
    notes: tuple[Note, ...] = ()
    optional: bool = False
    total: int | None = None
    goes_on: bool = False

    @property
    def columns(self) -> list[str]:
        """Names of its columns, or the keys of its records."""
        return list(self.frame.columns)

    def has(self, *names: str) -> bool:
        """Say whether it has all of these columns."""
        return all(name in self.frame.columns for name in names)


Sources: TypeAlias = Mapping[str, list[Source]]


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of several sources under each other; a column that one of them lacks is missing there."""

    frame: pd.DataFrame
    sources: tuple[Source, ...]
    starts: tuple[int, ...]

    @property
    def columns(self) -> list[str]:
        """Names of its columns."""
        return list(self.frame.columns)

    @classmethod
    def of(cls, sources: Sequence[Source]) -> Table:
        """Put the rows of sources under each other."""
        lengths = [len(source.frame) for source in sources]
        starts = [sum(lengths[:at]) for at in range(len(lengths))]
        if len(sources) == 1:
            return cls(sources[0].frame, tuple(sources), tuple(starts))
        columns = dict.fromkeys(column for source in sources for column in source.columns)
        frame = pd.DataFrame({column: _stacked(column, sources) for column in columns})
        return cls(frame, tuple(sources), tuple(starts))

    def place(self, row: int) -> str:
        """Say in which source a row stood, and where."""
        at = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.sources[at].place(row - self.starts[at])


def _stacked(column: str, sources: Sequence[Source]) -> pd.Series:
    parts: list[pd.Series] = []
    for source in sources:
        absent = pd.Series([None] * len(source.frame), dtype=object)
        parts.append(source.frame.get(column, absent))
    if len({part.dtype for part in parts}) > 1:  # times as such in one of them, as text in another
        parts = [as_text(part, times_too=True) for part in parts]
    return pd.concat(parts, ignore_index=True)
