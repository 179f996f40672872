"""The balance in money, and that of every period."""

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, assert_frame_equal, items_of, order_of, pipeline_of
from questions.scope.test_selection import arguments_of
from questions.stages.test_flow import flows
from reference.flow_amounts import MONEY
from strategies import UNLISTED, Case, cases

IN = ["amount_at_start", "amount_entered", "raised"]
OUT = ["advanced", "went_back", "won", "lost", "moved_out"]
OUT = [*(f"amount_{name}" for name in OUT), "lowered", "amount_at_end"]
AMOUNTS = st.sampled_from([None, None, 0.0, 1.25, 40.0, -7.5, 1e9])


def asked(case: Case, part: dict[str, Any], table: dict[str, Any], **more: Any) -> sf.StageLog:
    frame = pd.DataFrame(case.rows, columns=["item", "stage", "time"]).assign(**table)
    return sf.StageLog(frame, **more)


def options_of(part: dict[str, Any]) -> dict[str, Any]:
    wanted = arguments_of(part | {"basis": "active"})
    del wanted["basis"]
    return wanted


@given(drawn=flows(), data=st.data())
def test_the_money_of_a_balance_is_that_of_the_reference(drawn: Any, data: st.DataObject) -> None:
    case, pipeline, part, ordered = drawn
    amounts = [data.draw(AMOUNTS) for _ in case.rows]
    frame = pd.DataFrame(case.rows, columns=["item", "stage", "time"])
    frame["worth"] = pd.Series(amounts, dtype="float64")
    order = {"order": "rank"} if ordered else {}
    log = sf.StageLog(frame.assign(rank=case.order), columns="worth", **order)
    found = sf.flow(log, pipeline, amount="worth", unlisted="ignore", **options_of(part))
    expected = reference.flow_amounts(
        case.rows,
        amounts,
        case.pipeline,
        **part,
        elsewhere=pipeline.elsewhere,
        order=order_of(case, ordered),
    )
    assert found.columns.tolist()[-len(MONEY) :] == MONEY
    assert money_of(found) == list(expected.values())
    plain = sf.flow(log, pipeline, unlisted="ignore", **options_of(part))
    assert_frame_equal(found[plain.columns], plain)


def money_of(table: pd.DataFrame) -> list[dict[str, float]]:
    return [
        {str(name): float(value) for name, value in row.items()} for row in table[MONEY].to_dict("records")
    ]


@given(drawn=flows())
def test_with_the_items_table_every_amount_is_that_of_today(drawn: Any) -> None:
    case, pipeline, part, _ = drawn
    keys = [item for item, _, _ in case.rows]
    # Sums are exact to 2^-64; what an amount has below that is in none of them.
    amounts = {
        item: None if one is None else round(one * 2**64) / 2**64 for item, one in case.amounts.items()
    }
    items = items_of(amounts, "worth", keys)
    items["worth"] = items["worth"].astype("float64")
    log = asked(case, part, {}, items=items)
    found = sf.flow(log, pipeline, amount="worth", unlisted="ignore", **options_of(part))
    expected = reference.flow_amounts(case.rows, amounts, case.pipeline, **part, elsewhere=pipeline.elsewhere)
    assert money_of(found) == list(expected.values())
    assert (found[["raised", "lowered"]] == 0).all(axis=None)


@given(data=st.data(), every=st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_each_period_is_the_balance_that_period_gives_for_it(data: st.DataObject, every: Any) -> None:
    case = data.draw(cases(unlisted="some", times=data.draw(st.sampled_from(["naive", "zoned"]))))
    amounts = [data.draw(AMOUNTS) for _ in case.rows]
    items = items_of(case.groups, "group", [item for item, _, _ in case.rows])
    who = [str(place % 3) for place in range(len(case.rows))]
    table = {"worth": pd.Series(amounts, dtype="float64"), "who": who}
    log = asked(case, {}, table, items=items, columns=["worth", "who"])
    elsewhere = data.draw(st.sampled_from([(), UNLISTED[:1]]))
    pipeline = pipeline_of(case.pipeline).replace(elsewhere=elsewhere)
    options: dict[str, Any] = {
        "amount": "worth",
        "unlisted": "ignore",
        "as_of": data.draw(st.none() | st.sampled_from([time for _, _, time in case.rows])),
        "by": data.draw(st.sampled_from([None, "group", "who", ["group", "who"]])),
    }
    table = sf.flow(log, pipeline, every=every, **options)
    by = table.attrs["stagefunnel"].get("by", [])
    assert table.columns.tolist()[: len(by) + 1] == ["period", *by]
    for period, rows in table.groupby("period"):
        alone = sf.flow(log, pipeline, period=period, **options)
        found = rows.drop(columns="period").reset_index(drop=True)
        assert_frame_equal(found, alone, check_exact=True)
    keys = [*by, "stage"]
    periods = [rows.set_index(keys) for _, rows in table.groupby("period")]
    for before, after in pairwise(periods):
        # A group that begins later stands at nothing before.
        ended = before.reindex(after.index).fillna({"at_end": 0, "amount_at_end": 0.0})
        assert ended["at_end"].tolist() == after["at_start"].tolist()
        assert ended["amount_at_end"].tolist() == after["amount_at_start"].tolist()


@given(drawn=flows(), data=st.data())
def test_the_balance_in_money_closes_on_every_row(drawn: Any, data: st.DataObject) -> None:
    case, pipeline, part, _ = drawn
    worth = pd.Series([data.draw(AMOUNTS) for _ in case.rows], dtype="float64")
    log = asked(case, part, {"worth": worth}, columns="worth")
    table = sf.flow(log, pipeline, amount="worth", unlisted="ignore", **options_of(part))
    assert np.allclose(table[IN].sum(axis="columns"), table[OUT].sum(axis="columns"), rtol=0, atol=1e-6)
    ways = ["from_earlier", "from_later", "from_closed"]
    handed = table[[f"amount_{name}" for name in ways]].sum().sum()
    left = table[[f"amount_{name}" for name in ("advanced", "went_back", "won", "lost")]].sum().sum()
    assert left == pytest.approx(handed)
    assert (table[["raised", "lowered"]] >= 0).all(axis=None)
    assert (table["amount_missing"] <= table["at_start"] + table["entered"]).all()


# The worked example of the definitions.
ROWS = [
    *[(1, "New", 5, 100), (1, "New", 12, 130), (1, "Offer", 15, 120), (1, "Won", 18, 150)],
    *[(2, "New", 11, None), (2, "New", 13, 40), (2, "Lost", 19, 40)],
    *[(3, "Offer", 2, 70), (3, "Offer", 14, None), (3, "New", 16, 60)],
    *[(4, "New", 12, None), (4, "Offer", 17, None)],
    *[(5, "New", 3, 20), (5, "Ordered", 13, 25), (5, "New", 17, 30), (5, "New", 25, 90)],
]
COLUMNS = [
    *("amount_at_start", "amount_created", "amount_from_earlier", "amount_from_later", "amount_moved_in"),
    *("raised", "amount_advanced", "amount_went_back", "amount_won", "amount_lost", "amount_moved_out"),
    *("lowered", "amount_at_end", "amount_missing"),
]
BALANCE = [
    [120, 0, 0, 60, 30, 75, 120, 0, 0, 40, 25, 10, 90, 1],
    [70, 0, 120, 0, 0, 30, 0, 60, 150, 0, 0, 10, 0, 1],
    [0, 0, 150, 0, 0, 0, 0, 0, 0, 0, 0, 0, 150, 0],
    [0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0],
]
SHOP = SMALL.replace(elsewhere="Ordered")


def example(**options: Any) -> sf.StageLog:
    frame = pd.DataFrame(ROWS, columns=["item", "stage", "time", "sum"])
    return sf.StageLog(frame, columns="sum", **options)


def test_the_worked_example_is_met() -> None:
    found = sf.flow(example(), SHOP, period=(10, 20), amount="sum")
    assert found[COLUMNS].to_numpy().tolist() == BALANCE
    assert found["amount_entered"].tolist() == [90, 120, 150, 40]
    expected = reference.flow_amounts(
        [row[:3] for row in ROWS], [row[3] for row in ROWS], SMALL, start=10, end=20, elsewhere=["Ordered"]
    )
    assert [[row[name] for name in COLUMNS] for row in expected.values()] == BALANCE


def test_groups_add_up_to_the_whole_and_the_smaller_ones_are_one() -> None:
    items = pd.DataFrame({"item": range(1, 6), "who": [*"abbac"]})
    log = example(items=items)
    whole = sf.flow(log, SHOP, period=(10, 20), amount="sum")
    grouped = sf.flow(log, SHOP, period=(10, 20), amount="sum", by="who", top=1)
    assert grouped["who"].unique().tolist() == ["a", "other (2 groups)"]
    assert grouped.groupby("stage", observed=False)[COLUMNS].sum().to_numpy().tolist() == BALANCE
    chosen = sf.flow(log, SHOP, period=(10, 20), amount="sum", where={"who": "a"})
    first = grouped[grouped["who"] == "a"].drop(columns="who").reset_index(drop=True)
    assert_frame_equal(chosen, first)
    assert whole["stage"].tolist() == chosen["stage"].tolist()


def test_a_rule_of_the_pipeline_that_hides_short_visits_hides_their_amounts_too() -> None:
    rows = [(1, "New", 0, 10), (1, "Offer", 5, 99), (1, "New", 6, 12), (1, "Won", 20, 15)]
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time", "sum"]), columns="sum")
    pipeline = SMALL.replace(ignore_shorter={"Offer": 3})
    found = sf.flow(log, pipeline, period=None, amount="sum")
    # The Offer was none, so the deal stood in New with 10, then 12, and 15 in the row of the win.
    assert found["raised"].tolist() == [5, 0, 0, 0]
    assert found["lowered"].tolist() == [0, 0, 0, 0]
    assert found["amount_won"].tolist() == [15, 0, 0, 0]


def dated(**options: Any) -> sf.StageLog:
    rows = [
        *[(1, "New", "2026-01-05", 100), (1, "Offer", "2026-02-10", 150), (1, "Won", "2026-04-02", 140)],
        *[(2, "New", "2026-02-03", None), (2, "New", "2026-03-01", 80)],
    ]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "sum"])
    frame["time"] = pd.to_datetime(frame["time"])
    return sf.StageLog(frame, columns="sum", **options)


def test_every_month_has_the_balance_of_its_own() -> None:
    table = sf.flow(dated(), SMALL, every="month", amount="sum")
    assert table["period"].astype(str).unique().tolist() == ["2026-01", "2026-02", "2026-03", "2026-04"]
    new = table[table["stage"] == "New"]
    assert new["at_start"].tolist() == [0, 1, 1, 1]
    assert new["created"].tolist() == [1, 1, 0, 0]
    assert new["advanced"].tolist() == [0, 1, 0, 0]
    assert new["raised"].tolist() == [0, 50, 80, 0]
    assert new["amount_missing"].tolist() == [0, 1, 0, 0]
    assert new["amount_at_end"].tolist() == [100, 0, 80, 80]
    offer = table[table["stage"] == "Offer"]
    assert offer["amount_at_end"].tolist() == [0, 150, 150, 0]
    assert offer["lowered"].tolist() == [0, 0, 0, 10]
    assert offer["amount_won"].tolist() == [0, 0, 0, 140]


def test_a_period_bounds_the_periods_and_both_may_be_left_out_alone() -> None:
    table = sf.flow(dated(), SMALL, every="month", period=("2026-02", "2026-03"))
    assert table["period"].astype(str).unique().tolist() == ["2026-02", "2026-03"]
    open_end = sf.flow(dated(), SMALL, every="quarter", period=("2026-04", None))
    assert open_end["period"].astype(str).unique().tolist() == ["2026Q2"]
    assert open_end["at_start"].tolist() == [1, 1, 0, 0]
    seen = sf.flow(dated(), SMALL, every="month", as_of="2026-02-05")
    assert seen["period"].astype(str).unique().tolist() == ["2026-01", "2026-02"]
    assert seen["at_end"].tolist() == [1, 0, 0, 0, 2, 0, 0, 0]
    with pytest.raises(TypeError, match="period= or every="):
        sf.flow(dated(), SMALL)


def test_a_group_is_shown_from_its_first_row_on() -> None:
    items = pd.DataFrame({"item": [1, 2], "who": ["a", "b"]})
    table = sf.flow(dated(items=items), SMALL, every="month", by="who")
    shown = table[table["stage"] == "New"]
    pairs = [*zip(shown["period"].astype(str), shown["who"], strict=True)]
    assert pairs == [
        ("2026-01", "a"),
        *[(month, who) for month in ("2026-02", "2026-03", "2026-04") for who in "ab"],
    ]


def test_a_log_without_rows_has_no_periods() -> None:
    frame = pd.DataFrame({"item": [], "stage": [], "time": pd.to_datetime([]), "sum": []})
    log = sf.StageLog(frame, columns="sum", empty="allow")
    table = sf.flow(log, SMALL, every="month", amount="sum", missing="ignore")
    assert table.empty
    assert table.columns.tolist()[:3] == ["period", "stage", "outcome"]
    both = sf.flow(log, SMALL, every="month", period=("2026-01", "2026-02"), amount="sum", missing="ignore")
    assert both["amount_at_end"].tolist() == [0.0] * 8


def test_currencies_are_those_of_the_rows_before_the_end() -> None:
    rows = [(1, "New", 1, 10.0, "USD"), (1, "Offer", 12, 10.0, "EUR"), (1, "Won", 30, 9.0, "GBP")]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "sum", "money"])
    log = sf.StageLog(frame, columns=["sum", "money"])
    options: dict[str, Any] = {"amount": "sum", "currency": "money"}
    found = sf.flow(log, SMALL, period=(10, 20), **options, rates={"USD": 1, "EUR": 2})
    assert found["raised"].tolist() == [10, 0, 0, 0]
    assert found["amount_at_end"].tolist() == [0, 20, 0, 0]
    with pytest.raises(sf.SchemaError, match="no rate of 'GBP'"):
        sf.flow(log, SMALL, period=(10, None), **options, rates={"USD": 1, "EUR": 2})
    with pytest.raises(sf.SchemaError, match="2 currencies"):
        sf.flow(log, SMALL, period=(10, 20), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": "M"}, 'pass every="month"'),
        ({"every": "month", "period": ("2026-01-10", "2026-03")}, "period= begins at 2026-01-10"),
        ({"every": "month", "by": "period"}, "'period'"),
        ({"every": "month", "at": "stage", "by": "who"}, "reads an entry into a stage"),
        ({"every": "month", "amount": "smu"}, "amount='smu' is not a column"),
        ({"every": "month", "rates": {"EUR": 1}}, "there is no amount="),
        ({"every": "month", "amount": "sum", "rates": {"EUR": 1}}, "currency= does not name the column"),
        ({"every": "day", "period": ("1700", "2026")}, "periods; give period="),
    ],
)
def test_what_no_balance_has_is_refused(options: dict[str, Any], message: str) -> None:
    items = pd.DataFrame({"item": [1, 2], "who": ["a", "b"], "period": [1, 2]})
    with pytest.raises(sf.SchemaError, match=re.escape(message)):
        sf.flow(dated(items=items), SMALL, **options)
    if "every" in options and "by" not in options and options["every"] == "month":
        with pytest.raises(sf.SchemaError, match="plain integers"):
            sf.flow(example(), SHOP, every="month")


def test_amounts_that_do_not_fit_are_refused() -> None:
    frame = pd.DataFrame({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 1], "sum": [1e18, 4e18]})
    with pytest.raises(sf.SchemaError, match=r"^amounts of column 'sum' are infinite or add up beyond"):
        sf.flow(sf.StageLog(frame, columns="sum"), SMALL, period=None, amount="sum")


def test_a_line_says_that_amounts_are_those_of_today() -> None:
    items = pd.DataFrame({"item": [1, 2], "worth": [10.0, 20.0]})
    text = str(sf.show(sf.flow(dated(items=items), SMALL, period="2026-02", amount="worth")))
    assert "Flow balance, with the amounts of today" in text
    assert "Amounts are those of today" in text
    of_log = str(sf.show(sf.flow(dated(), SMALL, period="2026-02", amount="sum")))
    assert "today" not in of_log
    assert (
        "In work, in money: 100 at the start, 0 came in, 50 raised, 0 won, 0 lost, 150 at the end" in of_log
    )
