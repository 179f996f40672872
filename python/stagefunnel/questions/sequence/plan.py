"""A sequence in the terms of one log: codes of stages, and lengths in the unit of its times."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, named
from ...log.data import LogData
from ...tables.options import (
    EffectName,
    EntriesName,
    MissingStages,
    SequenceMode,
    TimingName,
    WindowFunnelMode,
)
from ...times.lengths import Length, length_of
from ...times.periods import Clock
from .rules import Exclusion, GapsLike
from .sought import Event, Found, Sought, find_rows, share_rows
from .stages import StageFlags, StageReader
from .step import Step, labels_of, written
from .steps import Steps


@dataclass(frozen=True)
class PlannedStep:
    """One step.

    Attributes
    ----------
    stages
        Stages that fill the step.
    max_gap, min_gap
        Bounds of the time from the step done before.
    optional, first_time
        Whether it may be skipped, and whether only an item's first such row fills it.
    """

    stages: StageFlags
    max_gap: Length | None
    min_gap: Length | None
    optional: bool
    first_time: bool


@dataclass(frozen=True)
class PlannedExclusion:
    """An exclusion: which stages must not come between which steps, and its effect."""

    stages: StageFlags
    after: int
    before: int
    effect: EffectName


@dataclass(frozen=True)
class Plan:
    """A sequence to look for in a log.

    Attributes
    ----------
    data
        The inside of the log in whose codes the sequence is written.
    stage_of
        For each of its codes that of the stage in the log that was asked; ``None`` where they are the same.
    without_rows, events
        Stages that no row has, and the steps with conditions.
    """

    data: LogData
    stage_of: npt.NDArray[np.int64] | None
    steps: tuple[PlannedStep, ...]
    mode: SequenceMode
    modes: frozenset[WindowFunnelMode]
    window: Length | None
    timing: TimingName
    exclusions: tuple[PlannedExclusion, ...]
    hold: tuple[str, ...]
    entries: EntriesName
    without_rows: tuple[Hashable, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def unfulfilled(self) -> list[Step]:
        """Steps whose event has rows of which none fulfils their conditions."""
        return [one.step for one in self.events if one.has_rows and not one.is_fulfilled]

    @property
    def filled(self) -> tuple[bool, ...]:
        """Whether a stage of the log fills each step."""
        return tuple(bool(step.stages.any()) for step in self.steps)


def plan_of(
    steps: Steps, data: LogData, missing: MissingStages | None = None, *, is_part: bool = False
) -> Plan:
    """Put steps in the terms of a log.

    Parameters
    ----------
    steps
        Steps and their rules.
    data
        The log.
    missing
        What happens to stages without rows, where that is not as the steps say.
    is_part
        Whether the log is some items of one whose stages and values were judged already.

    Raises
    ------
    SchemaError
        If the log does not have a stage and the steps refuse that, does not keep a column of a condition, or
        a length does not fit its times.
    """
    n_steps, clock = len(steps.steps), data.clock
    window = length_of(steps.window, clock, "window")
    longest = _gaps(steps.max_gap, n_steps, clock, "max_gap")
    shortest = _gaps(steps.min_gap, n_steps, clock, "min_gap")
    _refuse_empty_gaps(shortest, longest)
    sought = sought_of(steps)
    labels = {label for stage, _, _ in sought for label in labels_of(stage)}
    reader = StageReader(data, missing or steps.missing, labels)
    found = find_rows(sought, data, reader, is_part=is_part)
    planned = tuple(
        PlannedStep(
            stages=stages,
            max_gap=longest.get(number),
            min_gap=shortest.get(number),
            optional=number in steps.optional,
            first_time=number in steps.first_time,
        )
        for number, stages in enumerate(found.flags[:n_steps], start=1)
    )
    return Plan(
        data=found.data,
        stage_of=found.stage_of,
        steps=planned,
        mode=steps.mode,
        modes=steps.modes,
        window=window,
        timing=steps.timing,
        exclusions=_exclusions(steps.exclude, n_steps, found),
        hold=steps.hold,
        entries=steps.entries,
        without_rows=tuple(reader.without_rows),
        events=found.events,
    )


def sought_of(steps: Steps) -> list[Sought]:
    """List the rows that steps and their exclusions name."""
    sought = [Sought(stage, f"step {number}", "steps") for number, stage in enumerate(steps.steps, start=1)]
    sought += [
        Sought(cast(Hashable, one.stage), f"exclusion of {written(one.stage)}", "exclude")
        for one in steps.exclude
    ]
    return sought


def _gaps(gaps: GapsLike, n_steps: int, clock: Clock, option: str) -> dict[int, Length]:
    """Read one gap for all steps, or a gap for each step number, from step 2 on."""
    by_step = gaps if isinstance(gaps, Mapping) else dict.fromkeys(range(2, n_steps + 1), gaps)
    if not isinstance(gaps, Mapping):
        # A single step has no gap, and yet the length has to fit the log.
        length_of(gaps, clock, option)
    # A bound between two ticks moves to the tick inside it.
    lengths = {
        number: length_of(gap, clock, option, up=option == "min_gap") for number, gap in by_step.items()
    }
    return {number: length for number, length in lengths.items() if length is not None}


def _refuse_empty_gaps(shortest: Mapping[int, Length], longest: Mapping[int, Length]) -> None:
    for number, least in shortest.items():
        most = longest.get(number)
        if isinstance(least, int) and isinstance(most, int) and least > most:
            raise SchemaError(
                *(named("min_gap"), f" of step {number} is longer than its ", named("max_gap")),
                ", so that no row could fill the step",
            )


def _exclusions(exclude: Sequence[Exclusion], n_steps: int, found: Found) -> tuple[PlannedExclusion, ...]:
    planned = tuple(
        PlannedExclusion(
            stages,
            int(exclusion.after),
            n_steps if exclusion.before is None else int(exclusion.before),
            exclusion.effect,
        )
        for exclusion, stages in zip(exclude, found.flags[n_steps:], strict=True)
    )
    parts = found.parts[n_steps:]
    for at, one in enumerate(planned):
        for before, other in enumerate(planned[:at]):
            if _contradict(one, other) and share_rows(parts[at], parts[before]):
                raise SchemaError(
                    named("exclude"),
                    f" contradicts itself: {exclude[before]!r} and {exclude[at]!r} exclude the same stage "
                    f"between the same steps, and have different effects",
                )
    return planned


def _contradict(one: PlannedExclusion, other: PlannedExclusion) -> bool:
    overlaps = max(one.after, other.after) < min(one.before, other.before)
    return overlaps and one.effect != other.effect
