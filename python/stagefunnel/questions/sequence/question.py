"""A question about a sequence in a log, checked, and what its table remembers of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ...errors import SchemaError, advised, given, named
from ...log.stage_log import StageLog, with_data
from ...log.wrong_kinds import not_a_log
from ...times.periods import MomentLike
from ..scope.remarks import Ends, Remarks, remarks_of_reader
from ..scope.where import Where, asked_of
from ..scope.within import observed_until
from .plan import Plan, plan_of
from .rules import SequenceRules, is_step_number
from .steps import Steps, StepsLike


@dataclass(frozen=True)
class Question:
    """A sequence to look for in a log.

    Attributes
    ----------
    log, steps
        The log, whose codes tell rows apart by the conditions of steps, and the steps with all rules.
    asked
        The same log as it was asked, with the same rows.
    plan
        The steps in the terms of the log.
    as_of
        End of observation, in the unit of the log.
    remarks
        What a table of the answer has to say beside its numbers.
    """

    log: StageLog
    asked: StageLog
    steps: Steps
    plan: Plan
    as_of: int | None
    remarks: Remarks = field(default_factory=dict)


def question_of(
    log: StageLog, steps: StepsLike, as_of: MomentLike | None, rules: SequenceRules, where: Where | None
) -> Question:
    """Check a question; `rules` are the rules that are given beside the steps."""
    if not isinstance(log, StageLog):
        raise not_a_log(log)
    ruled = Steps(steps, **rules)
    plan = plan_of(ruled, log._data)
    asked = asked_of(log, None, where, unlisted="ignore", missing=ruled.missing)
    data = asked.log._data
    if asked.log is not log:
        # The whole log has judged the stages and values; those that the chosen items alone lack are no slip
        # of the pen.
        plan = plan_of(ruled, data, missing="ignore", is_part=True)
    ends = Ends.of(data, None, as_of)
    remarks = {**ends.remarks(data.clock), **remarks_of_reader(data.reader_lines), **asked.remarks}
    if plan.without_rows or plan.unfulfilled:
        empty = [number for number, step in enumerate(plan.steps, start=1) if not step.stages.any()]
        remarks |= {"empty_steps": empty}
    if plan.without_rows:
        remarks |= {"without_rows": [str(label) for label in plan.without_rows]}
    if plan.unfulfilled:
        remarks |= {"unfulfilled": [str(step) for step in plan.unfulfilled]}
    told_apart = asked.log if plan.data is data else with_data(asked.log, plan.data)
    return Question(told_apart, asked.log, ruled, plan, ends.seen_at, remarks)


def remember_rules(table: pd.DataFrame, name: str, question: Question, **more: Any) -> None:
    """Note the rules by which a table was made, as plain data that survives JSON."""
    steps, window = question.steps, question.steps.window
    has_window = window is not None and steps.mode != "open"
    table.attrs["stagefunnel"] = {
        "table": name,
        "steps": list(steps.labels),
        "mode": steps.mode,
        "modes": sorted(steps.modes),
        "timing": steps.timing,
        "entries": steps.entries,
        "window": window if window is None or isinstance(window, int | str) else str(window),
        **(observed_until(question.log._data, question.as_of) if has_window else {}),
        **question.remarks,
        **more,
    }


def steps_between(question: Question, from_step: Any, to_step: Any) -> tuple[int, int]:
    """Read the numbers of two steps, by default of the first and the last."""
    n_steps = len(question.plan.steps)
    numbers = []
    for name, value, default in (("from_step", from_step, 1), ("to_step", to_step, n_steps)):
        number = default if value is None else value
        if not is_step_number(number, n_steps):
            raise SchemaError(given(name, value), f" is not a step; steps are numbered from 1 to {n_steps}")
        numbers.append(int(number))
    start, end = numbers
    if n_steps == 1:
        raise SchemaError(
            named("steps"), " has one step, and nothing lies between two; name two steps or more"
        )
    if start >= end:
        raise SchemaError(
            *(given("from_step", start), " does not come before ", given("to_step", end)),
            "; name two steps in order",
        )
    if question.plan.mode == "clickhouse":
        raise SchemaError(advised("mode", "clickhouse"), " gives no times of steps; choose another mode")
    return start, end
