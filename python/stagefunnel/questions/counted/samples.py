"""Lengths of time that quantiles are made of, for each of several rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core

Lengths: TypeAlias = npt.NDArray[np.uint64]
Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Samples:
    """A sample of lengths of time for each of several rows, in ticks of the log.

    Attributes
    ----------
    values
        The lengths, row after row, rising in each.
    bounds
        Where the sample of each row begins, and where the last one ends.
    """

    values: Lengths
    bounds: Integers

    @classmethod
    def of(cls, values: Lengths, row: npt.NDArray[np.integer[Any]], n_rows: int) -> Self:
        """Put lengths in order; `row` is the row of each."""
        order = np.lexsort((values, row))
        bounds = np.searchsorted(row[order], np.arange(n_rows + 1)).astype(np.int64)
        return cls(np.asarray(values, dtype=np.uint64)[order], bounds)

    @classmethod
    def of_rows(cls, rows: Sequence[Lengths]) -> Self:
        """Take the sample of each row."""
        bounds = np.cumsum([0, *map(len, rows)]).astype(np.int64)
        values = [np.sort(np.asarray(one, dtype=np.uint64)) for one in rows]
        return cls(np.concatenate(values) if values else np.zeros(0, dtype=np.uint64), bounds)

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def sizes(self) -> Integers:
        """Number of lengths of each row."""
        return np.diff(self.bounds)

    def row(self, place: int) -> Lengths:
        """Return the sample of one row."""
        return self.values[self.bounds[place] : self.bounds[place + 1]]

    def to(self, code: npt.NDArray[np.integer[Any]], n: int) -> Self:
        """Put the samples together, each where its row went."""
        if len(code) == n and (code == np.arange(n)).all():
            return self
        return type(self).of(self.values, np.repeat(code, self.sizes), n)

    def times(
        self, quantiles: Sequence[_core.stages.Quantile], rows: npt.NDArray[np.integer[Any]] | None = None
    ) -> list[_core.stages.StageTime]:
        """Summarise the samples of all rows, or of some; ``completed`` has how many lengths there are."""
        places = range(len(self)) if rows is None else rows.tolist()
        found = []
        for place in places:
            sample = self.row(place)
            n = len(sample)
            counts = _core.stages.VisitCounts(visits=n, completed=n, open=0, items=0, start_unknown=0)
            found.append(
                _core.stages.summarise_durations(counts=counts, samples=[sample], quantiles=list(quantiles))
            )
        return found
