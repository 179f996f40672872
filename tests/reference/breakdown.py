"""Breakdowns and amounts by columns of the log itself: in the first row, in the last, or at the stage."""

from collections import Counter
from collections.abc import Hashable, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any, Literal, NamedTuple

import pandas as pd

from reference.funnel import COUNTS, SHARES, compared_with, default_flip_rule
from reference.journeys import (
    Visit,
    began_beyond,
    goes_beyond,
    has_visit,
    journeys,
    lost_from,
    outcome,
    passed_in_absence,
    went_beyond,
)
from reference.kinds import Fill, Kind, counted, implied_by_move, moves
from reference.losses import skip_table
from reference.report import LostThenWon, Values, kept_of, members_of, share
from reference.stages import (
    Item,
    Pipeline,
    Row,
    Stage,
    Time,
    Unlisted,
    labels,
    outcome_column,
    outcome_of,
    stage_column,
)


class Entry(NamedTuple):
    """The start of a visit: its stage, its row of the input and its time."""

    stage: Stage
    row: int
    time: Time


class Counting(NamedTuple):
    """How an item counts in a stage: passed or assumed, in which row's group, with which row's amount."""

    how: Literal["passed", "assumed"]
    group_row: int
    amount_row: int


def entries_by_item(
    rows: Sequence[Row], pipeline: Pipeline, unlisted: Unlisted, order: Sequence[Hashable] | None
) -> dict[Item, list[Entry]]:
    """Return the entries of each item that is left with a row."""
    result = {}
    for item, listed in _listed_rows(rows, pipeline, unlisted, order).items():
        result[item] = [next(run) for _, run in groupby(listed, key=lambda entry: entry.stage)]
    return result


def values_at(
    rows: Sequence[Row],
    pipeline: Pipeline,
    values: Sequence[Any],
    at: Literal["first", "last"],
    *,
    unlisted: Unlisted = "error",
    order: Sequence[Hashable] | None = None,
) -> dict[Item, Any]:
    """Return the value in the first or last listed row of each item."""
    by_item = _listed_rows(rows, pipeline, unlisted, order)
    return {item: values[listed[0 if at == "first" else -1].row] for item, listed in by_item.items()}


def values_at_losses(
    rows: Sequence[Row],
    pipeline: Pipeline,
    values: Sequence[Any],
    at: Literal["loss", "stage"],
    *,
    unlisted: Unlisted = "error",
    order: Sequence[Hashable] | None = None,
) -> dict[Item, Any]:
    """Return the value where each lost item was closed, or where it entered the stage it was lost from."""
    result = {}
    for item, entries in entries_by_item(rows, pipeline, unlisted, order).items():
        before = list(entries)
        while before and before[-1].stage in pipeline.lost:
            before.pop()
        if len(before) < len(entries):
            closed = entries[len(before)]
            result[item] = values[(before[-1] if before and at == "stage" else closed).row]
    return result


def reasons_of_losses(
    rows: Sequence[Row],
    pipeline: Pipeline,
    values: Sequence[Any],
    *,
    unlisted: Unlisted = "error",
    order: Sequence[Hashable] | None = None,
) -> dict[Item, Any]:
    """Return the reason of each item now lost, visit by visit from the last one; None where there is none."""
    result: dict[Item, Any] = {}
    for item, listed in _listed_rows(rows, pipeline, unlisted, order).items():
        visits = [list(run) for _, run in groupby(listed, key=lambda entry: entry.stage)]
        if visits[-1][0].stage not in pipeline.lost:
            continue
        result[item] = None
        for visit in reversed(visits):
            present = [values[entry.row] for entry in visit if not pd.isna(values[entry.row])]
            if visit[0].stage not in pipeline.lost:
                break
            if present:
                result[item] = present[-1]
                break
    return result


def _listed_rows(
    rows: Sequence[Row], pipeline: Pipeline, unlisted: Unlisted, order: Sequence[Hashable] | None
) -> dict[Item, list[Entry]]:
    numbered: list[Row] = [(item, row, time) for row, (item, _, time) in enumerate(rows)]
    unknown = [stage for _, stage, _ in rows if stage not in labels(pipeline)]
    if unknown and unlisted == "error":
        raise ValueError(f"stages not in the pipeline: {unknown}")
    by_item: dict[Item, list[Entry]] = {}
    for item, journey in journeys(numbered, order).items():
        numbers: list[Any] = [row for row, _ in journey]
        entries = [Entry(rows[row][1], row, rows[row][2]) for row in numbers]
        by_item[item] = [entry for entry in entries if entry.stage in labels(pipeline)]
    return {item: listed for item, listed in by_item.items() if listed}


def countings(entries: Sequence[Entry], pipeline: Pipeline, kind: Kind, fill: Fill) -> dict[Stage, Counting]:
    """Return how an item counts in each stage that it counts in."""
    last = {entry.stage: entry.row for entry in entries}
    stages = counted(_visits(entries), pipeline, kind, fill)
    result = {stage: Counting("passed", last[stage], last[stage]) for stage in stages.passed}
    for stage in stages.assumed:
        implying = _implying_row(stage, entries, pipeline, kind, fill)
        later = pipeline.stages[pipeline.stages.index(stage) + 1 :]
        entered = [last[other] for other in later if other in last]
        result[stage] = Counting("assumed", implying, entered[0] if entered else implying)
    return result


def _implying_row(stage: Stage, entries: Sequence[Entry], pipeline: Pipeline, kind: Kind, fill: Fill) -> int:
    if kind == "furthest":
        beyond = [entry for entry in entries if goes_beyond(_visit(entry), stage, pipeline)]
        # All won stages are equally far, and of equally far entries ``max`` returns the first.
        far = [*pipeline.stages]
        best = max(beyond, key=lambda entry: far.index(entry.stage) if entry.stage in far else len(far))
        return best.row
    for entry, (before, visit) in zip(entries, moves(_visits(entries)), strict=True):
        if stage in implied_by_move(before, visit, pipeline, fill):
            return entry.row
    raise AssertionError("an assumed stage is implied by some entry")


def _visit(entry: Entry) -> Visit:
    return Visit(entry.stage, entry.time)


def _visits(entries: Sequence[Entry]) -> list[Visit]:
    return [_visit(entry) for entry in entries]


def funnel_at_stages(
    rows: Sequence[Row],
    pipeline: Pipeline,
    values: Sequence[Any],
    *,
    kind: Kind = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWon | None = None,
    unlisted: Unlisted = "error",
    order: Sequence[Hashable] | None = None,
    amounts: Sequence[Any] | None = None,
    by: str = "group",
) -> pd.DataFrame:
    """Count each stage of an item in the group of one of its rows; all groups have one base."""
    by_item = entries_by_item(rows, pipeline, unlisted, order)
    visits = {item: _visits(entries) for item, entries in by_item.items()}
    kept = kept_of(visits, pipeline, lost_then_won or default_flip_rule(kind))
    cells: dict[tuple[Any, Stage], dict[str, Any]] = {}

    def cell(row: int, stage: Stage) -> dict[str, Any]:
        group = None if pd.isna(values[row]) else values[row]
        empty = dict.fromkeys([*COUNTS, "visited", "beyond", "absent", "amount_missing"], 0)
        return cells.setdefault((group, stage), empty | {"amount": Fraction(0)})

    for item in kept:
        entries, item_visits = by_item[item], visits[item]
        last = {entry.stage: entry.row for entry in entries}
        for stage, row in last.items():
            cell(row, stage)["visited"] += 1
        for stage, counting in countings(entries, pipeline, kind, fill).items():
            cell(counting.group_row, stage)[counting.how] += 1
            cell(counting.group_row, stage)["reached"] += 1
            if amounts is not None:
                _add(cell(counting.group_row, stage), amounts[counting.amount_row])
        for stage in pipeline.stages:
            if went_beyond(item_visits, stage, pipeline):
                how = "beyond" if has_visit(item_visits, stage) else "skipped"
                cell(_beyond_row(stage, entries, pipeline), stage)[how] += 1
            if began_beyond(item_visits, stage, pipeline):
                cell(_beyond_row(stage, entries, pipeline), stage)["began_beyond"] += 1
            absent = [entry for entry in entries if passed_in_absence(_visit(entry), stage, pipeline)]
            if absent:
                cell(absent[0].row, stage)["absent"] += 1
        left = lost_from(item_visits, pipeline)
        if left is not None:
            cell(last[left], left)["lost_from"] += 1
        if outcome(item_visits, pipeline) == "open":
            cell(entries[-1].row, entries[-1].stage)["open_at"] += 1

    # An entry that went past a stage while it was not there is counted in no column.
    seen = ("visited", "reached", "skipped", "beyond")
    groups = {group for (group, _), sums in cells.items() if any(sums[name] for name in seen)}
    present = sorted(group for group in groups if group is not None)
    records = []
    for group in [*present, *([None] if None in groups else [])]:
        own = {stage: cells.get((group, stage), {}) for stage in labels(pipeline)}
        reached = {stage: sums.get("reached", 0) for stage, sums in own.items()}
        for stage, sums in own.items():
            counts = {name: sums.get(name, 0) for name in [*COUNTS, "amount_missing"]}
            absent_here = [one for one in own if own[one].get("absent")]
            before = compared_with(stage, pipeline, reached, len(kept), absent_here)
            shares = {
                "conversion_from_all": share(counts["reached"], len(kept)),
                "conversion_from_previous": share(counts["reached"], before),
                "skip_rate": share(counts["skipped"], counts["skipped"] + sums.get("beyond", 0)),
                "loss_rate": share(counts["lost_from"], sums.get("visited", 0)),
            }
            ends = {"base": len(kept), "left_out": len(by_item) - len(kept)}
            labelled = {by: group, "stage": stage, "outcome": outcome_of(stage, pipeline)}
            records.append(labelled | counts | shares | {"amount": float(sums.get("amount", 0))} | ends)
    amount = [] if amounts is None else ["amount", "amount_missing"]
    columns = [by, "stage", "outcome", *COUNTS, *SHARES, *amount, "base", "left_out"]
    table = pd.DataFrame(records, columns=columns)
    table["stage"] = stage_column(table["stage"], pipeline)
    table["outcome"] = outcome_column(table["outcome"])
    integers = [*COUNTS, *amount[1:], "base", "left_out"]
    return table.astype(dict.fromkeys(integers, "int64") | dict.fromkeys([*SHARES, *amount[:1]], "float64"))


def skips_at_moves(
    rows: Sequence[Row], pipeline: Pipeline, values: Sequence[Any], *, unlisted: Unlisted = "error"
) -> pd.DataFrame:
    """Rank who skips what, each skip in the group of the row that went beyond the stage."""
    cells: dict[Any, dict[Stage, Counter[str]]] = {}
    for entries in entries_by_item(rows, pipeline, unlisted, None).values():
        visits = _visits(entries)
        for stage in pipeline.stages:
            counted_at = {}
            if has_visit(visits, stage):
                counted_at["passed"] = [entry.row for entry in entries if entry.stage == stage][-1]
            if went_beyond(visits, stage, pipeline):
                counted_at["beyond"] = _beyond_row(stage, entries, pipeline)
                if not has_visit(visits, stage):
                    counted_at["skipped"] = counted_at["beyond"]
                if began_beyond(visits, stage, pipeline):
                    counted_at["began_beyond"] = counted_at["beyond"]
            for name, row in counted_at.items():
                group = None if pd.isna(values[row]) else values[row]
                own = cells.setdefault(group, {other: Counter() for other in pipeline.stages})
                own[stage][name] += 1
    present = sorted(group for group in cells if group is not None)
    groups = [*present, *([None] if None in cells else [])]
    return skip_table(
        [(group, stage, cells[group][stage]) for group in groups for stage in pipeline.stages], pipeline
    )


def _beyond_row(stage: Stage, entries: Sequence[Entry], pipeline: Pipeline) -> int:
    """Return the row in which an item first went beyond a stage."""
    return next(entry.row for entry in entries if goes_beyond(_visit(entry), stage, pipeline))


def _add(cell: dict[str, Any], amount: Any) -> None:
    if pd.isna(amount):
        cell["amount_missing"] += 1
    else:
        cell["amount"] += Fraction(amount)


def amounts_at_stages(
    rows: Sequence[Row],
    pipeline: Pipeline,
    amounts: Sequence[Any],
    *,
    kind: Kind = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWon | None = None,
    groups: Values | None = None,
    order: Sequence[Hashable] | None = None,
) -> pd.DataFrame:
    """Add up the amounts at the stages in groups of items: one row per group and stage."""
    by_item = entries_by_item(rows, pipeline, "error", order)
    visits = {item: _visits(entries) for item, entries in by_item.items()}
    records = []
    for _, members in members_of(visits, groups):
        kept = kept_of(members, pipeline, lost_then_won or default_flip_rule(kind))
        counting_of = [countings(by_item[item], pipeline, kind, fill) for item in kept]
        for stage in labels(pipeline):
            cell: dict[str, Any] = {"amount": Fraction(0), "amount_missing": 0}
            for by_stage in counting_of:
                if stage in by_stage:
                    _add(cell, amounts[by_stage[stage].amount_row])
            records.append({"amount": float(cell["amount"]), "amount_missing": cell["amount_missing"]})
    return pd.DataFrame(records, columns=["amount", "amount_missing"])
