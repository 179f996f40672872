"""What is not known before the first win: nothing is forecast, and the answer says why."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf

OFFER = sf.Pipeline("Offer", won="Won", lost="Lost")
WAYS = ({}, {"horizon": 15}, {"method": "markov"}, {"method": "markov", "horizon": 15})
NAMES = ["expected_wins", "expected_wins_low", "expected_wins_high", "expected_wins_if_closed"]


def lost_six() -> sf.StageLog:
    """The example of the definitions, with its two wins lost too."""
    rows = {
        "item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
        "stage": ["Offer", "Lost", "Offer", "Lost", "Offer", "Lost", "Offer", "Lost", "Offer", "Offer"],
        "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0],
    }
    return sf.StageLog(rows, observed_until=50)


def log_of(journeys: list[list[tuple[str, int]]], **options: Any) -> sf.StageLog:
    rows = [(item, stage, time) for item, own in enumerate(journeys) for stage, time in own]
    columns = dict(zip(("item", "stage", "time"), map(list, zip(*rows, strict=True)), strict=True))
    return sf.StageLog(columns, **options)


def text_of(table: pd.DataFrame) -> str:
    return str(sf.show(table))


@pytest.mark.parametrize("options", WAYS)
def test_before_the_first_win_no_chance_is_known(options: dict[str, Any]) -> None:
    table = sf.win_probability(lost_six(), OFFER, missing="ignore", **options)
    assert table["item"].tolist() == [5, 6]
    for name in ("win", "win_low", "win_high", "win_if_closed"):
        assert table[name].isna().all(), name
    assert table["beyond_support"].tolist() == [False, True]  # one is longer there than what ever left
    remembered = table.attrs["stagefunnel"]
    assert remembered["nothing_won"] is True
    assert (remembered["never_won"], remembered["without_win"]) == (["Offer"], 1)
    assert "Nothing was won before this date: nothing can be forecast." in text_of(table)


@pytest.mark.parametrize("options", [*WAYS, {"interval": "outcome"}])
def test_a_forecast_without_a_win_is_missing_and_not_a_certain_nothing(options: dict[str, Any]) -> None:
    table = sf.forecast(lost_six(), OFFER, missing="ignore", **options)
    for name in NAMES:
        assert table[name].isna().all(), name
    total = table[table["line"] == "total"].iloc[0]
    assert (total["n_open"], total["n_beyond_support"]) == (2, 1)
    shown = text_of(table)
    assert "Nothing was won before this date: nothing can be forecast." in shown
    assert "0–0" not in shown


def test_neither_new_items_nor_a_target_are_forecast_before_a_win() -> None:
    log = lost_six()
    table = sf.forecast(log, OFFER, missing="ignore", horizon=(40, 60), target=3)
    new = table[table["line"] == "new_items"].iloc[0]
    assert new[["win", *NAMES[:3]]].isna().all()
    target = table.attrs["stagefunnel"]["target"]
    assert (target["so_far"], target["missing"]) == (0, 3)
    assert (target["expected"], target["probability"]) == (None, None)


@pytest.mark.parametrize(("n_lost", "win"), [(29, np.nan), (30, 0.0)])
@pytest.mark.parametrize("options", WAYS)
def test_a_stage_nobody_won_from_is_unknown_until_thirty_have_left(
    n_lost: int, win: float, options: dict[str, Any]
) -> None:
    # Of Offer, two are won after 3 and 9 days, and one is open since a day; Trial was only ever lost.
    journeys = [[("Offer", 0), ("Won", 3)], [("Offer", 0), ("Won", 9)], [("Offer", 9)]]
    journeys += [[("Trial", 0), ("Lost", 9)]] * n_lost + [[("Trial", 8)]]
    pipeline = sf.Pipeline(["Trial", "Offer"], won="Won", lost="Lost")
    log = log_of(journeys, observed_until=10)
    table = sf.win_probability(log, pipeline, **options).set_index("stage")
    assert table["win"]["Offer"] > 0
    assert table["win"]["Trial"] == win or (np.isnan(win) and np.isnan(table["win"]["Trial"]))
    assert not table["beyond_support"]["Trial"]
    remembered = table.attrs["stagefunnel"]
    assert "nothing_won" not in remembered
    assert remembered.get("never_won", []) == (["Trial"] if n_lost < 30 else [])
    whole = sf.forecast(log, pipeline, **options)
    total = whole[whole["line"] == "total"].iloc[0]
    assert total["expected_wins"] == pytest.approx(table["win"]["Offer"])
    says = "Nothing was won from Trial yet: 1 open item there has no chance that can be read off."
    assert (says in text_of(whole)) == (n_lost < 30)
    if n_lost < 30:
        assert " of 1 open item that can be forecast" in text_of(whole).replace("items", "item")


def test_a_way_over_another_stage_is_a_way_to_a_win() -> None:
    # One went from Trial to Offer, and another was won from Offer: 1/2 of Trial goes on, 1 of 2 there is won.
    journeys = [
        [("Trial", 0), ("Offer", 4)],
        [("Trial", 0), ("Lost", 4)],
        [("Offer", 0), ("Won", 9)],
        [("Offer", 0), ("Lost", 9)],
        [("Trial", 9)],
    ]
    pipeline = sf.Pipeline(["Trial", "Offer"], won="Won", lost="Lost")
    table = sf.win_probability(log_of(journeys, observed_until=10), pipeline).set_index("item")
    assert table["win"][4] == pytest.approx(1 / 4)


def test_a_group_with_a_fit_of_its_own_waits_for_its_own_first_win() -> None:
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": [], "source": []}
    for item in range(62):
        of_web, is_open = item < 31, item in (30, 61)
        rows["item"] += [item] if is_open else [item, item]
        rows["stage"] += ["Offer"] if is_open else ["Offer", "Won" if of_web else "Lost"]
        rows["time"] += [1] if is_open else [0, 1]
        rows["source"] += ["web" if of_web else "fair"] * (1 if is_open else 2)
    log = sf.StageLog(rows, columns=["source"], observed_until=1)
    table = sf.forecast(log, OFFER, by="source", fit_by="source")
    totals = table[table["line"] == "total"].set_index("source")["expected_wins"]
    assert totals["web"] == 1.0
    assert np.isnan(totals["fair"])
    assert "Nothing was won from Offer yet in some groups: 1 open item there has no chance" in text_of(table)


def test_a_date_before_the_first_win_is_in_no_test_and_its_wins_are_counted() -> None:
    # A deal comes on each of the days 0 to 39 and ends after 5: the first eight are lost, the others won.
    journeys = [[("Offer", day), ("Lost" if day < 8 else "Won", day + 5)] for day in range(40)]
    table = sf.backtest(log_of(journeys), OFFER, dates=[10, 20], horizon=10)
    # On day 10 the deals of the days 5 to 9 are open, and five were lost; those of days 8 and 9 are won.
    assert table["n_open"].tolist() == [5, 5]
    assert table["actual"].tolist() == [2, 5]
    first = table.iloc[0]
    for name in ("expected", "expected_low", "expected_high", "brier", "bias", "inside"):
        assert pd.isna(first[name]), name
    assert not table.iloc[1].isna().any()
    remembered = table.attrs["stagefunnel"]
    assert remembered["before_a_win"] == 1
    assert remembered["not_won_before"] == {"n": 5, "won": 2}
    shown = text_of(table)
    assert (
        "At 1 date no visit of a stage had led to a win yet, so that nothing could be forecast: 2 wins came "
        "all the same." in shown
    )
    assert "At the one past date the actual wins lay" in shown
    assert "range of 0 to 0" not in shown
    assert "Nothing was won before this date" not in shown


def test_a_stage_without_a_win_is_counted_at_each_date_and_tested_at_none() -> None:
    # Offers end after 5 days, won and lost in turn; on day 18 a deal comes to Trial, which is won on day 22.
    journeys = [[("Offer", day), ("Lost" if day % 2 else "Won", day + 5)] for day in range(30)]
    journeys += [[("Trial", 0), ("Lost", 9)], [("Trial", 18), ("Won", 22)]]
    pipeline = sf.Pipeline(["Trial", "Offer"], won="Won", lost="Lost")
    table = sf.backtest(log_of(journeys), pipeline, dates=[20], horizon=10)
    assert table["n_open"].tolist() == [6]
    assert table["actual"].tolist() == [3]  # those of days 16 and 18 in Offer, and the one in Trial
    remembered = table.attrs["stagefunnel"]
    assert "before_a_win" not in remembered
    assert remembered["not_won_before"] == {"n": 1, "won": 1}
    assert table["inside"].notna().all()
    assert "At the one past date the actual wins lay" in text_of(table)


def test_what_a_saved_item_would_bring_is_not_known_before_a_win() -> None:
    table = sf.bottlenecks(lost_six(), OFFER, missing="ignore")
    assert table["n_lost"].tolist() == [4]
    for name in ("forgone_wins", "sensitivity", "elasticity", "removal_gain", "benchmark_gain"):
        assert table[name].isna().all(), name
    # Nothing was won from New either, of which half is lost and half goes on.
    journeys = [[("New", 0), ("Lost", 2)], [("New", 0), ("Offer", 2)]]
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    early = sf.bottlenecks(log_of(journeys), pipeline, missing="ignore")
    assert early["loss_probability"][0] == 0.5
    assert early[["forgone_wins", "removal_gain"]].isna().all(axis=None)


def test_chances_by_age_are_missing_too_and_items_stay_in_the_sum_of_states() -> None:
    table = sf.win_within(lost_six(), OFFER, missing="ignore", horizon=15, ages=[0, 15])
    assert table["win"].isna().all()
    assert "Nothing was won before this date: nothing can be forecast." in text_of(table)
    # Of Offer half is won; nothing ever left New, which is said once.
    journeys = [[("Offer", 0), ("Won", 9)], [("Offer", 0), ("Lost", 9)], [("New", 5)]]
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    by_age = sf.win_within(log_of(journeys, observed_until=10), pipeline, horizon=9)
    assert "Nothing was won from" not in text_of(by_age)
    assert "Nothing ever left New" in text_of(by_age)
    states = sf.state_occupation(lost_six(), OFFER, missing="ignore", times=[15])
    assert states["items"].sum() == pytest.approx(2)
    assert "Nothing was won before this date" in text_of(states)


def test_an_item_that_began_won_has_no_visit_to_learn_from() -> None:
    log = log_of([[("Won", 0)], [("Offer", 0), ("Lost", 4)], [("Offer", 3)]], observed_until=5)
    table = sf.forecast(log, OFFER)
    assert table["expected_wins"].isna().all()
    assert table.attrs["stagefunnel"]["won_at_once"] == 1
    shown = text_of(table)
    assert "What was won before this date never was in a stage in progress: nothing can be forecast." in shown
    assert "Nothing was won" not in shown


@pytest.mark.parametrize(
    ("n_early", "until", "is_young"),
    # The visits that ended took 30 days; one open deal is there since day 10.
    [(29, 61, True), (30, 61, False), (30, 59, True)],
)
def test_in_a_young_log_too_old_need_not_be_dead(n_early: int, until: int, is_young: bool) -> None:
    # That many began more than 30 days before the end, the open one too.
    journeys = [[("Offer", 0), ("Won" if item % 2 else "Lost", 30)] for item in range(n_early - 1)]
    journeys += [[("Offer", until - 30), ("Lost", until - 20)], [("Offer", 10)]]
    table = sf.forecast(log_of(journeys, observed_until=until), OFFER)
    assert table["n_beyond_support"].tolist() == [0 if until - 10 <= 30 else 1] * 2
    remembered = table.attrs["stagefunnel"]
    assert remembered.get("young_log", False) is is_young
    says = "few visits could have lasted longer yet, and what is too old to forecast need not be dead."
    assert (says in text_of(table)) == is_young
