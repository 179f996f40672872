"""A week has one name wherever people read it, ``2026-W10``; the columns of a table keep its days."""

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel import plots

SHOP = sf.datasets.furniture_shop(600)
LOG, PIPELINE = SHOP.log, SHOP.pipeline
DAYS = re.compile(r"\d{4}-\d\d-\d\d\W{1,3}\d{4}-\d\d-\d\d")  # in whatever form the two days of a week stand
WEEK = re.compile(r"\b\d{4}-W\d\d\b")
TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "trend": lambda: sf.funnel_by_period(LOG, PIPELINE, every="week", basis="created"),
    "trend by": lambda: sf.funnel_by_period(LOG, PIPELINE, every="week", within="60d", by="source"),
    "flow": lambda: sf.flow(LOG, PIPELINE, every="week"),
    "velocity": lambda: sf.sales_velocity(LOG, PIPELINE, amount="amount", every="week"),
    "sequence": lambda: sf.sequence_trend(LOG, [*PIPELINE.stages], window="30d", every="week"),
    "sequence by": lambda: sf.sequence_trend(
        LOG, [*PIPELINE.stages], window="30d", every="week", by="source"
    ),
    "periods": lambda: sf.compare_periods(LOG, PIPELINE, "2025-W23"),
    "two sides": lambda: sf.decompose(LOG, PIPELINE, a="2025-W23", b=("2025-05-26", "2025-06-01")),
    "mix": lambda: sf.mix_rate(LOG, PIPELINE, mix="source", a="2025-W23", b="2025-W22"),
    "groups": lambda: sf.outcomes(LOG, PIPELINE, by="created:week"),
    "funnel": lambda: sf.funnel(LOG, PIPELINE, by="created:week", top=5),
}
DRAWN: dict[str, Callable[..., Any]] = {
    "trend": plots.plot_trend,
    "flow": plots.plot_flow,
    "sequence": plots.plot_sequence_trend,
    "periods": plots.plot_compare,
    "funnel": plots.plot_funnel,
}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", TABLES)
def test_a_shown_table_names_weeks(name: str, language: Any) -> None:
    text = str(sf.show(TABLES[name](), language=language))
    assert WEEK.search(text)
    assert DAYS.findall(text) == []


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_names_weeks(name: str) -> None:
    text = str(DRAWN[name](TABLES[name]()).to_dict())
    assert WEEK.search(text)
    assert DAYS.findall(text) == []


@pytest.mark.parametrize(("name", "column"), [("trend", "reached"), ("sequence", "entered")])
def test_a_matrix_names_weeks_and_marks_those_that_are_covered_in_part(name: str, column: str) -> None:
    table = TABLES[name]()
    text = str(sf.show(table, matrix=column))
    assert DAYS.findall(text) == []
    partial = pd.Period(table.attrs["stagefunnel"]["partly_covered"][-1], freq="W-SUN").start_time
    year, week, _ = partial.isocalendar()
    assert f"{year}-W{week:02}" in text


def test_the_table_keeps_its_days_and_is_shown_alike_when_it_comes_from_a_file() -> None:
    table = TABLES["trend"]()
    assert str(table["period"].iloc[0]).count("-") == 4
    as_text = table.assign(period=table["period"].astype(str))
    assert str(sf.show(as_text)) == str(sf.show(table))


def test_two_days_that_are_no_week_stay_as_they_are() -> None:
    names = pd.DataFrame({"item": [1, 2], "span": ["2026-03-03/2026-03-09", "2026-13-40/2026-13-46"]})
    log = sf.StageLog({"item": [1, 2], "stage": ["New", "New"], "time": [1, 2]}, items=names)
    text = str(sf.show(sf.outcomes(log, sf.Pipeline("New", won="Won"), by="span")))
    assert "2026-03-03/2026-03-09" in text
    assert "2026-13-40/2026-13-46" in text


@pytest.mark.parametrize(
    ("period", "called"),
    [
        ("2026-W01", "2026-W01"),
        (("2025-12-29", "2026-01-04"), "2026-W01"),
        (("2026-W01", "2026-W02"), "2025-12-29 … 2026-01-12"),
        (("2025-12-30", "2026-01-05"), "2025-12-30 … 2026-01-06"),
    ],
)
def test_a_compared_week_is_called_by_its_name(period: Any, called: str) -> None:
    days = ["2025-12-01", "2026-01-20"]
    log = sf.StageLog({"item": [1, 2], "stage": ["New", "New"], "time": pd.to_datetime(days)})
    table = sf.compare_periods(log, sf.Pipeline("New", won="Won"), period)
    assert table.attrs["stagefunnel"]["called"][0] == called
