"""The CRM's own chances stand beside the forecast, and are tested beside it."""

import re
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from reference import crm_chances as reference
from stagefunnel.cli import main

ROWS = {
    "item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
    "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
    "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0],
}
PIPELINE = sf.Pipeline("Offer", won="Won", lost="Lost")
ITEMS = pd.DataFrame({"item": [1, 2, 3, 4, 5, 6], "worth": [10.0, 10, 10, 10, 100, 50]})


def closed_up(text: str) -> str:
    """Write percents without a space before the sign."""
    return re.sub(r"\s%", "%", text)


def forecast_with(chances: Any, **options: Any) -> pd.DataFrame:
    log = sf.StageLog(ROWS, items=ITEMS.assign(chance=chances), observed_until=50)
    return sf.forecast(log, PIPELINE, probability="chance", draws=100, **options)


def test_the_example_of_the_definitions() -> None:
    table = forecast_with([1.0, 0, 1, 0, 0.6, 0.2], amount="worth")
    assert table["crm_wins"].tolist() == pytest.approx([0.8, 0.8])
    assert table["crm_amount"].tolist() == pytest.approx([70, 70])
    assert table["expected_wins"].tolist() == pytest.approx([0.25, 0.25])
    assert table["expected_amount"].tolist() == pytest.approx([25, 25])
    assert "The CRM's own chances make it 70." in str(sf.show(table))
    without = forecast_with([1.0, 0, 1, 0, 0.6, 0.2])
    assert "crm_amount" not in without
    assert "The CRM's own chances make it 0.8 wins." in str(sf.show(without))


@pytest.mark.parametrize(
    "chances",
    [
        [100, 0, 100, 0, 60, 20],
        [100.0, 0.0, 100.0, 0.0, 60.0, 20.0],
        ["100%", "0%", "100%", "0%", "60%", "20%"],
        ["1", "0", "1,0", "", "0,6", " 0.2 "],
        ["100", "0", None, "0", "60", "20"],
        pd.array([100, 0, None, 0, 60, 20], dtype="Int64"),
    ],
)
def test_shares_and_percents_are_the_same(chances: Any) -> None:
    assert forecast_with(chances)["crm_wins"].iloc[-1] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("chances", "says"),
    [
        (
            [1, 0, 1, 0, -0.1, 0.2],
            r"probability='chance' has -0\.1, which is not a chance; give shares from 0 to 1",
        ),
        ([100, 0, 100, 0, 160, 20], r"has 160, which is not a chance"),
        (
            [100, 0, 100, 0, 0.6, 0.2],
            r"has 0\.6 and 100, so that nobody knows whether it has shares or percents",
        ),
        (["high", "low", "", "", "", ""], r"has 'high', which is not a chance"),
        (
            ["60%", "0.6", "", "", "", ""],
            r"has '60%' and '0\.6'; give all of them with a percent sign, or none",
        ),
        (["inf", "0.6", "", "", "", ""], r"has 'inf', which is not a chance"),
        ([True, False, True, False, True, False], r"is a column of bool, not of chances"),
    ],
)
def test_what_is_neither_is_refused(chances: Any, says: str) -> None:
    with pytest.raises(sf.SchemaError, match=says):
        forecast_with(chances)


def test_a_column_that_is_not_there_is_refused() -> None:
    log = sf.StageLog(ROWS, items=ITEMS)
    with pytest.raises(sf.SchemaError, match="probability='chances'"):
        sf.forecast(log, PIPELINE, probability="chances")


def test_items_without_a_chance_are_counted_and_add_nothing() -> None:
    one = forecast_with([1.0, 0, 1, 0, 0.6, np.nan], amount="worth")
    assert one["crm_amount"].iloc[-1] == pytest.approx(60)
    assert one.attrs["stagefunnel"]["probability_missing"] == 1
    assert "1 open item has no chance of the CRM's own and adds nothing to that." in str(sf.show(one))
    none = forecast_with([1.0, 0, 1, 0, np.nan, np.nan], amount="worth")
    assert none[["crm_wins", "crm_amount"]].isna().all(axis=None)
    assert "make it" not in str(sf.show(none))


def test_new_items_have_none_and_a_horizon_changes_nothing() -> None:
    table = forecast_with([1.0, 0, 1, 0, 0.6, 0.2], horizon=20).set_index("line")
    assert np.isnan(table.loc["new_items", "crm_wins"])
    assert table.loc["total", "crm_wins"] == pytest.approx(0.8)


def test_a_column_of_the_log_is_read_in_the_last_row_before_now() -> None:
    rows = {
        "item": [1, 1, 2, 2, 2],
        "stage": ["New", "Won", "New", "Offer", "Lost"],
        "time": [0, 5, 1, 6, 20],
        "chance": [10, 100, 20, 70, 0],
    }
    log = sf.StageLog(rows, columns=["chance"])
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    for now, expected in ((3, 0.3), (6, 0.2), (10, 0.7)):
        table = sf.forecast(log, pipeline, probability="chance", as_of=now, draws=100)
        assert table["crm_wins"].iloc[-1] == pytest.approx(expected)


@given(
    st.lists(
        st.tuples(st.none() | st.integers(0, 100), st.integers(1, 1000), st.sampled_from("ab")),
        min_size=1,
        max_size=12,
    )
)
def test_groups_add_up_as_the_reference_does(items: list[tuple[int | None, int, str]]) -> None:
    keys = [10 + place for place in range(len(items))]
    rows = {
        "item": [*ROWS["item"], *keys],
        "stage": [*ROWS["stage"], *["Offer"] * len(keys)],
        "time": [*ROWS["time"], *[40] * len(keys)],
    }
    table = pd.DataFrame(
        {
            "item": [*ITEMS["item"], *keys],
            "chance": [
                1.0,
                0,
                1,
                0,
                0,
                0,
                *[np.nan if chance is None else chance / 100 for chance, _, _ in items],
            ],
            "worth": [0, 0, 0, 0, 0, 0, *[worth for _, worth, _ in items]],
            "team": [*["old"] * 6, *[team for _, _, team in items]],
        }
    )
    log = sf.StageLog(rows, items=table, observed_until=50)
    options: dict[str, Any] = {"probability": "chance", "amount": "worth", "by": "team", "draws": 100}
    found = sf.forecast(log, PIPELINE, **options)
    totals = found[found["line"] == "total"].set_index("team")
    for team in {team for _, _, team in items}:
        own = [
            (None if chance is None else Fraction(chance, 100), Fraction(worth))
            for chance, worth, of in items
            if of == team
        ]
        expected = reference.weighted(own)
        if expected is None:
            assert np.isnan(totals.loc[team, "crm_wins"])
        else:
            assert totals.loc[team, "crm_wins"] == pytest.approx(float(expected[0]))
            assert totals.loc[team, "crm_amount"] == pytest.approx(float(expected[1]))


def daily(chance: Any = 80) -> dict[str, list[Any]]:
    """A deal a day, every second one won after 5 days: the example of the definitions."""
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": [], "chance": []}
    for item in range(40):
        rows["item"] += [item, item]
        rows["stage"] += ["Offer", "Won" if item % 2 else "Lost"]
        rows["time"] += [item, item + 5]
        rows["chance"] += [chance, 100 if item % 2 else 0]
    return rows


def test_a_backtest_tests_the_chances_that_the_log_had_then() -> None:
    log = sf.StageLog(daily(), columns=["chance"])
    table = sf.backtest(log, PIPELINE, dates=[20, 30], horizon=10, probability="chance", draws=100)
    assert table["crm_expected"].tolist() == pytest.approx([4, 4])
    assert table["crm_bias"].tolist() == pytest.approx([1, 1])
    assert table["crm_brier"].tolist() == pytest.approx([0.28, 0.28])
    shown = str(sf.show(table))
    assert "The CRM's own chances were 33% too high. Their mean squared error is 0.280" in closed_up(shown)
    assert list(sf.backtest(log, PIPELINE, dates=[20], horizon=10, draws=100)) == list(table)[:9]


def test_a_backtest_is_what_the_reference_says_of_each_date() -> None:
    rows = daily()
    random = np.random.default_rng(5)
    rows["chance"] = [None if random.random() < 0.3 else int(random.integers(0, 101)) for _ in rows["item"]]
    log = sf.StageLog(rows, columns=["chance"])
    dates = [3, 12, 20, 33]
    table = sf.backtest(log, PIPELINE, dates=dates, horizon=3, probability="chance", draws=100)
    missing = 0
    for date, row in zip(dates, table.to_dict("records"), strict=True):
        own = []
        for item in range(40):
            if item < date <= item + 5:
                chance = rows["chance"][2 * item]
                won = item % 2 == 1 and item + 5 < date + 3
                own.append((None if chance is None else Fraction(chance, 100), won))
        missing += sum(chance is None for chance, _ in own)
        expected = reference.tested(own)
        assert expected is not None
        found = [row["crm_expected"], row["crm_brier"], row["crm_bias"]]
        assert found == pytest.approx([float(one) for one in expected])
    assert table.attrs["stagefunnel"]["probability_missing"] == missing > 0


def test_chances_of_today_are_refused_in_a_backtest_unless_somebody_vouches_for_them() -> None:
    rows = daily()
    items = pd.DataFrame({"item": range(40), "likely": [0.5] * 40})
    log = sf.StageLog({name: rows[name] for name in ("item", "stage", "time")}, items=items)
    options: dict[str, Any] = {"dates": [20], "horizon": 10, "probability": "likely", "draws": 100}
    with pytest.raises(sf.SchemaError, match=r"probability='likely'.*values are of today.*static"):
        sf.backtest(log, PIPELINE, **options)
    table = sf.backtest(log, PIPELINE, static="likely", **options)
    assert table["crm_expected"].tolist() == pytest.approx([2.5])


def test_the_commands_have_it_too(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    pd.DataFrame(daily("80%")).replace({100: "100%", 0: "0%"}).assign(
        time=lambda rows: pd.Timestamp("2026-01-01") + pd.to_timedelta(daily()["time"], unit="D"),
        item=lambda rows: [f"d{item}" for item in daily()["item"]],
    ).to_csv(tmp_path / "deals.csv", index=False)
    (tmp_path / "p.toml").write_text('[pipeline]\nstages = ["Offer"]\nwon = "Won"\nlost = "Lost"\n')
    words = [str(tmp_path / "deals.csv"), "--pipeline", str(tmp_path / "p.toml"), "--probability", "chance"]
    assert main(["backtest", *words, "--from-dates", "2026-01-21", "--horizon", "10d"]) == 0
    assert "33% too high" in closed_up(capsys.readouterr().out)
    assert main(["forecast", *words, "--as-of", "2026-01-21"]) == 0
    assert "The CRM's own chances make it 4 wins." in capsys.readouterr().out
