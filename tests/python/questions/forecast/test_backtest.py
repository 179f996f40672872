"""A backtest is the forecast as it would have been, and nothing of today reaches it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from stagefunnel.cli import main

SHOP = sf.datasets.furniture_shop()
NAMES = {"item": "deal_id", "stage": "stage", "time": "entered_at"}


def shop(frame: pd.DataFrame | None = None, deals: pd.DataFrame | None = None, **options: Any) -> sf.StageLog:
    return sf.StageLog(
        SHOP.frame if frame is None else frame,
        **NAMES,
        items=SHOP.deals if deals is None else deals,
        **options,
    )


def test_each_row_is_the_forecast_of_its_date_and_what_came() -> None:
    table = sf.backtest(SHOP.log, SHOP.pipeline, horizon="60d", draws=200)
    assert len(table) >= 3
    for row in table.itertuples():
        then = sf.forecast(SHOP.log, SHOP.pipeline, as_of=row.date, horizon="60d", draws=200).iloc[-1]
        assert row.n_open == then["n_open"]
        assert row.expected == pytest.approx(then["expected_wins"])
        assert (row.expected_low, row.expected_high) == (
            then["expected_wins_low"],
            then["expected_wins_high"],
        )
        chances = sf.win_probability(SHOP.log, SHOP.pipeline, as_of=row.date, horizon="60d")
        end = row.date + pd.Timedelta(days=60)
        came = sf.item_table(SHOP.log, SHOP.pipeline, as_of=end).set_index("item")["outcome"] == "won"
        won = came.reindex(chances["item"]).to_numpy()
        assert row.actual == won.sum()
        assert row.inside == (row.expected_low <= row.actual <= row.expected_high)
        assert row.bias == pytest.approx(row.expected - row.actual)
        known = chances["win"].notna().to_numpy()
        squared = (chances["win"].to_numpy()[known] - won[known]) ** 2
        assert row.brier == pytest.approx(squared.mean())


def test_classes_of_chances_are_those_of_the_items_of_all_dates() -> None:
    table = sf.backtest(SHOP.log, SHOP.pipeline, every="month", horizon="60d", draws=100)
    parts = []
    for date in table["date"]:
        chances = sf.win_probability(SHOP.log, SHOP.pipeline, as_of=date, horizon="60d")
        came = sf.item_table(SHOP.log, SHOP.pipeline, as_of=date + pd.Timedelta(days=60))
        won = (came.set_index("item")["outcome"] == "won").reindex(chances["item"])
        parts.append(chances[["item", "win", "beyond_support"]].assign(won=won.to_numpy()))
    rows = pd.concat(parts, ignore_index=True)
    remembered = table.attrs["stagefunnel"]
    old = rows[rows["beyond_support"]]
    assert remembered["too_old"] == {"n": len(old), "won": old["won"].sum()}
    rows = rows[rows["win"].notna()]
    found = remembered["calibration"]
    assert sum(one["n"] for one in found) == len(rows)
    assert any(one["items"] < one["n"] for one in found)  # some are open at two dates
    for one in found:
        inside = rows["win"] >= one["from"]
        own = rows[inside & ((rows["win"] < one["to"]) | (one["to"] == 1))]
        assert (one["n"], one["items"]) == (len(own), own["item"].nunique())
        assert one["expected"] == pytest.approx(own["win"].mean())
        assert one["won"] == pytest.approx(own["won"].mean())
        z, n, share = 1.6448536269514722, one["items"], one["won"]  # Wilson (1927), 90%
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
        assert (one["won_low"], one["won_high"]) == pytest.approx((middle - half, middle + half))


def test_a_sure_chance_and_one_of_nothing_have_classes() -> None:
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    for item in range(100):  # those that reach Offer are won, and nothing else is
        rows["item"] += [item] * 2
        rows["stage"] += ["Offer", "Won"] if item % 2 else ["Call", "Lost"]
        rows["time"] += [2 * item, 2 * item + 5]
    pipeline = sf.Pipeline(["Call", "Offer"], won="Won", lost="Lost")
    table = sf.backtest(sf.StageLog(rows), pipeline, dates=[130], horizon=10, draws=100)
    found = table.attrs["stagefunnel"]["calibration"]
    # Item 63 is in Offer since 126, item 64 in Call since 128; all of 0 to 62 are closed, 32 of them in Call.
    classes = [(one["from"], one["to"], one["n"], one["won"]) for one in found]
    assert classes == [(0, 0.1, 1, 0), (0.9, 1, 1, 1)]


def test_dates_whose_horizon_is_not_over_are_left_out_and_counted() -> None:
    table = sf.backtest(SHOP.log, SHOP.pipeline, horizon="60d", draws=100)
    zone = SHOP.frame["entered_at"].dt.tz
    first, last = (SHOP.frame["entered_at"].agg(end).tz_localize(None) for end in ("min", "max"))
    assert (table["date"].dt.tz_localize(None) + pd.Timedelta(days=60) <= last).all()
    remembered = table.attrs["stagefunnel"]
    ends = pd.period_range(first, last, freq="M").to_timestamp() + pd.offsets.MonthBegin(1)
    not_over = [end for end in ends if end < last < end + pd.Timedelta(days=60)]
    assert zone is not None
    assert remembered["not_over"] == len(not_over)
    # 60 days on month-ends: every other one at most.
    assert remembered["apart"] <= (len(table) + 1) // 2 + 1


def test_nothing_that_happened_later_changes_a_forecast() -> None:
    times = SHOP.frame["entered_at"]
    date = times.quantile(0.6).normalize()
    before = sf.backtest(shop(), SHOP.pipeline, dates=[date], horizon="30d", draws=100)
    frame = SHOP.frame.copy()
    later = times >= date
    # All later moves are to other stages, and to other deals.
    rng = np.random.default_rng(3)
    frame.loc[later, "stage"] = rng.permutation(frame.loc[later, "stage"].to_numpy())
    frame.loc[later, "deal_id"] = rng.permutation(frame.loc[later, "deal_id"].to_numpy())
    deals = SHOP.deals.copy()
    for name in deals.columns.drop(deals.columns[0]):
        deals[name] = rng.permutation(deals[name].to_numpy())
    after = sf.backtest(shop(frame, deals), SHOP.pipeline, dates=[date], horizon="30d", draws=100)
    same = ["date", "n_open", "expected", "expected_low", "expected_high"]
    pd.testing.assert_frame_equal(before[same], after[same])
    assert not before["actual"].equals(after["actual"])


def test_columns_of_today_are_refused_unless_somebody_vouches_for_them() -> None:
    every: tuple[dict[str, Any], ...] = (
        {"fit_by": "manager"},
        {"where": {"manager": SHOP.deals["manager"][0]}},
    )
    for options in every:
        with pytest.raises(sf.SchemaError, match=r"of the items table, whose values are of today.*static"):
            sf.backtest(shop(), SHOP.pipeline, horizon="30d", **options)
        table = sf.backtest(shop(), SHOP.pipeline, horizon="30d", static="manager", draws=100, **options)
        assert len(table)


@pytest.mark.parametrize("where", ["is_large", [{"is_large": True}], {"amount": ">500"}])
def test_no_form_of_a_condition_lets_a_column_of_today_through(where: Any) -> None:
    log = shop(deals=SHOP.deals.assign(is_large=SHOP.deals["amount"] > 1000))
    with pytest.raises(sf.SchemaError, match="of the items table, whose values are of today"):
        sf.backtest(log, SHOP.pipeline, horizon="30d", where=where)
    options: dict[str, Any] = {"as_of": "2026-01-01", "horizon": "30d", "where": where}
    with pytest.raises(sf.SchemaError, match="of the items table, whose values are of today"):
        sf.item_features(log, SHOP.pipeline, **options)


def test_the_command_does_not_let_it_through_either(
    capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    SHOP.frame.to_csv(tmp_path / "deals.csv", index=False)
    SHOP.deals.to_csv(tmp_path / "items.csv", index=False)
    files = ["--items", str(tmp_path / "items.csv"), "--where", "amount>500"]
    names = ["--item", "deal_id", "--stage", "stage", "--time", "entered_at"]
    words = ["backtest", str(tmp_path / "deals.csv"), *names, *files]
    toml = tmp_path / "pipeline.toml"
    toml.write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\nlost = "Lost"\n')
    assert main([*words, "--pipeline", str(toml), "--unlisted", "ignore"]) == 1
    assert "whose values are of today" in capsys.readouterr().err


def test_amounts_of_today_are_not_tested_and_those_of_the_log_are() -> None:
    of_today = sf.backtest(shop(), SHOP.pipeline, horizon="30d", amount="amount", draws=100)
    assert "expected_amount" not in of_today
    assert of_today.attrs["stagefunnel"]["amount_of_today"] == "amount"
    vouched = sf.backtest(shop(), SHOP.pipeline, horizon="30d", amount="amount", static="amount", draws=100)
    assert (vouched["expected_amount_low"] <= vouched["expected_amount_high"]).all()
    frame = SHOP.frame.assign(sum=100.0)
    of_log = sf.backtest(shop(frame, columns=["sum"]), SHOP.pipeline, horizon="30d", amount="sum", draws=100)
    assert of_log["expected_amount"].to_numpy() == pytest.approx(100 * of_log["expected"].to_numpy())
    assert of_log["actual_amount"].to_numpy() == pytest.approx(100 * of_log["actual"].to_numpy())


def test_before_anything_ended_nothing_is_expected() -> None:
    rows = {"item": [1, 2, 1, 3, 3], "stage": ["New", "New", "Won", "New", "Won"], "time": [0, 1, 10, 11, 20]}
    table = sf.backtest(sf.StageLog(rows), sf.Pipeline("New", won="Won"), dates=[5], horizon=10)
    assert table["n_open"].tolist() == [2]
    assert table["expected"].isna().all()
    assert table["inside"].isna().all()
    assert table["actual"].tolist() == [1]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"every": "fortnight"}, "every='fortnight'"),
        ({"horizon": "soon"}, "horizon='soon'"),
        ({"horizon": "90x"}, "horizon='90x'"),
        ({"static": "nobody", "fit_by": "manager"}, "fit_by='manager'"),
        ({"draws": 1}, "draws=1"),
        ({"dates": []}, r"dates=\[\] has no moment"),
        ({"dates": ["2026-01-01", None]}, "dates= has None in place 1, which is no moment"),
        ({"dates": [float("nan")]}, "dates=nan is not a moment"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(sf.StageFunnelError, match=says):
        sf.backtest(shop(), SHOP.pipeline, **options)


@pytest.mark.parametrize("method", ["semi_markov", "markov"])
@examples(ci=10, night=100)
@given(seed=st.integers(0, 2**32))
def test_one_walk_says_what_the_forecasts_of_the_dates_say_one_by_one(method: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(5, 120))
    rows = {
        "item": random.integers(0, 20, n),
        "stage": random.choice(["New", "Offer", "Terms", "Won", "Lost", "Other"], n),
        "time": random.integers(0, 60, n),
        "unknown": random.random(n) < 0.1,
    }
    log = sf.StageLog(rows, start_unknown="unknown", observed_until=60)
    pipeline = sf.Pipeline(["New", "Offer", "Terms"], won="Won", lost="Lost")
    options: dict[str, Any] = {"method": method, "unlisted": "ignore", "missing": "ignore", "draws": 100}
    dates = sorted({int(date) for date in random.integers(int(rows["time"].min()) + 1, 50, 4)})
    table = sf.backtest(log, pipeline, dates=dates, horizon=7, **options)
    assert len(table) == len(dates)
    for row in table.itertuples():
        then = sf.forecast(log, pipeline, as_of=row.date, horizon=7, **options).iloc[-1]
        chances = sf.win_probability(
            log, pipeline, as_of=row.date, horizon=7, **{k: v for k, v in options.items() if k != "draws"}
        )
        came = sf.item_table(log, pipeline, as_of=row.date + 7, unlisted="ignore", missing="ignore")
        won = came.set_index("item")["outcome"].eq("won").reindex(chances["item"]).to_numpy(dtype=bool)
        assert row.n_open == then["n_open"] == len(chances)
        assert row.actual == won.sum()
        assert row.expected == pytest.approx(then["expected_wins"], rel=1e-12, nan_ok=True)
        bounds = then[["expected_wins_low", "expected_wins_high"]].astype(float)
        np.testing.assert_array_equal([row.expected_low, row.expected_high], bounds)


def test_threads_do_not_matter() -> None:
    tables = [
        sf.backtest(shop(threads=threads), SHOP.pipeline, horizon="60d", draws=100) for threads in (1, 3)
    ]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_a_horizon_that_is_no_time_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match=r"horizon='0d' is not above 0; give a longer one"):
        sf.backtest(shop(), SHOP.pipeline, horizon="0d")


def test_dates_outside_the_log_are_counted_and_named() -> None:
    table = sf.backtest(shop(), SHOP.pipeline, dates=["1999-01-01", "2099-01-01"], horizon="30d", draws=100)
    assert not len(table)
    assert table["expected"].dtype == "float64"
    assert table.attrs["stagefunnel"]["dates_outside"] == 2
    assert "2 dates left out: they are not within the log." in str(sf.show(table))


def test_currencies_of_today_are_refused_beside_an_amount_that_is_tested() -> None:
    frame = SHOP.frame.assign(sum=100.0)
    log = shop(frame, SHOP.deals.assign(money="EUR"), columns=["sum"])
    options: dict[str, Any] = {"horizon": "30d", "amount": "sum", "currency": "money", "draws": 100}
    with pytest.raises(sf.SchemaError, match=r"currency='money'.*values are of today.*static"):
        sf.backtest(log, SHOP.pipeline, **options)
    assert "expected_amount" in sf.backtest(log, SHOP.pipeline, static="money", **options)
