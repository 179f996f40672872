"""Asking the core for the counts of a funnel: by state, item by item, or entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError
from ...log.columns.category import Codes
from ...tables.schema import AMOUNTS, MOVED_OUT
from ..scope.breakdown import items_of_rows
from ..scope.groups import Groups, folded
from ..scope.money import Amounts
from ..scope.selection import Selection
from .kinds import Rule
from .states import item_states

_STAGES_PASSED = ("passed", "assumed", "visited", "skipped", "beyond")
_ITEMS = (*_STAGES_PASSED, "lost_from", "open_at", "won", "lost", "open", "left_out", "reopened_won")


@dataclass(frozen=True, eq=False)
class FunnelCounts:
    """Counts of items as the core made them.

    Attributes
    ----------
    passed, assumed, visited, skipped, beyond, lost_from, open_at
        One row per group and one column per stage.
    won, lost, open, left_out, reopened_won
        One entry per group.
    amount, amount_missing
        As the counts of stages, where amounts are added up; else empty.
    moved_out
        One entry per group, where items that moved to another pipeline are kept; they are in no outcome.
    """

    passed: Integers
    assumed: Integers
    visited: Integers
    skipped: Integers
    beyond: Integers
    lost_from: Integers
    open_at: Integers
    won: Integers
    lost: Integers
    open: Integers
    left_out: Integers
    reopened_won: Integers
    amount: npt.NDArray[np.float64] | None = None
    amount_missing: Integers | None = None
    moved_out: Integers | None = None

    @classmethod
    def of(cls, counts: _core.funnel.Counts | FunnelCounts) -> FunnelCounts:
        """Take the counts of items out of the core's."""
        return (
            counts
            if isinstance(counts, FunnelCounts)
            else cls(**{name: getattr(counts, name) for name in _ITEMS})
        )

    @classmethod
    def with_moved(
        cls, counts: _core.funnel.Counts, here: npt.NDArray[np.intp], moved: npt.NDArray[np.intp]
    ) -> FunnelCounts:
        """Put together what was counted apart: the groups `moved` have the items that moved out of `here`."""
        names = [*_ITEMS, *(name for name in AMOUNTS if getattr(counts, name).size)]
        tables = {name: getattr(counts, name)[here] for name in names}
        for name in (*_STAGES_PASSED, *names[len(_ITEMS) :], "left_out"):
            tables[name] = tables[name] + getattr(counts, name)[moved]
        return cls(**tables, moved_out=(counts.won + counts.lost + counts.open)[moved])

    @classmethod
    def total(cls, parts: Sequence[FunnelCounts]) -> FunnelCounts:
        """Add up counts of different items in the same groups and stages."""
        names = [*_ITEMS, *([] if parts[0].moved_out is None else [MOVED_OUT])]
        return cls(**{name: np.sum([getattr(one, name) for one in parts], axis=0) for name in names})


Counts: TypeAlias = _core.funnel.Counts | FunnelCounts


def count_all(
    selection: Selection, rules: Sequence[Rule], groups: Groups | None, amounts: Amounts | None
) -> dict[str, Counts]:
    """Ask the core for the counts of several kinds; groups and amounts are read once for those that can."""
    by_entry = "row" in (groups and groups.each, amounts and amounts.each)
    if (
        len(rules) > 1
        and not by_entry
        and (groups or amounts)
        and all(rule.counts_by_state for rule in rules)
    ):
        states = _item_states(selection)
        if states is not None:
            code, n_groups = core_groups(selection, groups)
            kinds = [(rule.core_kind, rule.lost_then_won) for rule in rules]
            values = None if amounts is None else amounts.numbers.values
            try:
                found = _core.funnel.count_funnels(
                    selection.journeys,
                    selection.lookup,
                    kinds,
                    code,
                    n_groups,
                    values,
                    selection.data.threads,
                    states,
                )
            except ValueError as error:
                raise SchemaError(str(error)) from error
            return {
                rule.kind: put_together(selection, counts) for rule, counts in zip(rules, found, strict=True)
            }
    return {rule.kind: count(selection, rule, groups, amounts) for rule in rules}


def _item_states(selection: Selection) -> _core.funnel.ItemStates | None:
    """Count the items by state, and tell the state of each."""
    if selection.is_whole:
        return item_states(selection.data, selection.lookup, with_items=True)
    return _core.funnel.find_states_of_items(selection.journeys, selection.lookup, selection.data.threads)


def count(
    selection: Selection,
    rule: Rule,
    groups: Groups | None = None,
    amounts: Amounts | None = None,
) -> Counts:
    """Ask the core for the counts of one kind."""
    code, n_groups = core_groups(selection, groups)
    return put_together(selection, _count(selection, rule, groups, code, n_groups, amounts))


def core_groups(selection: Selection, groups: Groups | None) -> tuple[Codes | None, int]:
    """Say which group the core counts each item in, or each row, and how many there are."""
    code = None if groups is None else groups.code
    n_groups = 1 if groups is None else max(len(groups.values), 1)
    if selection.moved is None:
        return code, n_groups
    # Items that moved out are counted in groups of their own, which lie behind the others.
    at_rows = groups is not None and groups.each == "row"
    moved = selection.moved[items_of_rows(selection.log)] if at_rows else selection.moved
    own = np.zeros(len(moved), dtype=np.int32) if code is None else code
    return own + moved.astype(np.int32) * np.int32(n_groups), 2 * n_groups


def put_together(selection: Selection, counts: _core.funnel.Counts) -> Counts:
    """Bring the core's counts back to one group for each that was asked for."""
    if selection.moved is None:
        return counts
    n_groups = len(counts.won) // 2
    return FunnelCounts.with_moved(counts, np.arange(n_groups), np.arange(n_groups, 2 * n_groups))


def _count(
    selection: Selection,
    rule: Rule,
    groups: Groups | None,
    code: Codes | None,
    n_groups: int,
    amounts: Amounts | None,
) -> _core.funnel.Counts:
    log = selection.log
    values = None if amounts is None else amounts.numbers.values
    by_entry = "row" in (groups and groups.each, amounts and amounts.each)
    try:
        if by_entry:
            return _core.funnel.count_entries(
                selection.journeys,
                selection.lookup,
                rule.core_kind,
                rule.lost_then_won,
                log._data.journeys,
                np.zeros(log.n_items, dtype=np.int32) if code is None else code,
                n_groups,
                values,
                log._data.threads,
            )
        with_items = code is not None or values is not None
        return _core.funnel.count_funnel(
            selection.journeys,
            selection.lookup,
            rule.core_kind,
            rule.lost_then_won,
            code,
            n_groups,
            values,
            log._data.threads,
            item_states(selection.data, selection.lookup, with_items)
            if selection.is_whole and rule.counts_by_state
            else None,
        )
    except ValueError as error:
        raise SchemaError(str(error)) from error


Integers: TypeAlias = npt.NDArray[np.int64]


def without_small(groups: Groups, counts: Counts, top: int) -> Groups:
    """Fold all groups but the largest of those counted."""
    return folded(groups, sizes_of(groups, counts), top)


def sizes_of(groups: Groups, counts: Counts) -> npt.NDArray[np.int64]:
    """Say how large each group is: its items, or how often an item counts in a stage with it."""
    if groups.each == "row":
        reached: npt.NDArray[np.int64] = (counts.passed + counts.assumed).sum(axis=1)
        return reached
    items: npt.NDArray[np.int64] = counts.won + counts.lost + counts.open
    moved = counts.moved_out if isinstance(counts, FunnelCounts) else None
    return items if moved is None else items + moved
