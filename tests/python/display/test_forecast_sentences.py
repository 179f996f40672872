"""What stands under the tables of forecasts, of histories that are counted by hand."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

OFFER = sf.Pipeline("Offer", won="Won", lost="Lost")
SHOP = sf.datasets.furniture_shop()


def six(**options: Any) -> sf.StageLog:
    """Return the deals of section 13 of the definitions."""
    rows = {
        "item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
        "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
        "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0],
    }
    return sf.StageLog(rows, observed_until=50, **options)


def below(table: Any) -> str:
    return str(sf.show(table))


def test_a_forecast_says_what_is_expected_and_what_is_too_old() -> None:
    items = pd.DataFrame({"item": [5, 6], "amount": [100.0, 40.0]})
    text = below(sf.forecast(six(items=items), OFFER, amount="amount"))
    assert "About 0.3 of 1 open item that can be forecast is expected to be won some day (0–1" in text
    assert "Amount expected of them: 25 (0–100, the 90% range)." in text
    assert "1 open item (40) has been in the stage longer than any item that ever left it" in text


def test_items_without_an_amount_are_counted() -> None:
    items = pd.DataFrame({"item": [5, 6], "amount": [None, 40.0]})
    assert "1 open item without an amount adds nothing to amounts." in below(
        sf.forecast(six(items=items), OFFER, amount="amount")
    )
    assert "without an amount" not in below(sf.forecast(six(items=items), OFFER))


def test_a_horizon_is_named_and_new_items_are_apart() -> None:
    text = below(sf.forecast(six(), OFFER, horizon=15))
    assert "won before 65" in text
    assert "they are not in the total." in text


def test_where_no_wins_of_new_items_are_expected_the_reason_is_given() -> None:
    # The last deal came 15 days before the end; a sixth of all is won on the tenth day.
    text = below(sf.forecast(six(), OFFER, horizon=14))
    assert (
        "No more wins are expected of items that are not there yet (0–0, the 90% range), because none were "
        "created in as long a time before; they are not in the total." in text
    )
    # None was won before the tenth day, which six deals say: 0.94 of the draws have no win, and 0.99 one.
    text = below(sf.forecast(six(), OFFER, horizon=9))
    assert "not there yet (0–1, the 90% range), because none were ever won so soon; they are not in" in text


@pytest.mark.parametrize(
    ("target", "says"),
    [(1, "The target of 1 is reached: 2 so far."), (3, "Of the target of 3, 2 are won so far; ")],
)
def test_a_target_is_reached_or_says_what_is_missing(target: int, says: str) -> None:
    text = below(sf.forecast(six(), OFFER, horizon=(0, 65), target=target))
    assert says in text
    assert ("probability" in text) == (target == 3)


def test_nothing_open_and_all_too_old_are_said_so() -> None:
    closed = sf.StageLog({"item": [1, 1], "stage": ["Offer", "Won"], "time": [0, 1]})
    assert "No item is open." in below(sf.forecast(closed, sf.Pipeline("Offer", won="Won")))
    assert "No item is open." in below(sf.win_probability(closed, sf.Pipeline("Offer", won="Won")))
    fresh = sf.StageLog({"item": [1, 2], "stage": ["Offer", "Offer"], "time": [0, 1]})
    text = below(sf.forecast(fresh, OFFER, missing="ignore"))
    assert "expected to be won" not in text
    assert "Nothing was won before this date: nothing can be forecast." in text
    assert "Nothing ever left Offer" in text
    assert "too old" not in text  # nothing ever left, so that nothing is old
    log = sf.StageLog({"item": [1, 1, 2], "stage": ["Offer", "Won", "Offer"], "time": [0, 1, 0]})
    old = below(sf.forecast(log, OFFER, missing="ignore", as_of=9))
    assert "1 open item has been in the stage longer than any item that ever left it: too old" in old


def test_a_chain_that_differs_says_what_the_time_in_stage_says() -> None:
    # Losses are quick and wins are slow: of 40 deals 20 are lost after a day and 20 won after 30.
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    for item in range(80):
        is_open = item >= 40
        path = [("Offer", 40 if is_open else 0)]
        path += [] if is_open else [("Lost", 1)] if item < 20 else [("Won", 30)]
        for stage, time in path:
            for name, value in zip(rows, (item, stage, time), strict=True):
                rows[name].append(value)
    log = sf.StageLog(rows, observed_until=50)
    text = below(sf.forecast(log, OFFER, method="markov"))
    assert "the method semi_markov, which sees that, expects 40 wins." in text
    assert "semi_markov" not in below(sf.forecast(log, OFFER))


def a_deal_a_day(copies: int = 1, last_win: int = 50) -> sf.StageLog:
    """Return deals that take 5 days, every other one won up to a day, each as often as it is copied."""
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    for item in range(40 * copies):
        day = item // copies
        rows["item"] += [item, item]
        rows["stage"] += ["Offer", "Won" if day % 2 and day + 5 <= last_win else "Lost"]
        rows["time"] += [day, day + 5]
    return sf.StageLog(rows)


def test_a_backtest_says_how_often_it_held() -> None:
    log = a_deal_a_day()
    text = below(sf.backtest(log, OFFER, dates=[20, 30], horizon=10))
    assert "At 2 of 2 past dates the actual wins lay within the 90% range." in text
    # 1.75 and 1.85 of 3 each.
    assert "Wins expected at all dates: 3.6; wins that came: 6." in text
    assert "These are too few to say by how much the forecast is off." in text
    assert "The horizons overlap" not in text
    near = below(sf.backtest(log, OFFER, dates=[20, 25, 30, 40], horizon=10))
    assert "The horizons overlap: this is as good as 2 tests that stand apart." in near
    assert "1 date left out: the horizon is not over." in near
    assert "Nothing can be tested" in below(sf.backtest(log, OFFER, dates=[40], horizon=10))


def test_how_far_off_a_forecast_is_takes_thirty_wins() -> None:
    text = below(sf.backtest(a_deal_a_day(20), OFFER, dates=[20, 30], horizon=10))
    assert "On average the forecast was 40% too low." in text
    assert "too few" not in text
    # Dates whose horizons overlap have the same wins: 18 of them at the one, and at the other.
    text = below(sf.backtest(a_deal_a_day(6), OFFER, dates=[20, 21], horizon=10))
    assert "by how much the forecast is off: the same win follows several dates." in text
    none = below(sf.backtest(a_deal_a_day(20, last_win=19), OFFER, dates=[20], horizon=10))
    assert "Wins expected at all dates: 35; wins that came: 0." in none
    assert "too few" not in none


def test_bottlenecks_name_the_losses_and_the_leverage() -> None:
    paths = [["New", "Lost"]] * 40 + [["New", "Offer", "Lost"]] * 30 + [["New", "Offer", "Won"]] * 30
    rows = [(item, stage, time) for item, path in enumerate(paths) for time, stage in enumerate(path)]
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))
    text = below(sf.bottlenecks(log, sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")))
    assert "Most losses are in New: 57%." in text
    assert "But most is to be gained in Offer. Without losses the win rate would rise by 30 points." in text
    assert "Gains hold if the items saved do as well as the others." in text


def test_a_table_that_was_cut_says_nothing_of_the_whole() -> None:
    shop = sf.datasets.furniture_shop()
    for table in (sf.forecast(shop.log, shop.pipeline, draws=100), sf.bottlenecks(shop.log, shop.pipeline)):
        assert "won" in below(table) or "losses" in below(table)
        assert "expected to be" not in below(table.head(2))
        assert "Most losses" not in below(table.head(2))


def test_features_say_which_labels_are_missing() -> None:
    text = below(sf.item_features(six(), OFFER, as_of=[15, 45], horizon=10))
    # Four are open on day 15 (one of them for ever), two on day 45, whose end is day 55.
    assert "2 of 6, 33% have no label: the log ends before the moment + 10." in text
    assert "split rows by item, not by chance." in text


def test_a_backtest_says_where_its_range_is_too_narrow_by_more_than_chance() -> None:
    # Horizons of 30 days at ends of quarters do not overlap.
    table = sf.backtest(SHOP.log, SHOP.pipeline, every="quarter", horizon="30d", draws=100)
    n = len(table)
    assert table.attrs["stagefunnel"]["apart"] == n >= 4
    says = "The ranges are too narrow here: items that close together or share one fate are taken for"
    # With a right range of 90% all of four or five are inside but for one, or by bad luck but for two.
    for n_outside, is_said in ((0, False), (1, False), (n - 1, True), (n, True)):
        tested = table.assign(inside=pd.array([place >= n_outside for place in range(n)], dtype="boolean"))
        tested.attrs.update(table.attrs)
        assert (says in str(sf.show(tested))) == is_said, n_outside


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "2 open items have a chance of 0: no visit that lasted as long led to a win."),
        (
            {"horizon": 9},
            "2 open items have a chance of 0: no visit that lasted as long led to a win in that time.",
        ),
    ],
)
def test_a_chance_of_zero_is_said_with_what_it_stands_on(options: dict[str, Any], says: str) -> None:
    # Wins come after 5 days and a loss after 40; two deals are there since 20.
    rows = {
        "item": [1, 1, 2, 2, 3, 3, 4, 5],
        "stage": ["Offer", "Won", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
        "time": [0, 5, 0, 5, 0, 40, 30, 30],
    }
    log, pipeline = sf.StageLog(rows, observed_until=50), sf.Pipeline("Offer", won="Won", lost="Lost")
    ranges = "The ranges allow for how many visits say so."
    for ask in (sf.forecast, sf.win_probability):
        shown = str(sf.show(ask(log, pipeline, **options)))
        assert f"{says} {ranges}" in shown.replace("\n", " ")
    known = str(sf.show(sf.forecast(log, pipeline, interval="outcome", **options)))
    assert says in known
    assert ranges not in known


@pytest.mark.parametrize(("target", "says"), [(40, "less than 1%"), (1, "more than 99%"), (6, "")])
def test_none_of_the_draws_and_all_of_them_are_no_certainty(target: int, says: str) -> None:
    # Half of a hundred deals are won after 5 days; of twelve that are there since 2 six will be, or so.
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    for item in range(112):
        rows["item"] += [item] if item >= 100 else [item, item]
        rows["stage"] += ["Offer"] if item >= 100 else ["Offer", "Won" if item % 2 else "Lost"]
        rows["time"] += [12] if item >= 100 else [0, 5]
    log, pipeline = sf.StageLog(rows, observed_until=14), sf.Pipeline("Offer", won="Won", lost="Lost")
    table = sf.forecast(log, pipeline, horizon=(14, 20), target=target)
    shown = str(sf.show(table))
    assert f"The target is reached with a probability of {says}" in shown
    assert says or not any(f"probability of {word}" in shown for word in ("less", "more", "0%", "100%"))


def test_a_moment_after_the_end_of_the_log_is_said_and_counted() -> None:
    log, pipeline = six(), OFFER
    table = sf.item_features(log, pipeline, as_of=[50, 51, 70], horizon=5)
    # The open items are those of the end, and as old as they are then if nothing happened in between.
    assert table["item"].tolist() == [5, 6] * 3
    assert table["in_stage"].tolist() == [15, 50, 16, 51, 35, 70]
    assert table.attrs["stagefunnel"]["moments_after"] == 2
    says = "2 moments are after the end of the log: what happened in between is not known."
    assert says in str(sf.show(table)).replace("\n", " ")
    assert "after the end" not in str(sf.show(sf.item_features(log, pipeline, as_of=50, horizon=5)))


def test_nothing_is_said_of_unknown_starts_and_fits_of_all_where_there_are_none() -> None:
    for table in (sf.forecast(six(), OFFER), sf.win_probability(six(), OFFER)):
        text = below(table)
        assert "nobody knows since when" not in text
        assert "the fit of all" not in text
