"""Ends and unknown starts of rows that come in batches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError
from ..columns.marks import Ends, Flags, RowMarks, flags_of
from .checks import Rows


def rows_kept(rows: Rows) -> npt.NDArray[np.bool_]:
    """Return which rows of a batch the log keeps."""
    is_kept = np.ones(len(rows), dtype=bool)
    is_kept[rows.dropped] = False
    is_kept[rows.codes.left_out_rows] = False
    return is_kept


class StreamMarks:
    """The marks of the rows so far, without the rows that a log leaves out.

    Each batch has the unit of its own ends; what they need together is known after the last one.
    """

    def __init__(self, *, has_ends: bool, has_flags: bool) -> None:
        self.has_ends, self._has_flags = has_ends, has_flags
        self._ends: list[Ends] = []
        self._flags: list[Flags] = []
        self._name = "exited"

    @property
    def is_empty(self) -> bool:
        """Whether the stream has no column of marks."""
        return not (self.has_ends or self._has_flags)

    def append(self, rows: Rows, flags: Mapping[str, pd.Series], is_kept: npt.NDArray[np.bool_]) -> None:
        """Take the marks of the rows of a batch that the log keeps."""
        if rows.ends is not None:
            self._name = rows.inputs["exited"].name
            self._ends.append(Ends(rows.ends.ticks[is_kept], rows.ends.unit))
        self._flags += [flags_of(column, name)[is_kept] for name, column in flags.items()]

    def refine(self, rows: _core.journeys.RowStream, unit: str | None) -> str | None:
        """Bring the times of a stream to the unit that its ends need, and return that unit."""
        finest = unit
        for ends in self._ends:
            finest = ends.unit_beside(finest)
        factor = Ends(np.zeros(0, dtype=np.int64), finest).ticks_of(unit)
        if factor == 1:
            return unit
        try:
            rows.refine_times(factor)
        except ValueError as error:
            raise SchemaError(
                f"column {self._name!r} has times of unit {finest!r}, and the log has a time that is too far "
                f"away for these; correct it, or round the ends to the unit {unit!r}"
            ) from error
        return finest

    def of_rows(self, numbers: npt.NDArray[np.uint32], unit: str | None, threads: int) -> RowMarks:
        """Put the marks in the order of the journeys."""
        ended, unknown = None, None
        if self.has_ends:
            in_unit = [ends.in_unit(unit, self._name) for ends in self._ends]
            ended = np.concatenate([np.zeros(0, dtype=np.int64), *in_unit])
        if self._has_flags:
            unknown = np.concatenate([np.zeros(0, dtype=np.uint8), *self._flags])
        return RowMarks.of_rows(ended, unknown, numbers, threads)
