"""Sources and tables: text whose rows can be found again in the input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd

from ...cached import cached_property
from ...errors import ReaderError
from .cells import as_text
from .dates import looks_like_times
from .places import Place

Note: TypeAlias = tuple[str, int, str]


@dataclass(frozen=True, eq=False)
class Source:
    """One file of an export, or one answer of a REST interface.

    Attributes
    ----------
    name
        Name of the file or of the input, for messages.
    frame
        Rows as text, missing values as ``None``; columns that the input types as times stay times. Lists
        and dicts stay where a reader unpacks them, and are JSON elsewhere.
    place
        Function that says where a row stands in the input.
    notes
        Lines for the quality table: check, count, note.
    optional
        Whether the source may be left out if the format has no role for it, as a sheet of a workbook may.
    total
        Number of records that a paged answer promises; ``None`` if it does not say.
    goes_on
        Whether each page of an answer says that another one follows, so that the last is missing.
    made_at
        When the first page of an answer was made, as text; ``None`` if it does not say.
    serial_epoch
        Day from which a workbook counts its dates; ``None`` for other files.
    nested
        Columns whose lists and objects are written as JSON, with the first row that has one.
    inside
        Of columns whose objects were left unread: what reads the plain values of each of their keys.
    whole
        Function that reads the file again with these objects; ``None`` if none were left unread.
    """

    name: str
    frame: pd.DataFrame
    place: Place
    notes: tuple[Note, ...] = ()
    optional: bool = False
    total: int | None = None
    goes_on: bool = False
    made_at: str | None = None
    serial_epoch: str | None = None
    nested: Mapping[str, int] = field(default_factory=dict)
    inside: Mapping[str, Mapping[str, Callable[[], pd.Series]]] = field(default_factory=dict)
    whole: Callable[[], list[Source]] | None = None

    @property
    def columns(self) -> list[str]:
        """Names of the columns, or the keys of the records."""
        return list(self.frame.columns)

    def holds_dates(self, column: str) -> bool:
        """Check whether a column holds dates and nothing else; it is looked at once for all formats."""
        if column not in self._looked_at:
            self._looked_at[column] = looks_like_times(self.frame[column])
        return self._looked_at[column]

    @cached_property
    def _looked_at(self) -> dict[str, bool]:
        return {}

    def refuse_nested(self, names: Iterable[str]) -> None:
        """Refuse lists and objects in columns that hold keys, stages or times."""
        for name in names:
            row = self.nested.get(name)
            if row is not None:
                raise ReaderError(
                    f"{self.place(row)}: {name!r} must be text or a number, and is a list or an object: "
                    f"{str(self.frame[name].iloc[row])[:60]}"
                )

    def has(self, *names: str) -> bool:
        """Check whether the source has all of these columns."""
        return all(name in self.frame.columns for name in names)


Sources: TypeAlias = Mapping[str, list[Source]]  # by role


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of several sources, stacked.

    Attributes
    ----------
    frame
        The rows; values of a column that a source lacks are missing.
    sources
        The sources, in the order of their rows.
    starts
        Row of the frame at which each source starts.
    """

    frame: pd.DataFrame
    sources: tuple[Source, ...]
    starts: tuple[int, ...]

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.frame.columns)

    @classmethod
    def of(cls, sources: Sequence[Source]) -> Table:
        """Stack the rows of sources."""
        lengths = [len(source.frame) for source in sources]
        starts = tuple(sum(lengths[:number]) for number in range(len(lengths)))
        if len(sources) == 1:
            return cls(sources[0].frame, tuple(sources), starts)
        columns = dict.fromkeys(column for source in sources for column in source.columns)
        frame = pd.DataFrame({column: _stacked(column, sources) for column in columns})
        return cls(frame, tuple(sources), starts)

    def place(self, row: int) -> str:
        """Say where a row stands in the input."""
        number = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.sources[number].place(row - self.starts[number])


def _stacked(column: str, sources: Sequence[Source]) -> pd.Series:
    parts: list[pd.Series] = []
    for source in sources:
        missing = pd.Series([None] * len(source.frame), dtype=object)
        parts.append(source.frame.get(column, missing))
    if len({part.dtype for part in parts}) > 1:  # one source has times, another one text
        parts = [as_text(part, times_too=True) for part in parts]
    return pd.concat(parts, ignore_index=True)
