"""The group of a breakdown that an item belongs to: by the items table, or by a touch among its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, advised, check_option, given, is_whole_number, named, quoted
from ...log.columns.category import CategoryColumn
from ...log.columns.items import ItemsTable
from ...log.stage_log import StageLog
from ...tables.options import AttributionName
from ...times.stamps import NAT
from ..scope.breakdown import by_columns, check_top, refuse_names_of_the_result
from ..scope.columns import source_of
from ..scope.groups import Groups, combined, folded
from ..scope.item_rows import rows_per_item
from ..scope.known import bands_of, known_group, spans_of_rows
from .matches import matches_of
from .plan import Plan, PlannedStep
from .question import Question
from .rows import LogRows, RowNumbers, last_true, next_true
from .rules import is_step_number
from .stages import StageFlags, with_missing


@dataclass(frozen=True)
class Touch:
    """The row of an item at which its values are read.

    Attributes
    ----------
    name
        ``"first_touch"``, ``"last_touch"``, ``"step"``, or ``"all_events"``: each value by itself.
    step
        Number of the step of the match, where the name is ``"step"``.
    """

    name: AttributionName
    step: int = 1


def touch_of(attribution: AttributionName, step: int, plan: Plan, by: object) -> Touch:
    """Check how rows are attributed."""
    check_option("attribution", attribution, get_args(AttributionName))
    if not is_whole_number(step):
        raise SchemaError(given("attribution_step", step), " is not the number of a step")
    if by is None and (attribution != "first_touch" or step != 1):
        is_step = attribution == "first_touch"
        option = given("attribution_step", step) if is_step else given("attribution", attribution)
        raise SchemaError(option, " says where ", named("by"), " is read, and there is no ", named("by"))
    if attribution != "step" and step != 1:
        raise SchemaError(
            given("attribution_step", step), " goes with ", advised("attribution", "step"), " only"
        )
    n_steps = len(plan.steps)
    if not is_step_number(step, n_steps):
        raise SchemaError(
            given("attribution_step", step), f" is not a step; steps are numbered from 1 to {n_steps}"
        )
    if attribution == "step" and (plan.entries == "all" or plan.mode == "clickhouse"):
        raise SchemaError(
            *(advised("attribution", "step"), " needs one match per item, with times; leave out "),
            *(named("entries"), " and ", advised("mode", "clickhouse")),
        )
    if attribution == "all_events" and (plan.hold or plan.mode == "clickhouse"):
        raise SchemaError(
            *(advised("attribution", "all_events"), " does not go with ", named("hold")),
            *(", nor with ", advised("mode", "clickhouse")),
        )
    return Touch(attribution, int(step))


@dataclass(frozen=True)
class Grouped:
    """Journeys to read, the sequence in the terms of these journeys, and the group of each of their items."""

    journeys: _core.journeys.Journeys
    plan: Plan
    groups: Groups | None


def grouped_by(
    question: Question,
    by: str | Sequence[str] | None,
    touch: Touch,
    reserved: Sequence[str] = (),
    top: int | None = None,
) -> Grouped:
    """Put every item in its group; all but the `top` groups with most items are one.

    With ``"all_events"`` the rows of an item that have the same value form an item of their own.
    """
    check_top(top, by)
    if by is None:
        return Grouped(question.log._data.journeys, question.plan, None)
    grouped = _grouped(question, by, touch, reserved)
    if top is None or grouped.groups is None:
        return grouped
    groups = grouped.groups
    sizes = items_of_groups(grouped.journeys, groups, question.as_of)
    return replace(grouped, groups=folded(groups, sizes, sizes > 0, top))


def items_of_groups(
    journeys: _core.journeys.Journeys, groups: Groups, as_of: int | None
) -> npt.NDArray[np.int64]:
    """Count the items of each group that have a row before the end of observation."""
    code = groups.code[_with_rows(journeys, as_of)]
    return np.bincount(code, minlength=groups.n_groups).astype(np.int64)


def _with_rows(journeys: _core.journeys.Journeys, as_of: int | None) -> npt.NDArray[np.bool_]:
    """Flag the items that have a row before the end of observation."""
    if as_of is None:
        return np.ones(journeys.n_items, dtype=bool)
    first: npt.NDArray[np.int64] = journeys.offsets[:-1].astype(np.int64)
    has_rows: npt.NDArray[np.bool_] = journeys.time[first] < as_of
    return has_rows


def _grouped(question: Question, by: str | Sequence[str], touch: Touch, reserved: Sequence[str]) -> Grouped:
    log, plan = question.log, question.plan
    parts = [part_of(log, column, question.as_of) for column in by_columns(by)]
    columns = [part.name for part in parts]
    refuse_names_of_the_result(log, columns, reserved)
    if touch.name == "all_events":
        return _value_by_value(log, plan, parts)
    if touch.name != "first_touch" and not any(part.is_of_rows for part in parts):
        raise SchemaError(
            advised("attribution", touch.name),
            " chooses a row of the log to read ",
            named("by"),
            f" in, but {quoted(columns)} are columns of the items table, or of the items themselves; name a "
            "column of the log",
        )
    categories = [
        _touched(log, plan, part.category, touch, question.as_of) if part.is_of_rows else part.category
        for part in parts
    ]
    return Grouped(log._data.journeys, plan, combined(categories, columns, "item"))


@dataclass(frozen=True)
class Part:
    """One column of a breakdown: its name in the result, and its value for each row, or for each item."""

    name: Any
    category: CategoryColumn
    is_of_rows: bool


def part_of(log: StageLog, column: Any, as_of: int | None) -> Part:
    """Read one column of a breakdown, or what the log itself knows."""
    known = known_group(log, column)
    if known is None:
        source = source_of(log, column, "by")
        if isinstance(source, ItemsTable):
            return Part(column, source.category(column, "by"), is_of_rows=False)
        return Part(column, source.category(column), is_of_rows=True)
    if known.what == "created":
        return Part(known.name, spans_of_rows(log._data, _births(log, as_of), known.of), is_of_rows=False)
    if known.what == "band":
        source = source_of(log, known.of, "by")
        category = bands_of(source.numbers(known.of), known.edges)
        return Part(known.name, category, is_of_rows=not isinstance(source, ItemsTable))
    raise SchemaError(
        given("by", column),
        " needs a pipeline, which a sequence does not have; name a column, created:month, or bands such as "
        "amount:[0, 1000]",
    )


def _births(log: StageLog, as_of: int | None) -> RowNumbers:
    """Find the first row of each item; -1 where there is none, or where it does not say when it began."""
    rows = LogRows(log, as_of)
    born = np.where(rows.begin < rows.end, rows.begin, -1)
    marks = log._data.marks
    if marks is not None and marks.start_unknown is not None:
        born[marks.start_unknown[np.maximum(born, 0)] != 0] = -1
    return born


def _touched(
    log: StageLog, plan: Plan, category: CategoryColumn, touch: Touch, as_of: int | None
) -> CategoryColumn:
    rows = LogRows(log, as_of)
    if touch.name == "step":
        return category.at(_rows_of_step(log, plan, rows, touch.step, as_of))
    has_touch = rows.with_stages(_stages_of(plan.steps)) & (category.code >= 0)
    if touch.name == "first_touch":
        row = next_true(has_touch)[rows.begin]
        return category.at(np.where(row < rows.end, row, -1))
    row = last_true(has_touch)[rows.end]
    return category.at(np.where(row >= rows.begin, row, -1))


def _rows_of_step(log: StageLog, plan: Plan, rows: LogRows, step: int, as_of: int | None) -> RowNumbers:
    found = np.full(log.n_items, -1, dtype=np.int64)
    matches = matches_of(log, plan, as_of)
    time = matches.time[:, step - 1]
    done = time != NAT
    item = matches.item[done].astype(np.int64)
    # Without an order the k-th step in order of time may be any of the steps.
    possible = plan.steps if plan.mode == "unordered" else plan.steps[step - 1 : step]
    found[item] = rows.of_step(item, time[done], _stages_of(possible))
    return found


def _value_by_value(log: StageLog, plan: Plan, parts: Sequence[Part]) -> Grouped:
    for part in parts:
        if not part.is_of_rows:
            raise SchemaError(
                advised("attribution", "all_events"),
                f" reads columns of the log; {part.name!r} is a column of the items table, or of the items "
                f"themselves, which has one value for all rows of an item",
            )
    groups = combined([part.category for part in parts], [part.name for part in parts], "row")
    n_groups = max(len(groups.values), 1)
    journeys, n_labels = log._data.journeys, len(log._data.labels)
    item = np.repeat(np.arange(log.n_items, dtype=np.int64), rows_per_item(journeys))
    # The stages of this log are stage codes of the other; a missing stage has the code after all labels.
    alone = StageLog(
        item=item * n_groups + groups.code,
        stage=journeys.stage.astype(np.int64),
        time=journeys.time,
        empty="allow",
        threads=log._data.threads,
    )
    codes = np.array(alone._data.labels, dtype=np.int64)
    read = replace(
        plan,
        steps=tuple(replace(step, stages=_at(step.stages, codes, n_labels)) for step in plan.steps),
        exclusions=tuple(replace(one, stages=_at(one.stages, codes, n_labels)) for one in plan.exclusions),
    )
    keys = alone._data.keys_at(alone._data.journeys.first_row).to_numpy()
    code = (keys % n_groups).astype(np.int32)
    return Grouped(alone._data.journeys, read, replace(groups, code=code, each="item"))


def _stages_of(steps: Sequence[PlannedStep]) -> StageFlags:
    """Mark the stages that fill any of some steps."""
    flags: StageFlags = np.maximum.reduce([step.stages for step in steps])
    return flags


def _at(stages: StageFlags, codes: npt.NDArray[np.int64], n_labels: int) -> StageFlags:
    """Look flags up by the codes of another log."""
    return with_missing(stages)[np.minimum(codes, n_labels)]
