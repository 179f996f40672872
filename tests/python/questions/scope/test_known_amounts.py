"""Amounts that stand on some rows only: the last or first one of an item's rows that the report keeps."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import frame_of, pipeline_of
from strategies import Case, cases

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
# The example of docs/definitions.md, and an item without any amount.
ROWS = pd.DataFrame(
    {
        "item": [1, 1, 1, 1, 2, 2],
        "stage": ["New", "Offer", "Won", "Lost", "New", "Won"],
        "time": [0, 1, 2, 3, 0, 1],
        "sum": [100.0, np.nan, 120.0, np.nan, np.nan, np.nan],
        "money": ["USD", "EUR", "EUR", "USD", "USD", "USD"],
    }
)
LOG = sf.StageLog(ROWS, columns=["sum", "money"])


def amounts(amount_at: Any, log: sf.StageLog = LOG, **options: Any) -> tuple[list[float], list[int]]:
    """Return the amounts and the missing ones of New, Offer, Won and Lost."""
    table = sf.funnel(log, PIPELINE, amount="sum", amount_at=amount_at, **options)
    return table["amount"].tolist(), table["amount_missing"].tolist()


@pytest.mark.parametrize(("amount_at", "expected"), [("last", 0), ("last_known", 120), ("first_known", 100)])
def test_an_amount_is_the_last_or_first_one_that_is_known(amount_at: str, expected: int) -> None:
    missing = [2, 1, 2, 1] if expected == 0 else [1, 0, 1, 0]
    assert amounts(amount_at) == ([expected] * 4, missing)


def test_only_rows_that_the_report_keeps_are_looked_at() -> None:
    for amount_at in ("last_known", "first_known"):
        assert amounts(amount_at, as_of=2) == ([100, 100, 0, 0], [1, 0, 1, 0])
        assert amounts(amount_at, period=(0, 1)) == ([100, 0, 0, 0], [1, 0, 0, 0])


def test_an_unlisted_row_has_no_amount() -> None:
    rows = ROWS.assign(stage=["Call", "Offer", "Won", "Call", "New", "Won"])
    rows.loc[3, "sum"] = 7.0
    log = sf.StageLog(rows, columns=["sum"])
    assert amounts("first_known", log, unlisted="ignore")[0] == [0, 120, 120, 0]
    assert amounts("last_known", log, unlisted="ignore")[0] == [0, 120, 120, 0]


def test_the_currency_is_that_of_the_row_that_has_the_amount() -> None:
    options: dict[str, Any] = {"currency": "money", "rates": {"USD": 1.0, "EUR": 1.5}}
    assert amounts("last_known", **options)[0] == [180] * 4
    assert amounts("first_known", **options)[0] == [100] * 4


def test_ties_are_in_the_order_of_the_journey() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Won"], "time": [0, 0], "sum": [1.0, 2.0], "row": [2, 1]}
    plain = sf.StageLog(pd.DataFrame(rows), columns="sum")
    turned = sf.StageLog(pd.DataFrame(rows), columns="sum", order="row")
    assert (amounts("first_known", plain)[0][0], amounts("last_known", plain)[0][0]) == (1, 2)
    assert (amounts("first_known", turned)[0][0], amounts("last_known", turned)[0][0]) == (2, 1)


@given(case=cases(unlisted="some"), data=st.data())
def test_known_amounts_are_those_of_the_slow_way(case: Case, data: st.DataObject) -> None:
    values = [data.draw(st.none() | st.integers(0, 9)) for _ in case.rows]
    end = data.draw(st.none() | st.integers(0, 12))
    frame = frame_of(case.rows).assign(sum=pd.array(values, dtype="Int64"))
    log, pipeline = sf.StageLog(frame, columns="sum"), pipeline_of(case.pipeline)
    for amount_at in ("first_known", "last_known"):
        known: dict[Any, int] = {}
        # The sort is stable, as a journey is.
        in_time = sorted(zip(case.rows, values, strict=True), key=lambda one: one[0][2])
        for (item, stage, time), value in in_time:
            is_read = stage in pipeline.labels and (end is None or time < end) and value is not None
            if is_read and not (amount_at == "first_known" and item in known):
                known[item] = int(value or 0)
        options: dict[str, Any] = {"unlisted": "ignore", "missing": "ignore", "as_of": end}
        table = sf.funnel(log, pipeline, amount="sum", amount_at=amount_at, **options)
        reached = sf.item_table(log, pipeline, **options)
        passed = {
            item: {s for i, s, time in case.rows if i == item and (end is None or time < end)}
            for item in reached["item"]
        }
        expected = [
            sum(known.get(item, 0) for item, stages in passed.items() if stage in stages)
            for stage in pipeline.labels
        ]
        assert table["amount"].tolist() == expected
