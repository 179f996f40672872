"""The core counts units of several items, such as accounts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ... import _core
from ..scope.groups import Groups
from ..scope.reading import elsewhere_flags
from ..scope.scope import Scope
from ..scope.selection import Selection
from ..scope.units import Units
from .counts import FunnelCounts
from .kinds import Rule
from .states import Lookup, key_of, states_of_items


@dataclass(frozen=True)
class _KeptUnits:
    """What is kept of the units of a log under a pipeline: their counts, and the units that were united."""

    counts: dict[Rule, _core.funnel.UnitCounts] = field(default_factory=dict)
    united: dict[Rule, _core.funnel.UnitWords] = field(default_factory=dict)


_OfJourneys: TypeAlias = WeakKeyDictionary[_core.journeys.Journeys, dict[tuple[Lookup, int], _KeptUnits]]
# Units are united once: under one rule their counts are as few numbers as those of items.
_kept: WeakKeyDictionary[Units, _OfJourneys] = WeakKeyDictionary()
_MOST_UNITED: Final = 4  # rules; each has twenty bytes a unit
_MOST_STAGES: Final = 12  # of a pipeline whose items have states


def count_units(scope: Scope, rule: Rule, units: Units) -> FunnelCounts:
    """Count the units of a scope under one kind; its groups are those of the items."""
    selection, groups = scope.selection, scope.groups
    by_entry = scope.amounts.each == "row"
    kept = _kept_of(scope, rule, units)
    if scope.is_plain and rule in kept.counts:
        return _counts_of(kept.counts[rule], None, False)
    states = states_of_items(selection, rule)
    if states is not None and scope.amounts.is_none and _can_unite(selection):
        found = _count_by_states(scope, rule, units, states, kept)
        if scope.is_plain:
            kept.counts[rule] = found
        return _counts_of(found, None, False)
    with scope.amounts.errors():
        found = _core.funnel.count_units(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            kind=rule.core_kind,
            lost_then_won=rule.lost_then_won,
            items=units.items,
            in_report=_in_report(selection, rule),
            moved=None if selection.moved is None else selection.moved.astype(np.uint8),
            group=_code(groups),
            n_groups=groups.n_groups,
            amount=None if by_entry else scope.amounts.values,
            threads=selection.data.threads,
            item_states=states,
        )
    if scope.is_plain:
        kept.counts[rule] = found
    return _counts_of(found, None if by_entry else scope.amounts.scale, selection.moved is not None)


def _count_by_states(
    scope: Scope, rule: Rule, units: Units, states: _core.funnel.ItemStates, kept: _KeptUnits
) -> _core.funnel.UnitCounts:
    """Count units without amounts, each told by a few words."""
    selection, groups = scope.selection, scope.groups
    if groups.is_one:
        return _core.funnel.count_units_in_place(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            kind=rule.core_kind,
            lost_then_won=rule.lost_then_won,
            unit_of_item=units.of_item,
            n_units=units.n,
            in_report=_in_report(selection, rule),
            item_states=states,
            threads=selection.data.threads,
        )
    return _core.funnel.count_united(
        pipeline=selection.lookup,
        group=groups.code,
        n_groups=groups.n_groups,
        units=_united(scope, rule, units, states, kept.united),
        threads=selection.data.threads,
    )


def _can_unite(selection: Selection) -> bool:
    """Whether a unit is told by a few words: none of its items moved out, and stages are few."""
    return selection.moved is None and len(selection.pipeline.labels) <= _MOST_STAGES


def _united(
    scope: Scope,
    rule: Rule,
    units: Units,
    states: _core.funnel.ItemStates,
    kept: dict[Rule, _core.funnel.UnitWords],
) -> _core.funnel.UnitWords:
    """Unite the items of each unit, or take what an earlier question united."""
    if rule not in kept:
        while len(kept) >= _MOST_UNITED:
            del kept[next(iter(kept))]
        selection = scope.selection
        kept[rule] = _core.funnel.unite_items(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            kind=rule.core_kind,
            lost_then_won=rule.lost_then_won,
            items=units.items,
            in_report=_in_report(selection, rule),
            item_states=states,
            threads=selection.data.threads,
        )
    return kept[rule]


def _in_report(selection: Selection, rule: Rule) -> npt.NDArray[np.uint8] | None:
    in_report = selection.in_report.get(rule.lost_then_won)
    return None if in_report is None else in_report.astype(np.uint8)


def _kept_of(scope: Scope, rule: Rule, units: Units) -> _KeptUnits:
    """Return what is kept of the same units of a whole log; nothing elsewhere."""
    selection = scope.selection
    if not selection.is_whole or selection.moved is not None or rule.lost_then_won in selection.in_report:
        return _KeptUnits()
    of_journeys = _kept.setdefault(units, WeakKeyDictionary()).setdefault(selection.journeys, {})
    # A last stage that has no rows is none that states depend on, and has a column of its own.
    return of_journeys.setdefault((key_of(selection.lookup), len(selection.pipeline.labels)), _KeptUnits())


def count_unit_trend(
    scope: Scope, rule: Rule, units: Units, bounds: npt.NDArray[np.int64], seen_at: int | None
) -> FunnelCounts:
    """Count the units that are active in each of some periods."""
    selection, groups = scope.selection, scope.groups
    pipeline = selection.pipeline
    with scope.amounts.errors():
        found = _core.funnel.count_unit_trend(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            kind=rule.core_kind,
            lost_then_won=rule.lost_then_won,
            items=units.items,
            group=_code(groups),
            n_groups=groups.n_groups,
            amount=scope.amounts.values,
            bounds=bounds,
            as_of=seen_at,
            elsewhere=elsewhere_flags(selection.log, pipeline),
            moved_out=_core.scan.MovedOut[pipeline.moved_out],
            threads=selection.data.threads,
        )
    return _counts_of(found, scope.amounts.scale, pipeline.moved_out == "include")


def _code(groups: Groups) -> npt.NDArray[np.int32] | None:
    return None if groups.is_one else groups.code


def _counts_of(found: _core.funnel.UnitCounts, scale: int | None, keeps_moved: bool) -> FunnelCounts:
    counts = FunnelCounts.of(found.counts, scale)
    return replace(counts, moved_out=found.moved_out) if keeps_moved else counts
