"""The chance of each open item against the plain reference, and worked examples."""

import math
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from forecast_cases import END, PIPELINE, STAGES, columns_of, journey, visits_of
from reference.forecast import chance, visits_behind

# Section 13 of the definitions: six deals in Offer, two of them open.
SIX = {
    "item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
    "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
    "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0],
}
OFFER = sf.Pipeline("Offer", won="Won", lost="Lost")


def six() -> sf.StageLog:
    return sf.StageLog(SIX, observed_until=50)


def test_the_example_of_the_definitions() -> None:
    table = sf.win_probability(six(), OFFER)
    assert table["item"].tolist() == [5, 6]
    assert table["in_stage"].tolist() == [15, 50]
    assert table["win"].tolist() == pytest.approx([1 / 4, math.nan], nan_ok=True)
    assert table["win_if_closed"].tolist() == pytest.approx([1 / 3, math.nan], nan_ok=True)
    assert table["beyond_support"].tolist() == [False, True]
    assert 0 < table["win_low"][0] < 1 / 4 < table["win_high"][0] < 1


def old_one() -> sf.StageLog:
    """The same deals, of which one is in Offer since 35 days in the place of 15."""
    return sf.StageLog({**SIX, "time": [*SIX["time"][:8], 15, 0]}, observed_until=50)


def test_what_was_never_seen_of_two_visits_is_not_certain() -> None:
    # Two visits lasted longer than 35 days, one was lost and one is open: 1 − 0.1^(1/2) at 90%.
    one = sf.win_probability(old_one(), OFFER).iloc[0]
    assert (one["in_stage"], one["win"], one["win_low"]) == (35, 0, 0)
    assert one["win_high"] == pytest.approx(1 - 0.1**0.5)
    surer = sf.win_probability(old_one(), OFFER, confidence=0.99).iloc[0]
    assert surer["win_high"] == pytest.approx(1 - 0.01**0.5)
    # Within 10 days none of four that were there after 15 was won: 3 · (5/6) / (5/8) = 4.
    within = sf.win_probability(six(), OFFER, horizon=10).iloc[0]
    assert (within["win"], within["win_low"]) == (0, 0)
    assert within["win_high"] == pytest.approx(1 - 0.1**0.25)


@pytest.mark.parametrize("method", ["semi_markov", "markov"])
def test_what_was_always_seen_is_not_certain_either(method: str) -> None:
    # Three deals were won after 5 days, and one is there since 2.
    rows = {"item": [1, 1, 2, 2, 3, 3, 4], "stage": ["Offer", "Won"] * 3 + ["Offer"]}
    log = sf.StageLog({**rows, "time": [0, 5, 0, 5, 0, 5, 3]}, observed_until=5)
    one = sf.win_probability(log, OFFER, missing="ignore", method=method).iloc[0]
    assert (one["win"], one["win_high"]) == (1, 1)
    assert one["win_low"] == pytest.approx(0.1 ** (1 / 3))


@pytest.mark.parametrize("options", [{}, {"method": "markov"}, {"horizon": 20}])
def test_a_stage_that_follows_says_how_sure_a_chance_of_zero_is(options: dict[str, Any]) -> None:
    # 40 went from Trial to Check after 5 days, where 30 were lost after 5 more and 10 are open.
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}

    def add(item: int, *path: tuple[str, int]) -> None:
        for stage, time in path:
            for name, value in zip(rows, (item, stage, time), strict=True):
                rows[name].append(value)

    for item in range(40):
        add(item, ("Trial", 20 if item >= 30 else 0), ("Check", 25 if item >= 30 else 5))
        if item < 30:
            add(item, ("Lost", 10))
    add(40, ("Trial", 25))
    add(41, ("Offer", 0), ("Won", 9))
    log = sf.StageLog(rows, observed_until=26)
    pipeline = sf.Pipeline(["Trial", "Check", "Offer"], won="Won", lost="Lost")
    one = sf.win_probability(log, pipeline, **options).set_index("item").loc[40]
    assert (one["stage"], one["win"]) == ("Trial", 0)
    # Of Check only those 30 say so; that 40 came there says nothing.
    assert one["win_high"] == pytest.approx(1 - 0.1 ** (1 / 30))


@pytest.mark.parametrize(("horizon", "win"), [(10, 0.0), (15, 1 / 4), (25, 1 / 4), (1000, 1 / 4)])
def test_the_example_within_a_horizon(horizon: int, win: float) -> None:
    assert sf.win_probability(six(), OFFER, horizon=horizon)["win"][0] == pytest.approx(win, abs=1e-12)


def test_a_chain_takes_no_notice_of_the_age() -> None:
    # Two of the four that left were won.
    assert sf.win_probability(six(), OFFER, method="markov")["win"][0] == 0.5
    # 4 exits in 10 + 20 + 30 + 40 + 15 + 50 = 165 days: half of what leaves within 15 days is won.
    within = sf.win_probability(six(), OFFER, method="markov", horizon=15)["win"][0]
    assert within == pytest.approx(0.5 * (1 - math.exp(-15 * 4 / 165)), abs=1e-12)


def test_what_was_never_seen_to_leave_is_not_won() -> None:
    # 100 come to Offer; 20 are won on day 20 and 20 lost on day 40; 60 sit there for 300 days.
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    for item in range(101):
        rows["item"].append(item)
        rows["stage"].append("Offer")
        rows["time"].append(0 if item < 100 else 270)
        if item < 40:
            rows["item"].append(item)
            rows["stage"].append("Won" if item < 20 else "Lost")
            rows["time"].append(20 if item < 20 else 40)
    table = sf.win_probability(sf.StageLog(rows, observed_until=300), OFFER)
    young = table[table["item"] == 100]
    assert young["win"].tolist() == [0.0]
    assert table["beyond_support"].sum() == 60
    assert table["win"].isna().sum() == 60


@pytest.mark.parametrize("horizon", [None, 3, 9])
@examples(ci=40, night=200)
@given(seed=st.integers(0, 2**32))
def test_random_histories_agree_with_the_reference(horizon: int | None, seed: int) -> None:
    random = Random(seed)
    journeys = [journey(random) for _ in range(random.randrange(1, 14))]
    log = sf.StageLog(columns_of(journeys), observed_until=END)
    table = sf.win_probability(log, PIPELINE, horizon=horizon, missing="ignore")
    visits = [visit for rows in journeys for visit in visits_of(rows)]
    expected = {
        item: (rows[-1][0], END - rows[-1][1]) for item, rows in enumerate(journeys) if rows[-1][0] in STAGES
    }
    assert set(table["item"]) == set(expected)
    for row in table.itertuples():
        stage, age = expected[row.item]
        right = chance(visits, STAGES, stage, age, horizon)
        assert (row.stage, row.in_stage, row.beyond_support) == (stage, age, right.beyond)
        for found, value in ((row.win, right.win), (row.win_if_closed, right.win_if_closed)):
            if value is None:
                assert np.isnan(found)
            else:
                assert found == pytest.approx(float(value), abs=1e-9)
        if not np.isnan(row.win):
            assert row.win_low <= row.win + 1e-9
            assert row.win <= row.win_high + 1e-9
        if right.win in (0, 1):
            # What was never seen: n visits say so.
            off = 1 - 0.1 ** (1 / visits_behind(visits, STAGES, stage, age, horizon))
            bounds = (0, off) if right.win == 0 else (1 - off, 1)
            assert (row.win_low, row.win_high) == pytest.approx(bounds, abs=1e-9)


def test_dates_and_integers_give_the_same_chances() -> None:
    days = {**SIX, "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(SIX["time"], unit="D")}
    log = sf.StageLog(days, observed_until=pd.Timestamp("2026-02-20"))
    for options in (
        {},
        {"horizon": "15d"},
        {"horizon": "2026-03-06"},
        {"horizon": ("2026-02-20", "2026-03-06")},
    ):
        found = sf.win_probability(log, OFFER, **options)
        assert found["win"][0] == pytest.approx(1 / 4), options


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads() -> None:
    shop = sf.datasets.furniture_shop()
    names = {"item": "deal_id", "stage": "stage", "time": "entered_at"}
    tables = [
        sf.win_probability(sf.StageLog(shop.frame, **names, threads=threads), shop.pipeline, seed=7)
        for threads in (1, 2, 5)
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_exact=True)
    other = sf.win_probability(shop.log, shop.pipeline, seed=8)
    assert not other["win_low"].equals(tables[0]["win_low"])
    assert other["win"].equals(tables[0]["win"])


def test_items_are_fitted_by_group_where_it_has_thirty_exits() -> None:
    # 30 deals of the web, all won after a day, and 5 of fairs, all lost after a day.
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": [], "source": []}
    for item in range(37):
        of_web = item < 31
        is_open = item in (30, 36)
        rows["item"] += [item] if is_open else [item, item]
        rows["stage"] += ["Offer"] if is_open else ["Offer", "Won" if of_web else "Lost"]
        rows["time"] += [1] if is_open else [0, 1]
        rows["source"] += ["web" if of_web else "fair"] * (1 if is_open else 2)
    log = sf.StageLog(rows, columns=["source"], observed_until=1)
    table = sf.win_probability(log, OFFER, fit_by="source").set_index("item")
    assert table["win"][30] == 1.0
    # Fairs have five exits alone, and take the common fit: 30 of 35.
    assert table["win"][36] == pytest.approx(30 / 35)
    assert table.attrs["stagefunnel"]["fell_back"] == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"horizon": "90d"}, "horizon='90d' has a unit, and the log's times are plain integers"),
        ({"horizon": 0}, "horizon=0 is not above 0|horizon=0 is over"),
        ({"horizon": (10, 40)}, r"horizon=\(10, 40\) is over by the end of observation, 50"),
        ({"horizon": -3}, "horizon=-3"),
        ({"method": "semi"}, "method='semi'"),
        ({"seed": -1}, "seed=-1 is not a whole number from 0 on"),
        ({"top": 0}, "top=0"),
        ({"confidence": 2}, "confidence=2"),
        ({"amount": "sum"}, "amount= names a column of the items table, and the log has none"),
        ({"fit_by": "outcome"}, "fit_by='outcome' parts the open items from the closed ones"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(sf.StageFunnelError, match=says):
        sf.win_probability(six(), OFFER, **options)


def test_without_a_won_stage_there_is_nothing_to_forecast() -> None:
    with pytest.raises(sf.SchemaError, match="the pipeline has no won stage"):
        sf.win_probability(six(), sf.Pipeline(["Offer", "Won"], lost="Lost"))


def test_where_nothing_is_open_the_table_is_empty_and_where_nothing_ended_all_is_beyond() -> None:
    closed = sf.StageLog({"item": [1, 1], "stage": ["Offer", "Won"], "time": [0, 1]})
    assert sf.win_probability(closed, sf.Pipeline("Offer", won="Won"))["item"].tolist() == []
    fresh = sf.StageLog({"item": [1, 2], "stage": ["Offer", "Offer"], "time": [0, 1]})
    for options in ({}, {"horizon": 5}, {"method": "markov"}, {"method": "markov", "horizon": 5}):
        table = sf.win_probability(fresh, OFFER, missing="ignore", **options)
        assert table["beyond_support"].tolist() == [True, True]
        assert table["win"].isna().all()


def test_an_amount_among_the_further_columns_is_there_once() -> None:
    shop = sf.datasets.furniture_shop()
    options: dict[str, Any] = {"amount": "amount", "top": 5}
    table = sf.win_probability(shop.log, shop.pipeline, columns=["manager", "amount"], **options)
    assert table.equals(sf.win_probability(shop.log, shop.pipeline, columns="manager", **options))
    assert [*table.columns].count("amount") == 1
    with pytest.raises(sf.SchemaError, match="columns= names 'amount', which is a column of the result"):
        sf.win_probability(shop.log, shop.pipeline, columns="amount")
