"""The marks of each chart except the funnel's: places and lengths, of journeys counted by hand."""

from itertools import pairwise
from typing import Any, NamedTuple

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import frame_of, journeys_log
from stagefunnel import plots

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost=["Lost", "Bad"])
MANAGERS = pd.DataFrame({"item": [1, 2, 3, 4, 5], "manager": ["Ann", "Ann", "Bob", "Bob", "Bob"]})
PATHS = ("New > Offer > Won", "New > Won", "New > Lost", "Offer > Bad", "New")


class Drawn(NamedTuple):
    """One layer: its mark, its columns and its records."""

    mark: str
    encoding: dict[str, Any]
    records: list[dict[str, Any]]

    def column(self, channel: str) -> str:
        return str(self.encoding[channel]["field"])


@pytest.fixture
def log() -> sf.StageLog:
    return journeys_log(*PATHS, items=MANAGERS)


def layers_of(chart: Any) -> list[Drawn]:
    """Return all layers of a chart, panel by panel."""
    whole = chart.to_dict()
    found = []
    for panel in whole.get("concat", [whole]):
        for layer in panel["layer"]:
            # Layers that share their data have them in the panel or the chart.
            data = layer.get("data") or panel.get("data") or whole["data"]
            found.append(Drawn(layer["mark"]["type"], layer["encoding"], whole["datasets"][data["name"]]))
    return found


def order_of(layer: Drawn, channel: str) -> list[str]:
    """Return the names on an axis in order."""
    named = layer.encoding[channel]
    return list(named.get("sort") or named["scale"]["domain"])


def test_a_comparison_draws_two_bars_a_stage(log: sf.StageLog) -> None:
    bars, words = layers_of(plots.plot_compare(sf.funnel(log, PIPELINE, kind="both")))
    assert (bars.mark, words.mark) == ("bar", "text")
    assert [bars.column(channel) for channel in ("x", "y", "yOffset", "color")] == [
        *("share", "stage", "series", "series")
    ]
    share = {(record["series"], record["stage"]): record["share"] for record in bars.records}
    assert share == {
        **{("classic", stage): n / 5 for stage, n in zip(PIPELINE.labels, (4, 2, 2, 1, 1), strict=True)},
        **{
            ("with conversions", stage): n / 5
            for stage, n in zip(PIPELINE.labels, (4, 3, 2, 1, 1), strict=True)
        },
    }
    assert order_of(bars, "y") == list(PIPELINE.labels)
    assert words.records[0]["label"] == "80 % · 4"


def test_a_comparison_draws_two_periods_the_earlier_one_first() -> None:
    rows = [(1, "New", "2026-01-05"), (2, "Offer", "2026-01-06"), (3, "New", "2026-02-01")]
    log = sf.StageLog(frame_of(rows))
    bars, _ = layers_of(plots.plot_compare(sf.compare_periods(log, PIPELINE, "2026-02", basis="created")))
    found = [(record["series"], record["share"]) for record in bars.records if record["stage"] == "New"]
    assert found == [("2026-01", 0.5), ("2026-02", 1)]
    assert order_of(bars, "yOffset") == ["2026-01", "2026-02"]


def test_a_comparison_draws_groups(log: sf.StageLog) -> None:
    bars, _ = layers_of(plots.plot_compare(sf.funnel(log, PIPELINE, by="manager")))
    found = [(record["series"], record["share"]) for record in bars.records if record["stage"] == "New"]
    assert found == [("Ann", 1), ("Bob", pytest.approx(2 / 3))]


@pytest.mark.parametrize("kind", ["funnel", "compare"])
def test_numbers_behind_bars_are_brief_and_those_that_are_pointed_at_exact(kind: str) -> None:
    log = journeys_log("New > Won")
    table = sf.funnel(log, PIPELINE)
    table[["reached", "passed", "base"]] *= 12_345
    chart = plots.plot_funnel(table) if kind == "funnel" else plots.plot_compare(two_of(table))
    new = layers_of(chart)[0].records[0]
    assert "12.3 k" in new["label"].split(" · ")
    assert new["reached"] == "12,345"


def two_of(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table.assign(group=group) for group in ("a", "b")])[["group", *table.columns]]


def test_losses_are_stacked_by_lost_stage(log: sf.StageLog) -> None:
    more = journeys_log(*PATHS, "New > Bad", "New > Bad")
    bars, words = layers_of(plots.plot_losses(sf.losses(more, PIPELINE)))
    assert (bars.mark, bars.column("x"), bars.column("y"), bars.column("color")) == (
        *("bar", "share", "stage", "part"),
    )
    # Three of four lost items were lost from New.
    found = {(record["stage"], record["part"]): (record["n"], record["share"]) for record in bars.records}
    assert found == {("New", "Lost"): (1, 0.25), ("New", "Bad"): (2, 0.5), ("Offer", "Bad"): (1, 0.25)}
    assert {record["stage"]: record["label"] for record in words.records} == {
        "New": "3 · 75 %",
        "Offer": "1 · 25 %",
    }


def test_losses_by_group_have_a_panel_each(log: sf.StageLog) -> None:
    panels = plots.plot_losses(sf.losses(log, PIPELINE, by="manager")).to_dict()["concat"]
    assert [panel["title"]["text"] for panel in panels] == ["Bob"]


def test_skips_are_cells_of_groups_and_stages(log: sf.StageLog) -> None:
    cells, words = layers_of(plots.plot_skips(sf.skips(log, PIPELINE, by="manager")))
    assert (cells.mark, cells.column("x"), cells.column("y"), cells.column("color")) == (
        *("rect", "stage", "group", "rate"),
    )
    # None of Bob's items moved beyond a stage: there is no cell.
    found = {(record["group"], record["stage"]): record["rate"] for record in cells.records}
    assert found == {("Ann", "New"): None, ("Ann", "Offer"): None}  # of so few items there is no rate
    assert order_of(cells, "x") == ["New", "Offer"]
    assert {record["label"] for record in words.records} == {"0 of 2", "1 of 2"}


def test_a_cell_of_skips_leaves_out_what_began_beyond_the_stage() -> None:
    paths = ["New > Offer"] * 29 + ["Lost > Offer"] * 3 + ["Offer"] * 8
    cells, _ = layers_of(plots.plot_skips(sf.skips(journeys_log(*paths), PIPELINE, by=None)))
    (record,) = cells.records
    assert record["rate"] == 3 / 32
    assert record["label"] == "9 %"
    assert (record["skipped"], record["base"], record["began_beyond"]) == ("3", "32", "8")


def test_times_are_drawn_in_the_unit_that_people_read() -> None:
    rows = []
    for item in range(1, 6):  # in New for one to five days
        rows += [(item, "New", "2026-01-01"), (item, "Won", f"2026-01-{item + 1:02}")]
    chart = plots.plot_time_in_stage(sf.time_in_stage(sf.StageLog(frame_of(rows)), PIPELINE))
    spread, median, mean, words = layers_of(chart)
    assert [layer.mark for layer in (spread, median, mean, words)] == ["bar", "tick", "point", "text"]
    (new,) = [record for record in spread.records if record["stage"] == "New"]
    assert (new[spread.column("x")], new[spread.column("x2")]) == (2, pytest.approx(4.6))
    assert (new[median.column("x")], new[mean.column("x")], new["label"]) == (3, 3, "3 d")
    assert spread.encoding["x"]["axis"]["title"] == "days"


def test_moves_are_cells_from_stage_to_stage(log: sf.StageLog) -> None:
    cells, words = layers_of(plots.plot_transitions(sf.transitions(log, PIPELINE)))
    assert (cells.mark, cells.column("x"), cells.column("y"), cells.column("color")) == (
        *("rect", "to", "from", "share"),
    )
    found = {(record["from"], record["to"]): record["share"] for record in cells.records}
    assert found == {
        **{("New", stage): pytest.approx(1 / 3) for stage in ("Offer", "Won", "Lost")},
        **{("Offer", stage): 0.5 for stage in ("Won", "Bad")},
    }
    assert {record[words.column("text")] for record in words.records} == {"1"}


def test_streams_are_as_thick_as_their_moves_on_both_sides(log: sf.StageLog) -> None:
    chart = plots.plot_transitions(sf.transitions(log, PIPELINE), form="sankey")
    streams, nodes, *_ = layers_of(chart)
    assert (streams.mark, nodes.mark) == ("area", "rect")
    assert [node["label"] for node in nodes.records] == [
        "New 3",
        "Offer 2",
        "Offer 1",
        "Won 2",
        "Lost 1",
        "Bad 1",
    ]
    place = {(node["side"], node["label"].split()[0]): (node["y"], node["y2"]) for node in nodes.records}
    by_stream: dict[int, list[dict[str, Any]]] = {}
    for point in streams.records:
        by_stream.setdefault(point["stream"], []).append(point)
    assert len(by_stream) == 5
    for points in by_stream.values():
        for end, side in ((points[0], "from"), (points[-1], "to")):
            low, high = place[side, end[side]]
            assert end["y2"] - end["y"] == pytest.approx(1)
            assert low - 1e-9 <= end["y"] < end["y2"] <= high + 1e-9
        assert all(one["x"] < other["x"] for one, other in pairwise(points))


@pytest.fixture
def trend() -> pd.DataFrame:
    rows = [
        *[(1, "New", "2026-01-05"), (1, "Won", "2026-01-06"), (2, "New", "2026-01-07")],
        *[(3, "Offer", "2026-02-01"), (4, "New", "2026-02-02"), (5, "Offer", "2026-02-03")],
    ]
    items = pd.DataFrame({"item": [1, 2, 3, 4, 5], "manager": ["Ann", "Bob", "Ann", "Ann", "Ann"]})
    log = sf.StageLog(frame_of(rows), items=items)
    return sf.funnel_by_period(log, PIPELINE, basis="created", by="manager").query("manager == 'Ann'")


def values_of(layer: Drawn, stage: str) -> list[float | None]:
    return [record["value"] for record in layer.records if record["stage"] == stage]


def test_a_trend_is_a_line_a_stage_over_the_periods(trend: pd.DataFrame) -> None:
    line, hollow, points = layers_of(plots.plot_trend(trend, value="conversion_from_all"))
    assert (line.mark, hollow.mark, points.mark) == ("line", "point", "point")
    assert (line.column("x"), line.column("y"), line.column("color")) == ("period", "value", "stage")
    assert order_of(line, "x") == ["2026-01", "2026-02"]
    assert values_of(line, "New") == [1, pytest.approx(1 / 3)]
    assert values_of(line, "Offer") == [0, pytest.approx(2 / 3)]
    assert values_of(line, "Won") == [1, 0]


def test_a_trend_has_no_point_if_more_items_reach_a_stage_than_the_one_before(trend: pd.DataFrame) -> None:
    line, *_ = layers_of(plots.plot_trend(trend, value="conversion_from_previous"))
    assert values_of(line, "Offer") == [0, None]
    line, *_ = layers_of(plots.plot_trend(trend, value="reached"))
    assert values_of(line, "Offer") == [0, 2]


def test_a_reason_named_other_has_one_colour_with_the_reasons_that_have_none() -> None:
    reasons = ["other", *(f"reason {number}" for number in range(9))]
    items = pd.DataFrame({"item": range(1, 12), "reason": ["other", *reasons]})
    log = journeys_log(*["New > Lost"] * 11, items=items)
    bars, _ = layers_of(plots.plot_losses(sf.losses(log, PIPELINE, reason="reason")))
    colours = bars.encoding["color"]["scale"]["domain"]
    assert sorted(set(colours)) == sorted(colours)
    assert {record["into"] for record in bars.records if record["part"] == "other"} == {
        "other",
        *(set(reasons) - set(colours)),
    }


def test_a_bar_of_a_sequence_has_a_piece_for_each_fate_of_its_items() -> None:
    log = journeys_log("A > B > C", "A > B", "A > C", "A")
    bars, totals, steps = layers_of(plots.plot_sequence(sf.sequence_funnel(log, ["A", "B", "C"])))
    assert (bars.mark, bars.column("x"), bars.column("y"), bars.column("color")) == (
        "bar",
        "n",
        "step",
        "part",
    )
    found = {(record["step"], record["part"]): record["n"] for record in bars.records}
    assert found == {
        ("1. A", "went on"): 2,
        ("1. A", "dropped out"): 2,
        ("2. B", "went on"): 1,
        ("2. B", "dropped out"): 1,
        ("3. C", "went on"): 1,
    }
    assert [record["label"] for record in totals.records] == ["4 · 100 %", "2 · 50 %", "1 · 25 %"]
    assert [record["text"] for record in steps.records] == ["↓ 50 %", "↓ 50 %"]


def test_a_sequence_has_no_conversion_if_more_items_reach_a_step_than_the_optional_one_before() -> None:
    log = journeys_log("A > C", "A > C", "A > B > C")
    *_, steps = layers_of(plots.plot_sequence(sf.sequence_funnel(log, ["A", "B", "C"], optional={2})))
    assert [(record["step"], record["text"]) for record in steps.records] == [("2. B", "↓ 33 %")]


def sequence_trend_of(*rows: str, **options: Any) -> pd.DataFrame:
    """Make the trend of A to B from rows like ``"1 A 01-05"``; all days are of 2026."""
    words = [row.split() for row in rows]
    log = sf.StageLog(frame_of([(int(item), stage, f"2026-{day}") for item, stage, day in words]))
    return sf.sequence_trend(log, ["A", "B"], **options)


def test_a_period_of_a_sequence_is_on_the_line_if_its_windows_are_over() -> None:
    rows = ["1 A 01-05", "1 B 01-06", "2 A 01-07", "2 A 03-01", "3 A 03-30", "3 B 03-31"]
    line, whole, hollow = layers_of(plots.plot_sequence_trend(sequence_trend_of(*rows, window="7D")))
    assert (line.mark, whole.mark, hollow.mark) == ("line", "point", "point")
    found = [(record["period"], record["part"], record["value"]) for record in line.records]
    assert found == [
        ("2026-01", "windows over", 0.5),
        ("2026-02", "windows over", None),
        ("2026-03", "so far", 0.5),
    ]
    assert line.encoding["y"]["axis"]["title"] == ["converted within 7D"]


def test_without_a_window_the_axis_of_a_sequence_says_that_older_periods_have_had_longer() -> None:
    table = sequence_trend_of("1 A 01-05", "1 B 01-06", "2 A 02-05")
    line, _, hollow = layers_of(plots.plot_sequence_trend(table))
    assert {record["part"] for record in hollow.records} == {"so far, no window"}
    assert line.encoding["y"]["axis"]["title"] == ["converted so far;", "older periods have had longer"]
    subtitle = plots.plot_sequence_trend(table).to_dict()["title"]["subtitle"]
    assert "older periods have had longer" in " ".join(subtitle)


def test_times_to_convert_are_a_histogram_with_the_share_that_is_through() -> None:
    rows = []
    for item, days in enumerate([1, 1, 2, 4], start=1):
        rows += [(item, "New", "2026-01-01"), (item, "Won", f"2026-01-{days + 1:02}")]
    table = sf.time_to_convert(sf.StageLog(frame_of(rows)), ["New", "Won"], bins=3)
    bars, line = layers_of(plots.plot_time_to_convert(table))
    assert (bars.mark, line.mark) == ("bar", "line")
    places = [(record[bars.column("x")], record[bars.column("y")]) for record in bars.records]
    assert places == [(1, 2), (2, 1), (3, 1)]  # days, items
    through = [(record[line.column("x")], record[line.column("y")]) for record in line.records]
    assert through == [(2, 0.5), (3, 0.75), (4, 1)]
    assert bars.encoding["x"]["axis"]["title"] == "days"
