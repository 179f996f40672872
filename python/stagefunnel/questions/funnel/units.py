"""The core counts units of several items, such as accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import core_errors
from ..scope.groups import Groups
from ..scope.reading import elsewhere_flags
from ..scope.scope import Scope
from ..scope.units import Units
from .counts import FunnelCounts
from .kinds import Rule
from .states import Lookup, key_of, states_of_items

_OfJourneys: TypeAlias = WeakKeyDictionary[
    _core.journeys.Journeys, dict[tuple[Lookup, int], dict[Rule, _core.funnel.UnitCounts]]
]
# Units are united once: under one rule their counts are as few numbers as those of items.
_kept: WeakKeyDictionary[Units, _OfJourneys] = WeakKeyDictionary()


def count_units(scope: Scope, rule: Rule, units: Units) -> FunnelCounts:
    """Count the units of a scope under one kind; its groups are those of the items."""
    selection, groups = scope.selection, scope.groups
    by_entry = scope.amounts.each == "row"
    in_report = selection.in_report.get(rule.lost_then_won)
    kept = _kept_of(scope, rule, units)
    if rule in kept:
        return _counts_of(kept[rule], None, False)
    with core_errors():
        found = _core.funnel.count_units(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            kind=rule.core_kind,
            lost_then_won=rule.lost_then_won,
            items=units.items,
            in_report=None if in_report is None else in_report.astype(np.uint8),
            moved=None if selection.moved is None else selection.moved.astype(np.uint8),
            group=_code(groups),
            n_groups=groups.n_groups,
            amount=None if by_entry else scope.amounts.values,
            threads=selection.data.threads,
            item_states=states_of_items(selection, rule),
        )
    kept[rule] = found
    return _counts_of(found, None if by_entry else scope.amounts.scale, selection.moved is not None)


def _kept_of(scope: Scope, rule: Rule, units: Units) -> dict[Rule, _core.funnel.UnitCounts]:
    """Return the counts that are kept of the same units of a whole log; an empty dictionary elsewhere."""
    selection = scope.selection
    if not selection.is_whole or not scope.is_plain or selection.moved is not None:
        return {}
    if rule.lost_then_won in selection.in_report:
        return {}
    of_journeys = _kept.setdefault(units, WeakKeyDictionary()).setdefault(selection.journeys, {})
    # A last stage that has no rows is none that states depend on, and has a column of its own.
    return of_journeys.setdefault((key_of(selection.lookup), len(selection.pipeline.labels)), {})


def count_unit_trend(
    scope: Scope, rule: Rule, units: Units, bounds: npt.NDArray[np.int64], seen_at: int | None
) -> FunnelCounts:
    """Count the units that are active in each of some periods."""
    selection, groups = scope.selection, scope.groups
    pipeline = selection.pipeline
    with core_errors():
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
