"""Durations of the visits of each stage, kept so that quantiles of all parts together are exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ... import _core


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
