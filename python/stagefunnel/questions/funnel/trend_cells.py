"""The funnels of the cells of a trend: one of each period and group, all counted in one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows
from ...tables.options import BasisName, Unlisted
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, Period, moment_of
from ..scope.calendar_periods import check_rows
from ..scope.groups import Groups
from ..scope.money import Amounts
from ..scope.reading import elsewhere_flags
from ..scope.remarks import Remarks, of_unknown_start
from ..scope.scope import Scope
from ..scope.selection import Selection, selection_of
from ..scope.units import Flips
from .count import count, count_all
from .counts import FunnelCounts
from .kinds import Rule
from .period_bounds import in_second_report
from .trend_money import TrendMoney
from .units import count_unit_trend

Integers: TypeAlias = npt.NDArray[np.int64]
Again: TypeAlias = Callable[[Amounts], Mapping[str, FunnelCounts]]


def cells_of(periods: pd.PeriodIndex, groups: Groups, n_stages: int) -> Groups:
    """Make a group of every period and group, the groups of one period together."""
    n_groups = groups.n_groups
    check_rows(len(periods), n_groups, n_stages)
    in_each = groups.values.reindex(range(n_groups)).iloc[np.tile(np.arange(n_groups), len(periods))]
    values = label_rows(
        in_each.reset_index(drop=True),
        pd.DataFrame({"period": periods}),
        np.repeat(np.arange(len(periods)), n_groups),
    )
    return replace(
        groups, code=np.zeros(0, dtype=np.int32), values=values, each="item", keeps_empty=groups.is_one
    )


@dataclass(frozen=True, eq=False)
class CellCounts:
    """The counts of the cells of a trend.

    Attributes
    ----------
    counts
        The counts of each kind; their groups are the cells.
    amounts
        What is added up.
    again
        Function that counts with other amounts.
    about_units, start_unknown
        What the table remembers of the units that are counted, and of items whose start is not known.
    """

    counts: Mapping[str, FunnelCounts]
    amounts: Amounts
    again: Again
    about_units: Remarks = field(default_factory=dict)
    start_unknown: Remarks = field(default_factory=dict)

    @classmethod
    def of(cls, amounts: Amounts, again: Again, **more: Any) -> Self:
        """Count, and keep how."""
        return cls(again(amounts), amounts, again, **more)


@dataclass(frozen=True, eq=False)
class Trend:
    """A log as a trend reads it; the attributes are the options of :func:`funnel_by_period`, once read.

    Attributes
    ----------
    whole, groups, rules
        All rows, the groups and the kinds.
    money
        What is added up.
    log, pipeline, unlisted, missing, basis, as_of, within, unit
        The other options.
    """

    whole: Selection
    groups: Groups
    rules: Sequence[Rule]
    money: TrendMoney
    log: StageLog
    pipeline: Pipeline
    unlisted: Unlisted
    missing: Any
    basis: BasisName
    as_of: MomentLike | None
    within: LengthLike | None
    unit: str | None

    def selected(self, period: Period | None) -> Selection:
        """Choose the rows of a stretch of time."""
        return selection_of(
            self.log,
            self.pipeline,
            unlisted=self.unlisted,
            missing=self.missing,
            basis=self.basis,
            as_of=self.as_of,
            within=self.within,
            unit=self.unit,
            period=period,
            flips=[rule.lost_then_won for rule in self.rules],
        )

    def of_nothing(self) -> CellCounts:
        """Count where there are no rows, and so no periods."""
        selection = self.selected(None)
        return CellCounts.of(
            self.money.of(selection),
            lambda amounts: count_all(Scope(selection, amounts=amounts), self.rules),
            about_units=_about_units(selection),
        )

    def of_periods(self, cells: Groups, stretch: Period, bounds: Integers) -> CellCounts:
        """Count all periods, whose bounds are those of the stretch and moments between."""
        if self.basis == "active":
            return self._of_active(stretch, bounds)
        selection, units = self.selected(stretch), self.whole.units
        about = {
            "about_units": _about_units(selection),
            "start_unknown": of_unknown_start(selection.remarks),
        }
        if units is None:
            placed = _placed(cells, self.groups, _periods_of_items(selection, self.basis, bounds))
            return CellCounts.of(
                self.money.of(selection),
                lambda amounts: count_all(Scope(selection, placed, amounts), self.rules),
                **about,
            )
        of_kind = {}
        for rule in self.rules:
            # An account is followed from the first row of all its items.
            flips = rule.lost_then_won if self.within is None else Flips.include
            at = selection.facts(flips).periods(self.basis, bounds)[units.of_item]
            of_kind[rule] = _placed(cells, self.groups, at)
        return CellCounts.of(
            self.money.of(selection),
            lambda amounts: {
                rule.kind: count(Scope(selection, placed, amounts), rule) for rule, placed in of_kind.items()
            },
            **about,
        )

    def _of_active(self, stretch: Period, bounds: Integers) -> CellCounts:
        """Count the items that are active in each period."""
        units, seen_at = self.whole.units, moment_of(self.as_of, self.log._data.clock, "as_of")
        amounts = self.money.of_active(self.whole, lambda: self.selected(stretch))

        def again(amounts: Amounts) -> dict[str, FunnelCounts]:
            scope = Scope(self.whole, self.groups, amounts)
            if units is None:
                return {rule.kind: _count_active(scope, rule, bounds, seen_at) for rule in self.rules}
            return {rule.kind: count_unit_trend(scope, rule, units, bounds, seen_at) for rule in self.rules}

        if units is None:
            return CellCounts.of(amounts, again)
        about: Remarks = {"unit": units.name, "without_unit": 0}
        if units.n > units.n_named:  # else no item of any period is counted alone
            about = _about_units(self.selected(stretch))
        return CellCounts.of(amounts, again, about_units=about)

    def in_second(self, begins: Sequence[Any]) -> list[int]:
        """Count the items, or units, by the second period in which they are active."""
        return in_second_report(self.selected(Period(start, end)) for start, end in pairwise(begins))


def _about_units(selection: Selection) -> Remarks:
    """Take what a selection has to say about the units that are counted."""
    return {name: selection.remarks[name] for name in ("unit", "without_unit") if name in selection.remarks}


def _placed(cells: Groups, groups: Groups, at: npt.NDArray[np.integer[Any]]) -> Groups:
    """Put each item in the cell of its period and group."""
    # An item in none of the periods has no rows left, so that its group does not matter.
    code = np.maximum(at, 0) * np.int32(groups.n_groups) + groups.codes(len(at))
    return replace(cells, code=code.astype(np.int32))


def _periods_of_items(selection: Selection, basis: BasisName, bounds: Integers) -> npt.NDArray[np.int32]:
    """Find the period in which each item was created or closed."""
    return _core.funnel.periods_of_items(
        journeys=selection.grouped,
        pipeline=selection.lookup,
        basis=_core.scan.Basis[basis],
        bounds=bounds,
        threads=selection.data.threads,
    )


def _count_active(scope: Scope, rule: Rule, bounds: Integers, seen_at: int | None) -> FunnelCounts:
    """Count one kind in all periods, each of which keeps the items that are active in it."""
    selection, groups = scope.selection, scope.groups
    log, pipeline = selection.log, selection.pipeline
    with scope.amounts.errors():
        counts = _core.funnel.count_trend(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            kind=rule.core_kind,
            lost_then_won=rule.lost_then_won,
            group=None if groups.is_one else groups.code,
            n_groups=groups.n_groups,
            amount=scope.amounts.values,
            bounds=bounds,
            as_of=seen_at,
            elsewhere=elsewhere_flags(log, pipeline),
            moved_out=_core.scan.MovedOut[pipeline.moved_out],
            threads=log._data.threads,
        )
    if pipeline.moved_out == "exclude":
        return FunnelCounts.of(counts, scope.amounts.scale)
    # The groups of each period are followed by the groups of the items that moved out.
    place = np.arange((len(bounds) - 1) * 2 * groups.n_groups).reshape(-1, 2, groups.n_groups)
    here, moved = (place[:, side].ravel() for side in (0, 1))
    return FunnelCounts.with_moved(counts, here, moved, scope.amounts.scale)
