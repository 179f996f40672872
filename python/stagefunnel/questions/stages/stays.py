"""The visits of a selection with their lengths, and where the items are that are open now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import core_errors
from ...log.columns.marks import RowMarks
from ...times.periods import MomentLike, PeriodLike, moment_of, period_of
from ...times.stamps import NAT
from ..scope.selection import Selection
from ..scope.working import Lengths

Ticks: TypeAlias = npt.NDArray[np.int64]
_OPEN, _WON = 0, 1  # outcomes of an item, as the core has them
_NO_MARKS: Final = RowMarks(None, None)


@dataclass(frozen=True, eq=False)
class Stays:
    """All visits of a selection, item by item, those of an item in the order of time.

    Attributes
    ----------
    item
        Place in the journeys of each item that has a visit, in the order of their first rows.
    bounds
        Item `i` has the visits ``[bounds[i], bounds[i + 1])``.
    stage, is_of_won
        Row of the stage of each visit, and whether its item is won now.
    first_row
        First row of each visit in the journeys of the whole log.
    started, ended
        Measured start and end of each visit: between two such times a length passes. A visit that goes on
        ends with what is read.
    is_known, goes_on
        Flags of each visit: whether its start is known, and whether it has no end.
    until
        Measured end of what is read.
    is_open
        Flag of each item: whether it is open now.
    """

    item: npt.NDArray[np.uint32]
    bounds: Ticks
    stage: npt.NDArray[np.int32]
    is_of_won: npt.NDArray[np.bool_]
    first_row: Ticks
    started: Ticks
    ended: Ticks
    is_known: npt.NDArray[np.bool_]
    goes_on: npt.NDArray[np.bool_]
    until: int
    is_open: npt.NDArray[np.bool_]

    @property
    def length(self) -> Ticks:
        """Length of each visit, until now where it goes on; missing where its start is unknown."""
        return np.where(self.is_known, self.ended - self.started, NAT)


def stays_of(
    selection: Selection,
    lengths: Lengths,
    *,
    as_of: MomentLike | None,
    period: PeriodLike | None = None,
    basis: str = "active",
) -> Stays:
    """List the visits of the items of a selection, as it reads them; the options are those that made it."""
    data = selection.data
    with core_errors():
        found = _core.stages.list_visits(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            marks=selection.core_marks(data.marks or _NO_MARKS),
            items=None,
            start=None,
            end=None,
            rows=_core.stages.VisitRows.keep,
            threads=data.threads,
        )
    item, n_visits = found.take_item(), found.take_n_visits()
    bounds = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(n_visits)])
    entered, exited, row = found.take_entered(), found.take_exited(), found.take_row()
    outcome = found.take_item_outcome()
    until = _end_of_reading(selection, period, basis, as_of)
    goes_on = exited == NAT
    started, ended, measured_until = _measured(
        lengths, data.journeys.time[row], np.where(goes_on, until, exited), until
    )
    return Stays(
        item=item,
        bounds=bounds,
        stage=found.take_stage(),
        is_of_won=outcome == _WON,
        first_row=row,
        started=started,
        ended=ended,
        is_known=entered != NAT,
        goes_on=goes_on,
        until=measured_until,
        is_open=outcome[bounds[:-1]] == _OPEN,
    )


def _end_of_reading(
    selection: Selection, period: PeriodLike | None, basis: str, as_of: MomentLike | None
) -> int:
    """Return the moment until which a question sees the items; of a log without rows any moment will do."""
    data = selection.data
    observed = data.end_of_observation(moment_of(as_of, data.clock, "as_of")) or 0
    _, end = period_of(period, data.clock).ticks(data.clock)
    return observed if end is None or basis != "active" else min(end, observed)


def _measured(lengths: Lengths, started: Ticks, ended: Ticks, until: int) -> tuple[Ticks, Ticks, int]:
    """Measure all times at once, because lengths pass between times of one measure alone."""
    if lengths.calendar is None:
        return started, ended, until
    times = lengths.times(np.concatenate([started, ended, np.array([until], dtype=np.int64)]))
    n = len(started)
    return times[:n], times[n : 2 * n], int(times[-1])


@dataclass(frozen=True, eq=False)
class OpenNow:
    """The items that are open now, one entry each, in the order of their first rows.

    Attributes
    ----------
    item
        Place of the item among those of the log.
    visit
        Place of its current visit among all visits.
    in_stage, age
        How long it has been in its stage, and how old it is; missing where it is not known since when.
    """

    item: npt.NDArray[np.uint32]
    visit: Ticks
    in_stage: Ticks
    age: Ticks


def open_now(stays: Stays, paused: Sequence[bool]) -> OpenNow:
    """Find the items that are open now; `paused` flags the stages in which the clock stands still."""
    items = np.flatnonzero(stays.is_open)
    first, last = stays.bounds[items], stays.bounds[items + 1] - 1
    # A visit that is over is as long as it was, but nothing after the end of observation counts.
    until = np.minimum(stays.ended, stays.until)
    in_stage = np.where(stays.is_known[last], until[last] - stays.started[last], NAT)
    age = stays.until - stays.started[first]
    if any(paused):
        is_paused = np.array(paused, dtype=bool)[stays.stage]
        passed = np.cumsum(np.where(is_paused, until - stays.started, 0))
        before = np.concatenate([np.zeros(1, dtype=np.int64), passed])
        age = age - (before[last + 1] - before[first])
    return OpenNow(stays.item[items], last, in_stage, np.where(stays.is_known[first], age, NAT))


def shares_no_longer(stays: Stays, stage: npt.NDArray[np.int32], length: Ticks) -> npt.NDArray[np.float64]:
    """Compare lengths with the completed visits of the same stage, of items that are won now.

    Returns
    -------
    ndarray
        The share of these visits that were no longer; missing where the length is, or where there are none.
    """
    shares = np.full(len(stage), np.nan)
    sample = np.flatnonzero(stays.is_of_won & stays.is_known & ~stays.goes_on)
    of_stage, passed = stays.stage[sample], stays.ended[sample] - stays.started[sample]
    for one in np.unique(stage):
        own = np.sort(passed[of_stage == one])
        wanted = np.flatnonzero((stage == one) & (length != NAT))
        if len(own):
            shares[wanted] = np.searchsorted(own, length[wanted], side="right") / len(own)
    return shares
