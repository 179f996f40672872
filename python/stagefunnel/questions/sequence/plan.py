"""A sequence in the terms of one log: codes of stages, and lengths in the unit of its times."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

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
from .stages import StageFlags, StageReader, labels_of
from .steps import Steps, written


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
    """A sequence to look for in a log."""

    steps: tuple[PlannedStep, ...]
    mode: SequenceMode
    modes: frozenset[WindowFunnelMode]
    window: Length | None
    timing: TimingName
    exclusions: tuple[PlannedExclusion, ...]
    hold: tuple[str, ...]
    entries: EntriesName
    without_rows: tuple[Hashable, ...] = ()


def plan_of(steps: Steps, data: LogData, missing: MissingStages | None = None) -> Plan:
    """Put steps in the terms of a log.

    Parameters
    ----------
    steps
        Steps and their rules.
    data
        The log.
    missing
        What happens to stages without rows, where that is not as the steps say.

    Raises
    ------
    SchemaError
        If the log does not have a stage and the steps refuse that, or a length does not fit its times.
    """
    n_steps, clock = len(steps.steps), data.clock
    window = length_of(steps.window, clock, "window")
    longest = _gaps(steps.max_gap, n_steps, clock, "max_gap")
    shortest = _gaps(steps.min_gap, n_steps, clock, "min_gap")
    _refuse_empty_gaps(shortest, longest)
    stages = [*steps.steps, *(exclusion.stage for exclusion in steps.exclude)]
    reader = StageReader(
        data, missing or steps.missing, {label for stage in stages for label in labels_of(stage)}
    )
    planned = tuple(
        PlannedStep(
            stages=reader.flags(stage, f"step {number}", "steps"),
            max_gap=longest.get(number),
            min_gap=shortest.get(number),
            optional=number in steps.optional,
            first_time=number in steps.first_time,
        )
        for number, stage in enumerate(steps.steps, start=1)
    )
    exclusions = _exclusions(steps.exclude, n_steps, reader)
    return Plan(
        steps=planned,
        mode=steps.mode,
        modes=steps.modes,
        window=window,
        timing=steps.timing,
        exclusions=exclusions,
        hold=steps.hold,
        entries=steps.entries,
        without_rows=tuple(reader.without_rows),
    )


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


def _exclusions(
    exclude: Sequence[Exclusion], n_steps: int, reader: StageReader
) -> tuple[PlannedExclusion, ...]:
    planned: list[PlannedExclusion] = []
    for exclusion in exclude:
        stages = reader.flags(exclusion.stage, f"exclusion of {written(exclusion.stage)}", "exclude")
        before = n_steps if exclusion.before is None else int(exclusion.before)
        own = PlannedExclusion(stages, int(exclusion.after), before, exclusion.effect)
        for other, other_exclusion in zip(planned, exclude, strict=False):
            if _contradict(own, other):
                raise SchemaError(
                    named("exclude"),
                    f" contradicts itself: {other_exclusion!r} and {exclusion!r} exclude the same stage "
                    f"between the same steps, and have different effects",
                )
        planned.append(own)
    return tuple(planned)


def _contradict(one: PlannedExclusion, other: PlannedExclusion) -> bool:
    shares_stage = bool((one.stages & other.stages).any())
    overlaps = max(one.after, other.after) < min(one.before, other.before)
    return shares_stage and overlaps and one.effect != other.effect
