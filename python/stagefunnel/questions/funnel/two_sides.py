"""The two sides of a difference: two groups of a breakdown, or two periods, each with groups of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...errors import SchemaError, advised, given, given_period, is_named, named, quoted
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.labels import value_label
from ...tables.options import AtName, BasisName
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike, period_of
from ..scope.breakdown import by_columns, groups_of
from ..scope.groups import Groups
from ..scope.remarks import joined_remarks, remark
from ..scope.scope import Scope
from ..scope.selection import Selection, selection_of
from ..scope.where import Asked
from ..scope.within import basis_of
from .compared_periods import period_name
from .count import count
from .counts import FunnelCounts
from .kinds import rules_of
from .period_bounds import shared_items
from .sides import group_at, label_of
from .steps import with_one_won_stage


@dataclass(frozen=True, eq=False)
class Side:
    """One side: what it is called, its counts by group of the mix, and the values of these groups."""

    name: str
    counts: FunnelCounts
    values: pd.DataFrame

    @property
    def n_open(self) -> int:
        """Items that are open now."""
        return int(self.counts.open.sum())


@dataclass(frozen=True, eq=False)
class TwoSides:
    """Two sides under a pipeline whose won stages are one.

    Attributes
    ----------
    pipeline
        That pipeline.
    a, b
        What is looked at, and what it is compared with.
    shared
        Items that are on both sides.
    selections
        What was read.
    too_recent
        Items that were left out as too recent; ``None`` where items are not followed for a length of time.
    """

    pipeline: Pipeline
    a: Side
    b: Side
    shared: int
    selections: tuple[Selection, ...]
    too_recent: int | None = None

    @property
    def remembered(self) -> dict[str, Any]:
        """What a table remembers of its sides."""
        both = (self.a, self.b)
        return {
            "sides": [side.name for side in both],
            "items": [int(side.counts.base.sum()) for side in both],
            "open": [side.n_open for side in both],
            **({} if self.too_recent is None else {"too_recent": self.too_recent}),
            **({"shared_items": self.shared} if self.shared else {}),
        }

    def remarked(self, asked: Asked, table: pd.DataFrame) -> pd.DataFrame:
        """Note on a table what stands under every one."""
        if len(self.selections) == 1:
            return asked.remarked(self.selections[0].remarked(table))
        joined = joined_remarks([one.remarks for one in self.selections])
        # The periods are the sides, and neither is the period of the table.
        seen = {
            name: value for name, value in joined.get("seen", {}).items() if name not in ("period", "basis")
        }
        return asked.remarked(remark(table, {**joined, **({"seen": seen} if "seen" in joined else {})}))


def two_sides(
    asked: Asked,
    pipeline: Pipeline,
    by: str | Sequence[str] | None,
    a: Any,
    b: Any,
    *,
    mix: str | Sequence[str] | None = None,
    at: AtName = "first",
    unlisted: str,
    period: PeriodLike | None,
    basis: BasisName | None,
    as_of: MomentLike | None,
    within: LengthLike | None,
    unit: str | None,
) -> TwoSides:
    """Count the furthest stages of two sides: groups of `by`, or periods without it.

    Raises
    ------
    SchemaError
        If a side is missing, is not there, or is the other one.
    """
    (rule,) = rules_of("furthest", "won", None)
    merged = with_one_won_stage(pipeline)
    kept: Any = "created" if basis is None and within is None else basis_of(basis, within)
    if is_named(at, "stage"):
        says = " has groups share items; pass "
        raise SchemaError(given("at", at), says, advised("at", "first"), " or ", advised("at", "last"))

    def selected(one: PeriodLike | None) -> Selection:
        return selection_of(
            asked.log,
            merged,
            unlisted=unlisted,
            missing=asked.missing,
            period=one,
            basis=kept,
            as_of=as_of,
            within=within,
            unit=unit,
            flips=[rule.lost_then_won],
        )

    def counted(selection: Selection, columns: Sequence[str] | None) -> tuple[FunnelCounts, Groups]:
        # What the sides are made of is no column of the result.
        option = "by" if mix is None else "mix"
        groups = groups_of(selection, columns, at=at, option=option, reserved=None)
        return count(Scope(selection, groups), rule), groups

    mixed = None if mix is None else by_columns(mix, "mix")
    if by is None:
        return _periods(asked.log, merged, (a, b), period, selected, lambda one: counted(one, mixed), kept)
    columns = by_columns(by, "by")
    twice = [str(name) for name in mixed or () if name in columns]
    if twice:
        raise SchemaError(given("mix", twice[0]), " is what the sides are made of too; name another column")
    selection = selected(period)
    groups_of(selection, columns, at=at, reserved=None)  # whose errors are about `by`
    counts, groups = counted(selection, [*columns, *(mixed or ())])
    side_a, side_b = _groups(groups, counts, len(columns), a, b)
    return TwoSides(merged, side_a, side_b, 0, (selection,), counts.said_too_recent.get("too_recent"))


def _periods(
    log: StageLog, pipeline: Pipeline, sides: Any, period: Any, selected: Any, counted: Any, basis: str
) -> TwoSides:
    for option, side in zip("ab", sides, strict=True):
        if side is None:
            raise SchemaError(
                named(option), " is missing; without ", named("by"), ' it is a period, such as "2026-03"'
            )
    if period is not None:
        raise SchemaError(
            given_period("period", period),
            " chooses the items of groups, and here ",
            named("a"),
            " and ",
            named("b"),
            " are the periods; name ",
            named("by"),
        )
    clock = log._data.clock
    periods = [period_of(side, clock, option=option) for option, side in zip("ab", sides, strict=True)]
    selections = tuple(selected(one) for one in sides)
    found = []
    for one, selection in zip(periods, selections, strict=True):
        counts, groups = counted(selection)
        found.append(Side(period_name(one, clock), counts, groups.values))
    too_recent = [n for side in found for n in side.counts.said_too_recent.values()]
    shared = shared_items(selections)
    n_recent = sum(too_recent) if too_recent else None
    return TwoSides(pipeline, found[0], found[1], shared, selections, n_recent)


def _groups(groups: Groups, counts: FunnelCounts, n_columns: int, a: Any, b: Any) -> list[Side]:
    """Take the groups of each side out of those of all columns."""
    values = groups.values.iloc[:, :n_columns]
    labels = [*zip(*(map(value_label, values[name].tolist()) for name in values), strict=True)]
    first = values.drop_duplicates(ignore_index=True)
    if a is None:
        raise SchemaError(
            named("a"), f" is missing; name a group of {quoted([str(name) for name in values])}"
        )
    wanted_a = _labels_at(first, group_at(first, a, "a"))
    of_a = np.array([label == wanted_a for label in labels], dtype=bool)
    of_b, name_b = ~of_a, "the rest"
    if b is not None:
        wanted_b = _labels_at(first, group_at(first, b, "b"))
        if wanted_b == wanted_a:
            raise SchemaError(given("b", b), " is the group that is looked at too; name another one")
        of_b, name_b = np.array([label == wanted_b for label in labels], dtype=bool), ", ".join(wanted_b)
    mixed = groups.values.iloc[:, n_columns:]
    return [
        Side(name, counts.at_groups(np.flatnonzero(own)), mixed[own].reset_index(drop=True))
        for name, own in ((", ".join(wanted_a), of_a), (name_b, of_b))
    ]


def _labels_at(values: pd.DataFrame, place: int) -> tuple[str, ...]:
    return tuple(value_label(values[name].tolist()[place]) for name in values)


def group_labels(values: pd.DataFrame) -> list[Any]:
    """Write each group as one value: its own where there is one column, else a text."""
    if values.shape[1] == 1:
        return [value if not pd.isna(value) else value_label(value) for value in values.iloc[:, 0].tolist()]
    return [label_of(row) for row in zip(*(values[name].tolist() for name in values), strict=True)]
