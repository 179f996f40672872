"""What a log knows of its rows beside stage and time: when an item left, and whether its start is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, given
from ...times.stamps import NAT, TICKS_A_SECOND

Ticks = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]
_WORDS: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", ""), False),
}


@dataclass(frozen=True, eq=False)
class RowMarks:
    """Ends and unknown starts of rows, in the order of the journeys.

    Attributes
    ----------
    ended
        When the item left, in the unit of the log; the lowest integer where that is not known. ``None`` for
        a log without ends.
    start_unknown
        1 where the item was in the stage already, and nobody knows since when. ``None`` for a log without
        such a column.
    """

    ended: Ticks | None
    start_unknown: Flags | None

    @classmethod
    def of_rows(
        cls,
        ended: Ticks | None,
        start_unknown: Flags | None,
        rows: npt.NDArray[np.uint32],
        threads: int,
    ) -> RowMarks:
        """Put the values of the input's rows in the order of the journeys."""
        if ended is not None:
            ended = _core.funnel.values_of_rows(ended, rows, threads)
        if start_unknown is not None:
            start_unknown = _core.funnel.values_of_rows(start_unknown, rows, threads)
        return cls(ended, start_unknown)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows each of the two has, if the log has it."""
        counts = {} if self.ended is None else {"ended": self.n_ended}
        return counts if self.start_unknown is None else {**counts, "start_unknown": self.n_start_unknown}

    @property
    def n_ended(self) -> int:
        """Rows with an end."""
        return 0 if self.ended is None else int(np.count_nonzero(self.ended != NAT))

    @property
    def n_start_unknown(self) -> int:
        """Rows whose start is not known."""
        return 0 if self.start_unknown is None else int(np.count_nonzero(self.start_unknown))


def flags_of(column: pd.Series, name: str) -> Flags:
    """Read a column of yes and no: booleans, 0 and 1, or texts of these; a missing value is no."""
    present = column.dropna()
    if pd.api.types.is_bool_dtype(present.dtype) or _is_zero_or_one(present):
        flags = present.astype(bool)
    else:
        words = present.astype("str").str.strip().str.lower()
        unknown = ~words.isin(list(_WORDS))
        if unknown.any():
            row = int(np.flatnonzero(column.notna())[int(np.argmax(unknown.to_numpy()))])
            raise SchemaError(
                given("start_unknown", name),
                f" has {present[unknown].tolist()[0]!r} in row {row:,}, which is neither yes nor no; "
                "give booleans, 0 and 1, or the texts true and false",
            )
        flags = words.map(_WORDS).astype(bool)
    out = np.zeros(len(column), dtype=np.uint8)
    out[column.notna().to_numpy()] = flags.to_numpy(dtype=np.uint8)
    return out


def _is_zero_or_one(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values.dtype) and values.isin([0, 1]).all())


@dataclass(frozen=True, eq=False)
class Ends:
    """Ends of the rows of a table or a batch, in the order of the input.

    Attributes
    ----------
    ticks
        The ends; the lowest integer where a row has none.
    unit
        Their unit, ``None`` for plain integers.
    """

    ticks: Ticks
    unit: str | None

    def before(self, times: Ticks, unit: str | None) -> npt.NDArray[np.uint64]:
        """Return the rows whose end lies before their time, which is in another unit perhaps."""
        ours, theirs = _per_day(self.unit), _per_day(unit)
        if ours >= theirs:
            is_early = self.ticks // (ours // theirs) < times
        else:
            is_early = self.ticks < -(-times // (theirs // ours))
        is_early &= (self.ticks != NAT) & (times != NAT)
        return np.flatnonzero(is_early).astype(np.uint64)

    def ticks_of(self, unit: str | None) -> int:
        """Return the number of ticks of these ends that one tick of a coarser unit has."""
        return _per_day(self.unit) // _per_day(unit)

    def unit_beside(self, unit: str | None) -> str | None:
        """Return the unit that holds these ends and times of another unit exactly."""
        ours, theirs = _per_day(self.unit), _per_day(unit)
        if ours <= theirs:
            return unit
        known = self.ticks[self.ticks != NAT]
        return self.unit if (known % (ours // theirs)).any() else unit

    def in_unit(self, unit: str | None, name: str) -> Ticks:
        """Convert the ends to a unit that holds them exactly."""
        ours, theirs = _per_day(self.unit), _per_day(unit)
        if ours == theirs:
            return self.ticks
        is_known = self.ticks != NAT
        if ours > theirs:
            return np.where(is_known, self.ticks // (ours // theirs), NAT)
        factor = theirs // ours
        if (np.abs(self.ticks[is_known]) > np.iinfo(np.int64).max // factor).any():
            raise SchemaError(
                f"column {name!r} has a time that is too far away for the unit of the log's times "
                f"({unit}); correct it, or leave it out where the item has not left yet"
            )
        return np.where(is_known, self.ticks * factor, NAT)


def _per_day(unit: str | None) -> int:
    """Return the ticks of a day; plain integers have no unit, and go with plain integers alone."""
    if unit is None or unit == "D":
        return 1
    return 86_400 * TICKS_A_SECOND[unit]
