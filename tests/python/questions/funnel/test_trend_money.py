"""Trends and comparisons in money: columns of the log, currencies, and what is refused."""

import re
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import SMALL, assert_frame_equal, items_of, pipeline_of
from strategies import UNLISTED, cases

AMOUNTS = st.sampled_from([None, 0.25, 40.0, 1e9])


@given(
    data=st.data(),
    basis=st.sampled_from(["created", "closed"]),
    amount_at=st.sampled_from(["last", "last_known", "first_known", "stage"]),
    unit=st.sampled_from([None, "account"]),
)
def test_a_trend_of_whole_journeys_adds_up_what_the_funnel_of_each_period_does(
    data: st.DataObject, basis: Any, amount_at: Any, unit: str | None
) -> None:
    case = data.draw(cases(unlisted="some", times="naive"))
    frame = pd.DataFrame(case.rows, columns=["item", "stage", "time"])
    frame["worth"] = pd.Series([data.draw(AMOUNTS) for _ in case.rows], dtype="float64")
    items = items_of(case.groups, "group", [row[0] for row in case.rows])
    items["account"] = items["group"]
    log = sf.StageLog(frame, items=items, columns="worth")
    away = data.draw(st.sampled_from([{}, {"elsewhere": UNLISTED, "moved_out": "include"}]))
    pipeline = pipeline_of(case.pipeline).replace(**away)
    options: dict[str, Any] = {
        "basis": basis,
        "amount": "worth",
        "amount_at": amount_at,
        "unit": unit,
        "kind": data.draw(st.sampled_from(["classic", "conversions", "both"])),
        "by": data.draw(st.sampled_from([None, "group"])),
        "unlisted": "ignore",
    }
    trend = sf.funnel_by_period(log, pipeline, every="month", **options)
    for period, rows in trend.groupby("period"):
        alone = sf.funnel(log, pipeline, period=period, **options)
        found = rows.drop(columns="period").reset_index(drop=True)
        assert_frame_equal(found, alone, check_exact=True)


def dated(**options: Any) -> sf.StageLog:
    rows = [
        *[(1, "New", "2026-01-05", 100, "USD"), (1, "Won", "2026-02-10", 150, "EUR")],
        *[(2, "New", "2026-01-20", 70, "USD"), (3, "New", "2026-02-03", None, None)],
        (3, "Lost", "2026-02-05", 10, "USD"),
    ]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "sum", "money"])
    frame["time"] = pd.to_datetime(frame["time"])
    items = pd.DataFrame({"item": [1, 2, 3], "worth": [5.0, 7.0, None], "coin": ["EUR", "USD", None]})
    return sf.StageLog(frame, columns=["sum", "money"], items=items, **options)


def test_a_cohort_has_the_last_amounts_of_its_items() -> None:
    trend = sf.funnel_by_period(dated(), SMALL, basis="created", amount="sum")
    # January: 150 and 70 in New, 150 in Won; February: 10 in New and Lost.
    assert trend["amount"].tolist() == [220, 0, 150, 0, 10, 0, 0, 10]
    early = sf.funnel_by_period(dated(), SMALL, basis="created", amount="sum", as_of="2026-02-04")
    assert early["amount"].tolist() == [170, 0, 0, 0, 0, 0, 0, 0]
    assert early["amount_missing"].tolist() == [0, 0, 0, 0, 1, 0, 0, 0]
    closed = sf.funnel_by_period(dated(), SMALL, basis="closed", amount="sum", amount_at="first_known")
    assert closed["amount"].tolist() == [0, 0, 0, 0, 110, 0, 100, 10]
    within = sf.funnel_by_period(dated(), SMALL, within="30d", amount="sum", amount_at="first_known")
    assert within["amount"].tolist()[:4] == [100, 0, 0, 0]


def test_currencies_are_converted() -> None:
    rates = {"USD": 1, "EUR": 2}
    trend = sf.funnel_by_period(dated(), SMALL, basis="created", amount="sum", currency="money", rates=rates)
    assert trend["amount"].tolist() == [370, 0, 300, 0, 10, 0, 0, 10]
    active = sf.funnel_by_period(dated(), SMALL, amount="worth", currency="coin", rates=rates)
    assert active["amount"].tolist() == [17, 0, 0, 0, 17, 0, 10, 0]
    pair = sf.compare_periods(
        dated(), SMALL, "2026-02", amount="sum", amount_at="last", currency="money", rates=rates
    )
    # As each stood at the end of its month: 370 and 10 in New after 100 and 70.
    assert pair["amount"].tolist() == [380, 0, 300, 10]
    assert pair["amount_before"].tolist() == [170, 0, 0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"amount": "sum"}, 'pass basis="created" or basis="closed", or name a column of the items table'),
        ({"amount": "worth", "currency": "money"}, "currency='money' is a column of the log, and a trend"),
        ({"amount": "worth", "currency": "coin"}, "2 currencies"),
        ({"amount": "worth", "amount_at": "last_known"}, "a column of the items table; name a column of the"),
        ({"amount_at": "last_known"}, "there is no amount="),
        ({"basis": "closed", "amount": "sum", "rates": {"USD": 1}}, "currency= does not name the column"),
    ],
)
def test_what_a_trend_cannot_add_up_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError, match=re.escape(message)):
        sf.funnel_by_period(dated(), SMALL, **options)
