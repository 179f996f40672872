"""Durations of the visits of each stage, kept so that quantiles of all parts together are exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ... import _core
from ..stages.stays import Stays
from .groups import Integers


@dataclass(frozen=True, eq=False)
class Sample:
    """Counts and durations of the visits of one stage.

    Attributes
    ----------
    visits, completed, open, items, start_unknown
        As the columns of :func:`stagefunnel.time_in_stage`.
    durations
        One duration per visit or item, as `per` says, in units of the log and in rising order.
    """

    visits: int
    completed: int
    open: int
    items: int
    start_unknown: int
    durations: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, stage: _core.stages.StageDurations) -> Sample:
        """Take the sample out of the core's durations of a stage."""
        return cls(
            visits=stage.visits,
            completed=stage.completed,
            open=stage.open,
            items=stage.items,
            start_unknown=stage.start_unknown,
            durations=np.sort(stage.durations),
        )

    @classmethod
    def total(cls, samples: Sequence[Sample]) -> Sample:
        """Put together samples of one stage from different items."""
        return cls(
            visits=sum(one.visits for one in samples),
            completed=sum(one.completed for one in samples),
            open=sum(one.open for one in samples),
            items=sum(one.items for one in samples),
            start_unknown=sum(one.start_unknown for one in samples),
            durations=np.sort(np.concatenate([one.durations for one in samples])),
        )

    def stage_time(self, quantiles: Sequence[_core.stages.Quantile]) -> _core.stages.StageTime:
        """Summarise the durations as the core summarises the durations of a log."""
        counts = _core.stages.VisitCounts(
            visits=self.visits,
            completed=self.completed,
            open=self.open,
            items=self.items,
            start_unknown=self.start_unknown,
        )
        return _core.stages.summarise_durations(counts=counts, samples=[self.durations], quantiles=quantiles)


def samples_of_groups(stays: Stays, group: Integers, n_groups: int, n_stages: int, per: str) -> list[Sample]:
    """Take the samples of every group and stage out of the visits of a log, group after group.

    `group` is the group of each visit, and `per` says what one duration is.
    """
    n_cells = n_groups * n_stages
    item = np.repeat(np.arange(len(stays.item)), np.diff(stays.bounds))
    cell = group * n_stages + stays.stage
    of_item = item * n_stages + stays.stage  # the stage of an item, whose visits are many

    def by_cell(cells: Integers) -> list[int]:
        return list(np.bincount(cells, minlength=n_cells).tolist())

    is_over = stays.is_known & ~stays.goes_on
    lengths = (stays.ended - stays.started)[is_over].view(np.uint64)
    cells = cell[is_over]
    if per != "visit":
        order = np.argsort(of_item[is_over], kind="stable")
        starts = np.flatnonzero(np.diff(of_item[is_over][order], prepend=-1))
        joined = np.add if per == "item" else np.maximum
        lengths = joined.reduceat(lengths[order], starts) if len(starts) else lengths
        cells = cells[order][starts]
    order = np.lexsort((lengths, cells))
    bounds = np.searchsorted(cells[order], np.arange(n_cells + 1)).tolist()
    lengths = lengths[order]
    _, first = np.unique(of_item, return_index=True)
    columns = (
        by_cell(cell),
        by_cell(cell[is_over]),
        by_cell(cell[stays.is_known & stays.goes_on]),
        by_cell(cell[first]),
        by_cell(cell[~stays.is_known]),
        [lengths[low:high] for low, high in pairwise(bounds)],
    )
    return [Sample(*values) for values in zip(*columns, strict=True)]


def total_samples(
    parts: Sequence[Sequence[Sample]], codes: Sequence[Integers], n_groups: int, n_stages: int
) -> list[Sample]:
    """Put together the samples of parts; `codes` say where each group went."""
    cells: list[list[Sample]] = [[] for _ in range(n_groups * n_stages)]
    for samples, code in zip(parts, codes, strict=True):
        for place, sample in enumerate(samples):
            cells[int(code[place // n_stages]) * n_stages + place % n_stages].append(sample)
    return [Sample.total(samples) if samples else _NONE for samples in cells]


def times_of_samples(
    samples: Sequence[Sample],
    shown: npt.NDArray[np.intp],
    n_stages: int,
    quantiles: Sequence[_core.stages.Quantile],
) -> list[_core.stages.StageTime]:
    """Summarise the samples of the groups that are shown."""
    return [
        sample.stage_time(quantiles)
        for group in shown.tolist()
        for sample in samples[group * n_stages : (group + 1) * n_stages]
    ]


_NONE = Sample(0, 0, 0, 0, 0, np.zeros(0, dtype=np.uint64))
