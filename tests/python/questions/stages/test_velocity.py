"""Sales velocity: its parts against the reference, the product by hand, and when there is none."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import SMALL, assert_frame_equal, items_of, pipeline_of
from questions.scope.test_selection import parts
from reference.velocity import velocity
from strategies import UNLISTED, cases

COLUMNS = [
    *("open_at_end", "closed", "won", "win_rate", "mean_amount", "mean_cycle_time", "velocity"),
    "amount_missing",
]
DAY = pd.Timedelta(days=1)


@given(data=st.data(), times=st.sampled_from(["naive", "zoned"]))
def test_the_parts_are_those_of_the_reference(data: st.DataObject, times: Any) -> None:
    case = data.draw(cases(unlisted="some", times=times))
    part = data.draw(parts(case))
    del part["basis"]
    items = items_of(case.amounts, "worth", [row[0] for row in case.rows])
    items["worth"] = items["worth"].astype("float64")
    log = sf.StageLog(pd.DataFrame(case.rows, columns=["item", "stage", "time"]), items=items)
    elsewhere = data.draw(st.sampled_from([(), UNLISTED[:1]]))
    paused = data.draw(st.sampled_from([(), case.pipeline.stages[:1]]))
    pipeline = pipeline_of(case.pipeline).replace(
        elsewhere=elsewhere, paused=list(paused), moved_out=data.draw(st.sampled_from(["exclude", "include"]))
    )
    ends = (part["start"], part["end"])
    found = sf.sales_velocity(
        log,
        pipeline,
        amount="worth",
        period=None if ends == (None, None) else ends,
        as_of=part["as_of"],
        unlisted="ignore",
    )
    assert found.columns.tolist() == COLUMNS
    row = found.iloc[0]
    expected = velocity(case.rows, case.amounts, case.pipeline, **part, elsewhere=elsewhere, paused=paused)
    for name in ("open_at_end", "closed", "won", "amount_missing"):
        assert row[name] == getattr(expected, name), name
    assert row["win_rate"] == pytest.approx(reference_share(expected.won, expected.closed), nan_ok=True)
    mean = float("nan") if expected.mean_amount is None else expected.mean_amount
    assert row["mean_amount"] == pytest.approx(mean, nan_ok=True)
    assert pd.isna(row["mean_cycle_time"]) == (expected.mean_cycle_days is None)
    if expected.mean_cycle_days is not None:
        assert row["mean_cycle_time"] / DAY == pytest.approx(float(expected.mean_cycle_days), abs=1e-10)
    assert pd.isna(row["velocity"])


def reference_share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


@given(data=st.data(), every=st.sampled_from(["week", "month", "year"]))
def test_each_period_and_group_is_the_question_about_it_alone(data: st.DataObject, every: Any) -> None:
    case = data.draw(cases(unlisted="some", times="naive"))
    items = items_of(case.groups, "group", [row[0] for row in case.rows])
    items["worth"] = pd.Series([case.amounts.get(item) for item in items["item"]], dtype="float64")
    log = sf.StageLog(pd.DataFrame(case.rows, columns=["item", "stage", "time"]), items=items)
    pipeline = pipeline_of(case.pipeline)
    as_of = data.draw(st.none() | st.sampled_from([time for _, _, time in case.rows]))
    options: dict[str, Any] = {"amount": "worth", "unlisted": "ignore", "as_of": as_of}
    by = data.draw(st.sampled_from([None, "group"]))
    table = sf.sales_velocity(log, pipeline, every=every, by=by, **options)
    for period, rows in table.groupby("period"):
        alone = sf.sales_velocity(log, pipeline, period=period, by=by, **options)
        assert_frame_equal(rows.drop(columns="period").reset_index(drop=True), alone, check_exact=True)
    grouped = sf.sales_velocity(log, pipeline, by="group", **options)
    for value in grouped["group"].tolist():
        condition = None if pd.isna(value) else value
        chosen = sf.sales_velocity(log, pipeline, where={"group": condition}, **options)
        mine = grouped[grouped["group"].isna() if condition is None else grouped["group"] == value]
        assert_frame_equal(mine.drop(columns="group").reset_index(drop=True), chosen, check_exact=True)


def march(n_lost: int = 10, **options: Any) -> sf.StageLog:
    """Make the example of the definitions: 20 won, some lost and 12 open items."""
    rows, amounts = [], []

    def add(moves: list[tuple[str, int]], amount: float | None) -> None:
        amounts.append(amount)
        begin = pd.Timestamp("2026-03-01")
        rows.extend((len(amounts), stage, begin + day * DAY) for stage, day in moves)

    for number in range(10):
        add([("New", 0), ("Won", 8)], None if number < 2 else 300.0)
    for _ in range(10):
        add([("New", 0), ("Wait", 3), ("Offer", 5), ("Won", 12)], 300.0)
    for _ in range(n_lost):
        add([("New", 0), ("Lost", 4)], 7.0)
    for _ in range(12):
        add([("New", 0)], 9.0)
    add([("New", 40)], 9.0)  # April
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    items = pd.DataFrame({"item": range(1, len(amounts) + 1), "worth": amounts})
    items["who"] = ["ann" if number % 2 else "bob" for number in range(len(amounts))]
    return sf.StageLog(frame, items=items, **options)


PIPELINE = sf.Pipeline(["New", "Wait", "Offer"], won="Won", lost="Lost", paused="Wait")


def test_the_example_of_the_definitions_is_met() -> None:
    (row,) = sf.sales_velocity(march(), PIPELINE, amount="worth", period="2026-03").to_dict("records")
    assert [row[name] for name in ("open_at_end", "closed", "won", "amount_missing")] == [12, 30, 20, 2]
    assert row["win_rate"] == pytest.approx(2 / 3)
    assert row["mean_amount"] == 300
    assert row["mean_cycle_time"] == 9 * DAY
    assert row["velocity"] == pytest.approx(12 * 2 / 3 * 300 / 9)
    (less,) = sf.sales_velocity(march(9), PIPELINE, amount="worth", period="2026-03").to_dict("records")
    assert less["closed"] == 29
    assert pd.isna(less["velocity"])
    # Without the paused stage the mean is 10 days.
    (plain,) = sf.sales_velocity(march(), PIPELINE.replace(paused=()), amount="worth").to_dict("records")
    assert plain["mean_cycle_time"] == 10 * DAY
    assert plain["velocity"] == pytest.approx(13 * 2 / 3 * 300 / 10)


def test_an_unknown_start_has_no_cycle_time() -> None:
    log = march()
    frame = sf.row_table(log)
    frame["unsure"] = (frame["item"] <= 10) & (frame["stage"] == "New")
    marked = sf.StageLog(frame, items=log.items, start_unknown="unsure")
    (row,) = sf.sales_velocity(marked, PIPELINE, amount="worth").to_dict("records")
    assert row["won"] == 20
    assert row["mean_cycle_time"] == 10 * DAY


def test_periods_without_closed_items_have_no_velocity() -> None:
    table = sf.sales_velocity(march(), PIPELINE, amount="worth", every="month")
    assert table["period"].astype(str).tolist() == ["2026-03", "2026-04"]
    assert table["open_at_end"].tolist() == [12, 13]
    assert table["closed"].tolist() == [30, 0]
    assert np.isnan(table["velocity"].tolist()[1])
    shown = str(sf.show(table))
    assert "2026-03: About 267 a day: 12 open × 67% × 300 ÷ 9 days; 2 without an amount" in shown
    assert "Covered only in part: 2026-04" in shown


def test_groups_have_parts_of_their_own_and_the_sentence_says_why_one_has_none() -> None:
    table = sf.sales_velocity(march(), PIPELINE, amount="worth", by="who")
    assert table["who"].tolist() == ["ann", "bob"]
    assert table["closed"].tolist() == [15, 15]
    assert table["velocity"].isna().all()
    assert "ann: No velocity: 15 closed items, fewer than 30" in str(sf.show(table))
    top = sf.sales_velocity(march(), PIPELINE, amount="worth", by="who", top=1)
    assert top["who"].tolist() == ["bob", "other (1 group)"]


def test_what_is_won_at_once_or_for_nothing_makes_no_velocity() -> None:
    rows = [(item, "Won", pd.Timestamp("2026-03-01")) for item in range(40)]
    items = pd.DataFrame({"item": range(40), "worth": [5.0] * 40, "none": [np.nan] * 40})
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]), items=items)
    table = sf.sales_velocity(log, SMALL, amount="worth")
    assert pd.isna(table["velocity"].iloc[0])
    assert "No velocity: the won items took no time" in str(sf.show(table))
    assert "no won item has an amount" in str(sf.show(sf.sales_velocity(log, SMALL, amount="none")))


def test_an_amount_of_the_log_and_its_currency_are_those_of_the_last_row() -> None:
    frame = sf.row_table(march())
    frame["sum"] = 100.0
    frame["money"] = ["EUR" if stage == "Won" else "USD" for stage in frame["stage"]]
    log = sf.StageLog(frame, columns=["sum", "money"])
    options: dict[str, Any] = {"amount": "sum", "currency": "money"}
    rates = {"USD": 1, "EUR": 3}
    table = sf.sales_velocity(log, PIPELINE, **options, rates=rates)
    assert table["mean_amount"].tolist() == [300.0]
    first = sf.sales_velocity(log, PIPELINE, **options, rates=rates, amount_at="first_known")
    assert first["mean_amount"].tolist() == [100.0]
    with pytest.raises(sf.SchemaError, match="2 currencies"):
        sf.sales_velocity(log, PIPELINE, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"amount": "worthh"}, "amount='worthh' is not a column"),
        ({"amount": "worth", "every": "M"}, 'pass every="month"'),
        ({"amount": "worth", "by": "outcome"}, "by='outcome' parts the open items from the won ones"),
        ({"amount": "worth", "by": ["who", "last_stage"]}, "by='last_stage' parts the open items"),
        ({"amount": "worth", "amount_at": "stage"}, "reads an entry into a stage"),
        ({"amount": "worth", "rates": {"EUR": 1}}, "currency= does not name the column"),
        ({"amount": "worth", "every": "month", "period": ("2026-03-05", None)}, "within a month"),
    ],
)
def test_what_has_no_velocity_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError, match=re.escape(message)):
        sf.sales_velocity(march(), PIPELINE, **options)


def test_plain_integers_have_no_days() -> None:
    items = pd.DataFrame({"item": [1], "worth": [1.0]})
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 1]}, items=items)
    with pytest.raises(sf.SchemaError, match="plain integers; give timestamps"):
        sf.sales_velocity(log, SMALL, amount="worth")


def test_a_log_without_rows_has_no_velocity() -> None:
    frame = pd.DataFrame({"item": [], "stage": [], "time": pd.to_datetime([])})
    items = pd.DataFrame({"item": [1.0], "worth": [1.0]})
    log = sf.StageLog(frame, items=items, empty="allow")
    table = sf.sales_velocity(log, SMALL, amount="worth", missing="ignore")
    assert table[["open_at_end", "closed"]].iloc[0].tolist() == [0, 0]
    assert sf.sales_velocity(log, SMALL, amount="worth", every="month", missing="ignore").empty
