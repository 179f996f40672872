"""Where items will be adds up, and agrees with the chances of winning and with a step by step count."""

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
from reference.forecast import OVER, WON, chance, occupation

SHOP = sf.datasets.furniture_shop()


@pytest.mark.parametrize("method", ["semi_markov", "markov"])
def test_items_add_up_and_those_won_are_the_forecast(method: Any) -> None:
    table = sf.state_occupation(SHOP.log, SHOP.pipeline, times=["20d", "60d"], by="manager", method=method)
    for (_, days), rows in table.groupby(["manager", "time"]):
        own = sf.forecast(SHOP.log, SHOP.pipeline, by="manager", horizon=days, method=method, draws=100)
        own = own[own["manager"] == rows["manager"].iloc[0]].set_index("line")
        assert rows["items"].sum() == pytest.approx(own.loc["total", "n_open"])
        assert rows["share"].sum() == pytest.approx(1)
        won = rows.loc[rows["state"] == "won", "items"].iloc[0]
        assert won == pytest.approx(own.loc["total", "expected_wins"])


@examples(ci=25, night=150)
@given(seed=st.integers(0, 2**32))
def test_random_histories_agree_with_a_walk(seed: int) -> None:
    random = Random(seed)
    journeys = [journey(random) for _ in range(random.randrange(2, 12))]
    log = sf.StageLog(columns_of(journeys), observed_until=END)
    visits = [visit for rows in journeys for visit in visits_of(rows)]
    table = sf.state_occupation(log, PIPELINE, times=[4], missing="ignore")
    expected: dict[Any, float] = dict.fromkeys([*STAGES, WON, OVER], 0.0)
    n_open = 0
    for rows in journeys:
        stage, age = rows[-1][0], END - rows[-1][1]
        if stage not in STAGES:
            continue
        n_open += 1
        if chance(visits, STAGES, stage, age).beyond:
            expected[stage] += 1
            continue
        for name, share in occupation(visits, STAGES, stage, age, 4).items():
            expected[name] += share
    assert table["items"].tolist() == pytest.approx(list(expected.values()), abs=1e-6)
    assert table["items"].sum() == pytest.approx(n_open)


def test_chances_by_age_are_those_of_items_of_that_age() -> None:
    table = sf.win_within(SHOP.log, SHOP.pipeline, horizon="60d")
    assert table.groupby("stage", observed=True)["n"].apply(lambda n: n.is_monotonic_decreasing).all()
    items = sf.win_probability(SHOP.log, SHOP.pipeline, horizon="60d")
    for row in items.head(20).itertuples():
        own = sf.win_within(SHOP.log, SHOP.pipeline, horizon="60d", ages=[row.in_stage])
        own = own[own["stage"] == row.stage].iloc[0]
        assert own["win"] == pytest.approx(row.win)
        assert own["beyond_support"] == row.beyond_support


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"times": "30d"}, "times='30d' is not a list"),
        ({"times": []}, r"times=\[\] is not a list"),
        ({"times": ["0d"]}, "times='0d' is not above 0"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(sf.StageFunnelError, match=says):
        sf.state_occupation(SHOP.log, SHOP.pipeline, **options)


def test_nothing_open_has_no_groups_and_no_items() -> None:
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 1]})
    table = sf.state_occupation(log, sf.Pipeline("New", won="Won"), times=[5])
    assert table["items"].tolist() == [0, 0, 0]
    assert np.isnan(table["share"]).all()


@pytest.mark.parametrize("method", ["semi_markov", "markov"])
def test_chances_by_age_have_the_bounds_that_open_items_have(method: str) -> None:
    options = {"horizon": "60d", "method": method, "confidence": 0.8, "seed": 3}
    items = sf.win_probability(SHOP.log, SHOP.pipeline, **options)
    known = items[items["win"].notna()]
    for row in pd.concat([known.head(4), known.tail(4)]).itertuples():
        table = sf.win_within(SHOP.log, SHOP.pipeline, ages=[row.in_stage], **options)
        own = table[table["stage"] == row.stage].iloc[0]
        assert own[["win", "win_low", "win_high"]].tolist() == [row.win, row.win_low, row.win_high]
    assert (items["win_low"] <= items["win"]).sum() == len(known)


def test_what_was_never_seen_by_an_age_has_bounds_of_its_visits() -> None:
    # The deals of section 13: none of four that lasted longer than 15 days was won within 10 more.
    rows = {
        "item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
        "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
        "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0],
    }
    pipeline = sf.Pipeline("Offer", won="Won", lost="Lost")
    table = sf.win_within(sf.StageLog(rows, observed_until=50), pipeline, horizon=10, ages=[15, 45])
    assert table["win_low"].tolist() == pytest.approx([0, float("nan")], nan_ok=True)
    assert table["win_high"].tolist() == pytest.approx([1 - 0.1**0.25, float("nan")], nan_ok=True)
