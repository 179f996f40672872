"""Which group of a breakdown an item's sequence is in: of the items table, or by a touch of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, check_option
from ...log.columns.category import CategoryColumn
from ...log.columns.items import ItemsTable
from ...log.columns.kept import RowColumns
from ...log.stage_log import StageLog
from ...tables.options import AttributionName
from ...times.stamps import NAT
from ..scope.breakdown import by_columns, refuse_names_of_the_result, rows_per_item, source_of
from ..scope.groups import Groups, combined
from .matches import chains_of
from .rows import LogRows, Places, last_true, next_true
from .rules import Plan, Question
from .steps import Flags


@dataclass(frozen=True)
class Touch:
    """Which row of an item its values are read at.

    Attributes
    ----------
    name
        ``"first_touch"``, ``"last_touch"``, ``"step"``, or ``"all_events"``: each value by itself.
    step
        The number of the step, of a chain, where the name is ``"step"``.
    """

    name: AttributionName
    step: int = 1


def touch_of(attribution: AttributionName, step: int, plan: Plan, by: object) -> Touch:
    """Check how rows are attributed."""
    check_option("attribution", attribution, get_args(AttributionName))
    if by is None and (attribution != "first_touch" or step != 1):
        raise SchemaError(f"attribution={attribution!r} says where by= is read, and there is no by=")
    if attribution != "step" and step != 1:
        raise SchemaError(f'attribution_step={step!r} goes with attribution="step"')
    n = len(plan.steps)
    if isinstance(step, bool) or not isinstance(step, int | np.integer) or not 1 <= step <= n:
        raise SchemaError(f"attribution_step={step!r} is no step; steps are numbered from 1 to {n}")
    if attribution == "step" and (plan.entries == "all" or plan.mode == "clickhouse"):
        raise SchemaError(
            'attribution="step" needs the one chain of an item, with times; leave entries= out, and '
            'mode="clickhouse"'
        )
    if attribution == "all_events" and (plan.hold or plan.mode == "clickhouse"):
        raise SchemaError('attribution="all_events" does not go with hold=, nor with mode="clickhouse"')
    return Touch(attribution, int(step))


@dataclass(frozen=True)
class Grouped:
    """The journeys that are asked, the sequence in their terms, and the group of each of their items."""

    journeys: _core.journeys.Journeys
    plan: Plan
    groups: Groups | None


def grouped_by(
    question: Question, by: str | Sequence[str] | None, touch: Touch, reserved: Sequence[str] = ()
) -> Grouped:
    """Put every item in its group; where each value is asked by itself, the rows of a value are an item."""
    log, plan = question.log, question.plan
    if by is None:
        return Grouped(log._data.journeys, plan, None)
    columns = by_columns(by)
    refuse_names_of_the_result(columns, reserved)
    sources = [source_of(log, column, "by") for column in columns]
    if touch.name == "all_events":
        return _value_by_value(log, plan, columns, sources)
    categories = [
        source.category(column, "by")
        if isinstance(source, ItemsTable)
        else _touched(log, plan, source.category(column), touch, question.as_of)
        for column, source in zip(columns, sources, strict=True)
    ]
    return Grouped(log._data.journeys, plan, combined(categories, columns, "item"))


def _touched(
    log: StageLog, plan: Plan, category: CategoryColumn, touch: Touch, as_of: int | None
) -> CategoryColumn:
    rows = LogRows(log, as_of)
    if touch.name == "step":
        return category.at(_rows_of_step(log, plan, rows, touch.step, as_of))
    some_step = np.maximum.reduce([step.matches for step in plan.steps])
    has_touch = rows.matching(some_step) & (category.code >= 0)
    if touch.name == "first_touch":
        row = next_true(has_touch)[rows.begin]
        return category.at(np.where(row < rows.end, row, -1))
    row = last_true(has_touch)[rows.end]
    return category.at(np.where(row >= rows.begin, row, -1))


def _rows_of_step(log: StageLog, plan: Plan, rows: LogRows, step: int, as_of: int | None) -> Places:
    found = np.full(log.n_items, -1, dtype=np.int64)
    chains = chains_of(log, plan, as_of)
    time = chains.time[:, step - 1]
    done = time != NAT
    item = chains.item[done].astype(np.int64)
    # Without an order the k-th step in order of time may be any of them.
    asked = plan.steps if plan.mode == "unordered" else plan.steps[step - 1 : step]
    matches = np.maximum.reduce([one.matches for one in asked])
    found[item] = rows.of_step(item, time[done], matches)
    return found


def _value_by_value(
    log: StageLog, plan: Plan, columns: Sequence[str], sources: Sequence[ItemsTable | RowColumns]
) -> Grouped:
    categories = []
    for column, source in zip(columns, sources, strict=True):
        if isinstance(source, ItemsTable):
            raise SchemaError(
                f'attribution="all_events" is of columns of the log; {column!r} is of the items table, and '
                f"the same in all rows of an item"
            )
        categories.append(source.category(column))
    groups = combined(categories, columns, "row")
    n_groups = max(len(groups.values), 1)
    journeys, n_labels = log._data.journeys, len(log._data.labels)
    item = np.repeat(np.arange(log.n_items, dtype=np.int64), rows_per_item(journeys))
    # Its stages are the codes of the log's, of which the missing one is behind all others.
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
        steps=tuple(replace(step, matches=_at(step.matches, codes, n_labels)) for step in plan.steps),
        barriers=tuple(replace(one, matches=_at(one.matches, codes, n_labels)) for one in plan.barriers),
    )
    keys = alone._data.keys_at(alone._data.journeys.first_row).to_numpy()
    code = (keys % n_groups).astype(np.int32)
    return Grouped(alone._data.journeys, read, replace(groups, code=code, each="item"))


def _at(matches: Flags, codes: npt.NDArray[np.int64], n_labels: int) -> Flags:
    return np.append(matches, np.uint8(0))[np.minimum(codes, n_labels)]
