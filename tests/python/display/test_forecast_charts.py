"""Charts of forecasts: what is expected, what came, whether chances held, and where saving would pay."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import bars_of, length_of, marks_of, sentences_of, title_of, words_of
from stagefunnel import plots
from stagefunnel.display.charts.style import theme_of

LIGHT = theme_of("light")
SHOP = sf.datasets.furniture_shop()


def four_and_two() -> sf.StageLog:
    """Make the log of the docstring of forecast: of two open offers one is older than any that ever left."""
    rows: dict[str, list[Any]] = {
        "item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
        "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
        "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0],
    }
    items: dict[str, list[Any]] = {"item": [1, 2, 3, 4, 5, 6], "amount": [None] * 4 + [100, 900]}
    return sf.StageLog(rows, items=items, observed_until=50)


OFFER = sf.Pipeline("Offer", won="Won", lost="Lost")


def test_what_is_expected_fills_a_part_of_what_is_open_and_the_too_old_are_an_outline() -> None:
    chart = plots.plot_forecast(sf.forecast(four_and_two(), OFFER))
    # The deal that is 15 old may be won at 30 (of three left, one), and 1/3 of them are won: win = 1/4.
    offer = [bar for bar in bars_of(chart, of="Offer") if not bar["is_ghost"]]
    assert [bar["fill"] for bar in offer] == [LIGHT.won, LIGHT.open]
    assert length_of(offer[1]) == pytest.approx(3 * length_of(offer[0]), abs=0.05)
    ghost = next(bar for bar in bars_of(chart, of="Offer") if bar["is_ghost"])
    assert length_of(ghost) == pytest.approx(4 * length_of(offer[0]), abs=2)
    assert ghost["x"] > offer[1]["x2"] - 0.1
    words = words_of(chart)
    assert words.count("0.3 (0–1)") == 2  # of the stage, and of all
    assert words.count("1 can be forecast at 25%; 1 too old to forecast") == 2
    assert "too old to forecast: in no sum" in words
    assert title_of(chart) == (
        "About 0.3 of 1 open item that can be forecast is expected to be won some day (0–1, the 90% range)."
    )
    assert "All open items" in words


def test_amounts_have_bars_of_their_own_and_what_is_too_old_is_in_words() -> None:
    chart = plots.plot_forecast(sf.forecast(four_and_two(), OFFER, amount="amount"))
    words = words_of(chart)
    assert [word for word in words if word in ("Won items", "Amount")] == ["Won items", "Amount"]
    assert words.count("25 (0–100)") == 2
    assert words.count("900 too old to forecast") == 2


def test_items_that_are_not_there_yet_are_hatched_and_apart_from_the_total() -> None:
    table = sf.forecast(SHOP.log, SHOP.pipeline, horizon="90d", draws=200)
    chart = plots.plot_forecast(table)
    words = words_of(chart)
    names = ["New", "Discussion", "Prepayment invoice", "Delivery", "All open items", "Not there yet"]
    assert [word for word in words if word in names] == names
    new = bars_of(chart, of="Not there yet")
    assert [bar["edge"] for bar in new] == [LIGHT.assumed]
    one = next(bar for bar in bars_of(chart, of="All open items") if bar["fill"] == LIGHT.won)
    rows = table.set_index("line")["expected_wins"]
    assert length_of(new[0]) / length_of(one) == pytest.approx(rows["new_items"] / rows["total"], rel=0.01)
    assert "if they come as they came lately; in no total" in words


def test_a_shuffled_and_a_filtered_forecast_are_drawn_in_order_without_a_sum_that_is_not_theirs() -> None:
    table = sf.forecast(SHOP.log, SHOP.pipeline, horizon="90d", draws=200)
    shuffled = plots.plot_forecast(table.iloc[::-1])
    assert words_of(shuffled) == words_of(plots.plot_forecast(table))
    some = plots.plot_forecast(table[table["line"] == "stage"])
    assert "All open items" not in words_of(some)
    assert title_of(some).startswith("Expected wins of open items, won before 2026-09-28")


def test_a_group_is_named_only_where_its_range_lies_above_the_next_one() -> None:
    log, pipe = SHOP.log, SHOP.pipeline
    table = sf.forecast(log, pipe, by="manager", horizon="90d", draws=200)
    chart = plots.plot_forecast(table)
    assert title_of(chart) == "No group is clearly ahead: the ranges of the first two overlap"
    assert "164 of 230 open items are too old to forecast" in sentences_of(chart)
    assert "Items not there yet: in no total" in words_of(chart)
    apart = table.copy()
    first = (table["manager"] == "Anna Schmidt") & (table["line"] == "total")
    apart.loc[first, ["expected_wins", "expected_wins_low", "expected_wins_high"]] = [15.0, 14.0, 16.0]
    assert title_of(plots.plot_forecast(apart)) == "Most wins are expected of Anna Schmidt: 15 (14–16)"
    with pytest.raises(sf.SchemaError, match="the table has groups without their totals"):
        plots.plot_forecast(table[table["line"] == "stage"])


def test_where_all_are_too_old_nothing_is_expected_and_no_bar_says_so() -> None:
    log = sf.StageLog({"item": [1, 2, 3], "stage": ["Offer"] * 3, "time": [0, 1, 2]}, observed_until=50)
    chart = plots.plot_forecast(sf.forecast(log, OFFER))
    assert title_of(chart) == "Nothing was won before this date: nothing can be forecast."
    assert words_of(chart).count("3 without a chance that can be read off") == 2
    assert "no forecast: in no sum" in words_of(chart)
    assert words_of(chart).count("–") == 2
    assert all(bar["is_ghost"] for bar in bars_of(chart))


def before_a_win() -> tuple[sf.StageLog, sf.Pipeline]:
    """Make a log of two owners: from Trial 4 were lost and one is open; one open Offer may be won: 1/2."""
    paths = [[("Offer", 0), ("Won", 9)], [("Offer", 0), ("Lost", 9)], [("Offer", 8)]]
    paths += [[("Trial", 0), ("Lost", 9)]] * 4 + [[("Trial", 8)]]
    rows = [(item, stage, time, item < 3) for item, path in enumerate(paths) for stage, time in path]
    item, stage, time, is_first = map(list, zip(*rows, strict=True))
    owner = ["Ann" if one else "Bob" for one in is_first]
    frame = {"item": item, "stage": stage, "time": time, "owner": owner}
    pipeline = sf.Pipeline(["Trial", "Offer"], won="Won", lost="Lost")
    return sf.StageLog(frame, columns=["owner"], observed_until=10), pipeline


def test_where_some_have_no_chance_a_forecast_says_how_many_and_draws_the_others() -> None:
    log, pipeline = before_a_win()
    chart = plots.plot_forecast(sf.forecast(log, pipeline))
    assert title_of(chart).startswith("About 0.5 of 1 open item that can be forecast")
    words = words_of(chart)
    assert "1 without a chance that can be read off" in words
    assert "1 can be forecast at 50%; 1 without a chance that can be read off" in words
    of_groups = plots.plot_forecast(sf.forecast(log, pipeline, by="owner"))
    assert "1 of 2 open items is without a chance that can be read off" in sentences_of(of_groups)
    nobody = plots.plot_forecast(sf.forecast(log, pipeline, by="owner", as_of=9))
    assert title_of(nobody).startswith("None of the ")


def test_classes_of_chances_say_what_became_of_those_without_a_win_before() -> None:
    # The first eight deals are lost, the others won; on day 10 five are open, and those of days 8 and 9 won.
    rows = [(day, stage, day + wait) for day in range(40) for stage, wait in (("Offer", 0), ("End", 5))]
    stages = [("Lost" if day < 8 else "Won") if stage == "End" else stage for day, stage, _ in rows]
    log = sf.StageLog({"item": [row[0] for row in rows], "stage": stages, "time": [row[2] for row in rows]})
    table = sf.backtest(log, OFFER, dates=[10, 20], horizon=10)
    chart = plots.plot_calibration(table)
    assert "Not drawn: 5 of stages from which nothing had been won yet, of which 2 were won" in sentences_of(
        chart
    )
    assert "Hollow: 1 date without a forecast" in sentences_of(plots.plot_backtest(table))


def past_dates(**columns: Any) -> pd.DataFrame:
    """Make a backtest of two dates: 10 expected (8 to 12), and 9 and 15 came."""
    table = pd.DataFrame(
        {
            "date": pd.to_datetime(["2026-01-01", "2026-02-01"]),
            "n_open": [40, 50],
            "expected": [10.0, 10.0],
            "expected_low": [8.0, 8.0],
            "expected_high": [12.0, 12.0],
            "actual": [9, 15],
            "inside": pd.array([True, False], dtype="boolean"),
            "brier": [0.2, 0.2],
            "bias": [1.0, -5.0],
        }
    )
    return table.assign(**columns)


def test_what_came_outside_the_range_has_a_ring_and_its_number() -> None:
    chart = plots.plot_backtest(past_dates())
    came = [one for one in marks_of(chart, "point") if one["fill"] == LIGHT.won and "came" in one]
    first, second = sorted(came, key=lambda one: one["x"])
    rings = [one for one in marks_of(chart, "point") if one["colour"] == LIGHT.ink and one["size"] > 150]
    assert [(one["x"], one["y"]) for one in rings] == [(second["x"], second["y"])]
    assert "15" in [one["text"] for one in marks_of(chart, "text") if one["weight"] == "bold"]
    # A pixel is as many wins at both dates, and the expected 10 lie between them.
    middle = [one for one in marks_of(chart, "rule") if one["thick"] == 3 and one["y"] > 30]
    one_win = (middle[0]["y"] - second["y"]) / 5
    assert first["y"] - middle[0]["y"] == pytest.approx(one_win, abs=0.1)
    upright = [one for one in marks_of(chart, "rule") if one["x"] == one["x2"] == first["x"]]
    assert {round(abs(one["y"] - one["y2"]) / one_win, 1) for one in upright} >= {4.0}
    assert {"40", "50", "2026-01-01", "2026-02-01"} <= {*words_of(chart)}


def test_nothing_that_came_has_no_number_on_its_dot_and_a_range_of_nothing_is_said() -> None:
    nothing = {name: [0.0, 0.0] for name in ("expected", "expected_low", "expected_high")}
    table = past_dates(**nothing, actual=[0, 7], inside=pd.array([True, False], dtype="boolean"))
    table.attrs["stagefunnel"] = {"rows": 2, "confidence": 0.9, "apart": 2}
    chart = plots.plot_backtest(table)
    assert title_of(chart) == "At 1 of 2 past dates the actual wins lay within the 90% range."
    assert "At 2 of them no win was expected at all, with a range of 0 to 0." in sentences_of(chart)
    low = plots.plot_backtest(past_dates(actual=[0, 9]))
    bold = [one["text"] for one in marks_of(low, "text") if one["weight"] == "bold"]
    assert bold == []
    assert len([one for one in marks_of(low, "point") if one["size"] > 150]) == 1


def test_a_date_without_a_forecast_is_hollow_and_one_inside_has_no_ring() -> None:
    nothing = {name: [float("nan"), 10.0] for name in ("expected", "brier", "bias")}
    table = past_dates(**nothing, actual=[9, 11], inside=pd.array([None, True], dtype="boolean"))
    table.loc[0, ["expected_low", "expected_high"]] = float("nan")
    chart = plots.plot_backtest(table)
    came = sorted((one for one in marks_of(chart, "point") if "came" in one), key=lambda one: one["x"])
    assert [one["fill"] for one in came] == [LIGHT.paper, LIGHT.won]
    assert "came, outside the range" not in words_of(chart)
    assert "Hollow: 1 date without a forecast" in sentences_of(chart)


def test_amounts_of_a_backtest_stand_below_with_their_dates_below_those_of_wins() -> None:
    amounts = {
        "expected_amount": [1e6, 1e6],
        "expected_amount_low": [8e5, 8e5],
        "expected_amount_high": [1.2e6, 1.2e6],
        "actual_amount": [9e5, 1.1e6],
    }
    chart = plots.plot_backtest(past_dates(**amounts))
    places = [
        {one["x"] for one in marks_of(chart, "text") if one["text"] == date}
        for date in ("2026-01-01", "2026-02-01")
    ]
    assert [len(one) for one in places] == [1, 1]


def test_many_dates_have_a_band() -> None:
    dates = pd.date_range("2026-01-01", periods=80)
    table = pd.concat([past_dates()] * 40, ignore_index=True).assign(date=dates)
    chart = plots.plot_backtest(table)
    assert {one["opacity"] for one in marks_of(chart, "area")} == {0.28}
    assert len(marks_of(chart, "area")) == 80


def chances(*classes: tuple[float, float, int, float, float], **more: Any) -> pd.DataFrame:
    """Make a backtest that remembers classes: mean chance, share won, items and bounds."""
    table = past_dates()
    table.attrs["stagefunnel"] = {
        "rows": 2,
        "confidence": 0.9,
        "horizon": "60d",
        "calibration": [
            {
                "from": int(10 * expected) / 10,
                "to": int(10 * expected) / 10 + 0.1,
                "n": 2 * items,
                "items": items,
                "expected": expected,
                "won": won,
                "won_low": low,
                "won_high": high,
            }
            for expected, won, items, low, high in classes
        ],
        **more,
    }
    return table


def test_a_class_off_by_more_than_chance_is_named_and_small_classes_never() -> None:
    fits, off, small = (0.25, 0.27, 60, 0.2, 0.34), (0.85, 0.7, 90, 0.62, 0.78), (0.55, 0.0, 8, 0.0, 0.3)
    assert title_of(plots.plot_calibration(chances(fits))) == (
        "As many were won as the chances said, within chance"
    )
    assert title_of(plots.plot_calibration(chances(fits, fits))).endswith("within chance, in all 2 classes")
    chart = plots.plot_calibration(chances(fits, off, small, too_old={"n": 70, "won": 1}))
    assert title_of(chart) == (
        "Chances held in 1 of 2 classes; furthest off: of those given 85%, 70% were won (62–78%)"
    )
    sentences = sentences_of(chart)
    assert "Not drawn: 70 too old to forecast, of which 1 was won" in sentences
    assert "Where all chances are right, about 10% of the classes are off by chance alone" in sentences
    dots = [one for one in marks_of(chart, "point") if "chance" in one]
    assert [one["fill"] for one in sorted(dots, key=lambda one: one["x"])] == [
        LIGHT.won,
        LIGHT.paper,
        LIGHT.won,
    ]
    (ring,) = [one for one in marks_of(chart, "point") if one["size"] == 200]
    assert ring["x"] == max(one["x"] for one in dots)
    none = plots.plot_calibration(chances(small))
    assert title_of(none) == "Too early to tell whether the chances held: no class has 30 items"


def test_a_dot_on_the_dashed_line_is_as_many_as_expected() -> None:
    chart = plots.plot_calibration(chances((0.5, 0.5, 60, 0.4, 0.6)))
    (dot,) = [one for one in marks_of(chart, "point") if "chance" in one]
    line = [one for one in marks_of(chart, "line") if one["y"] > 40]
    (left, bottom), (right, top) = sorted((one["x"], one["y"]) for one in line)
    assert dot["x"] == pytest.approx((left + right) / 2, abs=0.1)
    assert dot["y"] == pytest.approx((top + bottom) / 2, abs=0.1)


def test_chances_are_those_of_all_dates_or_the_chart_is_refused() -> None:
    table = sf.backtest(SHOP.log, SHOP.pipeline, every="quarter", horizon="60d", draws=100)
    plots.plot_calibration(table)
    with pytest.raises(sf.SchemaError, match="the table has 3 of 5 dates, and its chances are those of all"):
        plots.plot_calibration(table.head(3))
    read = pd.DataFrame(table.to_dict("list"))
    plots.plot_backtest(read)
    with pytest.raises(sf.SchemaError, match="the table does not remember the chances of its items"):
        plots.plot_calibration(read)


def test_tables_from_a_file_are_drawn_and_say_no_more_than_they_have(tmp_path: Path) -> None:
    log, pipe = SHOP.log, SHOP.pipeline
    tables = {
        plots.plot_backtest: sf.backtest(log, pipe, every="quarter", horizon="60d", draws=100),
        plots.plot_bottlenecks: sf.bottlenecks(log, pipe),
        plots.plot_forecast: sf.forecast(log, pipe, horizon="60d", amount="amount", draws=100),
    }
    for plot, table in tables.items():
        table.to_csv(tmp_path / "table.csv", index=False)
        chart = plot(pd.read_csv(tmp_path / "table.csv"))
        for layer in ("rect", "point"):
            assert len(marks_of(chart, layer)) == len(marks_of(plot(table), layer))
        assert "%" not in title_of(chart)
    assert "expected, with its range" in words_of(plots.plot_backtest(past_dates()))


def test_two_backtests_under_one_another_are_refused_with_or_without_a_name() -> None:
    table = past_dates()
    for plot in (plots.plot_backtest, plots.plot_calibration):
        with pytest.raises(sf.SchemaError, match=r"tables of backtest\(\) stand under one another"):
            plot(pd.concat([table, table]))
        named = pd.concat({"a": table, "b": table}, names=["which"]).reset_index(level="which")
        with pytest.raises(sf.SchemaError, match="has room for one group; give the rows of one group"):
            plot(named)


def ten(times: int = 1) -> pd.DataFrame:
    """Make the bottlenecks of the docstring: five of ten are lost in New, two of five in Offer."""
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    for item in range(10 * times):
        at = item % 10
        path = [*["New", "Offer"][: 2 if at < 5 else 1], "Won" if at < 3 else "Lost"]
        for time, stage in enumerate(path):
            rows["item"].append(item)
            rows["stage"].append(stage)
            rows["time"].append(time)
    return sf.bottlenecks(sf.StageLog(rows), sf.Pipeline(["New", "Offer"], won="Won", lost="Lost"))


def test_losses_and_gains_have_bars_beside_each_other() -> None:
    chart = plots.plot_bottlenecks(ten(10))  # 100 visits of New and 50 of Offer
    lost = [bar for bar in bars_of(chart) if bar["fill"] == LIGHT.lost and "stage" in bar]
    gained = [bar for bar in bars_of(chart) if bar["fill"] == LIGHT.won and "stage" in bar]
    assert length_of(lost[0]) / length_of(lost[1]) == pytest.approx(50 / 20, rel=0.01)
    assert length_of(gained[0]) / length_of(gained[1]) == pytest.approx(0.3 / 0.2, rel=0.01)
    assert [bar["y"] for bar in lost] == [bar["y"] for bar in gained]
    assert {"50 · 71%", "20 · 29%", "+30", "+20"} <= {*words_of(chart)}
    assert title_of(chart) == (
        "Most losses are in New: 71%. Most is to be gained there. "
        "Without losses the win rate would rise by 30 points."
    )
    assert "Win rate as the moves have it: 30%" in sentences_of(chart)


def test_a_gain_of_few_visits_is_faint_and_not_in_the_title() -> None:
    few = plots.plot_bottlenecks(ten())
    assert not [bar for bar in bars_of(few) if bar["fill"] == LIGHT.won]
    assert len([bar for bar in bars_of(few, stage="Offer") if bar["fill"] == LIGHT.early]) == 1
    table = ten(5)  # 50 visits of New and 25 of Offer
    table.loc[1, "removal_gain"] = 0.4
    chart = plots.plot_bottlenecks(table)
    assert "Most is to be gained there." in title_of(chart)
    assert [bar["fill"] for bar in bars_of(chart, stage="Offer")] == [LIGHT.lost, LIGHT.early]


def test_with_a_benchmark_an_outline_is_what_no_losses_at_all_would_gain() -> None:
    table = ten(10)
    table["benchmark_gain"] = [0.1, float("nan")]
    chart = plots.plot_bottlenecks(table)
    won, ghost = (bar for bar in bars_of(chart, stage="New") if bar.get("fill") != LIGHT.lost)
    assert not won["is_ghost"]
    assert ghost["is_ghost"]
    assert length_of(ghost) == pytest.approx(2 * length_of(won), abs=2)
    for width in (920, 600):  # the heading of the gains is longer than that of the losses
        rows = bars_of(plots.plot_bottlenecks(table, width=width), stage="New")
        places = {round(bar["y"] - (1 if bar.get("is_ghost") else 0), 1) for bar in rows}
        assert len(places) == 1


def test_of_groups_the_title_says_in_how_many_the_gain_is_largest() -> None:
    table = pd.concat([ten(10).assign(team=name) for name in "abc"], ignore_index=True)
    table.insert(0, "team", table.pop("team"))
    assert title_of(plots.plot_bottlenecks(table)) == "Most is to be gained in New in all 3 groups"
    table.loc[5, "removal_gain"] = 0.4
    assert title_of(plots.plot_bottlenecks(table)) == "Most is to be gained in New in 2 of 3 groups"


def test_where_nothing_is_lost_nothing_is_to_be_gained() -> None:
    log = sf.StageLog({"item": [1, 1, 2, 2], "stage": ["Offer", "Won"] * 2, "time": [0, 1, 0, 2]})
    chart = plots.plot_bottlenecks(sf.bottlenecks(log, OFFER))
    assert title_of(chart) == "Nothing is lost in the stages in progress."
    assert "none" in words_of(chart)
