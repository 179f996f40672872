"""How much of the value gets to each stage, with its bounds, and how much of it hangs on one item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, advised, given, named, quoted
from ...tables.build import share
from ...tables.options import AmountAtName
from ...tables.schema import AMOUNTS, VALUE_SHARES
from ..scope.groups import Groups
from ..stats.proportions import wilson_bounds_of
from .counts import FunnelCounts
from .value_counts import ValueCounted


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
    values: Mapping[str, ValueCounted] | None,
    counted: Mapping[str, FunnelCounts],
    groups: Groups,
    confidence: float | None,
    *,
    is_of_units: bool,
) -> pd.DataFrame:
    """Put the shares of the value right after the amounts of a funnel's table, which has both options.

    Of units they are missing: the amounts of a stage are those of items, of which a unit may have several.
    """
    if confidence is None or values is None:
        return table
    taken = sorted({*VALUE_SHARES} & {*map(str, table.columns)})
    if taken:
        raise SchemaError(
            f"the result has columns of its own called {quoted(taken)}; rename the columns of the breakdown"
        )
    by_entry = groups.each == "row"
    parts = []
    for kind, counts in counted.items():
        shown = groups.shown(counts.counts_something(groups.each))
        columns = _columns(values[kind], counts, shown, confidence, by_entry=by_entry)
        parts.append({name: column * np.nan if is_of_units else column for name, column in columns.items()})
    at = [*table.columns].index(AMOUNTS[-1]) + 1
    for place, name in enumerate(VALUE_SHARES):
        table.insert(at + place, name, np.concatenate([part[name].reshape(-1) for part in parts]))
    base = next(iter(values.values())).base
    table.attrs["stagefunnel"] = {
        **table.attrs["stagefunnel"],
        "value_missing": int(base.missing.sum()),
        "value_negative": bool((base.is_negative > 0).any()),
        "value_of_units": is_of_units,
    }
    return table


def _columns(
    value: ValueCounted,
    counts: FunnelCounts,
    shown: npt.NDArray[np.intp],
    confidence: float,
    *,
    by_entry: bool,
) -> dict[str, Any]:
    """Estimate the shares of the value of the groups that are shown, at every stage."""
    assert counts.amount is not None  # the caller has amounts
    base, n_groups = value.base, len(counts.amount)
    # Read at the stages, groups have no items of their own: the base is the whole report.
    all_total, all_n, negative, bits = (
        np.repeat(column, n_groups) if by_entry else column
        for column in (base.total.rounded(), base.n, base.is_negative, base.largest)
    )
    known = (all_total > 0) & (negative < 1)
    total, n = np.where(known, all_total, np.nan)[shown, np.newaxis], all_n[shown, np.newaxis]
    estimate = share(counts.amount[shown], np.broadcast_to(total, counts.amount[shown].shape))
    of_stages, of_base = value.sums_of_squares(n_groups, counts.amount.shape[1])
    reached, every = of_stages[shown], of_base[shown, np.newaxis]
    spread = (1 - estimate) ** 2 * reached + estimate**2 * np.maximum(every - reached, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(n > 1, n / (n - 1), np.nan) * spread / total**2
        kish = np.broadcast_to(total**2 / every, estimate.shape)
        scatters = (variance > 0) & (estimate > 0) & (estimate < 1)
        linear = np.where(scatters, estimate * (1 - estimate) / variance, np.inf)
    n_eff = np.minimum(kish, linear)
    if by_entry:  # side by side they would be taken for those of sets that have nothing in common
        n_eff = np.full(n_eff.shape, np.nan)
    low, high = wilson_bounds_of(estimate.reshape(-1), n_eff.reshape(-1), confidence)
    largest = np.where(known, bits.view(np.float64), np.nan)
    top = share(largest[shown, np.newaxis], total)
    return {
        "amount_conversion": estimate,
        "amount_conversion_low": low,
        "amount_conversion_high": high,
        "amount_n_eff": n_eff,
        "top_share": np.broadcast_to(top, estimate.shape),
    }
