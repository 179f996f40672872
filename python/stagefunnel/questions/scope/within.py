"""Items of equal age: each is read for the same length of time from its first row, or left out whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, given, named
from ...log.data import LogData
from ...tables.options import BasisName
from ...times.lengths import Length, ends_of

_NEVER: Final = np.iinfo(np.int64).min
_ALWAYS: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Ages:
    """Until when each item of a log is read, in the order of the journeys.

    Attributes
    ----------
    until
        Last time that is read of the item: its first listed row and the length of time after it.
    too_recent
        Whether the item had its first listed row too late to be read for that long.
    """

    until: npt.NDArray[np.int64]
    too_recent: npt.NDArray[np.bool_]

    @property
    def until_of_cohort(self) -> npt.NDArray[np.int64]:
        """Return the same, with all rows of the items that are too recent."""
        return np.where(self.too_recent, _ALWAYS, self.until)

    def until_without(self, left_out: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Return the same, without any row of the items that are left out."""
        return np.where(left_out, _NEVER, self.until)


def ages_of(data: LogData, lookup: _core.scan.Pipeline, length: Length, observed_until: int | None) -> Ages:
    """Find until when each item is read, and which items are too recent for that."""
    row = _core.funnel.rows_of_items(
        journeys=data.journeys,
        pipeline=lookup,
        whole=data.journeys,
        at=_core.funnel.RowAt.first,
        threads=data.threads,
    )
    until = np.full(len(row), _NEVER)
    is_listed = row >= 0
    until[is_listed] = ends_of(length, data.journeys.time[row[is_listed]], data.clock)
    too_recent = is_listed & (until >= (_ALWAYS if observed_until is None else observed_until))
    return Ages(until, too_recent)


def basis_of(basis: BasisName | None, within: object, option: str = "basis") -> BasisName:
    """Return the basis of a question: items that are read for a length of time are those created."""
    if within is None:
        return "active" if basis is None else basis
    if basis not in (None, "created"):
        raise SchemaError(
            given(option, basis),
            " does not go with ",
            named("within"),
            ", which follows items from their creation; leave ",
            named(option),
            " out",
        )
    return "created"
