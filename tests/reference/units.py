"""Units of several items, such as accounts: which a period keeps, their funnel, outcomes and losses."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import pandas as pd

from reference.chain import all_began_beyond, joint_standing, reaches
from reference.funnel import COUNTS, SHARES, compared_with, default_flip_rule
from reference.journeys import (
    Visit,
    closed_at,
    has_visit,
    journeys,
    outcome,
    reopened_won,
    visits_by_item,
    went_beyond,
)
from reference.kinds import Fill, Kind, counted
from reference.report import LostThenWon, Values, kept_of, share, table_of
from reference.selection import Basis, MovedOut, followed, kept_rows, lies_in, moved_at
from reference.stages import (
    Item,
    Pipeline,
    Row,
    Stage,
    Time,
    labels,
    outcome_column,
    outcome_of,
    stage_column,
)


class Report(NamedTuple):
    """The items that a report is about, unit by unit.

    ``of_unit`` has the items of each unit in the order of the input; ``visits`` and ``moved`` are those of
    the rows that are read. ``too_recent`` are the first items of the units that are left out as too recent.
    """

    of_unit: dict[Any, list[Item]]
    visits: dict[Item, list[Visit]]
    moved: set[Item]
    too_recent: list[Item]


def unit_report(
    rows: Sequence[Row],
    pipeline: Pipeline,
    units: Values,
    *,
    basis: Basis = "active",
    start: Time | None = None,
    end: Time | None = None,
    as_of: Time | None = None,
    within: Any = None,
    observed_until: Time | None = None,
    elsewhere: Collection[Stage] = (),
    moved_out: MovedOut = "exclude",
    lost_then_won: LostThenWon = "include",
) -> Report:
    """Choose the units of a period, and the rows that are read of their items.

    The flip rule leaves items out of what says when a unit began and closed, unless it leaves out all of
    its items, or the unit is followed for a length of time.
    """
    where: dict[str, Any] = {"elsewhere": elsewhere, "moved_out": moved_out}
    if within is None:
        until = end if basis == "active" else None
        kept = [rows[i] for i in kept_rows(rows, pipeline, basis="active", end=until, as_of=as_of, **where)]
        found = _report(rows, kept, pipeline, units, elsewhere)
        of_unit = {}
        for unit, items in found.of_unit.items():
            left = left_items(found, items, pipeline, lost_then_won)
            if _is_in_period(found, left, pipeline, basis, start, end, kept, elsewhere):
                of_unit[unit] = items
        return found._replace(of_unit=of_unit)
    own, too_recent = followed(rows, pipeline, within, as_of=as_of, observed_until=observed_until)
    alone = _cut(rows, own, too_recent)
    kept = [alone[i] for i in kept_rows(alone, pipeline, basis="created", as_of=as_of, **where)]
    found = _report(rows, kept, pipeline, units, elsewhere)
    firsts = {unit: _first_time(found, items) for unit, items in found.of_unit.items()}
    seen = {unit: first for unit, first in firsts.items() if lies_in(first, start, end)}
    ends = [moment for moment in (as_of, observed_until) if moment is not None]
    last = ends[0] if ends else max((time for _, _, time in rows), default=None)
    late = {unit for unit, first in seen.items() if not first + within < last}
    of_item = {item: _unit_of(item, units) for item in own}
    until_of = {
        item: seen[unit] + within for item, unit in of_item.items() if unit in seen and unit not in late
    }
    followed_rows = _cut(rows, until_of, set())
    kept = [
        followed_rows[i] for i in kept_rows(followed_rows, pipeline, basis="created", as_of=as_of, **where)
    ]
    report = _report(rows, kept, pipeline, units, elsewhere)
    first_items = [first_item(found, items) for unit, items in found.of_unit.items() if unit in late]
    return report._replace(too_recent=first_items)


def _cut(rows: Sequence[Row], until: Mapping[Item, Time], uncut: Collection[Item]) -> list[Row]:
    return [row for row in rows if row[0] in until and (row[0] in uncut or row[2] <= until[row[0]])]


def _unit_of(item: Item, units: Values) -> Any:
    value = units.get(item)
    return ("alone", item) if value is None else ("named", value)


def _report(
    rows: Sequence[Row], kept: Sequence[Row], pipeline: Pipeline, units: Values, elsewhere: Collection[Stage]
) -> Report:
    visits = visits_by_item(kept, pipeline, "ignore")
    of_unit: dict[Any, list[Item]] = {}
    for item in dict.fromkeys(item for item, _, _ in rows):
        if item in visits:
            of_unit.setdefault(_unit_of(item, units), []).append(item)
    gone = {
        item for item, journey in journeys(kept).items() if moved_at(journey, pipeline, elsewhere) is not None
    }
    return Report(of_unit, visits, gone, [])


def left_items(
    report: Report, items: Sequence[Item], pipeline: Pipeline, lost_then_won: LostThenWon
) -> list[Item]:
    """Return the items of a unit that the flip rule leaves in the report; all of them if it leaves none."""
    kept = kept_of({item: report.visits[item] for item in items}, pipeline, lost_then_won)
    return list(kept or items)


def _first_time(report: Report, items: Sequence[Item]) -> Any:
    return report.visits[first_item(report, items)][0].start


def first_item(report: Report, items: Sequence[Item]) -> Item:
    """Return the item whose first row comes first in time, then in the input."""
    return min(items, key=lambda item: report.visits[item][0].start)


def unit_standing(report: Report, items: Sequence[Item], pipeline: Pipeline) -> tuple[str, Stage | None]:
    """Return how some items stand together, and their stage if they are open or lost."""
    return joint_standing({item: report.visits[item] for item in items}, pipeline, report.moved)


def deciding_item(report: Report, of_unit: Sequence[Item], pipeline: Pipeline) -> Item | None:
    """Return the item that says when a unit was won or lost; None while it is open or has moved out."""
    name, _ = unit_standing(report, of_unit, pipeline)
    if name not in ("won", "lost"):
        return None
    items = [
        item
        for item in of_unit
        if item not in report.moved and outcome(report.visits[item], pipeline) == name
    ]
    closed: dict[Item, Any] = {item: closed_at(report.visits[item], pipeline) for item in items}
    at = (min if name == "won" else max)(closed.values())
    together = {item: report.visits[item] for item in items if closed[item] == at}

    def furthest(item: Item) -> int:
        stages = [visit.stage for visit in together[item]]
        if any(stage in pipeline.won for stage in stages):
            return len(pipeline.stages)
        return max((pipeline.stages.index(stage) for stage in stages if stage in pipeline.stages), default=-1)

    return max(together, key=furthest)


def _is_in_period(
    report: Report,
    items: Sequence[Item],
    pipeline: Pipeline,
    basis: Basis,
    start: Time | None,
    end: Time | None,
    kept: Sequence[Row],
    elsewhere: Collection[Stage],
) -> bool:
    if basis == "created":
        return lies_in(_first_time(report, items), start, end)
    decides = deciding_item(report, items, pipeline)
    gone = None if decides is None else closed_at(report.visits[decides], pipeline)
    if basis == "closed":
        return gone is not None and lies_in(gone, start, end)
    if unit_standing(report, items, pipeline)[0] == "moved_out":
        by_item = journeys(kept)
        away: list[Any] = [
            moved_at(by_item[item], pipeline, elsewhere) for item in items if item in report.moved
        ]
        gone = max(away)
    return gone is None or start is None or bool(gone >= start)


def _members(
    report: Report, groups: Values | None, pipeline: Pipeline, lost_then_won: LostThenWon
) -> list[tuple[Any, list[Any], int]]:
    """Return each group with its units and the number of those that are too recent, missing values last."""
    if groups is None:
        return [(None, list(report.of_unit), len(report.too_recent))]
    value = {
        unit: groups.get(first_item(report, left_items(report, items, pipeline, lost_then_won)))
        for unit, items in report.of_unit.items()
    }
    late = [groups.get(item) for item in report.too_recent]
    present = {one for one in [*value.values(), *late] if one is not None}
    some_missing = None in value.values() or None in late
    return [
        (group, [unit for unit in value if value[unit] == group], late.count(group))
        for group in [*sorted(present), *([None] if some_missing else [])]
    ]


def unit_funnel(
    report: Report,
    pipeline: Pipeline,
    *,
    kind: Kind,
    fill: Fill = "won",
    lost_then_won: LostThenWon | None = None,
    groups: Values | None = None,
    amounts: Values,
) -> pd.DataFrame:
    """Count the units in every stage, and add up the amounts of their items.

    Besides the columns of the funnel there are ``moved_out`` and ``too_recent``.
    """
    rule = lost_then_won or default_flip_rule(kind)
    kept = kept_of(report.visits, pipeline, rule)
    counts = {item: counted(visits, pipeline, kind, fill) for item, visits in kept.items()}
    records: list[dict[str, Any]] = []
    for group, members, too_recent in _members(report, groups, pipeline, rule):
        of_unit = {unit: [item for item in report.of_unit[unit] if item in kept] for unit in members}
        of_unit = {unit: items for unit, items in of_unit.items() if items}
        standings = [unit_standing(report, items, pipeline) for items in of_unit.values()]
        reached = {
            stage: sum(any(reaches(counts[item], stage) for item in items) for items in of_unit.values())
            for stage in labels(pipeline)
        }
        for stage in labels(pipeline):
            passed = sum(any(stage in counts[item].passed for item in items) for items in of_unit.values())
            far = [
                items
                for items in of_unit.values()
                if any(went_beyond(kept[item], stage, pipeline) for item in items)
            ]
            skipping = [items for items in far if not any(has_visit(kept[item], stage) for item in items)]
            visiting = sum(any(has_visit(kept[item], stage) for item in items) for items in of_unit.values())
            lost = standings.count(("lost", stage))
            values = [
                amounts.get(item)
                for items in of_unit.values()
                for item in items
                if reaches(counts[item], stage)
            ]
            present = [Fraction(value) for value in values if value is not None]
            records.append(
                {
                    "group": group,
                    "stage": stage,
                    "outcome": outcome_of(stage, pipeline),
                    "reached": reached[stage],
                    "passed": passed,
                    "assumed": reached[stage] - passed,
                    "skipped": len(skipping),
                    "began_beyond": sum(
                        all_began_beyond([kept[item] for item in items], stage, pipeline)
                        for items in skipping
                    ),
                    "lost_from": lost,
                    "open_at": standings.count(("open", stage)),
                    "conversion_from_all": share(reached[stage], len(of_unit)),
                    "conversion_from_previous": share(
                        reached[stage], compared_with(stage, pipeline, reached, len(of_unit))
                    ),
                    "skip_rate": share(len(skipping), len(far)),
                    "loss_rate": share(lost, visiting),
                    "amount": float(sum(present)),
                    "amount_missing": len(values) - len(present),
                    "base": len(of_unit),
                    "left_out": len(members) - len(of_unit),
                    "moved_out": [name for name, _ in standings].count("moved_out"),
                    "too_recent": too_recent,
                }
            )
    ends = ["base", "left_out", "moved_out", "too_recent"]
    columns = ["stage", "outcome", *COUNTS, *SHARES, "amount", "amount_missing", *ends]
    types = dict.fromkeys([*COUNTS, "amount_missing", *ends], "int64")
    types |= dict.fromkeys([*SHARES, "amount"], "float64")
    table = table_of(records, [*(["group"] if groups is not None else []), *columns], types)
    table["stage"] = stage_column(table["stage"], pipeline)
    table["outcome"] = outcome_column(table["outcome"])
    return table


def unit_outcomes(report: Report, pipeline: Pipeline, lost_then_won: LostThenWon) -> dict[str, int]:
    """Count the units by how they stand."""
    kept = kept_of(report.visits, pipeline, lost_then_won)
    of_unit = [[item for item in items if item in kept] for items in report.of_unit.values()]
    standings = [unit_standing(report, items, pipeline)[0] for items in of_unit if items]
    reopened = [
        any(item not in report.moved and reopened_won(kept[item], pipeline) for item in items)
        for items in of_unit
    ]
    counts = {name: standings.count(name) for name in ("won", "lost", "open", "moved_out")}
    left_out = sum(not items for items in of_unit)
    return counts | {
        "base": len(standings),
        "left_out": left_out,
        "reopened_won": sum(reopened),
        "too_recent": len(report.too_recent),
    }


def unit_amounts(
    report: Report, pipeline: Pipeline, lost_then_won: LostThenWon, amounts: Values
) -> dict[str, float]:
    """Add up the amounts of all items of the units by how these stand; the mean is that of the won units."""
    kept = kept_of(report.visits, pipeline, lost_then_won)
    sums: dict[str, Fraction] = dict.fromkeys(("won", "lost", "open", "moved_out"), Fraction(0))
    missing = n_won = 0
    for of_unit in report.of_unit.values():
        items = [item for item in of_unit if item in kept]
        if not items:
            continue
        name = unit_standing(report, items, pipeline)[0]
        values = [Fraction(amounts[item]) for item in items if amounts.get(item) is not None]
        sums[name] += sum(values)
        missing += len(items) - len(values)
        n_won += name == "won" and bool(values)
    record: dict[str, float] = {f"amount_{name}": float(sums[name]) for name in ("won", "lost", "open")}
    record["mean_amount"] = float(sums["won"]) / n_won if n_won else float("nan")
    return record | {"amount_missing": missing}


class Loss(NamedTuple):
    """A unit that is lost now: its stages, times and items."""

    from_stage: Stage | None
    lost_stage: Stage
    until_lost: Any
    decides: Item
    first: Item
    lost_items: list[Item]


def unit_losses(report: Report, pipeline: Pipeline) -> list[Loss]:
    """List the units that are lost now."""
    losses = []
    for items in report.of_unit.values():
        if unit_standing(report, items, pipeline)[0] != "lost":
            continue
        item = deciding_item(report, items, pipeline)
        assert item is not None
        visits = report.visits[item]
        before = list(visits)
        while before and before[-1].stage in pipeline.lost:
            before.pop()
        losses.append(
            Loss(
                before[-1].stage if before else None,
                visits[-1].stage,
                visits[len(before)].start - _first_time(report, items),
                item,
                first_item(report, items),
                [one for one in items if one not in report.moved],
            )
        )
    return losses
