"""What a log shows of the stages of a pipeline: which came, which went, and which stand aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
_PARTS: Final = 10  # a stage came or went where one of so many parts of the log is without it
_BEYOND: Final = 30
_LEFT: Final = 10
# The matrix of transitions has the square of that.
_MOST_STAGES: Final = 256

# Twice the time of an item's first move to a stage or beyond it, and 1 more if it entered the stage itself:
# one number stands in the order of both, and many parts of a log have many.
Arrival: TypeAlias = int


@dataclass(frozen=True)
class StageUse:
    """How a log uses a stage in progress; parts of a log add up.

    Attributes
    ----------
    beyond, passed
        Items that went beyond the stage on the way, and those of them with a visit of it; 0 where the visits
        alone show that it does not stand aside.
    left, left_back
        Visits that another one follows, and those of them that one of an earlier stage in progress follows.
    entered
        The first and the last start of a visit; ``None`` without one, or where nothing was looked for.
    earliest, latest
        The earliest and the latest arrivals at the stage or beyond it, in rising order.
    """

    beyond: int
    passed: int
    left: int
    left_back: int
    entered: tuple[int, int] | None = None
    earliest: tuple[Arrival, ...] = ()
    latest: tuple[Arrival, ...] = ()

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Add up the uses of one stage in several parts of a log."""
        uses = list(parts)
        entered = [use.entered for use in uses if use.entered is not None]
        return cls(
            beyond=sum(use.beyond for use in uses),
            passed=sum(use.passed for use in uses),
            left=sum(use.left for use in uses),
            left_back=sum(use.left_back for use in uses),
            entered=(min(first for first, _ in entered), max(last for _, last in entered))
            if entered
            else None,
            earliest=tuple(sorted(one for use in uses for one in use.earliest)[:_ARRIVALS]),
            latest=tuple(sorted(one for use in uses for one in use.latest)[-_ARRIVALS:]),
        )

    def came(self, begin: int, end: int) -> int | None:
        """Return since when items enter the stage that passed it by before; ``None`` if there is no such."""
        if self.entered is None or len(self.earliest) < _ARRIVALS:
            return None
        since = self.entered[0]
        is_new = (
            self.earliest[-1] >> 1 < since
            and sum(one & 1 for one in self.latest) >= _ENTERING
            and (since - begin) * _PARTS >= end - begin
        )
        return since if is_new else None

    def went(self, begin: int, end: int) -> int | None:
        """Return until when items entered the stage that pass it by since; ``None`` if there is no such."""
        if self.entered is None or len(self.latest) < _ARRIVALS:
            return None
        until = self.entered[1]
        is_gone = (
            self.latest[0] >> 1 > until
            and sum(one & 1 for one in self.earliest) >= _ENTERING
            and (end - until) * _PARTS >= end - begin
        )
        return until if is_gone else None

    @property
    def is_left_back(self) -> bool:
        """Whether the visits of the stage are mostly left to an earlier one."""
        return self.left >= _LEFT and 2 * self.left_back >= self.left

    @property
    def is_aside(self) -> bool:
        """Whether few items pass the stage, and those mostly go back from it."""
        return self.is_left_back and self.beyond >= _BEYOND and 4 * self.passed <= self.beyond


@dataclass(frozen=True)
class UseOfStages:
    """How a log uses all stages in progress of a pipeline; parts of a log add up.

    Attributes
    ----------
    uses
        The use of each stage, in the pipeline's order; none of a pipeline with too many stages.
    ends
        The first and the last time of the log; ``None`` without rows.
    """

    uses: tuple[StageUse, ...]
    ends: tuple[int, int] | None

    @classmethod
    def of(
        cls,
        data: LogData,
        pipeline: Pipeline,
        known: _core.summary.Summary | None = None,
        *,
        is_part: bool = False,
    ) -> Self:
        """Look at the stages of a log, short visits left out.

        `known` spares scans. Of a part the arrivals are needed even where it shows no sign by itself.
        """
        if data.time_range is None or len(pipeline.labels) > _MOST_STAGES:
            return cls((), data.time_range)
        lookup = data.lookup(pipeline, "ignore", "ignore")
        read = without_short_visits(data, pipeline, lookup).data or data
        uses = _uses(read, lookup, known, is_part=is_part)
        if is_part or not _are_entered_throughout(data, read, pipeline, lookup):
            found = _core.stages.find_arrivals(read.journeys, lookup, data.threads)
            uses = [_with_arrivals(use, arrivals) for use, arrivals in zip(uses, found, strict=True)]
        return cls(tuple(uses), data.time_range)

    @classmethod
    def total(cls, parts: Sequence[Self]) -> Self:
        """Add up what several parts of a log have; one without rows has nothing."""
        seen = [part for part in parts if part.ends is not None]
        ends = [part.ends for part in seen if part.ends is not None]
        return cls(
            tuple(StageUse.total(uses) for uses in zip(*(part.uses for part in seen), strict=True)),
            (min(first for first, _ in ends), max(last for _, last in ends)) if ends else None,
        )

    def signs(self, pipeline: Pipeline, clock: Clock) -> dict[str, list[str]]:
        """Say which stages came, went or stand aside, by check; not what the pipeline says of them itself."""
        found: dict[str, list[str]] = {"stages_that_came": [], "stages_that_went": [], "side_stages": []}
        if self.ends is None or not self.uses:
            return found
        rules, names = pipeline.rules, pipeline.names
        for label, use in zip(pipeline.stages, self.uses, strict=True):
            if label in rules.optional:
                continue
            since, until = use.came(*self.ends), use.went(*self.ends)
            if since is not None and label not in rules.since:
                day = _written(since, self.ends, clock)
                found["stages_that_came"].append(f"{names[label]} appears from {day} on")
            if until is not None and label not in rules.until:
                day = _written(until, self.ends, clock)
                found["stages_that_went"].append(f"{names[label]} was last entered on {day}")
            if use.is_aside:
                passed, back = 100 * use.passed / use.beyond, 100 * use.left_back / use.left
                found["side_stages"].append(
                    f"{names[label]} is passed by {passed:.0f}% and left backwards in {back:.0f}%"
                )
        return found


def _uses(
    read: LogData, lookup: _core.scan.Pipeline, known: _core.summary.Summary | None, *, is_part: bool
) -> list[StageUse]:
    """Count how the visits of each stage in progress are left, and who passes it where that matters."""
    if known is None:
        moves = _core.stages.count_transitions(read.journeys, lookup, read.threads).moves
    else:
        moves = known.transitions.moves
    uses = [
        StageUse(0, 0, left=int(moves[row].sum()), left_back=int(moves[row, :row].sum()))
        for row in range(lookup.n_open)
    ]
    if not is_part and not any(use.is_left_back for use in uses):
        return uses
    counts = _core.funnel.count_funnel(
        journeys=read.journeys,
        pipeline=lookup,
        kind=_core.funnel.Kind.classic,
        lost_then_won=_core.funnel.LostThenWon.include,
        group=None,
        n_groups=1,
        amount=None,
        threads=read.threads,
    )
    passed = counts.beyond[0]
    beyond = counts.skipped[0] + passed - counts.began_beyond[0]
    return [replace(use, beyond=int(beyond[row]), passed=int(passed[row])) for row, use in enumerate(uses)]


def _are_entered_throughout(
    data: LogData, read: LogData, pipeline: Pipeline, lookup: _core.scan.Pipeline
) -> bool:
    """Whether every stage with rows is entered near both ends of the log, so that none came or went."""
    assert data.time_range is not None  # the caller has rows
    begin, end = data.time_range
    part = -((begin - end) // _PARTS)
    without = {*data.fit(pipeline).without_rows, *pipeline.rules.optional}
    wanted = np.array([label not in without for label in pipeline.stages], dtype=np.uint8)
    return _core.stages.are_entered_throughout(read.journeys, lookup, wanted, begin + part, end - part)


def _with_arrivals(use: StageUse, arrivals: _core.stages.StageArrivals) -> StageUse:
    earliest, latest = (
        tuple(2 * one.time + one.enters for one in ends) for ends in (arrivals.earliest, arrivals.latest)
    )
    return StageUse(use.beyond, use.passed, use.left, use.left_back, arrivals.entered, earliest, latest)


def _written(moment: int, ends: tuple[int, int], clock: Clock) -> str:
    """Write the day of a moment, or all of it where the log itself is of a few days."""
    first, last, time = to_times(np.array([*ends, moment], dtype=np.int64), clock.unit, clock.zone)
    if clock.unit is None or last - first < pd.Timedelta(10, "D"):
        return str(time)
    return f"{time:%Y-%m-%d}"
