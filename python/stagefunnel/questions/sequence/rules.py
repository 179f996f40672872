"""What a sequence is asked with, checked, and in the terms of one log."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Final, TypedDict, get_args

import pandas as pd

from ...errors import SchemaError, check_option, counted, quoted
from ...log.stage_log import StageLog
from ...tables.options import (
    EffectName,
    EntriesName,
    MissingStages,
    SequenceMode,
    TimingName,
    WindowFunnelMode,
)
from ...times.lengths import Length, length_of
from ...times.periods import Clock, moment_of
from .steps import Flags, StageReader, named_steps

_MOST_STEPS: Final = 64
_MOST_CONDITIONS: Final = 32
# Steps without an order have nothing that could be skipped, and steps without a chain no gap.
_LACKING: Final[Mapping[str, tuple[str, ...]]] = {
    "first_entry": ("entries",),
    "unordered": ("max_gap", "min_gap", "optional", "entries"),
    "hybrid": ("max_gap", "min_gap", "exclude", "optional", "entries"),
    "open": ("max_gap", "min_gap", "exclude", "optional", "hold", "entries"),
    "clickhouse": ("max_gap", "min_gap", "exclude", "optional", "first_time", "hold", "entries"),
}


@dataclass(frozen=True)
class Exclusion:
    """A stage that must not come between two steps of a sequence.

    Parameters
    ----------
    stage
        The stage, several of which any counts, or ``"*"`` for every row that is no step of the chain.
    after, before
        The numbers of the steps; by default from the first step to the last one.
    effect
        ``"drop"`` leaves an item out of all counts, ``"stop"`` ends the chain there, ``"reset"`` makes the
        chain count for nothing.

    Notes
    -----
    With ``mode="unordered"`` steps are numbered in order of time. All exclusions lie between the same two,
    and reset.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.Exclusion("refund", after=2)
    Exclusion(stage='refund', after=2, before=None, effect='drop')
    """

    stage: Any
    after: int = 1
    before: int | None = None
    effect: EffectName = "drop"


@dataclass(frozen=True)
class Step:
    """One step in the terms of a log.

    Attributes
    ----------
    label
        How it is called.
    matches
        Of each of the log's stages, whether it fills the step.
    max_gap, min_gap
        Bounds of the time from the step done before.
    optional, first_time
        Whether it may be skipped, and whether only an item's first such row fills it.
    """

    label: str
    matches: Flags
    max_gap: Length | None
    min_gap: Length | None
    optional: bool
    first_time: bool


@dataclass(frozen=True)
class Barrier:
    """An exclusion in the terms of a log: which stages, between which steps, to what effect."""

    matches: Flags
    after: int
    before: int
    effect: EffectName


@dataclass(frozen=True)
class Plan:
    """A sequence to look for in a log."""

    steps: tuple[Step, ...]
    mode: SequenceMode
    modes: frozenset[str]
    window: Length | None
    timing: TimingName
    barriers: tuple[Barrier, ...]
    hold: tuple[str, ...] = ()
    entries: EntriesName = "best"


def plan_of(
    labels: Sequence[Any],
    clock: Clock,
    steps: Any,
    *,
    window: Any = None,
    mode: SequenceMode = "ordered",
    modes: Collection[WindowFunnelMode] = (),
    max_gap: Any = None,
    min_gap: Any = None,
    timing: TimingName = "last_entry",
    exclude: Any = (),
    optional: Any = (),
    first_time: Any = (),
    hold: Any = (),
    entries: EntriesName = "best",
    missing: MissingStages = "error",
    left_out: Collection[Hashable] = (),
) -> Plan:
    """Check the options of a sequence and put them in the terms of a log.

    Parameters
    ----------
    labels
        The log's stages by their codes.
    clock
        How the log counts time.
    steps, window, mode, modes, max_gap, min_gap, timing, exclude, optional, first_time, hold, entries
        As for :func:`sequence_funnel`.
    missing
        As for :func:`sequence_funnel`.
    left_out
        Stages that the log was read without.
    """
    check_option("mode", mode, get_args(SequenceMode))
    check_option("timing", timing, get_args(TimingName))
    check_option("entries", entries, get_args(EntriesName))
    check_option("missing", missing, get_args(MissingStages))
    named = named_steps(steps)
    n = len(named)
    most = _MOST_CONDITIONS if mode == "clickhouse" else _MOST_STEPS
    if n > most:
        raise SchemaError(f"steps= has {counted(n, 'step')}; with mode={mode!r} there can be {most} at most")
    given = {
        "window": window,
        "max_gap": max_gap,
        "min_gap": min_gap,
        "exclude": exclude,
        "optional": optional,
        "first_time": first_time,
        "hold": hold,
        "entries": () if entries == "best" else entries,
    }
    for option in _LACKING.get(mode, ()):
        if given[option] is not None and not _is_empty(given[option]):
            raise SchemaError(
                f'{option}= has no meaning with mode="{mode}"; leave it out, or take another mode'
            )
    chosen = _window_funnel_modes(modes, mode)
    length = length_of(window, clock, "window")
    if mode == "clickhouse" and not isinstance(length, int):
        raise SchemaError(
            f'window={window!r}: mode="clickhouse" needs a window of a fixed length, such as "7d"'
        )
    skipped = _numbers(optional, n, "optional")
    if 1 in skipped:
        raise SchemaError("optional= has step 1, which opens the chain and cannot be skipped")
    first = _numbers(first_time, n, "first_time")
    longest = _gaps(max_gap, n, clock, "max_gap")
    shortest = _gaps(min_gap, n, clock, "min_gap")
    _refuse_empty_gaps(shortest, longest)
    reader = StageReader(labels, missing, left_out)
    planned = tuple(
        Step(
            label,
            reader.flags(stage, f"step {number}"),
            longest.get(number),
            shortest.get(number),
            number in skipped,
            number in first,
        )
        for number, (label, stage) in enumerate(named, start=1)
    )
    barriers = _barriers(exclude, n, reader)
    between = sorted({(one.after, one.before) for one in barriers})
    if mode == "unordered" and len(between) > 1:
        said = " and ".join(f"{begin} and {end}" for begin, end in between[:2])
        raise SchemaError(
            f"exclude= lies between steps {said}; with "
            f'mode="unordered" all exclusions lie between the same two'
        )
    return Plan(planned, mode, chosen, length, timing, barriers, _columns(hold), entries)


def _columns(hold: Any) -> tuple[str, ...]:
    names = (hold,) if isinstance(hold, str) else tuple(hold) if isinstance(hold, Iterable) else (None,)
    if not all(isinstance(name, str) for name in names):
        raise SchemaError(f"hold={hold!r} is no list of columns of the log")
    if len(set(names)) < len(names):
        raise SchemaError(f"hold= names a column twice: {quoted(names)}")
    return names


def _is_empty(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str) and not len(value)


def _window_funnel_modes(modes: Any, mode: str) -> frozenset[str]:
    if isinstance(modes, str) or not isinstance(modes, Iterable):
        raise SchemaError(f"modes={modes!r} is not a list of modes, such as ['strict_order']")
    chosen = frozenset(modes)
    for one in sorted(chosen, key=str):
        check_option("modes", one, get_args(WindowFunnelMode))
    if chosen and mode != "clickhouse":
        raise SchemaError(f'modes= are those of windowFunnel, for mode="clickhouse"; this is mode={mode!r}')
    if "allow_reentry" in chosen and "strict_order" not in chosen:
        raise SchemaError("modes= has 'allow_reentry' without 'strict_order', which it goes with")
    return chosen


def _numbers(given: Any, n: int, option: str) -> frozenset[int]:
    if isinstance(given, str | Integral) or not isinstance(given, Iterable):
        raise SchemaError(f"{option}={given!r} is not a set of step numbers, such as {{2}}")
    numbers = list(given)
    for number in numbers:
        _check_number(number, n, option)
    return frozenset(map(int, numbers))


def _check_number(number: Any, n: int, option: str) -> None:
    is_number = isinstance(number, Integral) and not isinstance(number, bool)
    if not is_number or not 1 <= int(number) <= n:
        raise SchemaError(f"{option}= has {number!r}, which is no step; steps are numbered from 1 to {n}")


def _gaps(given: Any, n: int, clock: Clock, option: str) -> dict[int, Length]:
    """Read one gap for all steps, or one for each step number, from step 2 on."""
    by_step = given if isinstance(given, Mapping) else dict.fromkeys(range(2, n + 1), given)
    if not isinstance(given, Mapping):
        length_of(given, clock, option)
    gaps = {}
    for number, value in by_step.items():
        _check_number(number, n, option)
        if number == 1:
            raise SchemaError(f"{option}= has step 1, before which there is none; gaps are of steps 2 to {n}")
        gap = length_of(value, clock, option, up=option == "min_gap")
        if gap is not None:
            gaps[int(number)] = gap
    return gaps


def _refuse_empty_gaps(shortest: Mapping[int, Length], longest: Mapping[int, Length]) -> None:
    for number, least in shortest.items():
        most = longest.get(number)
        if isinstance(least, int) and isinstance(most, int) and least > most:
            raise SchemaError(
                f"min_gap= of step {number} is longer than its max_gap=, so that nothing could do the step"
            )


def _barriers(exclude: Any, n: int, reader: StageReader) -> tuple[Barrier, ...]:
    given = [exclude] if isinstance(exclude, Exclusion) else list(exclude)
    barriers: list[Barrier] = []
    for one in given:
        if not isinstance(one, Exclusion):
            raise SchemaError(f"exclude= has {one!r}; give Exclusion(stage, after=1, before=2)")
        check_option("effect", one.effect, get_args(EffectName))
        before = n if one.before is None else one.before
        _check_number(one.after, n, "after")
        _check_number(before, n, "before")
        if one.after >= before:
            raise SchemaError(f"{one!r} is between no steps: after={one.after} is not before step {before}")
        flags = reader.flags(one.stage, f"exclusion of {one.stage!r}")
        barrier = Barrier(flags, int(one.after), int(before), one.effect)
        for other, said in zip(barriers, given, strict=False):
            _refuse_contradiction(barrier, other, one, said)
        barriers.append(barrier)
    return tuple(barriers)


def _refuse_contradiction(barrier: Barrier, other: Barrier, said: Exclusion, said_before: Exclusion) -> None:
    shares_stage = bool((barrier.matches & other.matches).any())
    overlaps = max(barrier.after, other.after) < min(barrier.before, other.before)
    if shares_stage and overlaps and barrier.effect != other.effect:
        raise SchemaError(
            f"exclude= contradicts itself: {said_before!r} and {said!r} are about one stage between the same "
            f"steps, and have different effects"
        )


class SequenceRules(TypedDict, total=False):
    """What makes a chain, as :func:`stagefunnel.sequence_funnel` explains it."""

    window: Any
    mode: SequenceMode
    modes: Collection[WindowFunnelMode]
    max_gap: Any
    min_gap: Any
    timing: TimingName
    exclude: Exclusion | Sequence[Exclusion]
    optional: Collection[int]
    first_time: Collection[int]
    hold: str | Sequence[str]
    entries: EntriesName
    missing: MissingStages


@dataclass(frozen=True)
class Question:
    """What is asked of a log.

    Attributes
    ----------
    log, plan
        The log, and the sequence to look for in it.
    as_of
        When observation ends, in the unit of the log.
    rules
        As they were given.
    """

    log: StageLog
    plan: Plan
    as_of: int | None
    rules: SequenceRules

    @property
    def labels(self) -> list[str]:
        """The names of the steps."""
        return [step.label for step in self.plan.steps]


def question_of(log: StageLog, steps: Any, as_of: Any, rules: SequenceRules) -> Question:
    """Check a question."""
    if not isinstance(log, StageLog):
        raise SchemaError(f"expected a StageLog, got {type(log).__name__}; make one with StageLog(...)")
    clock = log._data.clock
    plan = plan_of(log._data.labels, clock, steps, left_out=log._data.other_labels, **rules)
    return Question(log, plan, moment_of(as_of, clock, "as_of"), rules)


def remember_rules(table: pd.DataFrame, what: str, question: Question, **more: Any) -> None:
    """Note which rules a table was made by, as plain data that survives JSON."""
    plan, window = question.plan, question.rules.get("window")
    table.attrs["stagefunnel"] = {
        "table": what,
        "steps": question.labels,
        "mode": plan.mode,
        "modes": sorted(plan.modes),
        "timing": plan.timing,
        "entries": plan.entries,
        "window": window if window is None or isinstance(window, int | str) else str(window),
        **more,
    }


def steps_between(question: Question, from_step: Any, to_step: Any) -> tuple[int, int]:
    """Read the numbers of two steps, by default of the first and the last."""
    n = len(question.plan.steps)
    numbers = []
    for name, given, default in (("from_step", from_step, 1), ("to_step", to_step, n)):
        number = default if given is None else given
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= n:
            raise SchemaError(f"{name}={given!r} is no step; steps are numbered from 1 to {n}")
        numbers.append(number)
    if numbers[0] >= numbers[1]:
        raise SchemaError(
            f"from_step={numbers[0]} does not come before to_step={numbers[1]}; name two steps in order"
        )
    if question.plan.mode == "clickhouse":
        raise SchemaError('mode="clickhouse" knows no times of steps; take another mode')
    return numbers[0], numbers[1]
