"""Amounts of a report: the last of each item or those at each stage, in one currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from ...errors import Option, SchemaError, advised, amount_errors, check_option, counted, given, named, quoted
from ...log.columns.category import CategoryColumn
from ...log.columns.items import ItemsTable
from ...log.columns.number import NumberColumn
from ...tables.options import AmountAtName
from .columns import source_of
from .item_rows import items_of_rows, rows_of_items, rows_per_item
from .selection import Selection

Rates = Mapping[Any, float]
_READS: Final = {
    "stage": "reads the amount where an item enters a stage",
    "last_known": "reads the last amount in the rows of an item",
    "first_known": "reads the first amount in the rows of an item",
}


@dataclass(frozen=True, eq=False)
class Amounts:
    """The amounts of a report.

    Attributes
    ----------
    numbers
        One number for each item, or for each row of the log; ``None`` where a report has no amounts.
    each
        What has an amount: ``"item"`` or ``"row"``.
    used
        How many amounts are in each currency, where a column has these and no rates are given.
    is_converted
        Whether the amounts are products with rates.
    column
        Name of their column, for messages.
    """

    numbers: NumberColumn | None
    each: Literal["item", "row"] = "item"
    used: Mapping[Any, int] | None = None
    is_converted: bool = False
    column: str | None = None

    @property
    def is_none(self) -> bool:
        """Whether the report has no amounts."""
        return self.numbers is None

    @property
    def values(self) -> npt.NDArray[np.float64] | None:
        """The amounts as the core adds them up, if there are any."""
        return None if self.numbers is None else self.numbers.values

    @property
    def scale(self) -> int | None:
        """Decimal places by which the amounts are scaled up, if there are any; see :class:`NumberColumn`."""
        return None if self.numbers is None else self.numbers.scale

    def errors(self) -> AbstractContextManager[None]:
        """Let errors of the core name the column of the amounts."""
        return amount_errors(self.column, self.scale or 0)


#: The amounts of a report without them.
NO_AMOUNTS: Final = Amounts(None)


def amounts_of(
    selection: Selection,
    amount: str | None,
    *,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
) -> Amounts:
    """Read the amounts that a report adds up; the options are those of :func:`funnel`."""
    check_option("amount_at", amount_at, get_args(AmountAtName))
    if amount is None:
        options = {
            "amount_at": amount_at != "last",
            "currency": currency is not None,
            "rates": rates is not None,
        }
        _refuse_without_amount([name for name, is_given in options.items() if is_given])
        return NO_AMOUNTS
    if rates is not None and currency is None:
        raise SchemaError(
            named("rates"),
            " converts currencies, and ",
            named("currency"),
            " does not name the column that has them",
        )
    numbers, rows = _numbers(selection, amount, amount_at)
    each: Literal["item", "row"] = "row" if amount_at == "stage" else "item"
    if currency is None:
        return Amounts(numbers, each, column=amount)
    category = _currencies(selection, currency, each, rows)
    used = _used(selection, numbers, each, currency, category)
    converted = _in_one_currency(numbers, category, used, _checked(rates))
    return Amounts(converted, each, used if rates is None else None, converted is not numbers, amount)


def _refuse_without_amount(options: Sequence[str]) -> None:
    if not options:
        return
    names: list[str | Option] = [named(options[0])]
    for name in options[1:]:
        names += [", ", named(name)]
    verb = "says" if len(options) == 1 else "say"
    raise SchemaError(*names, f" {verb} how ", named("amount"), " is read, and there is no ", named("amount"))


def _numbers(
    selection: Selection, amount: str, amount_at: AmountAtName
) -> tuple[NumberColumn, npt.NDArray[np.int64] | None]:
    """Read the amount of each row, or of each item with the row that has it where rows have amounts."""
    source = source_of(selection.log, amount, "amount")
    if isinstance(source, ItemsTable):
        if amount_at != "last":
            raise SchemaError(
                advised("amount_at", amount_at),
                f" {_READS[amount_at]}, but {amount!r} is a column of the items table; name a column of the "
                f"log",
            )
        return source.numbers(amount), None
    numbers = source.numbers(amount)
    if amount_at == "stage":
        return numbers, None
    if amount_at == "last":
        rows = rows_of_items(selection, "last")
    else:
        rows = _known_rows(selection, numbers, amount_at)
    return numbers.at(rows), rows


def _known_rows(
    selection: Selection, numbers: NumberColumn, amount_at: AmountAtName
) -> npt.NDArray[np.int64]:
    """Find the first or last row with an amount of each item, of those that the report keeps; else -1."""
    log = selection.log
    listed = np.array(selection.lookup.rows) >= 0
    is_read = _in_report(selection, "row") & listed[log._data.journeys.stage] & ~np.isnan(numbers.values)
    rows = np.flatnonzero(is_read)
    if amount_at == "first_known":
        rows = rows[::-1]
    found = np.full(log.n_items, -1, dtype=np.int64)
    found[items_of_rows(log)[rows]] = rows  # of several rows of one item the last one in this order stays
    return found


def _currencies(
    selection: Selection, currency: str, each: str, rows: npt.NDArray[np.int64] | None
) -> CategoryColumn:
    """Read the currency of every row, or of every item: in the row that has its amount, else in its last."""
    source = source_of(selection.log, currency, "currency")
    if isinstance(source, ItemsTable):
        category = source.category(currency, "currency")
        return category.at(items_of_rows(selection.log)) if each == "row" else category
    category = source.category(currency)
    if each == "row":
        return category
    return category.at(rows_of_items(selection, "last") if rows is None else rows)


def _used(
    selection: Selection, numbers: NumberColumn, each: str, currency: str, category: CategoryColumn
) -> dict[Any, int]:
    """Count the amounts of the report in each currency; an amount without one is refused."""
    has_amount = _in_report(selection, each) & ~np.isnan(numbers.values)
    # The missing currency has the code -1 and is counted first.
    counts = np.bincount(category.code[has_amount] + 1, minlength=len(category.values) + 1)
    if counts[0]:
        raise SchemaError(
            f"{counted(counts[0], 'amount')} {'has' if counts[0] == 1 else 'have'} no currency in column "
            f"{currency!r}; fill it in, or leave ",
            named("currency"),
            " out if all amounts are in one currency",
            option="currency",
        )
    values = category.values.tolist()
    return {value: count for value, count in zip(values, counts[1:].tolist(), strict=True) if count}


def _in_one_currency(
    numbers: NumberColumn,
    category: CategoryColumn,
    used: Mapping[Any, int],
    rates: Mapping[Any, float] | None,
) -> NumberColumn:
    """Convert the amounts at the rates; without rates they have to be in one currency."""
    if rates is None:
        refuse_several(used)
        return numbers
    without_rate = [value for value in used if value not in rates]
    if without_rate:
        raise SchemaError(named("rates"), f" has no rate of {quoted(without_rate)}; it has: {quoted(rates)}")
    if all(rates[value] == 1.0 for value in used):
        return numbers
    of_code = np.array([*(rates.get(value, np.nan) for value in category.values.tolist()), np.nan])
    # Products have more digits than the decimals of the amounts, so that they get a scale of their own.
    exact = numbers.values / 10.0**numbers.scale
    return NumberColumn(exact * of_code[category.code])


def refuse_several(used: Mapping[Any, int]) -> None:
    """Refuse amounts in several currencies that have no rates."""
    if len(used) < 2:
        return
    counts = ", ".join(f"{value!r} ({count:,})" for value, count in list(used.items())[:12])
    first = next(iter(used))
    example, plain = f"{{{first!r}: 1.0, …}}", f"{first}=1.0,…"
    raise SchemaError(
        f"the amounts are in {len(used):,} currencies, which do not add up: {counts}; pass ",
        Option("rates", example, plain),
        option="rates",
    )


def _in_report(selection: Selection, each: str) -> npt.NDArray[np.bool_]:
    """Find the items, or the rows of the log, that the report is about."""
    log = selection.log
    kept = rows_per_item(selection.journeys)
    if each == "item":
        return kept > 0
    begins = log._data.journeys.offsets[:-1].astype(np.int64)
    place = np.arange(log.n_rows, dtype=np.int64)
    item = items_of_rows(log)
    in_report: npt.NDArray[np.bool_] = place - begins[item] < kept[item]
    return in_report


def _checked(rates: Any) -> dict[Any, float] | None:
    if rates is None:
        return None
    if not isinstance(rates, Mapping):
        raise SchemaError(given("rates", rates), " is not a mapping of currencies to rates")
    for name, rate in rates.items():
        is_number = isinstance(rate, Real | Decimal) and not isinstance(rate, bool)
        if not is_number or not 0 < float(rate) < float("inf"):
            raise SchemaError(f"the rate of {name!r} is {rate!r}, not a number above 0", option="rates")
    return {name: float(rate) for name, rate in rates.items()}
