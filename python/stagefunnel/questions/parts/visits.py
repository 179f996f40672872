"""What a part keeps of the visits of its items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...tables.options import BasisName, PerName
from ...times.periods import MomentLike, PeriodLike
from ..counted.fields import dense
from ..counted.samples import Binned, Samples
from ..funnel.counts import added_to
from ..scope.groups import ONE_GROUP, Groups
from ..scope.item_groups import ItemGroups
from ..scope.selection import Selection
from ..scope.working import Lengths
from ..stages.durations import until_moved
from ..stages.limits import Limits
from ..stages.stays import Stays, stays_of
from .limited import Limited

Integers: TypeAlias = npt.NDArray[np.int64]
_COUNTS = ("visits", "completed", "open", "items", "start_unknown")


@dataclass(frozen=True, eq=False)
class StageTime:
    """The visits of one stage of one group, as the core summarises them."""

    visits: int
    completed: int
    open: int
    items: int
    start_unknown: int
    mean: Any
    quantiles: Any


@dataclass(frozen=True, eq=False)
class GroupVisits:
    """Visits by group and stage, under the names of the columns of :func:`stagefunnel.time_in_stage`."""

    visits: Integers = dense()
    completed: Integers = dense()
    open: Integers = dense()
    items: Integers = dense()
    start_unknown: Integers = dense()

    def to(self, code: Integers, n_groups: int) -> GroupVisits:
        """Add up the groups, each where it went."""
        return GroupVisits(*(added_to(code, n_groups, getattr(self, name)) for name in _COUNTS))

    def with_times(
        self, lengths: Samples | Binned, cells: Integers, quantiles: Sequence[_core.stages.Quantile]
    ) -> list[Any]:
        """Summarise the lengths of the stages at some cells, beside their counts."""
        counts = {name: getattr(self, name).reshape(-1)[cells].tolist() for name in _COUNTS}
        times: Sequence[Any] = lengths.times(quantiles, cells)
        return [
            StageTime(
                **{name: of_all[place] for name, of_all in counts.items()},
                mean=time.mean,
                quantiles=time.quantiles,
            )
            for place, time in enumerate(times)
        ]


def with_items(of_items: ItemGroups | None) -> tuple[Groups, Integers, npt.NDArray[np.intp]]:
    """Return the groups that have items, how many, and their places among all."""
    if of_items is None:
        return ONE_GROUP, np.zeros(1, dtype=np.int64), np.arange(1)
    places = np.flatnonzero(of_items.sizes > 0)
    values = of_items.groups.values.iloc[places].reset_index(drop=True)
    groups = Groups(np.zeros(0, dtype=np.int32), values, later=of_items.groups.later)
    return groups, of_items.sizes[places], places


def visits_of_part(
    selection: Selection,
    lengths: Lengths,
    of_items: ItemGroups | None,
    places: npt.NDArray[np.intp],
    per: PerName,
    limits: Limits,
    period: PeriodLike | None,
    as_of: MomentLike | None,
    basis: BasisName,
) -> tuple[GroupVisits, Samples, Limited | None]:
    """Measure the visits of every group that is kept, also beside their limits."""
    if of_items is None and not limits.are_given:
        return *_visits_of_all(selection, lengths, per), None
    n_stages, n_groups = len(selection.pipeline.labels), len(places)
    stays = stays_of(selection, lengths, period=period, basis=basis, as_of=as_of)
    if of_items is None:
        group = np.zeros(len(stays.stage), dtype=np.int64)
        visits, of_visits = _visits_of_all(selection, lengths, per)
    else:
        number = np.full(of_items.groups.n_groups, -1, dtype=np.int64)
        number[places] = np.arange(n_groups)
        group = np.repeat(number[of_items.code[stays.item]], np.diff(stays.bounds))
        visits, of_visits = _visits_of_groups(stays, group, n_groups, n_stages, per)
    if not limits.are_given:
        return visits, of_visits, None
    began = selection.data.journeys.time[stays.first_row]
    return visits, of_visits, Limited.of(stays, began, limits, group, n_groups)


def _visits_of_all(selection: Selection, lengths: Lengths, per: PerName) -> tuple[GroupVisits, Samples]:
    journeys, lookup = until_moved(selection)
    found = _core.stages.stage_durations(
        journeys=lengths.journeys(journeys),
        pipeline=lookup,
        per=_core.stages.Per[per],
        threads=selection.data.threads,
        marks=lengths.marks(selection),
    )[: len(selection.pipeline.labels)]
    counts = [np.array([[getattr(stage, name) for stage in found]], dtype=np.int64) for name in _COUNTS]
    return GroupVisits(*counts), Samples.of_rows([stage.durations for stage in found])


def _visits_of_groups(
    stays: Stays, group: Integers, n_groups: int, n_stages: int, per: str
) -> tuple[GroupVisits, Samples]:
    """Take the visits of every group and stage out of those of a log.

    `group` is the group of each visit, and `per` says what one length is.
    """
    n_cells = n_groups * n_stages
    item = np.repeat(np.arange(len(stays.item)), np.diff(stays.bounds))
    cell = group * n_stages + stays.stage
    of_item = item * n_stages + stays.stage  # the stage of an item, whose visits are many

    def by_cell(cells: Integers) -> Integers:
        return np.bincount(cells, minlength=n_cells).astype(np.int64).reshape(n_groups, n_stages)

    is_over = stays.is_known & ~stays.goes_on
    lengths = (stays.ended - stays.started)[is_over].view(np.uint64)
    cells = cell[is_over]
    if per != "visit":
        order = np.argsort(of_item[is_over], kind="stable")
        starts = np.flatnonzero(np.diff(of_item[is_over][order], prepend=-1))
        joined = np.add if per == "item" else np.maximum
        lengths = joined.reduceat(lengths[order], starts) if len(starts) else lengths
        cells = cells[order][starts]
    _, first = np.unique(of_item, return_index=True)
    visits = GroupVisits(
        by_cell(cell),
        by_cell(cell[is_over]),
        by_cell(cell[stays.is_known & stays.goes_on]),
        by_cell(cell[first]),
        by_cell(cell[~stays.is_known]),
    )
    return visits, Samples.of(lengths, cells, n_cells)
