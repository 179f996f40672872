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
from ...log.columns.category import Factor
from ...log.columns.items import ItemsTable
from ...log.columns.number import Numbers
from ...tables.options import AmountAtName
from .breakdown import items_of_rows, rows_of_items, rows_per_item, source_of
from .selection import View

Rates = Mapping[Any, float]


@dataclass(frozen=True, eq=False)
class Money:
    """The amounts of a report.

    Attributes
    ----------
    numbers
        One per item, or per row of the log where `each` says so.
    """

    numbers: Numbers
    each: str = "item"


def money_of(
    view: View,
    amount: str | None,
    *,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
) -> Money | None:
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
    money = _amounts(view, amount, amount_at)
    if currency is None:
        return money
    return _in_one_currency(view, money, currency, {} if rates is None else _checked(rates), rates is None)


def _amounts(view: View, amount: str, amount_at: AmountAtName) -> Money:
    source = source_of(view.log, amount, "amount")
    if isinstance(source, ItemsTable):
        if amount_at == "stage":
            raise SchemaError(
                f'amount_at="stage" reads the amount where an item enters a stage, but {amount!r} is of the '
                f"items table; name a column of the log"
            )
        return Money(source.amounts(amount))
    if amount_at == "stage":
        return Money(source.amounts(amount), "row")
    return Money(source.amounts(amount).at(rows_of_items(view, "last")))


def _currencies(view: View, currency: str, each: str) -> Factor:
    """Tell the currency of every item at its last row, or of every row."""
    source = source_of(view.log, currency, "currency")
    if isinstance(source, ItemsTable):
        factor = source.factor(currency, "currency")
        return factor.at(items_of_rows(view.log)) if each == "row" else factor
    factor = source.factor(currency)
    return factor if each == "row" else factor.at(rows_of_items(view, "last"))


def _in_one_currency(
    view: View, money: Money, currency: str, rates: Mapping[Any, float], unconverted: bool
) -> Money:
    factor = _currencies(view, currency, money.each)
    numbers = money.numbers
    has_amount = _in_report(view, money.each) & ~np.isnan(numbers.values)
    counts = np.bincount(factor.code[has_amount] + 1, minlength=len(factor.values) + 1)
    values = factor.values.tolist()
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
        return money
    strangers = [value for value, _ in used if value not in rates]
    if strangers:
        raise SchemaError(f"rates= has no rate of {quoted(strangers)}; it has: {quoted(rates)}")
    of_code = np.array([*(rates.get(value, np.nan) for value in values), np.nan])
    if not len(used) or set(of_code[np.flatnonzero(counts[1:])]) == {1.0}:
        return money
    # Behind the last digit that decimals have, products have more.
    exact = numbers.values / 10.0**numbers.scale
    return replace(money, numbers=Numbers(exact * of_code[factor.code]))


def _in_report(view: View, each: str) -> npt.NDArray[np.bool_]:
    """Tell of each item, or of each row of the log, whether the report is about it."""
    log = view.log
    kept = rows_per_item(view.journeys)
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
