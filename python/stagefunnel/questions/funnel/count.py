"""The core counts a funnel: by state, item by item, or entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ... import _core
from ..scope.groups import Groups, folded
from ..scope.money import NO_AMOUNTS
from ..scope.scope import Scope
from ..scope.selection import Selection
from ..scope.units import Units
from .counts import FunnelCounts
from .kinds import Rule
from .states import item_states, states_of_items
from .units import count_units


def count_all(scope: Scope, rules: Sequence[Rule]) -> dict[str, FunnelCounts]:
    """Count several kinds; kinds that count by state share one walk over groups and amounts."""
    states = _shared_states(scope, rules)
    if states is None:
        return {rule.kind: count(scope, rule) for rule in rules}
    selection = scope.selection
    code, n_groups = scope.core_groups()
    with scope.amounts.errors():
        found = _core.funnel.count_funnels(
            pipeline=selection.lookup,
            kinds=[rule.core_rule for rule in rules],
            group=code,
            n_groups=n_groups,
            amount=scope.amounts.values,
            threads=selection.data.threads,
            item_states=states,
        )
    return {
        rule.kind: _with_too_recent(without_core_groups(selection, counts, scope.amounts.scale), scope)
        for rule, counts in zip(rules, found, strict=True)
    }


def _shared_states(scope: Scope, rules: Sequence[Rule]) -> _core.funnel.ItemStates | None:
    """Count the items by state, where several kinds can be counted from the states at once."""
    if len(rules) < 2 or scope.is_plain or scope.is_by_entry or scope.selection.units is not None:
        return None
    if not all(rule.counts_by_state for rule in rules):
        return None
    return states_of_items(scope.selection, rules[0])


def count(scope: Scope, rule: Rule) -> FunnelCounts:
    """Count one kind."""
    if scope.selection.units is not None:
        return _with_too_recent(_count_units(scope, rule, scope.selection.units), scope)
    with scope.amounts.errors():
        counts = _count_entries(scope, rule) if scope.is_by_entry else _count_items(scope, rule)
    return _with_too_recent(without_core_groups(scope.selection, counts, scope.amounts.scale), scope)


def _count_units(scope: Scope, rule: Rule, units: Units) -> FunnelCounts:
    counts = count_units(scope, rule, units)
    if not scope.is_by_entry:
        return counts
    # The amounts of a unit are those of its items, which are counted in its group.
    groups = scope.groups
    if not groups.is_one:
        facts = scope.selection.facts(rule.lost_then_won)
        groups = replace(groups, code=groups.code[np.maximum(facts.first_items, 0)])
    selection = scope.selection.of_units_under(rule.lost_then_won)
    with scope.amounts.errors():
        found = _count_entries(replace(scope, groups=groups, selection=selection), rule)
    amounts = without_core_groups(scope.selection, found, scope.amounts.scale)
    return replace(counts, amount=amounts.amount, amount_missing=amounts.amount_missing, sums=amounts.sums)


def _with_too_recent(counts: FunnelCounts, scope: Scope) -> FunnelCounts:
    return replace(counts, too_recent=scope.too_recent())


def _count_entries(scope: Scope, rule: Rule) -> _core.funnel.Counts:
    selection = scope.selection
    code, n_groups = scope.core_groups()
    return _core.funnel.count_entries(
        journeys=selection.journeys,
        pipeline=selection.lookup,
        kind=rule.core_kind,
        lost_then_won=rule.lost_then_won,
        whole=selection.data.journeys,
        group=np.zeros(selection.log.n_items, dtype=np.int32) if code is None else code,
        n_groups=n_groups,
        amount=scope.amounts.values,
        threads=selection.data.threads,
    )


def _count_items(scope: Scope, rule: Rule) -> _core.funnel.Counts:
    selection = scope.selection
    code, n_groups = scope.core_groups()
    amount = scope.amounts.values
    states = None
    if selection.is_whole and rule.counts_by_state:
        with_items = code is not None or amount is not None
        states = item_states(selection.data, selection.lookup, with_items)
    if states is not None:
        (found,) = _core.funnel.count_funnels(
            pipeline=selection.lookup,
            kinds=[rule.core_rule],
            group=code,
            n_groups=n_groups,
            amount=amount,
            threads=selection.data.threads,
            item_states=states,
        )
        return found
    return _core.funnel.count_funnel(
        journeys=selection.journeys,
        pipeline=selection.lookup,
        kind=rule.core_kind,
        lost_then_won=rule.lost_then_won,
        group=code,
        n_groups=n_groups,
        amount=amount,
        threads=selection.data.threads,
    )


def without_core_groups(
    selection: Selection, counts: _core.funnel.Counts, scale: int | None = None
) -> FunnelCounts:
    """Join the groups of items that moved out, which only the core has, with the groups of the scope."""
    if selection.moved is None:
        return FunnelCounts.of(counts, scale)
    n_groups = len(counts.won) // 2
    return FunnelCounts.with_moved(counts, np.arange(n_groups), np.arange(n_groups, 2 * n_groups), scale)


def largest_groups(scope: Scope, rules: Sequence[Rule], top: int | None) -> Groups:
    """Return the groups of a scope, with all but the `top` largest of the first kind folded into one."""
    groups = scope.groups
    if top is None or groups.is_one:
        return groups
    by_entry = groups.each == "row"
    # All kinds have the same items in a group, but not the same entries.
    counted = list(count_all(replace(scope, amounts=NO_AMOUNTS), rules if by_entry else rules[:1]).values())
    shown = np.any([counts.counts_something(groups.each) for counts in counted], axis=0)
    # Read at the stages, a group has no items of its own: its size is how often an item counts in a stage.
    sizes = counted[0].reached.sum(axis=1) if by_entry else counted[0].base
    return folded(groups, sizes, shown, top)
