"""The two sides of a difference: two groups of a breakdown, or two periods, each with groups of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...errors import SchemaError, advised, given, given_period, is_named, named, quoted
from ...pipeline import Pipeline
from ...tables.labels import value_label
from ...tables.options import AtName, BasisName
from ...times.lengths import LengthLike
from ...times.periods import Clock, MomentLike, Period, PeriodLike, period_of
from ..scope.breakdown import by_columns, groups_of
from ..scope.groups import Groups
from ..scope.remarks import Remarks, joined_remarks, remark
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
    remarks
        What stands under every table.
    too_recent
        Items that were left out as too recent; ``None`` where items are not followed for a length of time.
    """

    pipeline: Pipeline
    a: Side
    b: Side
    shared: int
    remarks: Remarks
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

    def remarked(self, table: pd.DataFrame) -> pd.DataFrame:
        """Note on a table what stands under every one."""
        return remark(table, self.remarks)


@dataclass(frozen=True, eq=False)
class CountedSides:
    """The counts of two sides: of one selection by the groups that both are made of, or of two periods.

    Attributes
    ----------
    selections, counts, groups
        What was read, its counts and their groups.
    periods
        The periods; ``None`` where the sides are groups.
    """

    selections: tuple[Selection, ...]
    counts: tuple[FunnelCounts, ...]
    groups: tuple[Groups, ...]
    periods: tuple[Period, Period] | None

    @property
    def shared(self) -> int:
        """Items that are on both sides."""
        return 0 if self.periods is None else shared_items(self.selections)


def two_sides(
    asked: Asked, pipeline: Pipeline, by: str | Sequence[str] | None, a: Any, b: Any, **options: Any
) -> TwoSides:
    """Count the furthest stages of two sides; the options are those of :func:`count_sides`.

    Raises
    ------
    SchemaError
        If a side is missing, is not there, or is the other one.
    """
    counted = count_sides(asked, pipeline, by, a, b, **options)
    if counted.periods is None:
        remarks = {**counted.selections[0].remarks, **asked.remarks}
    else:
        joined = joined_of_periods([one.remarks for one in counted.selections])
        remarks = {**joined, **asked.remarks}
    return sides_of(
        *(counted.counts, counted.groups, counted.shared, remarks),
        pipeline=pipeline,
        by=by,
        a=a,
        b=b,
        clock=asked.log._data.clock,
    )


def joined_of_periods(remarks: Sequence[Remarks]) -> Remarks:
    """Join what is to be said about two periods, neither of which is the period of the table."""
    joined = joined_remarks(remarks)
    seen = {name: value for name, value in joined.get("seen", {}).items() if name not in ("period", "basis")}
    return {**joined, **({"seen": seen} if "seen" in joined else {})}


def count_sides(
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
) -> CountedSides:
    """Count the furthest stages of groups of `by`, or of two periods without it."""
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
        periods = _periods(a, b, period, asked.log._data.clock)
        both = tuple(selected(one) for one in (a, b))
        found = [counted(one, mixed) for one in both]
        return CountedSides(
            both, tuple(counts for counts, _ in found), tuple(groups for _, groups in found), periods
        )
    columns = by_columns(by, "by")
    twice = [str(name) for name in mixed or () if name in columns]
    if twice:
        raise SchemaError(given("mix", twice[0]), " is what the sides are made of too; name another column")
    selection = selected(period)
    groups_of(selection, columns, at=at, reserved=None)  # whose errors are about `by`
    counts, groups = counted(selection, [*columns, *(mixed or ())])
    return CountedSides((selection,), (counts,), (groups,), None)


def sides_of(
    counts: Sequence[FunnelCounts],
    groups: Sequence[Groups],
    shared: int,
    remarks: Remarks,
    *,
    pipeline: Pipeline,
    by: str | Sequence[str] | None,
    a: Any,
    b: Any,
    clock: Clock,
) -> TwoSides:
    """Make the sides of what is counted."""
    merged = with_one_won_stage(pipeline)
    if by is not None:
        side_a, side_b = _groups(groups[0], counts[0], len(by_columns(by, "by")), a, b)
        n_recent = counts[0].said_too_recent.get("too_recent")
        return TwoSides(merged, side_a, side_b, shared, remarks, n_recent)
    sides = [
        Side(period_name(one, clock), of_side, one_of.values)
        for one, of_side, one_of in zip(_periods(a, b, None, clock), counts, groups, strict=True)
    ]
    too_recent = [n for side in sides for n in side.counts.said_too_recent.values()]
    return TwoSides(merged, sides[0], sides[1], shared, remarks, sum(too_recent) if too_recent else None)


def _periods(a: Any, b: Any, period: Any, clock: Clock) -> tuple[Period, Period]:
    """Read the periods that the sides are."""
    for option, side in (("a", a), ("b", b)):
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
    return period_of(a, clock, option="a"), period_of(b, clock, option="b")


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
