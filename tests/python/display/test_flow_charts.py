"""The chart of a flow in money, of one stage, of groups and over periods, of journeys counted by hand."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import bars_of, length_of, marks_of, sentences_of, title_of, words_of
from stagefunnel import plots

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
# Item, stage, time, amount: 1 is raised from 100 to 150 and won in February, 2 is lowered from 80 to 60 and
# stays, 3 is lost in February, 4 comes in March.
ROWS = [
    (1, "New", "2026-01-05", 100, "Ann"),
    (2, "New", "2026-01-06", 80, "Ann"),
    (3, "New", "2026-01-07", 40, "Bob"),
    (1, "Offer", "2026-02-03", 150, "Ann"),
    (1, "Won", "2026-02-10", 150, "Ann"),
    (2, "Offer", "2026-02-12", 60, "Ann"),
    (3, "Lost", "2026-02-15", 40, "Bob"),
    (4, "New", "2026-03-01", 30, "Bob"),
]
LOG = sf.StageLog(
    pd.DataFrame(ROWS, columns=["item", "stage", "time", "sum", "who"]).astype({"time": "datetime64[us]"}),
    columns=["sum", "who"],
)


def about(chart: Any, of: str) -> dict[str, str]:
    return {bar["part"]: bar[of] for bar in bars_of(chart) if "part" in bar and of in bar}


def test_money_is_a_waterfall_with_what_was_raised_and_lowered() -> None:
    table = sf.flow(LOG, PIPELINE, period="2026-02", amount="sum")
    chart = plots.plot_flow(table)
    assert title_of(chart) == "In work: 3 at the start, 0 came in, 1 won, 1 lost, 1 at the end"
    assert about(chart, "items") == {"at the start": "3", "won": "1", "lost": "1", "at the end": "1"}
    assert about(chart, "amount") == {
        "at the start": "220",
        "raised": "50",
        "won": "150",
        "lost": "40",
        "lowered": "20",
        "at the end": "60",
    }
    assert {"Items", "Money", "+50", "−20", "−150", "220"} <= {*words_of(chart)}
    start, raised = (bars_of(chart, part=part)[-1] for part in ("at the start", "raised"))
    assert raised["x"] == start["x2"]
    assert length_of(raised) / length_of(start) == pytest.approx(50 / 220, abs=0.01)


def test_the_rows_of_one_stage_have_a_finding_of_their_own() -> None:
    table = sf.flow(LOG, PIPELINE, period="2026-02")
    chart = plots.plot_flow(table[table["stage"] == "Offer"])
    assert title_of(chart) == "Offer: 0 at the start, 2 came in, 1 left, 1 at the end"
    assert about(chart, "items") == {"from earlier stages": "2", "won": "1", "at the end": "1"}


def test_groups_say_in_which_of_them_the_work_grew_most() -> None:
    table = sf.flow(LOG, PIPELINE, period="2026-03", by="who")
    # Ann keeps one; Bob has none at the start of March, and gets one.
    assert title_of(plots.plot_flow(table)) == "Work in progress grew in 1 of 2 groups, most in Bob (+1)"
    table = sf.flow(LOG, PIPELINE, period="2026-02", by="who")
    assert title_of(plots.plot_flow(table)) == "Work in progress grew in none of 2 groups"


def test_periods_are_columns_of_what_came_and_left_below_a_line_of_what_remains() -> None:
    table = sf.flow(LOG, PIPELINE, every="month")
    chart = plots.plot_flow(table)
    assert (
        title_of(chart)
        == "2026-01 to 2026-03: In work: 0 at the start, 4 came in, 1 won, 1 lost, 2 at the end"
    )
    found = {(bar["period"], bar["part"]): bar["items"] for bar in bars_of(chart) if "period" in bar}
    assert found == {
        ("2026-01", "created"): "3",
        ("2026-02", "won"): "1",
        ("2026-02", "lost"): "1",
        ("2026-03", "created"): "1",
    }
    zero = bars_of(chart, part="created")[0]["y2"]
    won, lost = bars_of(chart, part="won")[0], bars_of(chart, part="lost")[0]
    assert (won["y"], lost["y"]) == (zero, won["y2"])  # below the line, on top of each other
    dots = sorted((one for one in marks_of(chart, "point") if "period" in one), key=lambda one: one["x"])
    assert [dot["items"] for dot in dots] == ["3", "1", "2"]
    assert dots[0]["y"] < dots[2]["y"] < dots[1]["y"]
    assert any(line.startswith("Up: what came; down: what left") for line in sentences_of(chart))
    assert {"came", "won", "lost"} <= {*words_of(chart)}


def test_periods_of_money_and_of_groups_have_panels_on_one_scale() -> None:
    chart = plots.plot_flow(sf.flow(LOG, PIPELINE, every="month", amount="sum"))
    raised = bars_of(chart, period="2026-02", part="raised")[0]
    lowered = bars_of(chart, period="2026-02", part="lowered")[0]
    assert (raised["money"], lowered["money"]) == ("50", "20")
    assert {"Items", "Money"} <= {*words_of(chart)}
    by = plots.plot_flow(sf.flow(LOG, PIPELINE, every="month", by="who"))
    assert title_of(by) == "Work in progress grew in all 2 groups, most in Ann (+1); a tie with 1 more"
    two, one = (bar["y2"] - bar["y"] for bar in bars_of(by, period="2026-01", part="created"))
    assert two == pytest.approx(2 * one, abs=0.1)


def test_one_period_of_several_is_a_waterfall() -> None:
    table = sf.flow(LOG, PIPELINE, every="month")
    chart = plots.plot_flow(table[table["period"].astype(str) == "2026-02"])
    assert about(chart, "items")["at the start"] == "3"
    assert not [bar for bar in bars_of(chart) if "period" in bar]
