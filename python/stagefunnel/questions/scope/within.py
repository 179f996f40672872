"""Items of equal age: each is read for the same length of time from its first row, or left out whole."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, given, is_named, named
from ...log.data import LogData
from ...tables.options import BasisName
from ...times.lengths import Length, LengthLike, ends_of
from ...times.periods import Clock
from ...times.stamps import to_times

NEVER: Final = np.iinfo(np.int64).min
ALWAYS: Final = np.iinfo(np.int64).max


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
        return np.where(self.too_recent, ALWAYS, self.until)

    def until_without(self, left_out: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Return the same, without any row of the items that are left out."""
        return np.where(left_out, NEVER, self.until)


def ages_of(
    data: LogData,
    lookup: _core.scan.Pipeline,
    length: Length,
    observed_until: int | None,
    unborn: npt.NDArray[np.bool_] | None = None,
) -> Ages:
    """Find until when each item is read, and which items are too recent for that.

    Nothing is read of items that are `unborn`: nobody knows when they were created.
    """
    row = _core.funnel.rows_of_items(
        journeys=data.journeys,
        pipeline=lookup,
        whole=data.journeys,
        at=_core.funnel.RowAt.first,
        threads=data.threads,
    )
    is_listed = row >= 0 if unborn is None else (row >= 0) & ~unborn
    if is_listed.all():  # as most logs are
        until = ends_of(length, data.journeys.time[row], data.clock)
    else:
        until = np.full(len(row), NEVER)
        until[is_listed] = ends_of(length, data.journeys.time[row[is_listed]], data.clock)
    too_recent = is_listed & (until >= (ALWAYS if observed_until is None else observed_until))
    return Ages(until, too_recent)


def followed_for(data: Covered, within: LengthLike | None, as_of: int | None) -> dict[str, str]:
    """Say for a display how long items are followed, and until when they were observed."""
    return {} if within is None else {"within": _text(within)} | observed_until(data, as_of)


class Covered(Protocol):
    """What is known of when a log begins and ends; a log knows it, and so do parts together."""

    @property
    def clock(self) -> Clock:
        """Unit and zone of the times."""

    @property
    def time_range(self) -> tuple[int, int] | None:
        """The earliest and the latest time; ``None`` without rows."""

    def end_of_observation(self, as_of: int | None = None) -> int | None:
        """Return the moment until which a question sees the items; ``None`` for a log without rows."""

    def to_times(self, values: npt.NDArray[np.int64]) -> pd.Series:
        """Return times as people read them."""


@dataclass(frozen=True)
class Seen:
    """When parts together begin, and until when they are seen.

    Attributes
    ----------
    clock
        Unit and zone of the times.
    time_range
        The earliest time, and one that is no earlier; ``None`` without rows.
    end
        Until when the parts are seen; ``None`` without rows.
    """

    clock: Clock
    time_range: tuple[int, int] | None
    end: int | None

    def end_of_observation(self, as_of: int | None = None) -> int | None:
        """Return the moment until which a question sees the items."""
        return self.end if as_of is None else as_of

    def to_times(self, values: npt.NDArray[np.int64]) -> pd.Series:
        """Return times as people read them."""
        return to_times(values, self.clock.unit, self.clock.zone)


def observed_until(data: Covered, as_of: int | None) -> dict[str, str]:
    """Say for a display until when items were observed."""
    end = data.end_of_observation(as_of)
    if end is None:
        return {}
    moment = str(data.to_times(np.array([end], dtype=np.int64)).iloc[0])
    return {"observed_until": moment.replace(" 00:00:00", "")}


def partly_covered(
    data: Covered, as_of: int | None, bounds: npt.NDArray[np.int64], names: Sequence[str]
) -> list[str]:
    """Return the names of the periods that the log covers only in part: it begins or ends inside them.

    Parameters
    ----------
    data, as_of
        The log, and the moment of the report.
    bounds
        Where each period begins, and where the last one ends.
    names
        Names of the periods.
    """
    times, end = data.time_range, data.end_of_observation(as_of)
    if times is None or end is None:
        return []
    # Rows at the moment of a report are not read, rows at the end of the log are.
    seen = end if as_of is not None else end + 1
    starts, ends = bounds[:-1], bounds[1:]
    inside = ((starts < times[0]) & (times[0] < ends)) | ((starts < seen) & (seen < ends))
    return [name for name, is_inside in zip(names, inside.tolist(), strict=True) if is_inside]


def _text(within: LengthLike) -> str:
    if isinstance(within, datetime.timedelta | np.timedelta64):
        return str(pd.Timedelta(within))
    return str(within)


def basis_of(basis: BasisName | None, within: object, option: str = "basis") -> BasisName:
    """Return the basis of a question: items that are read for a length of time are those created."""
    if within is None:
        return "active" if basis is None else basis
    if not (basis is None or is_named(basis, "created")):
        raise SchemaError(
            given(option, basis),
            " does not go with ",
            named("within"),
            ", which follows items from their creation; leave ",
            named(option),
            " out",
        )
    return "created"
