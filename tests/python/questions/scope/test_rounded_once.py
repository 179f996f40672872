"""Sums of amounts are rounded once, whatever is put together and divided before."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf

PIPELINE = sf.Pipeline(["New"], won="Won", lost="Lost", elsewhere=["Ordered"], moved_out="include")
LARGE = 2.0**53  # the next double is two more, so that one more is rounded away
# Items 1 and 2 are here, item 3 has moved out: rounded apart, they would be LARGE and 1.
ROWS = pd.DataFrame(
    {
        "item": [1, 2, 3, 3],
        "stage": ["New", "New", "New", "Ordered"],
        "time": pd.to_datetime(["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"]),
        "sum": [LARGE, 1.0, 1.0, 1.0],
        "who": ["Ann"] * 4,
    }
)
ITEMS = pd.DataFrame({"item": [1, 2, 3], "value": [LARGE, 1.0, 1.0], "region": ["x"] * 3})
LOG = sf.StageLog(ROWS, columns=["sum", "who"], items=ITEMS)


def in_new(table: pd.DataFrame) -> list[float]:
    amounts: list[float] = table.loc[table["stage"] == "New", "amount"].tolist()
    return amounts


@pytest.mark.parametrize(
    "options",
    [
        {"amount": "value"},
        {"amount": "value", "kind": "both"},
        {"amount": "value", "by": "region"},
        {"amount": "sum"},
        {"amount": "sum", "by": "who", "at": "stage"},
        {"amount": "sum", "amount_at": "stage"},
        {"amount": "value", "period": "2026-01"},
    ],
)
def test_amounts_of_items_that_moved_out_are_added_before_the_sum_is_rounded(options: dict[str, Any]) -> None:
    assert set(in_new(sf.funnel(LOG, PIPELINE, **options))) == {LARGE + 2}


@pytest.mark.parametrize("basis", ["active", "created"])
def test_so_they_are_in_a_trend(basis: Any) -> None:
    trend = sf.funnel_by_period(LOG, PIPELINE, amount="value", basis=basis)
    assert in_new(trend) == [LARGE + 2]


@pytest.mark.parametrize("basis", ["entity", "origin"])
def test_and_in_a_chain(basis: Any) -> None:
    leads = sf.StageLog({"item": [9], "stage": ["New"], "time": pd.to_datetime(["2026-01-01"])})
    links = {"deal_id": [1, 2, 3], "lead_id": [9, 9, 9]}
    options: dict[str, Any] = {"lead_pipeline": sf.Pipeline("New", won="Won"), "deal_pipeline": PIPELINE}
    chain = sf.chain_funnel(leads, LOG, links, **options, amount="value", basis=basis)
    assert in_new(chain[chain["part"] == "deal"]) == [LARGE + 2]


CENTS = [Decimal("90071992547409.92"), Decimal("0.05"), Decimal("0.02")]  # 2^53, 5 and 2 cents
# 2^53 + 5 and + 7 cents: rounded to a double first, they would be 4 and 8.
SUMS = [90071992547409.97, 90071992547409.99]


def of_cents(stages: list[str], amounts: list[Decimal]) -> sf.StageLog:
    rows = [(item, stage, time) for item in range(len(amounts)) for time, stage in enumerate(stages)]
    items = pd.DataFrame({"item": range(len(amounts)), "value": amounts})
    return sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]), items=items)


@pytest.mark.parametrize(("amounts", "expected"), [(CENTS[:2], SUMS[0]), (CENTS, SUMS[1])])
def test_decimals_are_divided_before_the_sum_is_rounded(amounts: list[Decimal], expected: float) -> None:
    assert [(LARGE + 4) / 100, (LARGE + 8) / 100] != SUMS
    log = of_cents(["New", "Lost"], amounts)
    assert set(sf.funnel(log, PIPELINE, amount="value").query("stage != 'Won'")["amount"]) == {expected}
    assert sf.losses(log, PIPELINE, amount="value")["amount"].tolist() == [expected]


def test_decimals_of_many_places_are_rounded_once() -> None:
    # The largest power of ten that is a double is 10^22.
    amounts = [Decimal("1e-22"), Decimal("3e-22"), Decimal("2e-22")]
    assert in_new(sf.funnel(of_cents(["New"], amounts), PIPELINE, amount="value")) == [6e-22]


AMOUNTS = st.lists(
    st.tuples(st.sampled_from([0.1, -2.5, 3.3e15, LARGE, -LARGE, 1.0, 7e17, None]), st.booleans()),
    max_size=12,
)


@given(amounts=AMOUNTS)
def test_a_sum_is_the_double_next_to_the_exact_sum(amounts: list[tuple[float | None, bool]]) -> None:
    rows = [
        (item, stage, time)
        for item, (_, moves) in enumerate(amounts)
        for time, stage in enumerate(["New", "Ordered"] if moves else ["New"])
    ]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"]).astype({"stage": object})
    values = [value for value, _ in amounts]
    items = pd.DataFrame({"item": range(len(amounts)), "value": pd.Series(values, dtype=float)})
    table = sf.funnel(sf.StageLog(frame, items=items, empty="allow"), PIPELINE, amount="value")
    assert in_new(table) == [float(sum(Fraction(value) for value in values if value is not None))]
    assert table["amount_missing"].iloc[0] == values.count(None)
