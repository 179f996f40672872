"""The page's section about what will be won of what is open: its numbers are those of the questions."""

import html
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import journeys_log

SHOP = sf.datasets.furniture_shop(600)
NEW = sf.Pipeline("New", won="Won", lost="Lost")

pytestmark = pytest.mark.usefixtures("undrawn")


def section_of(tmp_path: Path, log: sf.StageLog, pipeline: sf.Pipeline, **options: Any) -> str:
    page = (
        sf.report(log, pipeline, tmp_path / "report.html", **options)
        .read_text(encoding="utf-8")
        .replace("\N{NO-BREAK SPACE}", " ")
        .replace("\N{WORD JOINER}", "")
    )
    return page.partition('<section id="forecast"')[2].partition("</section>")[0]


def findings(section: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'<(?:p|span) class="finding[^"]*">([^<]*)</', section)]


def captions(section: str) -> list[str]:
    return re.findall(r"<summary>([^<]*)</summary>", section)


def said(table: pd.DataFrame) -> list[str]:
    """Return the sentences that are shown below a table."""
    text = str(sf.show(table))
    return [line for line in text.splitlines() if line.endswith(".")]


def test_the_section_says_what_the_questions_say(tmp_path: Path) -> None:
    log, pipe = SHOP.log, SHOP.pipeline
    section = section_of(tmp_path, log, pipe, amount="amount", by="manager")
    lines = findings(section)
    forecast = sf.forecast(log, pipe, horizon="90d", amount="amount")
    assert lines[: len(said(forecast))] == said(forecast)
    end = SHOP.frame["entered_at"].max()
    dates = [end - place * pd.Timedelta(days=90) for place in range(6, 0, -1)]
    first = SHOP.frame["entered_at"].min() + pd.Timedelta(days=90)
    dates = [date for date in dates if date >= first]
    assert len(dates) > 1
    tested = sf.backtest(log, pipe, horizon="90d", dates=dates, amount="amount", draws=500)
    assert len(tested) == len(dates) == tested.attrs["stagefunnel"]["apart"]
    assert {*said(tested)} <= {*lines}
    assert {*said(sf.bottlenecks(log, pipe))} <= {*lines}
    assert captions(section) == [
        "What is expected, by stage",
        "Forecasts of past dates, and what came",
        "The 10 likeliest to be won",
        "Where losses cost most",
    ]
    likeliest = sf.win_probability(log, pipe, horizon="90d", top=1).iloc[0]
    assert f'<th scope="row" class="short">{likeliest["item"]}</th>' in section


def test_without_items_no_deal_is_named(tmp_path: Path) -> None:
    section = section_of(tmp_path, SHOP.log, SHOP.pipeline, items=False)
    assert "The 10 likeliest to be won" not in captions(section)
    assert "What is expected, by stage" in captions(section)


def test_conditions_of_today_are_not_tested_at_past_dates(tmp_path: Path) -> None:
    """An owner of today may know what came: a test of the past would look better than it was."""
    section = section_of(tmp_path, SHOP.log, SHOP.pipeline, where={"manager": "Anna Schmidt"})
    lines = findings(section)
    assert any(line.startswith("The forecast was not tested at past dates: manager has") for line in lines)
    assert "Forecasts of past dates, and what came" not in captions(section)
    rows = sf.forecast(SHOP.log, SHOP.pipeline, horizon="90d", where={"manager": "Anna Schmidt"})
    assert said(rows)[0] == lines[0]


def test_where_nothing_is_open_or_can_be_forecast_there_are_sentences_alone(tmp_path: Path) -> None:
    closed = section_of(tmp_path, journeys_log("New > Won", "New > Lost"), NEW)
    assert findings(closed) == ["No item is open."]
    assert captions(closed) == []
    fresh = section_of(tmp_path, journeys_log("New", "New"), NEW)
    assert findings(fresh) == [
        "Nothing was won before this date: nothing can be forecast.",
        "Nothing ever left New: for open items there no chance can be read off.",
    ]
    assert captions(fresh) == []
    unwon = section_of(tmp_path, journeys_log("New > Lost", "New > Lost", "New"), NEW)
    assert findings(unwon)[0] == "Nothing was won before this date: nothing can be forecast."
    assert captions(unwon) == []
    assert section_of(tmp_path, journeys_log("New", "New"), sf.Pipeline("New", lost="Lost")) == ""


def test_times_that_are_numbers_have_no_horizon_and_no_test(tmp_path: Path) -> None:
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    for item in range(60):
        rows["item"] += [item, item] if item < 55 else [item]
        rows["stage"] += ["New", "Won" if item % 2 else "Lost"] if item < 55 else ["New"]
        rows["time"] += [item, item + 9] if item < 55 else [item]
    section = section_of(tmp_path, sf.StageLog(rows), NEW)
    assert "are expected to be won some day" in findings(section)[0]
    assert not [one for one in captions(section) if "past dates" in one]


def test_a_short_log_has_a_short_horizon(tmp_path: Path) -> None:
    log = SHOP.log
    first = SHOP.frame["entered_at"].min()
    as_of = first + pd.Timedelta(days=200)
    lines = findings(section_of(tmp_path, log, SHOP.pipeline, as_of=as_of))
    expected = said(sf.forecast(log, SHOP.pipeline, horizon="30d", as_of=as_of))
    assert lines[0] == expected[0]
    assert any("past dates the actual wins" in line for line in lines)


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    name = "</script><script>alert(1)</script>"
    log = journeys_log(*[f"{name} > Won"] * 3, *[f"{name} > Lost"] * 3, name)
    section = section_of(tmp_path, log, sf.Pipeline(name, won="Won", lost="Lost"))
    assert "<script" not in section
    assert "Forecast of open items" in section
