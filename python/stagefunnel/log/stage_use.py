"""How a log uses the stages of a pipeline: which came, which went, and which are side stages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
import pandas as pd

from .. import _core
from ..pipeline import Pipeline
from ..times.periods import Clock
from ..times.stamps import to_times
from .data import LogData
from .short_visits import without_short_visits

# The thresholds of docs/definitions.md, section 9.
_ARRIVALS: Final = 30  # what the core keeps of the earliest and the latest ones
_ENTERING: Final = 10
_SPAN: Final = 10  # a stage came or went where a tenth of the log is without it
_BEYOND: Final = 30
_LEFT: Final = 10

# The time of an item's first move to a stage or beyond it, and whether it entered the stage itself.
Arrival: TypeAlias = tuple[int, bool]


@dataclass(frozen=True)
class StageUse:
    """How a log uses a stage in progress; parts of a log add up.

    Attributes
    ----------
    entered
        The first and the last start of a visit; ``None`` without one.
    beyond, passed
        Items that went beyond the stage and did not begin there, and those of them with a visit of it.
    left, left_back
        Visits that another one follows, and those of them that one of an earlier stage in progress follows.
    earliest, latest
        The earliest and the latest arrivals at the stage or beyond it, in rising order.
    """

    entered: tuple[int, int] | None
    beyond: int
    passed: int
    left: int
    left_back: int
    earliest: tuple[Arrival, ...]
    latest: tuple[Arrival, ...]

    @classmethod
    def of(cls, use: _core.stages.StageUse) -> Self:
        """Take what the core found."""
        earliest, latest = (
            tuple((one.time, one.enters) for one in arrivals) for arrivals in (use.earliest, use.latest)
        )
        return cls(use.entered, use.beyond, use.passed, use.left, use.left_back, earliest, latest)

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Add up the uses of one stage in several parts of a log."""
        uses = list(parts)
        entered = [use.entered for use in uses if use.entered is not None]
        return cls(
            (min(first for first, _ in entered), max(last for _, last in entered)) if entered else None,
            beyond=sum(use.beyond for use in uses),
            passed=sum(use.passed for use in uses),
            left=sum(use.left for use in uses),
            left_back=sum(use.left_back for use in uses),
            earliest=tuple(sorted(one for use in uses for one in use.earliest)[:_ARRIVALS]),
            latest=tuple(sorted(one for use in uses for one in use.latest)[-_ARRIVALS:]),
        )

    def came(self, begin: int, end: int) -> bool:
        """Whether items passed the stage by until some moment, and enter it since."""
        return (
            self.entered is not None
            and len(self.earliest) == _ARRIVALS
            and self.earliest[-1][0] < self.entered[0]
            and sum(enters for _, enters in self.latest) >= _ENTERING
            and (self.entered[0] - begin) * _SPAN >= end - begin
        )

    def went(self, begin: int, end: int) -> bool:
        """Whether items entered the stage until some moment, and pass it by since."""
        return (
            self.entered is not None
            and len(self.latest) == _ARRIVALS
            and self.latest[0][0] > self.entered[1]
            and sum(enters for _, enters in self.earliest) >= _ENTERING
            and (end - self.entered[1]) * _SPAN >= end - begin
        )

    @property
    def is_aside(self) -> bool:
        """Whether few items pass the stage, and those mostly go back from it."""
        return (
            self.beyond >= _BEYOND
            and 4 * self.passed <= self.beyond
            and self.left >= _LEFT
            and 2 * self.left_back >= self.left
        )


@dataclass(frozen=True)
class UseOfStages:
    """How a log uses all stages in progress of a pipeline; parts of a log add up.

    Attributes
    ----------
    uses
        The use of each stage, in the pipeline's order.
    ends
        The first and the last time of the log; ``None`` without rows.
    """

    uses: tuple[StageUse, ...]
    ends: tuple[int, int] | None

    @classmethod
    def of(cls, data: LogData, pipeline: Pipeline, lookup: _core.scan.Pipeline) -> Self:
        """Look at the stages of a log, short visits left out."""
        read = without_short_visits(data, pipeline, lookup).data or data
        found = _core.stages.stage_use(read.journeys, lookup, data.threads)
        return cls(tuple(map(StageUse.of, found)), data.time_range)

    @classmethod
    def total(cls, parts: Sequence[Self]) -> Self:
        """Add up what several parts of a log have."""
        ends = [part.ends for part in parts if part.ends is not None]
        return cls(
            tuple(StageUse.total(uses) for uses in zip(*(part.uses for part in parts), strict=True)),
            (min(first for first, _ in ends), max(last for _, last in ends)) if ends else None,
        )

    def signs(self, pipeline: Pipeline, clock: Clock) -> dict[str, list[str]]:
        """Say which stages came, went or stand aside, by check; not what the pipeline says of them itself."""
        found: dict[str, list[str]] = {"stages_that_came": [], "stages_that_went": [], "side_stages": []}
        if self.ends is None:
            return found
        rules, names = pipeline.rules, pipeline.names
        for label, use in zip(pipeline.stages, self.uses, strict=True):
            if label in rules.optional or use.entered is None:
                continue
            first, last = (_written(moment, self.ends, clock) for moment in use.entered)
            if label not in rules.since and use.came(*self.ends):
                found["stages_that_came"].append(f"{names[label]} appears from {first} on")
            if label not in rules.until and use.went(*self.ends):
                found["stages_that_went"].append(f"{names[label]} was last entered on {last}")
            if use.is_aside:
                passed, back = 100 * use.passed / use.beyond, 100 * use.left_back / use.left
                found["side_stages"].append(
                    f"{names[label]} is passed by {passed:.0f}% and left backwards in {back:.0f}%"
                )
        return found


def _written(moment: int, ends: tuple[int, int], clock: Clock) -> str:
    """Write the day of a moment, or all of it where the log itself is of a few days."""
    first, last, time = to_times(np.array([*ends, moment], dtype=np.int64), clock.unit, clock.zone)
    if clock.unit is None or last - first < pd.Timedelta(10, "D"):
        return str(time)
    return f"{time:%Y-%m-%d}"
