"""What is lost now: items, or units of several items, each with the item that stands for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import _core
from ..scope.item_rows import rows_of_items
from ..scope.selection import Selection
from ..scope.units import Flags, UnitFacts
from ..scope.unknown_starts import born_unknown
from ..scope.working import Lengths as Measured

Places = npt.NDArray[np.integer[Any]]
Lengths = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Lost:
    """The items or units that are lost now.

    Attributes
    ----------
    item
        The item that says where, why and when each was lost: the item itself, or the one that decides when
        the unit closed.
    from_stage, lost_stage
        Its stage before the loss, or -1, and its last stage.
    until_lost, in_stage
        Time from the first row until the loss, and in the stage before it.
    creation_known, start_known
        Whether it is known since when each was there, and since when its item was in the stage before the
        loss; the times of the others are not.
    member, lost_at
        The lost items whose amounts are added up, and for each of them the place of what was lost.
    """

    item: Places
    from_stage: npt.NDArray[np.int32]
    lost_stage: npt.NDArray[np.int32]
    until_lost: Lengths
    in_stage: Lengths
    creation_known: Flags
    start_known: Flags
    member: Places
    lost_at: Places


def find_lost(selection: Selection, facts: UnitFacts | None, measured: Measured) -> Lost:
    """Find what is lost now; `facts` are those of the units where units are counted."""
    passing = measured.journeys(selection.journeys)
    found = _core.stages.find_losses(
        journeys=passing,
        pipeline=selection.lookup,
        threads=selection.data.threads,
        marks=measured.marks(selection),
    )
    until_lost = _until_lost(selection, found, passing, measured)
    creation_known, start_known = found.creation_unknown == 0, found.start_unknown == 0
    item = found.item
    stays = np.ones(len(item), dtype=bool) if selection.moved is None else ~selection.moved[item]
    if facts is None:
        item = item[stays]
        own = np.arange(len(item))
        return Lost(
            item,
            found.from_stage[stays],
            found.lost_stage[stays],
            until_lost[stays],
            found.in_stage[stays],
            creation_known[stays],
            start_known[stays],
            member=item,
            lost_at=own,
        )
    place = np.full(selection.log.n_items, -1, dtype=np.int64)
    place[item[stays]] = np.flatnonzero(stays)
    deciding = np.where(facts.is_lost, facts.facts.deciding_item, -1)
    # A unit that is too recent is lost as well, and none of its items is read.
    lost = np.flatnonzero(deciding >= 0)
    lost = lost[place[deciding[lost]] >= 0]
    rows = place[deciding[lost]]
    number = np.full(facts.units.n, -1, dtype=np.int64)
    number[lost] = np.arange(len(lost))
    of_member = number[facts.units.of_item[item[stays]]]
    return Lost(
        deciding[lost],
        found.from_stage[rows],
        found.lost_stage[rows],
        until_lost[rows] + _later_by(selection, facts, deciding[lost], measured),
        found.in_stage[rows],
        _first_items_known(selection, facts)[deciding[lost]],
        start_known[rows],
        member=item[stays][of_member >= 0],
        lost_at=of_member[of_member >= 0],
    )


def _until_lost(
    selection: Selection,
    found: _core.stages.Losses,
    passing: _core.journeys.Journeys,
    measured: Measured,
) -> Lengths:
    """Return the time of each lost item from its first row until the loss, without its paused stages."""
    stopped = measured.with_pauses(selection, passing)
    if stopped is passing:
        return found.until_lost
    # The stage before the loss has its own time, also where it is paused, so the items are read once more.
    again = _core.stages.find_losses(
        journeys=stopped, pipeline=selection.lookup, threads=selection.data.threads, marks=None
    )
    return again.until_lost


def _first_items_known(selection: Selection, facts: UnitFacts) -> Flags:
    """Return for each item whether the start of its unit's first item is known."""
    unborn = born_unknown(selection.data, selection.lookup, selection.journeys)
    if unborn is None:
        return np.ones(selection.log.n_items, dtype=bool)
    first = facts.first_items
    return (first < 0) | ~unborn[first]


def _later_by(selection: Selection, facts: UnitFacts, item: Places, measured: Measured) -> Lengths:
    """Return how much later than its unit's first row the first row of each item is."""
    own = measured.times(selection.data.journeys.time[rows_of_items(selection, "first")[item]])
    of_unit = measured.times(facts.facts.first_time[facts.units.of_item[item]])
    # The distance of two times may need all 64 bits, and wraps around to what it is.
    later: Lengths = own.view(np.uint64) - of_unit.view(np.uint64)
    return later
