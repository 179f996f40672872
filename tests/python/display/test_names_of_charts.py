"""Names and numbers of charts are whole: the mark of an optional stage, boxes of moves, level rows."""

import re
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import marks_of, sentences_of, title_of, words_of
from stagefunnel import plots
from stagefunnel.display.charts.letters import fitted, width_of
from stagefunnel.display.charts.style import NAME, SMALL

# Half of the items wait, a fifth is not seen in New, and all are won.
WAITING = [
    (item, stage, pd.Timestamp("2026-01-01") + pd.Timedelta(days=day))
    for item in range(40)
    for day, stage in enumerate(["New", "Awaiting the evidence of the vendor", "Resolved", "Closed"])
    if not ((stage == "New" and item % 5 == 0) or (stage.startswith("Awaiting") and item % 2))
]
PIPELINE = sf.Pipeline(
    ["New", "Awaiting the evidence of the vendor", "Resolved"],
    won="Closed",
    optional=["Awaiting the evidence of the vendor"],
)
LOG = sf.StageLog(pd.DataFrame(WAITING, columns=["item", "stage", "time"]))
CHARTS = {
    "funnel": lambda width: plots.plot_funnel(sf.funnel(LOG, PIPELINE, kind="both"), width=width),
    "time": lambda width: plots.plot_time_in_stage(sf.time_in_stage(LOG, PIPELINE), width=width),
    "moves": lambda width: plots.plot_transitions(sf.transitions(LOG, PIPELINE), form="sankey", width=width),
}


@pytest.mark.parametrize("width", [390, 700, 920])
@pytest.mark.parametrize("name", ["funnel", "time"])
def test_a_chart_cuts_the_name_of_an_optional_stage_and_not_its_mark(name: str, width: int) -> None:
    words = words_of(CHARTS[name](width))
    assert not [word for word in words if re.search(r"\([a-z]+…", word)]
    assert any(word.endswith("(optional)") for word in words)


def test_what_has_no_mark_is_cut_at_its_end_and_what_fits_is_whole() -> None:
    assert fitted("A long name of a stage", 60, SMALL).endswith("…")
    assert fitted("Offer (optional)", 200, SMALL) == "Offer (optional)"
    cut = fitted("A long name of a stage (optional)", 120, SMALL)
    assert cut.startswith("A l")
    assert cut.endswith("… (optional)")
    assert width_of(cut, SMALL) <= 120


def boxes_of(chart: Any) -> list[dict[str, Any]]:
    return [bar for bar in marks_of(chart, "rect") if "stage" in bar]


@pytest.mark.parametrize("width", [390, 700, 920])
def test_the_numbers_of_moves_are_inside_their_boxes(width: int) -> None:
    shop = sf.datasets.furniture_shop(2_000)
    chart = plots.plot_transitions(sf.transitions(shop.log, shop.pipeline), form="sankey", width=width)
    boxes = boxes_of(chart)
    assert len(boxes) == 6
    for box in boxes:
        inside = [
            one
            for one in marks_of(chart, "text")
            if one["x"] == box["x"] + 10 and box["y"] <= one["y"] <= box["y2"]
        ]
        texts = " ".join(one["text"] for one in sorted(inside, key=lambda one: one["y"]))
        assert re.search(r"in [\d,]+(, | )out [\d,]+$", texts), texts
        for one in inside:
            size = SMALL if one["text"].startswith(("in ", "out ")) else NAME
            assert one["x"] + width_of(one["text"], size) <= box["x2"] + 0.5


@pytest.mark.parametrize("width", [920, 1_400])
def test_the_rows_of_two_funnels_beside_each_other_are_level(width: int) -> None:
    chart = CHARTS["funnel"](width)
    numbers = [one for one in marks_of(chart, "text") if " · " in one["text"]]
    half = chart.to_dict()["width"] / 2
    left = sorted(one["y"] for one in numbers if one["x"] < half + 60)
    right = sorted(one["y"] for one in numbers if one["x"] >= half + 60)
    assert len(left) == 4
    assert left == right


@pytest.mark.parametrize("width", [920, 1_400])
def test_a_conversion_does_not_reach_into_the_numbers_of_the_funnel_beside(width: int) -> None:
    chart = CHARTS["funnel"](width)
    steps = [one for one in marks_of(chart, "text") if one["text"].startswith("↓")]
    assert any(" of " in one["text"] for one in steps)
    half = chart.to_dict()["width"] / 2
    edge = max(one["x"] for one in marks_of(chart, "text") if " · " in one["text"] and one["x"] < half + 60)
    assert all(one["x"] - width_of(one["text"], SMALL) >= edge for one in steps)


def cohorts(sizes: dict[str, int]) -> sf.StageLog:
    """Make items created at the beginning of months, each won or lost after a day."""
    rows = [
        (f"{month} {at}", stage, pd.Timestamp(f"{month}-02") + pd.Timedelta(days=day))
        for month, size in sizes.items()
        for at in range(size)
        for day, stage in enumerate(["New", "Won" if at % 2 else "Lost"])
    ]
    end = (max(sizes) + " end", "New", pd.Timestamp(f"{max(sizes)}-28 23:00"))
    return sf.StageLog(pd.DataFrame([*rows, end], columns=["item", "stage", "time"]))


TREND = sf.Pipeline("New", won="Won", lost="Lost")
TOO_FEW = "Too few periods are covered whole, with 30 items, to compare them"


@pytest.mark.parametrize(
    ("sizes", "is_comparable"),
    [
        ({"2026-01": 2, "2026-02": 40, "2026-03": 5, "2026-04": 2}, False),
        ({"2026-01": 2, "2026-02": 40, "2026-03": 40, "2026-04": 2}, True),
    ],
)
def test_a_trend_of_which_nothing_can_be_compared_says_so(sizes: Any, is_comparable: bool) -> None:
    table = sf.funnel_by_period(cohorts(sizes), TREND, basis="created")
    chart = plots.plot_trend(table, value="conversion_from_all")
    assert (title_of(chart) == TOO_FEW) is not is_comparable
    advice = [line for line in sentences_of(chart) if line.startswith("Not compared: younger")]
    assert bool(advice) is is_comparable
    # Followed for as long, periods can be compared, and the title writes what it compares at the dots.
    followed = plots.plot_trend(sf.funnel_by_period(cohorts(sizes), TREND, within="2d"))
    bold = [one for one in marks_of(followed, "text") if one["weight"] == "bold" and "%" in one["text"]]
    assert bool(bold) is is_comparable
    assert not [one for one in marks_of(chart, "text") if one["weight"] == "bold" and "%" in one["text"]]


def test_the_title_of_differences_warns_of_unlike_ages() -> None:
    shop = sf.datasets.furniture_shop(2_000)
    table = sf.compare_periods(
        shop.log, shop.pipeline, "2026-06", against="2025-06", basis="created", confidence=0.95
    )
    chart = plots.plot_differences(table)
    assert title_of(chart).startswith("Not to be compared yet: ")
    assert not [line for line in sentences_of(chart) if line.startswith("Not alike in age")]
    alike = sf.compare_periods(
        shop.log, shop.pipeline, "2025-06", against="2025-05", within="30d", confidence=0.95
    )
    assert not title_of(plots.plot_differences(alike)).startswith("Not to be compared")
