"""Durations of the visits of each stage, kept so that exact quantiles can still be told of a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ... import _core


@dataclass(frozen=True, eq=False)
class Sample:
    """What was seen of one stage.

    Attributes
    ----------
    visits, completed, open, items
        As the columns of :func:`stagefunnel.time_in_stage`.
    durations
        One per visit or item, as `per` asked, in units of the log, rising.
    """

    visits: int
    completed: int
    open: int
    items: int
    durations: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, seen: _core.stages.StageDurations) -> Sample:
        """Take it out of the core's."""
        return cls(seen.visits, seen.completed, seen.open, seen.items, np.sort(seen.durations))

    @classmethod
    def total(cls, samples: Sequence[Sample]) -> Sample:
        """Put together what was seen of one stage in different items."""
        return cls(
            visits=sum(one.visits for one in samples),
            completed=sum(one.completed for one in samples),
            open=sum(one.open for one in samples),
            items=sum(one.items for one in samples),
            durations=np.sort(np.concatenate([one.durations for one in samples])),
        )

    def stage_time(self, quantiles: Sequence[_core.stages.Quantile]) -> _core.stages.StageTime:
        """Summarise the durations, as the core does those of a log."""
        counts = _core.stages.VisitCounts(self.visits, self.completed, self.open, self.items)
        return _core.stages.summarise_durations(counts, [self.durations], quantiles)
