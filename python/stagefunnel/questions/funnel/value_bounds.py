"""How much of the value gets to each stage, with its bounds, and how much of it hangs on one item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, advised, core_errors, given, named, quoted
from ...log.columns.number import NumberColumn
from ...tables.build import share
from ...tables.options import AmountAtName
from ...tables.schema import AMOUNTS, VALUE_SHARES
from ..scope.money import Amounts
from ..scope.scope import Scope
from ..stats.bounds import Floats
from ..stats.proportions import wilson_bounds_of
from .count import count_all
from .counts import FunnelCounts
from .kinds import Rule
from .outcome_money import cells_of_items

_OF_LARGEST = 2.0**26  # the largest amount in sums of squares, which the core adds up exactly


def check_one_amount(amount: str | None, amount_at: AmountAtName, confidence: float | None) -> None:
    """Refuse amounts of stages where shares of the value are wanted, which need one amount an item."""
    if amount is not None and confidence is not None and amount_at == "stage":
        raise SchemaError(
            given("amount_at", amount_at),
            " reads an amount for each stage, and bounds of a share of the value need one amount for each "
            "item; pass ",
            advised("amount_at", "last"),
            " or ",
            advised("amount_at", "last_known"),
            ", or leave ",
            named("confidence"),
            " out",
        )


def with_value_shares(
    table: pd.DataFrame,
    scope: Scope,
    rules: Sequence[Rule],
    counted: Mapping[str, FunnelCounts],
    confidence: float | None,
) -> pd.DataFrame:
    """Put the shares of the value right after the amounts of a funnel's table, which has both options.

    Of units they are missing: the amounts of a stage are those of items, of which a unit may have several.
    """
    if confidence is None or scope.amounts.numbers is None:
        return table
    is_of_units = scope.selection.units is not None
    taken = sorted({*VALUE_SHARES} & {*map(str, table.columns)})
    if taken:
        raise SchemaError(
            f"the result has columns of its own called {quoted(taken)}; rename the columns of the breakdown"
        )
    squares = _squares(scope, rules)
    bases = [_Bases.of(scope, rule) for rule in rules]
    parts = []
    for rule, base in zip(rules, bases, strict=True):
        counts = counted[rule.kind]
        shown = scope.groups.shown(counts.counts_something(scope.groups.each))
        by_entry = scope.groups.each == "row"
        columns = _columns(base, counts, squares[rule.kind], shown, confidence, by_entry=by_entry)
        parts.append({name: column * np.nan if is_of_units else column for name, column in columns.items()})
    at = [*table.columns].index(AMOUNTS[-1]) + 1
    for place, name in enumerate(VALUE_SHARES):
        table.insert(at + place, name, np.concatenate([part[name].reshape(-1) for part in parts]))
    missing = int(bases[0].missing.sum()) if scope.groups.each == "item" else int(bases[0].missing[0])
    table.attrs["stagefunnel"] = {
        **table.attrs["stagefunnel"],
        "value_missing": missing,
        "value_negative": bool(np.any(bases[0].is_negative)),
        "value_of_units": is_of_units,
    }
    return table


@dataclass(frozen=True, eq=False)
class _Bases:
    """The amounts of the items of each group, whether they reached a stage or not.

    Attributes
    ----------
    total, largest
        Sum of the amounts and the largest, in their own measure.
    squares, measure
        Sum of the squares of the amounts times the measure.
    n, missing
        Items with an amount, and without.
    is_negative
        Whether an amount is below zero, so that a share of the value means nothing.
    """

    total: Floats
    largest: Floats
    squares: Floats
    n: npt.NDArray[np.int64]
    missing: npt.NDArray[np.int64]
    is_negative: npt.NDArray[np.bool_]
    measure: float

    @classmethod
    def of(cls, scope: Scope, rule: Rule) -> _Bases:
        """Add up the amounts of the items of the base."""
        numbers, groups = scope.amounts.numbers, scope.groups
        assert numbers is not None  # the caller has amounts
        values, n_groups = numbers.values, groups.n_groups
        factor = _factor(values)
        outcome, group = cells_of_items(scope, rule)
        # Read at the stages, groups have no items of their own: the base is the whole report.
        cell = np.where(outcome < 0, -1, group if groups.each == "item" else 0)
        with core_errors():
            sums = _core.funnel.sums_of_cells(amount=values, cell=cell, n_cells=n_groups, scale=numbers.scale)
            squares = _core.funnel.sums_of_cells(
                amount=(values * factor) ** 2, cell=cell, n_cells=n_groups, scale=0
            )
        counts = (cell >= 0) & ~np.isnan(values)
        largest, least = np.zeros(n_groups), np.zeros(n_groups)
        np.maximum.at(largest, cell[counts], values[counts])
        np.minimum.at(least, cell[counts], values[counts])
        unit = 10.0**numbers.scale
        values_of: list[Any]
        values_of = [sums.sum, largest / unit, squares.sum, sums.present, sums.missing, least < 0]
        if groups.each == "row":
            values_of = [np.full(n_groups, column[0]) for column in values_of]
        values_of.append(factor * unit)
        return cls(*values_of)


def _factor(values: Floats) -> float:
    """Return what amounts are multiplied by so that the core adds up their squares without a loss."""
    most = float(np.abs(values[~np.isnan(values)]).max(initial=0.0))
    return _OF_LARGEST / most if most > 0 else 1.0


def _squares(scope: Scope, rules: Sequence[Rule]) -> dict[str, Floats]:
    """Add up the squares of the amounts of the items that reached each stage, by kind, group and stage."""
    numbers = scope.amounts.numbers
    assert numbers is not None  # the caller has amounts
    squared = Amounts(NumberColumn((numbers.values * _factor(numbers.values)) ** 2), scope.amounts.each)
    found = {}
    for kind, counts in count_all(replace(scope, amounts=squared), rules).items():
        assert counts.amount is not None  # they were asked for
        found[kind] = counts.amount
    return found


def _columns(
    base: _Bases,
    counts: FunnelCounts,
    squares: Floats,
    shown: npt.NDArray[np.intp],
    confidence: float,
    *,
    by_entry: bool,
) -> dict[str, Any]:
    """Estimate the shares of the value of the groups that are shown, at every stage."""
    assert counts.amount is not None  # the caller has amounts
    known = (base.total > 0) & ~base.is_negative
    total, n = np.where(known, base.total, np.nan)[shown, np.newaxis], base.n[shown, np.newaxis]
    estimate = share(counts.amount[shown], np.broadcast_to(total, counts.amount[shown].shape))
    reached, every = squares[shown], base.squares[shown, np.newaxis]
    measured = total * base.measure
    spread = (1 - estimate) ** 2 * reached + estimate**2 * np.maximum(every - reached, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(n > 1, n / (n - 1), np.nan) * spread / measured**2
        kish = np.broadcast_to(measured**2 / every, estimate.shape)
        scatters = (variance > 0) & (estimate > 0) & (estimate < 1)
        linear = np.where(scatters, estimate * (1 - estimate) / variance, np.inf)
    n_eff = np.minimum(kish, linear)
    if by_entry:  # side by side they would be taken for those of sets that have nothing in common
        n_eff = np.full(n_eff.shape, np.nan)
    low, high = wilson_bounds_of(estimate.reshape(-1), n_eff.reshape(-1), confidence)
    top = share(np.where(known, base.largest, np.nan)[shown, np.newaxis], total)
    return {
        "amount_conversion": estimate,
        "amount_conversion_low": low,
        "amount_conversion_high": high,
        "amount_n_eff": n_eff,
        "top_share": np.broadcast_to(top, estimate.shape),
    }
