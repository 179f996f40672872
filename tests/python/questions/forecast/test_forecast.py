"""The forecast adds up what each item may bring, and its bounds hold on simulated histories."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf

OFFER = sf.Pipeline("Offer", won="Won", lost="Lost")
SHOP = sf.datasets.furniture_shop()
FLOWS = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def six(**options: Any) -> sf.StageLog:
    """Return the deals of section 13 of the definitions."""
    rows = {
        "item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
        "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
        "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0],
    }
    return sf.StageLog(rows, observed_until=50, **options)


def test_the_example_of_the_definitions() -> None:
    items = pd.DataFrame({"item": [5, 6], "amount": [100.0, 40.0]})
    table = sf.forecast(six(items=items), OFFER, amount="amount")
    assert table["line"].tolist() == ["stage", "total"]
    for row in (0, 1):
        assert table["n_open"][row] == 2
        assert table["win"][row] == pytest.approx(1 / 4)
        assert table["expected_wins"][row] == pytest.approx(1 / 4)
        assert table["expected_wins_if_closed"][row] == pytest.approx(1 / 3)
        assert table["expected_amount"][row] == pytest.approx(25)
        assert table["n_beyond_support"][row] == 1
        assert table["amount_beyond_support"][row] == 40
        assert (table["expected_wins_low"][row], table["expected_wins_high"][row]) == (0, 1)
        assert (table["expected_amount_low"][row], table["expected_amount_high"][row]) == (0, 100)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"method": "markov"},
        {"horizon": "60d"},
        {"method": "markov", "horizon": "60d"},
        {"fit_by": "manager"},
    ],
)
def test_the_rows_are_the_items_added_up(options: dict[str, Any]) -> None:
    table = sf.forecast(SHOP.log, SHOP.pipeline, amount="amount", by="manager", draws=200, **options)
    items = sf.win_probability(SHOP.log, SHOP.pipeline, amount="amount", columns=["manager"], **options)
    for keys, rows in table.groupby("manager"):
        own = items[items["manager"] == keys]
        for row in rows.itertuples():
            if row.line == "new_items":
                continue
            of_row = own if row.line == "total" else own[own["stage"] == row.stage]
            assert row.n_open == len(of_row)
            worth = of_row["win"] * of_row["amount"]
            # Where no item has a chance nothing is expected.
            least = 1 if len(of_row) and of_row["win"].isna().all() else 0
            sums = [of_row["win"], of_row["win_if_closed"], worth]
            expected = [one.sum(min_count=least) for one in sums]
            found = [row.expected_wins, row.expected_wins_if_closed, row.expected_amount]
            assert found == pytest.approx(expected, nan_ok=True)
            assert row.n_beyond_support == of_row["beyond_support"].sum()
            beyond = of_row["amount"][of_row["beyond_support"]].sum()
            assert row.amount_beyond_support == pytest.approx(beyond)
            if row.n_open > row.n_beyond_support:
                assert row.win == pytest.approx(of_row["win"].mean())
            else:
                assert math.isnan(row.win)
            if least == 0:
                assert row.expected_wins_low <= row.expected_wins + 1 <= row.expected_wins_high + 2


def test_groups_share_one_fit_and_add_up_to_the_whole() -> None:
    whole = sf.forecast(SHOP.log, SHOP.pipeline, draws=200).set_index("stage")
    parts = sf.forecast(SHOP.log, SHOP.pipeline, by="manager", draws=200)
    for stage in SHOP.pipeline.stages:
        own = parts[parts["stage"] == stage]
        assert own["n_open"].sum() == whole.loc[stage, "n_open"]
        assert own["expected_wins"].sum() == pytest.approx(whole.loc[stage, "expected_wins"])


def test_a_split_forecast_says_whose_chances_its_groups_have() -> None:
    says = "The chances are those of all groups together"
    for options, is_said in (
        ({"by": "manager"}, True),
        ({"by": "manager", "fit_by": "manager"}, False),
        ({}, False),
    ):
        shown = str(sf.show(sf.forecast(SHOP.log, SHOP.pipeline, draws=100, **options)))
        assert (says in shown) == is_said, options


def test_bounds_of_luck_alone_are_those_of_the_exact_distribution() -> None:
    table = sf.forecast(SHOP.log, SHOP.pipeline, interval="outcome", confidence=0.8)
    items = sf.win_probability(SHOP.log, SHOP.pipeline)
    chances = items["win"].dropna()
    exact = sf.stats.poisson_binomial(chances)
    low = exact["wins"][exact["cumulative"] >= 0.1].iloc[0]
    high = exact["wins"][exact["cumulative"] >= 0.9].iloc[0]
    total = table.iloc[-1]
    assert (total["expected_wins_low"], total["expected_wins_high"]) == (low, high)
    wider = sf.forecast(SHOP.log, SHOP.pipeline, confidence=0.8).iloc[-1]
    assert wider["expected_wins_low"] <= low
    assert wider["expected_wins_high"] >= high


def losing(n_old: int, n_open: int, **options: Any) -> sf.StageLog:
    """Forty deals that are won or lost after 5 days, some that are lost after 40, and some there since 20."""
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    for item in range(40 + n_old + n_open):
        rows["item"].append(item)
        rows["stage"].append("Offer")
        rows["time"].append(30 if item >= 40 + n_old else 0)
        if item < 40 + n_old:
            rows["item"].append(item)
            rows["stage"].append("Won" if item < 20 else "Lost")
            rows["time"].append(5 if item < 40 else 40)
    return sf.StageLog(rows, observed_until=50, **options)


@pytest.mark.parametrize("horizon", [None, 15])
def test_wins_that_were_never_seen_are_in_the_range_and_not_in_the_expectation(horizon: int | None) -> None:
    # All four visits that lasted longer than 20 days were lost, and within 15 days of it none of them ended.
    items = pd.DataFrame({"item": range(47), "amount": [10.0] * 47})
    options = {"amount": "amount", "draws": 20_000, "horizon": horizon}
    table = sf.forecast(losing(4, 3, items=items), OFFER, **options)
    total = table[table["line"] == "total"].iloc[0]
    assert (total["n_open"], total["expected_wins"], total["expected_wins_low"]) == (3, 0, 0)
    # In every second draw p is off as 1 − V^(1/4): then no win of 3 has 4/7, one has 2/7 and two have 4/35.
    # So 1/2 + 1/2 · 4/7 + 1/2 · 2/7 = 0.93 have at most one, and 0.99 at most two.
    assert total["expected_wins_high"] == 2
    assert total["expected_amount_high"] == 20
    known = sf.forecast(losing(4, 3), OFFER, interval="outcome", horizon=horizon)
    assert (known["expected_wins_high"] == 0)[known["line"] != "new_items"].all()
    # Forty visits say more than four: 1/2 + 1/2 · 40/43 = 0.97 have none.
    surer = sf.forecast(losing(40, 3), OFFER, draws=20_000, horizon=horizon)
    assert surer["expected_wins_high"].iloc[-1] == 0


def test_many_items_that_nothing_like_was_won_of_share_what_is_not_known() -> None:
    # 1 − V^(1/4) of all: at 95% of the draws it is 1 − 0.1^(1/4) = 0.438, of 400 or of 6,000.
    for n in (400, 6000):
        table = sf.forecast(losing(4, n), OFFER, draws=4000)
        assert table["expected_wins_high"].iloc[-1] / n == pytest.approx(1 - 0.1**0.25, abs=0.03)
        assert table["expected_wins_low"].iloc[-1] == 0


def test_losses_that_were_never_seen_are_in_the_range_too() -> None:
    # Three deals were won after 5 days, and of 100 that are there since 2 all are expected.
    rows: dict[str, list[Any]] = {"item": [1, 1, 2, 2, 3, 3], "stage": ["Offer", "Won"] * 3}
    rows["item"] += list(range(4, 104))
    rows["stage"] += ["Offer"] * 100
    log = sf.StageLog({**rows, "time": [0, 5] * 3 + [3] * 100}, observed_until=5)
    for options in ({}, {"method": "markov"}, {"horizon": 9}):
        table = sf.forecast(log, OFFER, missing="ignore", draws=4000, **options)
        total = table[table["line"] == "total"].iloc[0]
        for name in ("expected_wins", "expected_wins_if_closed"):
            assert (total[name], total[f"{name}_high"]) == (100, 100)
            assert total[f"{name}_low"] / 100 == pytest.approx(0.1 ** (1 / 3), abs=0.04)


def test_items_that_are_not_there_yet_are_won_as_those_that_came_lately() -> None:
    # Within 15 days before day 50 one deal came, and 1/6 of all deals is won by day 10 of its age: 5 of the
    # 15 days of the horizon are past it, so 1/6 × 1/3.
    table = sf.forecast(six(), OFFER, horizon=15).set_index("line")
    new = table.loc["new_items"]
    assert new["n_open"] == 0
    assert new["expected_wins"] == pytest.approx(1 / 6 / 3, abs=1 / 6 / 64)
    # They are in no total.
    assert table.loc["total", "expected_wins"] == pytest.approx(1 / 4)
    assert "new_items" not in sf.forecast(six(), OFFER)["line"].tolist()


def test_a_target_says_what_is_won_so_far_and_how_likely_it_is_reached() -> None:
    days = pd.Timestamp("2026-01-01")
    rows = {"item": [], "stage": [], "time": []}
    for item in range(40):
        # All are won after 10 days; the last ten are open since 5 days.
        begin = days + pd.Timedelta(days=item if item < 30 else 45)
        rows["item"].append(item)
        rows["stage"].append("Offer")
        rows["time"].append(begin)
        if item < 30:
            rows["item"].append(item)
            rows["stage"].append("Won")
            rows["time"].append(begin + pd.Timedelta(days=10))
    log = sf.StageLog(rows, observed_until=days + pd.Timedelta(days=50))
    pipeline = sf.Pipeline("Offer", won="Won")
    table = sf.forecast(log, pipeline, horizon="2026-Q1", target=35, interval="outcome")
    target = table.attrs["stagefunnel"]["target"]
    # 30 are won so far, and the ten open ones will be.
    assert target["so_far"] == 30
    assert target["missing"] == 5
    assert target["coverage"] == 2
    assert target["probability"] == 1
    # 21 of them were won in January.
    later = sf.forecast(log, pipeline, horizon=("2026-02-01", "2026-03-31"), target=1000)
    assert later.attrs["stagefunnel"]["target"]["so_far"] == 9
    assert later.attrs["stagefunnel"]["target"]["probability"] == 0
    with pytest.raises(sf.SchemaError, match="target= needs a horizon that is a period"):
        sf.forecast(log, pipeline, horizon="90d", target=35)


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads() -> None:
    names = {"item": "deal_id", "stage": "stage", "time": "entered_at", "items": SHOP.deals}
    found = [
        sf.forecast(
            sf.StageLog(SHOP.frame, **names, threads=threads),
            SHOP.pipeline,
            amount="amount",
            horizon="30d",
            draws=300,
        )
        for threads in (1, 3)
    ]
    pd.testing.assert_frame_equal(found[0], found[1], check_exact=True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"draws": 5}, "draws=5 is not a whole number from 100"),
        ({"interval": "all"}, "interval='all'"),
        ({"by": "outcome"}, "by='outcome' is of what came later"),
        ({"target": 0, "horizon": (50, 60)}, "target=0 is not a number above 0"),
        ({"amount_at": "stage", "amount": "x"}, "amount_at='stage'"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(sf.StageFunnelError, match=says):
        sf.forecast(six(), OFFER, **options)


def test_where_nothing_is_open_the_table_has_zeros_and_where_nothing_ended_all_is_beyond() -> None:
    closed = sf.StageLog({"item": [1, 1], "stage": ["Offer", "Won"], "time": [0, 1]})
    table = sf.forecast(closed, sf.Pipeline("Offer", won="Won"))
    assert table["n_open"].tolist() == [0, 0]
    assert table["expected_wins"].tolist() == [0, 0]
    assert table["win"].isna().all()
    fresh = sf.StageLog({"item": [1, 2], "stage": ["Offer", "Offer"], "time": [0, 1]})
    table = sf.forecast(fresh, OFFER, missing="ignore", horizon=3)
    assert table["n_beyond_support"].tolist() == [2, 0, 2]


def simulated(rng: np.random.Generator, n: int, zombies: float) -> tuple[sf.StageLog, dict[int, bool]]:
    """Draw deals whose losses are quick and whose wins are slow, seen until day 200; say which are won."""
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    future = {}
    for item in range(n):
        path = [("New", rng.uniform(0, 200))]
        if rng.random() >= zombies:
            if rng.random() < 0.45:
                path.append(("Lost", path[-1][1] + rng.exponential(8)))
            else:
                path.append(("Offer", path[-1][1] + rng.gamma(4, 6)))
                is_lost = rng.random() < 0.45
                wait = rng.exponential(10) if is_lost else rng.gamma(3, 15)
                path.append(("Lost" if is_lost else "Won", path[-1][1] + wait))
        seen = [(stage, time) for stage, time in path if time < 200]
        for stage, time in seen:
            rows["item"].append(item)
            rows["stage"].append(stage)
            rows["time"].append(int(time))
        if seen[-1][0] in ("New", "Offer"):
            future[item] = path[-1][0] == "Won"
    return sf.StageLog(rows, observed_until=200), future


@pytest.mark.parametrize(("zombies", "column"), [(0.0, "expected_wins_if_closed"), (0.3, "expected_wins")])
def test_the_interval_holds_the_wins_that_came_in_nine_of_ten_simulations(
    zombies: float, column: str
) -> None:
    inside, bias, of_chain = [], [], []
    for run in range(50):
        log, future = simulated(np.random.default_rng(1000 + run), 300, zombies)
        items = sf.win_probability(log, FLOWS, seed=run)
        came = sum(future[item] for item in items.loc[items["win"].notna(), "item"])
        total = sf.forecast(log, FLOWS, seed=run, draws=500).iloc[-1]
        inside.append(total[f"{column}_low"] <= came <= total[f"{column}_high"])
        bias.append(total[column] - came)
        if not zombies:
            chain = sf.forecast(log, FLOWS, method="markov", seed=run, draws=100).iloc[-1]
            of_chain.append(chain["expected_wins"] - came)
    assert 0.83 <= np.mean(inside) <= 0.97
    # Unbiased: within three standard errors of the mean.
    assert abs(np.mean(bias)) < 3 * np.std(bias) / math.sqrt(len(bias))
    if not zombies:
        # The chain takes no notice of how long a deal has been there, and is far off.
        assert np.mean(of_chain) < -5 * np.std(of_chain) / math.sqrt(len(of_chain))


def test_where_nothing_ever_left_a_stage_nothing_is_expected_and_the_table_says_so() -> None:
    rows = {
        "item": [1, 1, 2, 2, 3, 4, 4],
        "stage": ["New", "Won", "New", "Lost", "New", "New", "Legal"],
        "time": [0, 5, 0, 9, 26, 1, 8],
    }
    log = sf.StageLog(rows, observed_until=30)
    table = sf.forecast(log, sf.Pipeline(["New", "Legal"], won="Won", lost="Lost"), draws=100)
    by_stage = table.set_index("stage")
    assert by_stage.loc["New", "expected_wins"] == pytest.approx(1 / 3)
    legal = by_stage.loc["Legal", ["expected_wins", "expected_wins_low", "expected_wins_if_closed_high"]]
    assert legal.isna().all()
    assert table["expected_wins"].iloc[-1] == pytest.approx(1 / 3)
    assert "Nothing ever left Legal: for open items there no chance can be read off." in str(sf.show(table))
    assert "Nothing ever left" not in str(sf.show(sf.forecast(SHOP.log, SHOP.pipeline, draws=100)))


def test_where_nothing_left_later_nothing_is_known_of_what_is_closed() -> None:
    # Both visits that ended took 4 days, and one deal is there since 4: nothing says how it closes.
    rows = {"item": [1, 1, 2, 2, 3], "stage": ["Offer", "Won", "Offer", "Lost", "Offer"]}
    table = sf.forecast(sf.StageLog({**rows, "time": [0, 4, 0, 4, 6]}, observed_until=10), OFFER)
    assert table["n_beyond_support"].tolist() == [0, 0]
    for end in ("", "_low", "_high"):
        assert table[f"expected_wins_if_closed{end}"].isna().all()
    assert table["expected_wins"].tolist() == [0, 0]
    # One visit lasted longer, its own.
    assert table["expected_wins_high"].tolist() == [1, 1]


def test_of_amounts_that_nobody_knows_nothing_is_expected() -> None:
    items = pd.DataFrame({"item": range(1, 7), "worth": [1.0, 2, 3, 4, np.nan, np.nan]})
    log = six(items=items)
    table = sf.forecast(log, OFFER, amount="worth", draws=100)
    assert table[["expected_amount", "expected_amount_low", "amount_beyond_support"]].isna().all(axis=None)
    assert table["expected_wins"].notna().all()
    shown = str(sf.show(table))
    assert "2 open items without an amount add nothing to amounts." in shown
    assert "Amount expected" not in shown
    assert "nan" not in shown


def test_before_anything_was_closed_nothing_is_expected() -> None:
    log = sf.StageLog({"item": [1, 2], "stage": ["Offer", "Offer"], "time": [0, 5]}, observed_until=50)
    pipeline = sf.Pipeline("Offer", won="Won")
    table = sf.forecast(log, pipeline, missing="ignore", horizon=20, draws=100)
    assert table["expected_wins"].isna().all()
    assert "nan" not in str(sf.show(table))
    chances = sf.win_probability(log, pipeline, missing="ignore")
    assert "2 open items, none with a chance that can be read off" in str(sf.show(chances))
    past = sf.backtest(log, pipeline, missing="ignore", dates=[10], horizon=5, draws=100)
    assert past["expected"].isna().all()
    assert "Nothing can be tested: no visit of a stage had led to a win by any of the dates." in str(
        sf.show(past)
    )
