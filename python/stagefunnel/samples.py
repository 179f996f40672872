"""Durations of the visits of each stage, kept so that exact quantiles can still be told of a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np
import numpy.typing as npt

from .durations import StageLengths
from .log import StageLog
from .pipeline import Pipeline


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
    def total(cls, samples: Sequence[Sample]) -> Sample:
        """Put together what was seen of one stage in different items."""
        return cls(
            visits=sum(one.visits for one in samples),
            completed=sum(one.completed for one in samples),
            open=sum(one.open for one in samples),
            items=sum(one.items for one in samples),
            durations=np.sort(np.concatenate([one.durations for one in samples])),
        )

    def lengths(self, shares: Iterable[Fraction]) -> StageLengths:
        """Return the exact mean and quantiles."""
        counts = (self.visits, self.completed, self.open, self.items)
        if not len(self.durations):
            return StageLengths(*counts, mean=None, quantiles=[None for _ in shares])
        return StageLengths(*counts, mean=self._mean(), quantiles=[self._quantile(one) for one in shares])

    def _mean(self) -> Fraction:
        # By halves: the sum of 64-bit lengths does not fit 64 bits.
        upper, lower = self.durations >> np.uint64(32), self.durations & np.uint64(0xFFFFFFFF)
        return Fraction((int(upper.sum()) << 32) + int(lower.sum()), len(self.durations))

    def _quantile(self, share: Fraction) -> Fraction:
        place = share * (len(self.durations) - 1)
        below = floor(place)
        low = int(self.durations[below])
        if place == below:
            return Fraction(low)
        return low + (place - below) * (int(self.durations[below + 1]) - low)


def stage_samples(log: StageLog, pipeline: Pipeline, per: str) -> list[Sample]:
    """Take a sample of every stage of the pipeline; rows that it does not list are left out."""
    journeys = log._journeys
    row_of = {label: row for row, label in enumerate(pipeline.labels)}
    # The last entry is that of rows without a stage.
    lookup = np.array([*(row_of.get(label, -1) for label in log._labels), -1], dtype=np.int64)
    stage = lookup[journeys.stage]
    listed = stage >= 0
    item = np.repeat(np.arange(journeys.n_items), np.diff(journeys.offsets).astype(np.int64))[listed]
    stage, time = stage[listed], journeys.time[listed].view(np.uint64)
    starts = np.ones(len(stage), dtype=bool)
    starts[1:] = (item[1:] != item[:-1]) | (stage[1:] != stage[:-1])
    item, stage, time = item[starts], stage[starts], time[starts]
    completed = np.zeros(len(item), dtype=bool)
    completed[:-1] = item[:-1] == item[1:]
    lengths = np.append(time[1:], np.uint64(0)) - time
    samples = []
    for row in range(len(pipeline.labels)):
        here = stage == row
        ended = here & completed
        durations = lengths[ended]
        if per != "visit" and len(durations):
            first = np.flatnonzero(np.diff(item[ended], prepend=-1))
            together = np.add if per == "item" else np.maximum
            durations = together.reduceat(durations, first)
        samples.append(
            Sample(
                visits=int(here.sum()),
                completed=int(ended.sum()),
                open=int((here & ~completed).sum()),
                items=len(np.unique(item[here])),
                durations=np.sort(durations),
            )
        )
    return samples
