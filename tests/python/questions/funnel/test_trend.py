"""The funnel of many periods, and one period beside another."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import SHOP, assert_frame_equal, items_of, log_of, pipeline_of
from strategies import UNLISTED, cases

# The CRM's own example and two more: created, moved, closed.
DEALS = pd.DataFrame(
    [
        ("A", "New", "2026-01-05"),
        ("A", "Prepayment", "2026-03-20"),
        ("A", "Won", "2026-04-10"),
        ("B", "New", "2026-01-10"),
        ("B", "Lost", "2026-01-31 23:59:59"),
        ("B", "Discussion", "2026-04-01"),
        ("C", "Delivery", "2026-03-01"),
    ],
    columns=["item", "stage", "time"],
).astype({"time": "datetime64[us]"})
MANAGERS = pd.DataFrame({"item": ["A", "B"], "manager": ["Ann", "Bob"], "value": [0.1, 0.2]})


def reached(table: pd.DataFrame, period: str) -> list[int]:
    return table.loc[table["period"] == pd.Period(period), "reached"].tolist()


def test_each_month_shows_the_items_alive_in_it_as_they_stood_at_its_end() -> None:
    trend = sf.funnel_by_period(sf.StageLog(DEALS), SHOP, kind="conversions")
    assert trend["period"].dtype == "period[M]"
    assert reached(trend, "2026-01") == [2, 0, 0, 0, 0, 1]
    assert reached(trend, "2026-02") == [1, 0, 0, 0, 0, 0]
    assert reached(trend, "2026-03") == [1, 0, 1, 1, 0, 0]
    assert reached(trend, "2026-04") == [2, 2, 1, 2, 1, 1]
    assert trend.groupby("period")["base"].first().tolist() == [2, 1, 2, 3]


def test_each_month_shows_the_cohort_created_in_it() -> None:
    trend = sf.funnel_by_period(sf.StageLog(DEALS), SHOP, basis="created")
    assert reached(trend, "2026-01") == [2, 1, 1, 0, 1, 1]
    assert reached(trend, "2026-02") == [0, 0, 0, 0, 0, 0]
    assert reached(trend, "2026-03") == [0, 0, 0, 1, 0, 0]
    assert reached(trend, "2026-04") == [0, 0, 0, 0, 0, 0]


def test_each_month_shows_what_was_closed_in_it() -> None:
    trend = sf.funnel_by_period(sf.StageLog(DEALS), SHOP, basis="closed", as_of="2026-04-01")
    assert reached(trend, "2026-01") == [1, 0, 0, 0, 0, 1]
    # The last row before April is one of March.
    assert trend.groupby("period")["base"].first().tolist() == [1, 0, 0]


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the options of a funnel."""
    return {
        "kind": draw(st.sampled_from(["classic", "conversions", "furthest", "strict", "both"])),
        "fill": draw(st.sampled_from(["won", "moves"])),
        "lost_then_won": draw(st.sampled_from([None, "include", "exclude", "exclude_reopened"])),
        "basis": draw(st.sampled_from(["active", "created", "closed"])),
    }


@given(
    data=st.data(),
    options=questions(),
    times=st.sampled_from(["naive", "zoned"]),
    every=st.sampled_from(["day", "week", "month", "quarter", "year"]),
    moved_out=st.sampled_from(["exclude", "include"]),
)
def test_a_trend_is_the_funnel_of_each_period_alone(
    data: st.DataObject, options: dict[str, Any], times: Any, every: Any, moved_out: Any
) -> None:
    case = data.draw(cases(unlisted="some", times=times))
    as_of = data.draw(st.none() | st.sampled_from([time for _, _, time in case.rows]))
    pipeline = pipeline_of(case.pipeline).replace(elsewhere=UNLISTED, moved_out=moved_out)
    items = items_of(case.groups, "group", [row[0] for row in case.rows])
    items["value"] = np.arange(len(items)) * 0.1
    log = log_of(case, items=items)
    options |= {"as_of": as_of, "amount": "value"}
    for by in (None, "group"):
        trend = sf.funnel_by_period(log, pipeline, every=every, by=by, **options)
        alone = []
        periods = pd.period_range(trend["period"].min(), trend["period"].max()) if len(trend) else []
        for period in periods:
            table = sf.funnel(log, pipeline, period=period, by=by, **options)
            table.insert(list(table.columns).index("stage") - (by is not None), "period", period)
            alone.append(table)
        expected = pd.concat(alone, ignore_index=True) if alone else trend.iloc[:0]
        if options["kind"] == "both":
            expected = expected.sort_values("kind", kind="stable", ignore_index=True)
        expected["period"] = expected["period"].astype(trend["period"].dtype)
        assert_frame_equal(trend, expected, check_exact=True, check_dtype=by is None)


def test_a_trend_covers_the_given_periods() -> None:
    log = sf.StageLog(DEALS, items=MANAGERS)
    trend = sf.funnel_by_period(log, SHOP, every="quarter", period=("2025-Q4", "2026-Q2"))
    assert trend["period"].astype(str).unique().tolist() == ["2025Q4", "2026Q1", "2026Q2"]
    assert reached(trend, "2025Q4") == [0, 0, 0, 0, 0, 0]
    by_manager = sf.funnel_by_period(log, SHOP, period="2026-02", by="manager", amount="value")
    assert by_manager["manager"].unique().tolist() == ["Ann"]
    assert by_manager["amount"].tolist() == [0.1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": "fortnight"}, "every='fortnight'"),
        ({"period": "2026-W02"}, "within a month; give whole periods, or another every="),
        ({"period": ("2027-01", None)}, "end before period= begins"),
        ({"basis": "won"}, "basis='won'"),
        ({"every": "day", "period": ("1700", "2026")}, "there are 119,434 periods"),
        ({"by": "period"}, "by= names 'period'"),
    ],
)
def test_a_trend_that_cannot_be_drawn_is_refused(options: dict[str, Any], message: str) -> None:
    items = pd.DataFrame({"item": ["A"], "period": ["x"]})
    with pytest.raises(sf.SchemaError) as caught:
        sf.funnel_by_period(sf.StageLog(DEALS, items=items), SHOP, **options)
    assert message in str(caught.value)


def test_a_trend_needs_a_calendar() -> None:
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": [0]})
    with pytest.raises(sf.SchemaError, match="plain integers, which have no calendar"):
        sf.funnel_by_period(log, SHOP)


def periods_of(log: sf.StageLog, period: Any, **options: Any) -> list[str]:
    found: list[str] = sf.compare_periods(log, SHOP, period, **options).attrs["stagefunnel"]["periods"]
    return found


@pytest.mark.parametrize(
    ("period", "previous", "last_year"),
    [
        ("2026-03", "2026-02-01 … 2026-03-01", "2025-03-01 … 2025-04-01"),
        ("2026-01", "2025-12-01 … 2026-01-01", "2025-01-01 … 2025-02-01"),
        ("2026-Q1", "2025-10-01 … 2026-01-01", "2025-01-01 … 2025-04-01"),
        ("2024", "2023-01-01 … 2024-01-01", "2023-01-01 … 2024-01-01"),
        ("2026-W10", "2026-02-23 … 2026-03-02", "2025-03-03 … 2025-03-10"),
        ("2026-03-01", "2026-02-28 … 2026-03-01", "2025-03-01 … 2025-03-02"),
        (("2026-01", "2026-02"), "2025-11-01 … 2026-01-01", "2025-01-01 … 2025-03-01"),
        (("2026-03-10", "2026-03-12"), "2026-03-07 … 2026-03-10", "2025-03-10 … 2025-03-13"),
        (
            (pd.Timestamp("2026-03-10T12:00"), pd.Timestamp("2026-03-10T15:00")),
            "2026-03-10 09:00:00 … 2026-03-10 12:00:00",
            "2025-03-10 12:00:00 … 2025-03-10 15:00:00",
        ),
    ],
)
def test_the_period_before_follows_the_calendar(period: Any, previous: str, last_year: str) -> None:
    log = sf.StageLog(DEALS)
    assert periods_of(log, period)[1] == previous
    assert periods_of(log, period, against="last_year")[1] == last_year


def test_the_month_before_is_a_month_of_the_zone_across_a_change_of_the_clock() -> None:
    zoned = DEALS.assign(time=DEALS["time"].dt.tz_localize("Europe/Paris"))
    now, before = periods_of(sf.StageLog(zoned), "2026-04")
    assert (now, before) == ("2026-04-01 … 2026-05-01", "2026-03-01 … 2026-04-01")


def test_two_months_stand_side_by_side_with_difference_and_change() -> None:
    log = sf.StageLog(DEALS, items=MANAGERS)
    table = sf.compare_periods(log, SHOP, "2026-04", kind="conversions", amount="value").set_index("stage")
    new = table.loc["New"]
    assert (new["reached"], new["reached_before"]) == (2, 1)
    assert (new["reached_difference"], new["reached_change"]) == (1, 1.0)
    assert (new["base"], new["base_before"]) == (3, 2)
    assert new["conversion_from_all_difference"] == 2 / 3 - 1 / 2
    assert (new["amount"], new["amount_before"]) == (0.1 + 0.2, 0.1)
    assert np.isnan(table.loc["Won", "reached_change"])
    assert table.loc["Won", "reached_difference"] == 1


def test_a_group_that_one_of_the_periods_lacks_counts_nothing_in_it() -> None:
    log = sf.StageLog(DEALS, items=MANAGERS)
    table = sf.compare_periods(log, SHOP, "2026-03", against="2026-01", by="manager", kind="both")
    groups = table.loc[table["stage"] == "New", ["kind", "manager", "base", "base_before"]]
    assert groups.astype(object).where(groups.notna(), None).to_numpy().tolist() == [
        ["classic", "Ann", 1, 1],
        ["classic", "Bob", 0, 1],
        ["classic", None, 1, 0],
        ["conversions", "Ann", 1, 1],
        ["conversions", "Bob", 0, 1],
        ["conversions", None, 1, 0],
    ]
    assert table.groupby(["kind", "manager"], dropna=False, observed=True)["stage"].count().eq(6).all()


@given(data=st.data(), options=questions())
def test_a_comparison_has_the_numbers_of_the_two_funnels(
    data: st.DataObject, options: dict[str, Any]
) -> None:
    case = data.draw(cases(times="naive"))
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    table = sf.compare_periods(log, pipeline, "2026-04", against="2026-03", **options)
    for period, suffix in (("2026-04", ""), ("2026-03", "_before")):
        alone = sf.funnel(log, pipeline, period=period, **options)
        for name in ("reached", "conversion_from_all", "base"):
            assert_frame_equal(
                table[["stage", f"{name}{suffix}"]].rename(columns={f"{name}{suffix}": name}),
                alone[["stage", name]],
                check_exact=True,
            )


@pytest.mark.parametrize(
    ("period", "options", "message"),
    [
        (("2026-01", None), {}, "has no end; give both"),
        ((None, "2026-01"), {"against": "last_year"}, "has no start; give both"),
        ("2026-01", {"against": None}, "against= is a period"),
        ("2026-01", {"against": "next"}, "against='next' is not a period"),
    ],
)
def test_a_comparison_needs_two_periods(period: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError) as caught:
        sf.compare_periods(sf.StageLog(DEALS), SHOP, period, **options)
    assert message in str(caught.value)


def test_plain_integers_compare_with_what_lies_just_before() -> None:
    log = sf.StageLog({"item": [1, 2], "stage": ["New", "New"], "time": [0, 5]})
    table = sf.compare_periods(log, SHOP, (5, 10), basis="created")
    assert table.attrs["stagefunnel"]["periods"] == ["5 … 10", "0 … 5"]
    with pytest.raises(sf.SchemaError, match="needs timestamps"):
        sf.compare_periods(log, SHOP, (5, 10), against="last_year")


@pytest.mark.parametrize(
    ("period", "names"),
    [
        ("2026-Q2", ["2026Q2", "2026Q1"]),
        ("2026", ["2026", "2025"]),
        ("2026-04-05", ["2026-04-05", "2026-04-04"]),
        (("2026-04-01", "2026-04-10"), ["2026-04-01 … 2026-04-11", "2026-03-22 … 2026-04-01"]),
    ],
)
def test_compared_periods_are_called_as_people_call_them(period: Any, names: list[str]) -> None:
    table = sf.compare_periods(sf.StageLog(DEALS), SHOP, period)
    assert table.attrs["stagefunnel"]["called"] == names


def test_a_comparison_is_shown_with_its_periods_and_percents() -> None:
    text = str(sf.show(sf.compare_periods(sf.StageLog(DEALS), SHOP, "2026-04")))
    assert "Funnel: classic, 2026-04 compared with 2026-03" in text
    assert "100%" in text


def test_a_month_is_what_filtering_by_hand_in_pandas_gives() -> None:
    shop = sf.datasets.furniture_shop()
    start, end = pd.Timestamp("2026-03-01", tz="UTC"), pd.Timestamp("2026-04-01", tz="UTC")
    rows = shop.frame.set_axis(["item", "stage", "time"], axis="columns")
    rows = rows[rows["time"] < end]
    is_final = rows["stage"].isin(["Won", "Lost"])
    # Final rows after the last one that is not: the run that closes the item.
    last_open = rows[~is_final].groupby("item")["time"].max()
    closing = rows[is_final & ~(rows["time"] <= rows["item"].map(last_open))]
    closed_at = closing.groupby("item")["time"].min()
    gone = closed_at.index[closed_at < start]
    alive = rows[~rows["item"].isin(gone)]
    passed = alive.groupby("stage")["item"].nunique()

    table = sf.funnel(shop.log, shop.pipeline, period="2026-03").set_index("stage")
    assert table["passed"].to_dict() == passed.to_dict()
    assert set(table["base"]) == {alive["item"].nunique()}


@pytest.mark.parametrize(
    ("options", "cells"),
    [
        ({"period": "2026-01"}, ["1000·0", "1111·1", "–"]),
        ({"period": "2026-02"}, ["1000·0", "–", "–"]),
        ({"period": "2026-03"}, ["1010·0", "–", "–"]),
        ({"period": "2026-04"}, ["1111·1", "–", "1111·1"]),
        ({"period": "2026-05"}, ["–", "–", "–"]),
        ({"period": "2026-01", "as_of": "2026-04-01"}, ["1000·0", "1010·0", "–"]),
    ],
)
def test_the_worked_example_of_the_definitions(options: dict[str, Any], cells: list[str]) -> None:
    log = sf.StageLog(DEALS[DEALS["item"] == "A"])
    for basis, cell in zip(("active", "created", "closed"), cells, strict=True):
        table = sf.funnel(log, SHOP, kind="conversions", basis=basis, **options)
        counts = "".join(map(str, table["reached"]))
        assert (f"{counts[:4]}·{counts[4]}" if table["base"].iloc[0] else "–") == cell
