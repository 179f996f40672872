"""Amounts add up without drift and in one currency; what does not add up is refused."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples

NEW = sf.Pipeline("New", won="Won", lost="Lost")
RATES = {"USD": 1.0, "EUR": 1.25}


def sum_of(amounts: Any, **options: Any) -> float:
    """Add up the amounts of as many items in New."""
    n = len(amounts)
    rows = {"item": np.arange(n), "stage": ["New"] * n, "time": np.zeros(n, dtype=np.int64)}
    items = pd.DataFrame({"item": np.arange(n), "sum": amounts, **options.pop("items", {})})
    table = sf.funnel(sf.StageLog(rows, items=items), NEW, amount="sum", **options)
    return float(table["amount"].iloc[0])


def test_a_million_tenths_are_a_hundred_thousand() -> None:
    assert sum_of(np.full(1_000_000, 0.1)) == 100_000.0
    assert sum_of(np.full(1_000_000, 0.01)) == 10_000.0


@examples(ci=100, night=1_000)
@given(
    cents=st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=30),
    places=st.integers(0, 6),
)
def test_decimals_add_up_to_the_float_nearest_to_their_sum(cents: list[int], places: int) -> None:
    amounts = [Decimal(number).scaleb(-places) for number in cents]
    assert sum_of(pd.Series(amounts, dtype=object)) == float(Fraction(sum(cents), 10**places))


def test_decimals_that_cancel_leave_nothing() -> None:
    amounts = [Decimal("0.10"), Decimal("0.20"), Decimal("-0.3"), None]
    assert sum_of(pd.Series(amounts, dtype=object)) == 0.0


def test_decimals_of_arrow_are_read_as_pythons_are() -> None:
    pa = pytest.importorskip("pyarrow")
    amounts = pa.array([Decimal("0.10"), Decimal("0.20"), None, Decimal("-0.30")], pa.decimal128(9, 2))
    column = pd.Series(amounts.to_pandas(types_mapper=pd.ArrowDtype))
    assert sum_of(column) == 0.0
    table = pa.table({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 1], "sum": amounts[:2]})
    log = sf.StageLog(table, columns="sum")
    found = sf.funnel(log, NEW, amount="sum", amount_at="stage")
    assert found["amount"].tolist() == [0.1, 0.2, 0.0]


def test_decimals_with_more_digits_than_a_float_has_are_rounded_to_floats() -> None:
    assert sum_of(pd.Series([Decimal(1) / 3] * 3, dtype=object)) == 1.0
    assert sum_of(pd.Series([Decimal("9007199254740993"), Decimal("0.5")], dtype=object)) == float(2**53)


def test_one_currency_needs_no_rate() -> None:
    items = {"money": ["EUR", None, "EUR"]}
    assert sum_of([1.0, None, 2.0], items=items, currency="money") == 3.0


def test_currencies_are_converted_at_the_given_rates() -> None:
    items = {"money": ["EUR", "USD", "USD"]}
    assert sum_of([4.0, 1.0, 0.5], items=items, currency="money", rates=RATES) == 6.5
    decimals = pd.Series([Decimal("4.00"), Decimal("1"), Decimal("0.5")], dtype=object)
    assert sum_of(decimals, items=items, currency="money", rates=RATES) == 6.5
    assert sum_of(decimals[:1], items={"money": ["USD"]}, currency="money", rates=RATES) == 4.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"currency": "money"},
            "the amounts are in 2 currencies, which do not add up: 'EUR' (2), 'USD' (1); pass "
            "rates={'EUR': 1.0, …}",
        ),
        ({"currency": "money", "rates": {"USD": 1}}, "rates= has no rate of 'EUR'; it has: 'USD'"),
        ({"currency": "gaps", "rates": RATES}, "1 amount has no currency in column 'gaps'; fill it in"),
        (
            {"currency": "monye", "rates": RATES},
            "currency='monye' is not a column of the items table; it has: ",
        ),
        ({"rates": RATES}, "rates= converts currencies, and currency= does not name the column"),
        ({"currency": "money", "rates": [1.0]}, "rates=[1.0] is not a mapping of currencies to rates"),
        ({"currency": "money", "rates": {"EUR": 0}}, "the rate of 'EUR' is 0, not a number above 0"),
        ({"currency": "money", "rates": {"EUR": "1"}}, "the rate of 'EUR' is '1', not a number above 0"),
        (
            {"amount_at": "stage"},
            "amount_at=\"stage\" reads the amount where an item enters a stage, but 'sum'",
        ),
        (
            {"amount_at": "last_known"},
            "amount_at=\"last_known\" reads the last amount in the rows of an item, but 'sum' is a column",
        ),
        ({"amount_at": "first_known"}, 'amount_at="first_known" reads the first amount in the rows of an'),
        (
            {"amount_at": "first"},
            "amount_at='first' is not one of 'last', 'last_known', 'first_known', 'stage'",
        ),
    ],
)
def test_money_that_does_not_add_up_is_refused(options: dict[str, Any], message: str) -> None:
    items = {"money": ["EUR", "USD", "EUR"], "gaps": ["EUR", None, "EUR"]}
    with pytest.raises(sf.SchemaError, match=re.escape(message)):
        sum_of([1.0, 2.0, 3.0], items=items, **options)


@pytest.mark.parametrize("option", ["amount", "currency"])
@pytest.mark.parametrize("question", [sf.funnel, sf.outcomes, sf.losses, sf.funnel_by_period])
def test_what_is_no_name_names_no_column(question: Any, option: str) -> None:
    items = pd.DataFrame({"item": [1], "sum": [1.0]})
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": ["2026-01-01"]}, items=items)
    with pytest.raises(sf.SchemaError, match=re.escape(f"{option}=['sum'] is not the name of a column")):
        question(log, sf.Pipeline("New"), **{"amount": "sum", option: ["sum"]})


@pytest.mark.parametrize("options", [{"amount_at": "stage"}, {"currency": "money"}, {"rates": RATES}])
def test_how_an_amount_is_read_is_refused_without_one(options: dict[str, Any]) -> None:
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": [0]})
    with pytest.raises(sf.SchemaError, match="says how amount= is read, and there is no amount="):
        sf.funnel(log, NEW, **options)


def test_only_amounts_in_the_report_must_be_in_one_currency() -> None:
    rows = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 4, 9]}
    log = sf.StageLog(
        pd.DataFrame(rows).assign(sum=[1, 2, 3], money=["EUR", "USD", "USD"]), columns=["sum", "money"]
    )
    options: dict[str, Any] = {"amount": "sum", "currency": "money"}
    assert sf.funnel(log, NEW, as_of=4, amount_at="stage", **options)["amount"].tolist() == [1, 0, 0]
    assert sf.funnel(log, NEW, **options)["amount"].tolist() == [5, 2, 0]
    with pytest.raises(sf.SchemaError, match=re.escape("'EUR' (1), 'USD' (2)")):
        sf.funnel(log, NEW, amount_at="stage", **options)


def test_the_currency_of_the_items_table_converts_amounts_of_the_log() -> None:
    rows = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 4, 9]}
    items = pd.DataFrame({"item": [2, 1], "money": ["USD", "EUR"]})
    log = sf.StageLog(pd.DataFrame(rows).assign(sum=[4, 8, 3]), columns="sum", items=items)
    options: dict[str, Any] = {"amount": "sum", "amount_at": "stage", "currency": "money"}
    assert sf.funnel(log, NEW, rates=RATES, **options)["amount"].tolist() == [8.0, 10.0, 0.0]
