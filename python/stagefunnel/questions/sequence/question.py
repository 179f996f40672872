"""A question about a sequence in a log, checked, and what its table remembers of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import SchemaError, advised, given, named
from ...log.stage_log import StageLog, with_data
from ...log.wrong_kinds import not_a_log
from ...times.periods import MomentLike
from ..counted.stages import Stages
from ..scope.remarks import Ends, remarks_of_reader
from ..scope.where import Where, asked_of, is_read_as_part
from ..scope.within import observed_until
from .about import SequenceAbout, SequenceFacts, has_end, remarks_of_steps
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
    about
        What a table of the answer remembers.
    """

    log: StageLog
    asked: StageLog
    steps: Steps
    plan: Plan
    as_of: int | None
    about: SequenceAbout


def question_of(
    log: StageLog, steps: StepsLike, as_of: MomentLike | None, rules: SequenceRules, where: Where | None
) -> Question:
    """Check a question; `rules` are the rules that are given beside the steps."""
    if not isinstance(log, StageLog):
        raise not_a_log(log)
    ruled = Steps(steps, **rules)
    # Another part may have the stages and values that this one lacks, so all parts together are judged.
    is_part = is_read_as_part()
    plan = plan_of(ruled, log._data, missing="ignore" if is_part else None, is_part=is_part)
    asked = asked_of(log, None, where, unlisted="ignore", missing=ruled.missing)
    data = asked.log._data
    if asked.log is not log:
        # The whole log has judged the stages and values; those that the chosen items alone lack are no slip
        # of the pen.
        plan = plan_of(ruled, data, missing="ignore", is_part=True)
    ends = Ends.of(data, None, as_of)
    remarks = {
        **ends.remarks(data.clock),
        **remarks_of_reader(data.reader_lines),
        **asked.remarks,
        **remarks_of_steps(plan.filled, plan.without_rows, plan.unfulfilled),
    }
    observed = observed_until(data, ends.seen_at) if has_end(ruled) else {}

    def facts() -> SequenceFacts:
        return SequenceFacts(
            ruled,
            Stages.of(log._data),
            Stages.of(data),
            ends,
            data.reader_lines,
            dict(asked.remarks.get("where", {})),
            plan.filled,
            tuple((one.has_rows, one.is_fulfilled) for one in plan.events),
            observed.get("observed_until"),
        )

    told_apart = asked.log if plan.data is data else with_data(asked.log, plan.data)
    about = SequenceAbout(ruled, log.unit, remarks, observed, facts)
    return Question(told_apart, asked.log, ruled, plan, ends.seen_at, about)


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
