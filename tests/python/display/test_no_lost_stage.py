"""Without a lost stage whatever is closed is won: nothing that people read says or draws a win rate."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import marks_of, sentences_of, title_of, words_of
from stagefunnel import plots

NO_RATE = "win rate – (the pipeline has no lost stage)"
PIPELINE = sf.Pipeline(["New", "Offer"], won="Won")
RATE = re.compile(r"win rate[^;.\n–(\"]*\d+%", re.IGNORECASE)


def log_of(won: int, still_open: int) -> sf.StageLog:
    """Items that took ten days to be won, or are in an offer; of every two, one is Ann's."""
    rows, items = [], []
    for item in range(won + still_open):
        items.append({"item": item, "manager": ["Ann", "Bob"][item % 2], "amount": 100.0})
        stages = ["New", "Offer", *(["Won"] if item < won else [])]
        day = pd.Timestamp("2026-01-05") + pd.Timedelta(days=item)
        rows += [(item, stage, day + pd.Timedelta(days=5 * at)) for at, stage in enumerate(stages)]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    return sf.StageLog(frame, items=pd.DataFrame(items))


@cache
def log() -> sf.StageLog:
    return log_of(won=60, still_open=20)


# Every table that knows a win rate, an adjusted one, or what follows from one.
TABLES: dict[str, Callable[[], Any]] = {
    "outcomes": lambda: sf.outcomes(log(), PIPELINE, confidence=0.95),
    "outcomes by": lambda: sf.outcomes(log(), PIPELINE, by="manager", confidence=0.95),
    "funnel": lambda: sf.funnel(log(), PIPELINE, kind="both"),
    "funnel by": lambda: sf.funnel(log(), PIPELINE, kind="conversions", by="manager"),
    "trend": lambda: sf.funnel_by_period(log(), PIPELINE, every="month"),
    "velocity": lambda: sf.sales_velocity(log(), PIPELINE, amount="amount"),
    "velocity of months": lambda: sf.sales_velocity(log(), PIPELINE, amount="amount", every="month"),
    "incidence": lambda: sf.cumulative_incidence(log(), PIPELINE),
    "bottlenecks": lambda: sf.bottlenecks(log(), PIPELINE),
    "absorption": lambda: sf.absorption(log(), PIPELINE),
    "forecast": lambda: sf.forecast(log(), PIPELINE, draws=100),
    "win probability": lambda: sf.win_probability(log(), PIPELINE),
    "summary": lambda: sf.summary(log(), PIPELINE),
}


@pytest.mark.parametrize("name", TABLES)
def test_no_text_of_a_table_says_a_win_rate(name: str) -> None:
    assert not RATE.findall(str(sf.show(TABLES[name]())).replace("\xa0", " "))


def test_the_standing_says_why_there_is_no_rate() -> None:
    text = str(sf.show(sf.outcomes(log_of(won=2, still_open=3), PIPELINE)))
    assert f"5 items now: 2 won, 0 lost, 3 open; {NO_RATE}" in text
    both = str(sf.show(sf.funnel(log(), PIPELINE, kind="both")))
    assert f"80 items now: 60 won, 0 lost, 20 open; {NO_RATE}" in both
    assert "Nothing was lost" not in both


def test_a_column_of_rates_keeps_its_numbers_and_is_shown_as_a_dash() -> None:
    table = sf.outcomes(log(), PIPELINE, by="manager", confidence=0.95)
    assert table["win_rate"].tolist() == [1.0, 1.0]
    text = str(sf.show(table))
    assert "100%" not in text
    assert "No win rate: the pipeline has no lost stage, so that all that is closed is won." in text
    chances = sf.win_probability(log(), PIPELINE)
    assert "100%" not in str(sf.show(chances[["item", "win_if_closed"]]))


def test_a_velocity_says_what_it_takes_for_granted() -> None:
    # 20 open, each of 100, and won ones took 10 days: 20 × 100 ÷ 10 = 200 a day.
    text = str(sf.show(sf.sales_velocity(log(), PIPELINE, amount="amount"))).replace("\xa0", " ")
    assert (
        "About 200 a day only if every open item is won, because the pipeline has no lost stage: "
        "20 open × 100 ÷ 10 days" in text
    )


def test_losses_bottlenecks_and_moves_say_that_nothing_can_be_lost() -> None:
    assert "The pipeline has no lost stage." in str(sf.show(sf.losses(log(), PIPELINE)))
    assert "The pipeline has no lost stage." in str(sf.show(sf.bottlenecks(log(), PIPELINE)))
    assert "No chance to win: the pipeline has no lost stage" in str(sf.show(sf.absorption(log(), PIPELINE)))


def test_a_chart_of_groups_has_neither_dots_nor_the_line_of_all() -> None:
    chart = plots.plot_win_rate(sf.outcomes(log(), PIPELINE, by="manager", confidence=0.95))
    assert title_of(chart).startswith("No win rate: the pipeline has no lost stage")
    assert not marks_of(chart, "point")
    assert not [word for word in words_of(chart) if "100%" in word or word.startswith("all:")]


def test_a_trend_draws_no_win_rates_and_says_why() -> None:
    table = sf.funnel_by_period(log(), PIPELINE, every="month")
    usual = plots.plot_trend(table)
    assert "Periods have no win rate, because the pipeline has no lost stage." in sentences_of(usual)
    assert "win rate" not in words_of(usual)  # lines of stages are drawn in its place
    of_rates = plots.plot_trend(table, value="win_rate")
    assert len(marks_of(of_rates, "point")) == 1  # that of the key


@pytest.mark.parametrize(
    ("plot", "name"),
    [
        (plots.plot_funnel, "funnel"),
        (plots.plot_funnel, "funnel by"),
        (plots.plot_incidence, "incidence"),
        (plots.plot_bottlenecks, "bottlenecks"),
        (plots.plot_forecast, "forecast"),
    ],
)
def test_no_chart_says_a_win_rate(plot: Callable[..., Any], name: str) -> None:
    chart = plot(TABLES[name]())
    texts = [title_of(chart), *sentences_of(chart), *words_of(chart), chart.to_dict()["description"]]
    assert not RATE.findall("\n".join(texts).replace("\xa0", " "))


def test_a_condition_about_it_cannot_be_judged() -> None:
    found = sf.check(log(), PIPELINE, ["win_rate < 10%", "won < 10"])
    assert found["failed"].tolist() == [True, False]
    assert pd.isna(found["value"].iloc[0])
    assert found["note"].iloc[0].startswith("not known: the pipeline has no lost stage")


def test_of_a_chain_the_part_without_a_lost_stage_has_no_rate() -> None:
    leads = sf.StageLog({"item": [1, 1, 2, 2], "stage": ["In", "Ready", "In", "Junk"], "time": [0, 1, 0, 2]})
    deals = sf.StageLog({"item": [7, 7], "stage": ["New", "Won"], "time": [2, 3]})
    links = pd.DataFrame({"lead_id": [1], "deal_id": [7]})
    table = sf.chain_funnel(
        leads,
        deals,
        links,
        lead_pipeline=sf.Pipeline("In", won="Ready", lost="Junk"),
        deal_pipeline=sf.Pipeline("New", won="Won"),
    )
    text = str(sf.show(table)).replace("\xa0", " ")
    assert "lead: 2 items now: 1 won, 1 lost, 0 open; win rate 50%" in text
    assert f"deal: 1 item now: 1 won, 0 lost, 0 open; {NO_RATE}" in text


@pytest.mark.usefixtures("undrawn")
def test_a_page_says_no_win_rate_and_has_no_table_of_nothing(tmp_path: Path) -> None:
    page = sf.report(log(), PIPELINE, tmp_path / "page.html", by="manager").read_text(encoding="utf-8")
    words = page.replace("\N{NO-BREAK SPACE}", " ").partition("<main")[2].partition("<script")[0]
    assert not RATE.findall(re.sub(r"<[^>]*>", "", words))
    assert NO_RATE in words
    assert "Where losses cost most" not in words
    assert "no lost stage: what is not won is open" in page


@pytest.mark.usefixtures("undrawn")
def test_the_next_page_says_nothing_of_a_rate_either(tmp_path: Path) -> None:
    # Nothing is closed at first, so that a rate of 100% would be news.
    path = tmp_path / "page.html"
    sf.report(log_of(won=0, still_open=3), PIPELINE, path, since_last=True)
    page = sf.report(log_of(won=2, still_open=3), PIPELINE, path, since_last=True).read_text(encoding="utf-8")
    since = page.partition('<p class="about since">')[2].partition("</p>")[0]
    assert "+2\N{NO-BREAK SPACE}won" in since or "+2 won" in since
    assert "win rate" not in since


def test_a_lost_stage_without_rows_leaves_a_rate() -> None:
    assert "win rate 100%" in str(sf.show(sf.outcomes(log(), PIPELINE.replace(lost="Lost"))))
