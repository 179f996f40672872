"""Times that count what is still open: time in stage, times to a stage, and how mature a cohort is."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from questions.stages.test_incidence import SMALL, log_from

LEFT = ["New 0, Offer 2, Won 20", "New 0, Offer 4, Won 20", "New 15, Won 15", "New 0, Offer 8, Lost 20"]
#: New: left after 2, 4, 0 and 8, and one that is there since 5; seen until 20.
VISITS = log_from(*LEFT, "New 15", observed_until=20)


def new_of(table: pd.DataFrame) -> pd.Series:
    return table.set_index("stage").loc["New"]


def test_the_median_counts_open_visits_as_far_as_they_were_seen() -> None:
    """Left after 0, 2, 4 and 8, one open after 5: 4/5, 3/5 and 2/5 are left, and none after 8."""
    table = sf.time_in_stage(VISITS, SMALL, open_visits="censored", quantiles=[0.25, 0.75], confidence=0.95)
    new = new_of(table)
    assert (new["visits"], new["completed"], new["open"]) == (5, 4, 1)
    assert (new["median"], new["q25"], new["q75"]) == (4, 2, 8)
    assert math.isnan(new["mean"])
    assert table["stage"].tolist() == ["New", "Offer"]  # final stages are left out
    expected = sf.stats.survival_quantiles([2, 4, 0, 8, 5], [1, 1, 1, 1, 0], quantiles=[0.5])
    np.testing.assert_allclose(
        new[["median_low", "median_high"]].astype(float), expected[["low", "high"]].iloc[0]
    )


def test_the_columns_stand_in_their_order() -> None:
    plain = sf.time_in_stage(VISITS, SMALL, open_visits="censored", quantiles=[0.25])
    counts = ["stage", "outcome", "visits", "completed", "open", "start_unknown", "items", "mean"]
    last = ["tau", "restricted_mean", "restricted_mean_se"]
    assert list(plain) == [*counts, "median", "q25", *last]
    limits = {"New": 5}
    sure = sf.time_in_stage(
        VISITS, SMALL, open_visits="censored", quantiles=[0.25], confidence=0.9, limits=limits
    )
    bounds = ["median", "median_low", "median_high", "q25", "q25_low", "q25_high"]
    assert list(sure) == [*counts, *bounds, *last, "over_limit"]


def test_a_restricted_mean_goes_to_tau_and_by_default_to_the_horizon() -> None:
    """Up to 6: 4/5 of 2, 3/5 of 2 and 2/5 of 2."""
    new = new_of(sf.time_in_stage(VISITS, SMALL, open_visits="censored", tau=6))
    assert new["tau"] == 6
    assert new["restricted_mean"] == pytest.approx(0.8 * 2 + 0.6 * 2 + 0.4 * 2)
    assert new["restricted_mean_se"] > 0
    assert math.isnan(
        new_of(sf.time_in_stage(VISITS, SMALL, open_visits="censored"))["tau"]
    )  # only five visits
    many = log_from(*[f"New {day}, Offer {day + 1}" for day in range(20)], observed_until=20)
    assert new_of(sf.time_in_stage(many, SMALL, open_visits="censored"))["tau"] == 11


def test_without_open_visits_the_median_is_the_exact_one() -> None:
    log = log_from("New 0, Offer 2, Won 3", "New 0, Offer 4, Won 9", "New 1, Offer 7, Won 8")
    apart = sf.time_in_stage(log, SMALL)
    censored = sf.time_in_stage(log, SMALL, open_visits="censored")
    assert censored["median"].tolist() == apart["median"].tolist()[:2]


def test_groups_are_as_logs_of_their_own() -> None:
    teams = pd.DataFrame({"item": range(1, 6), "team": list("ABABA")})
    log = log_from(*LEFT, "New 15", observed_until=20, items=teams)
    options: dict[str, Any] = {"open_visits": "censored", "confidence": 0.95, "tau": 4}
    table = sf.time_in_stage(log, SMALL, by="team", **options)
    for team in "AB":
        own = table[table["team"] == team].drop(columns="team").reset_index(drop=True)
        alone = sf.time_in_stage(log, SMALL, where={"team": team}, **options)
        pd.testing.assert_frame_equal(own, alone)


def test_lengths_of_time_are_timedeltas() -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-03", "2026-01-01", "2026-01-05"])
    log = sf.StageLog({"item": [1, 1, 2, 2], "stage": ["New", "Won"] * 2, "time": days})
    table = sf.time_in_stage(log, sf.Pipeline("New", won="Won"), open_visits="censored", tau="3d")
    row = table.iloc[0]
    assert row["median"] == pd.Timedelta("3D")
    assert row["restricted_mean"] == pd.Timedelta("60h")
    assert pd.isna(row["mean"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"open_visits": "never"}, "open_visits='never' is not one of 'apart', 'censored'"),
        ({"open_visits": "censored", "per": "item"}, "per='item' puts visits of an item together"),
        (
            {"confidence": 0.9},
            "confidence=0.9 is for visits that go on to count too; pass open_visits=",
        ),
        ({"tau": 5}, "tau=5 is for visits that go on to count too"),
        ({"open_visits": "censored", "tau": 0}, "tau=0 is not a positive length of time"),
        ({"open_visits": "censored", "confidence": 5}, "confidence=5 is not a share"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError) as error:
        sf.time_in_stage(VISITS, SMALL, **options)
    assert message in str(error.value)


def test_a_time_to_a_stage_counts_who_may_still_come_and_who_will_not() -> None:
    """Of five that set out three are there after 2, 4 and 8; one was closed at 0, one is open after 5.

    At 0 one of 5 is closed; of the 4/5 left 1/4 arrive at 2 and 1/3 of 3/5 at 4: 2/5; then one of 1: 2/5.
    """
    table = sf.time_to(VISITS, SMALL, "Offer", open_visits="censored", quantiles=[0.25, 0.9])
    row = table.iloc[0]
    assert (row["n"], row["completed"], row["open"], row["closed"]) == (5, 3, 1, 1)
    assert math.isnan(row["mean"])
    assert (row["q25"], row["median"]) == (4, 8)
    assert math.isnan(row["q90"])  # only 4/5 ever arrive
    apart = sf.time_to(VISITS, SMALL, "Offer", quantiles=[])
    assert (apart["median"][0], apart["mean"][0]) == (4, pytest.approx(14 / 3))


def test_a_way_from_a_stage_waits_from_its_first_entry() -> None:
    log = log_from("New 0, Offer 2, New 5, Offer 6, Won 10", "New 0, Offer 4", "New 1, Offer 3, Lost 9")
    row = sf.time_to(log, SMALL, "Won", start="Offer", open_visits="censored", quantiles=[0.3]).iloc[0]
    # After 8 one of the two that are left arrives; the loss came after 6, and one is open after 6.
    assert row["q30"] == 8
    alone = sf.stats.cumulative_incidence([8, 6, 6], ["won", None, "lost"])
    assert alone[alone["cause"] == "won"]["incidence"].iloc[-1] == pytest.approx(2 / 3)


def test_maturity_is_how_much_of_the_answer_items_of_that_age_have_had() -> None:
    """January: won after 10, open since 41 days. February: open since 10 and 5 days.

    A third is won by day 10, and no more by day 20; so the youngest item may still bring a third.
    """
    days = pd.to_datetime(["2026-01-01", "2026-01-11", "2026-01-01", "2026-02-01", "2026-02-06"])
    rows = {"item": [1, 1, 2, 3, 4], "stage": ["New", "Won", "New", "New", "New"], "time": days}
    log = sf.StageLog(rows, observed_until="2026-02-11")
    table = sf.cohort_maturity(log, SMALL, every="month", tau="20d")
    assert list(table) == ["period", "n", "n_won", "n_open", "share_open", "maturity", "expected_more_wins"]
    assert table["n"].tolist() == [2, 2]
    assert table["n_won"].tolist() == [1, 0]
    assert table["share_open"].tolist() == [0.5, 1]
    assert table["maturity"].tolist() == [1, 0.5]
    assert table["expected_more_wins"].tolist() == pytest.approx([0, 1 / 3])
    assert "about 0 wins of 3 open items; those older than 20d add nothing." in str(sf.show(table))
    late = sf.cohort_maturity(log, SMALL, every="month", tau="100d")
    assert late[["maturity", "expected_more_wins"]].isna().all().all()


def test_where_nothing_is_open_no_win_is_to_come() -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-05"] * 12)
    rows = {"item": np.repeat(range(12), 2), "stage": ["New", "Won"] * 12, "time": days}
    table = sf.cohort_maturity(sf.StageLog(rows), SMALL, every="month", tau="2d", missing="ignore")
    assert "No item is open, so that no win is still to come." in str(sf.show(table))


def test_a_cohort_that_is_all_in_expects_nothing() -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-11", "2026-03-01", "2026-03-02"])
    log = sf.StageLog({"item": [1, 1, 2, 2], "stage": ["New", "Won", "New", "Lost"], "time": days})
    table = sf.cohort_maturity(log, SMALL, every="month", tau="30d")
    assert table["period"].astype(str).tolist() == ["2026-01", "2026-02", "2026-03"]
    assert table["n"].tolist() == [1, 0, 1]
    assert table["expected_more_wins"].tolist() == [0, 0, 0]


def test_maturity_needs_dates() -> None:
    with pytest.raises(sf.SchemaError, match="plain integers, which have no calendar"):
        sf.cohort_maturity(VISITS, SMALL, every="month", tau=5)
