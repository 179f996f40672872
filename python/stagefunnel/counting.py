"""Asking the core for the counts of a funnel: by state, item by item, or entry by entry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import _core
from .breakdowns import items_of_rows
from .digests import digest_of
from .errors import SchemaError
from .factors import Codes, Groups
from .funnel_tables import Counts
from .kinds import Rule
from .money import Money
from .tally import Tally
from .view import View


def count_all(
    view: View, rules: Sequence[Rule], groups: Groups | None, money: Money | None
) -> dict[str, Counts]:
    """Ask the core for the counts of several kinds; groups and amounts are read once for those that can."""
    by_entry = "row" in (groups and groups.each, money and money.each)
    if len(rules) > 1 and not by_entry and (groups or money) and all(rule.is_digestible for rule in rules):
        digest = _digest_of(view)
        if digest is not None:
            code, n_groups = core_groups(view, groups)
            kinds = [(rule.core_kind, rule.lost_then_won) for rule in rules]
            amounts = None if money is None else money.numbers.values
            try:
                found = _core.count_funnels(
                    view.journeys, view.lookup, kinds, code, n_groups, amounts, view.log._data.threads, digest
                )
            except ValueError as error:
                raise SchemaError(str(error)) from error
            return {rule.kind: put_together(view, counts) for rule, counts in zip(rules, found, strict=True)}
    return {rule.kind: count(view, rule, groups, money) for rule in rules}


def _digest_of(view: View) -> _core.Digest | None:
    """Count the items by state, and tell the state of each."""
    if view.is_whole:
        return digest_of(view.log, view.lookup, with_items=True)
    return _core.digest_of_items(view.journeys, view.lookup, view.log._data.threads)


def count(
    view: View,
    rule: Rule,
    groups: Groups | None = None,
    money: Money | None = None,
) -> Counts:
    """Ask the core for the counts of one kind."""
    code, n_groups = core_groups(view, groups)
    return put_together(view, _count(view, rule, groups, code, n_groups, money))


def core_groups(view: View, groups: Groups | None) -> tuple[Codes | None, int]:
    """Say which group the core counts each item in, or each row, and how many there are."""
    code = None if groups is None else groups.code
    n_groups = 1 if groups is None else max(len(groups.values), 1)
    if view.moved is None:
        return code, n_groups
    # Items that moved out are counted in groups of their own, which lie behind the others.
    at_rows = groups is not None and groups.each == "row"
    moved = view.moved[items_of_rows(view.log)] if at_rows else view.moved
    own = np.zeros(len(moved), dtype=np.int32) if code is None else code
    return own + moved.astype(np.int32) * np.int32(n_groups), 2 * n_groups


def put_together(view: View, counts: _core.FunnelCounts) -> Counts:
    """Bring the core's counts back to one group for each that was asked for."""
    if view.moved is None:
        return counts
    n_groups = len(counts.won) // 2
    return Tally.with_moved(counts, np.arange(n_groups), np.arange(n_groups, 2 * n_groups))


def _count(
    view: View, rule: Rule, groups: Groups | None, code: Codes | None, n_groups: int, money: Money | None
) -> _core.FunnelCounts:
    log = view.log
    amounts = None if money is None else money.numbers.values
    by_entry = "row" in (groups and groups.each, money and money.each)
    try:
        if by_entry:
            return _core.count_entries(
                view.journeys,
                view.lookup,
                rule.core_kind,
                rule.lost_then_won,
                log._data.journeys,
                np.zeros(log.n_items, dtype=np.int32) if code is None else code,
                n_groups,
                amounts,
                log._data.threads,
            )
        with_items = code is not None or amounts is not None
        return _core.count_funnel(
            view.journeys,
            view.lookup,
            rule.core_kind,
            rule.lost_then_won,
            code,
            n_groups,
            amounts,
            log._data.threads,
            digest_of(log, view.lookup, with_items) if view.is_whole and rule.is_digestible else None,
        )
    except ValueError as error:
        raise SchemaError(str(error)) from error
