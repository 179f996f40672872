"""A question about the sequences of a log: its rules, checked, and what a table remembers of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pandas as pd

from .errors import SchemaError
from .log import StageLog
from .periods import moment_of
from .schema import EntriesName, MissingStages, SequenceMode, TimingName, WindowFunnelMode
from .sequence_options import Exclusion, Plan, plan_of


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
