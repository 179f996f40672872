"""Amounts of a report: the current ones or those at each stage, in one currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from numbers import Real
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, check_option, quoted
from ...log.columns.category import CategoryColumn
from ...log.columns.items import ItemsTable
from ...log.columns.number import NumberColumn
from ...tables.options import AmountAtName
from .breakdown import items_of_rows, rows_of_items, rows_per_item, source_of
from .selection import Selection

Rates = Mapping[Any, float]


@dataclass(frozen=True, eq=False)
class Amounts:
    """The amounts of a report.

    Attributes
    ----------
    numbers
        One per item, or per row of the log where `each` says so.
    """

    numbers: NumberColumn
    each: str = "item"


def amounts_of(
    selection: Selection,
    amount: str | None,
    *,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
) -> Amounts | None:
    """Read the amounts that a report adds up."""
    check_option("amount_at", amount_at, get_args(AmountAtName))
    if amount is None:
        given = {"amount_at": amount_at != "last", "currency": currency is not None}
        given["rates"] = rates is not None
        if any(given.values()):
            names = ", ".join(f"{name}=" for name, is_given in given.items() if is_given)
            raise SchemaError(f"{names} says how amount= is read, and there is no amount=")
        return None
    if rates is not None and currency is None:
        raise SchemaError("rates= converts currencies, and currency= does not name the column that has them")
    amounts = _amounts(selection, amount, amount_at)
    if currency is None:
        return amounts
    return _in_one_currency(
        selection, amounts, currency, {} if rates is None else _checked(rates), rates is None
    )


def _amounts(selection: Selection, amount: str, amount_at: AmountAtName) -> Amounts:
    source = source_of(selection.log, amount, "amount")
    if isinstance(source, ItemsTable):
        if amount_at == "stage":
            raise SchemaError(
                f'amount_at="stage" reads the amount where an item enters a stage, but {amount!r} is of the '
                f"items table; name a column of the log"
            )
        return Amounts(source.numbers(amount))
    if amount_at == "stage":
        return Amounts(source.numbers(amount), "row")
    return Amounts(source.numbers(amount).at(rows_of_items(selection, "last")))


def _currencies(selection: Selection, currency: str, each: str) -> CategoryColumn:
    """Tell the currency of every item at its last row, or of every row."""
    source = source_of(selection.log, currency, "currency")
    if isinstance(source, ItemsTable):
        category = source.category(currency, "currency")
        return category.at(items_of_rows(selection.log)) if each == "row" else category
    category = source.category(currency)
    return category if each == "row" else category.at(rows_of_items(selection, "last"))


def _in_one_currency(
    selection: Selection, amounts: Amounts, currency: str, rates: Mapping[Any, float], unconverted: bool
) -> Amounts:
    category = _currencies(selection, currency, amounts.each)
    numbers = amounts.numbers
    has_amount = _in_report(selection, amounts.each) & ~np.isnan(numbers.values)
    counts = np.bincount(category.code[has_amount] + 1, minlength=len(category.values) + 1)
    values = category.values.tolist()
    if counts[0]:
        raise SchemaError(
            f"{counts[0]:,} amounts have no currency in column {currency!r}; fill it in, or leave currency= "
            f"out if all amounts are in one"
        )
    used = [(value, count) for value, count in zip(values, counts[1:].tolist(), strict=True) if count]
    if unconverted:
        if len(used) > 1:
            said = ", ".join(f"{value!r} ({count:,})" for value, count in used[:12])
            raise SchemaError(
                f"the amounts are in {len(used):,} currencies, which do not add up: {said}; pass "
                f"rates={{{used[0][0]!r}: 1.0, …}}"
            )
        return amounts
    strangers = [value for value, _ in used if value not in rates]
    if strangers:
        raise SchemaError(f"rates= has no rate of {quoted(strangers)}; it has: {quoted(rates)}")
    of_code = np.array([*(rates.get(value, np.nan) for value in values), np.nan])
    if not len(used) or set(of_code[np.flatnonzero(counts[1:])]) == {1.0}:
        return amounts
    # Behind the last digit that decimals have, products have more.
    exact = numbers.values / 10.0**numbers.scale
    return replace(amounts, numbers=NumberColumn(exact * of_code[category.code]))


def _in_report(selection: Selection, each: str) -> npt.NDArray[np.bool_]:
    """Tell of each item, or of each row of the log, whether the report is about it."""
    log = selection.log
    kept = rows_per_item(selection.journeys)
    if each == "item":
        return kept > 0
    begins = log._data.journeys.offsets[:-1].astype(np.int64)
    place = np.arange(log.n_rows, dtype=np.int64)
    item = items_of_rows(log)
    in_report: npt.NDArray[np.bool_] = place - begins[item] < kept[item]
    return in_report


def _checked(rates: Any) -> dict[Any, float]:
    if not isinstance(rates, Mapping):
        raise SchemaError(f"rates={rates!r} is no mapping of currencies to rates")
    for name, rate in rates.items():
        is_number = isinstance(rate, Real | Decimal) and not isinstance(rate, bool)
        if not is_number or not 0 < float(rate) < float("inf"):
            raise SchemaError(f"the rate of {name!r} is {rate!r}, not a number above 0")
    return {name: float(rate) for name, rate in rates.items()}
