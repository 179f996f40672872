"""What a part keeps of the visits of its items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ... import _core
from ...tables.options import BasisName, PerName
from ...times.periods import MomentLike, PeriodLike
from ..scope.item_groups import ItemGroups
from ..scope.selection import Selection
from ..scope.working import Lengths
from ..stages.durations import until_moved
from ..stages.limits import Limits
from ..stages.stays import stays_of
from .limited import Limited
from .samples import Sample, samples_of_groups


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
) -> tuple[list[Sample], Limited | None]:
    """Measure the visits of every group that is kept, also beside their limits."""
    if of_items is None and not limits.are_given:
        return _samples_of_all(selection, per), None
    n_stages, n_groups = len(selection.pipeline.labels), len(places)
    stays = stays_of(selection, lengths, period=period, basis=basis, as_of=as_of)
    if of_items is None:
        group = np.zeros(len(stays.stage), dtype=np.int64)
        samples = _samples_of_all(selection, per)
    else:
        number = np.full(of_items.groups.n_groups, -1, dtype=np.int64)
        number[places] = np.arange(n_groups)
        group = np.repeat(number[of_items.code[stays.item]], np.diff(stays.bounds))
        samples = samples_of_groups(stays, group, n_groups, n_stages, per)
    return samples, Limited.of(stays, limits, group, n_groups) if limits.are_given else None


def _samples_of_all(selection: Selection, per: PerName) -> list[Sample]:
    journeys, lookup = until_moved(selection)
    stages = _core.stages.stage_durations(
        journeys=journeys,
        pipeline=lookup,
        per=_core.stages.Per[per],
        threads=selection.data.threads,
        marks=selection.marks,
    )
    return [Sample.of(stage) for stage in stages[: len(selection.pipeline.labels)]]
