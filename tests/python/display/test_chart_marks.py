"""The marks of each chart except the funnel's: places, lengths and words, of journeys counted by hand."""

# A few lines for each of twenty charts, all of the same journeys; the funnel has a file of its own.

from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import bars_of, length_of, marks_of, sentences_of, title_of, words_of
from helpers import frame_of, journeys_log
from stagefunnel import plots
from stagefunnel.display.charts.style import theme_of

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost=["Lost", "Bad"])
MANAGERS = pd.DataFrame({"item": [1, 2, 3, 4, 5], "manager": ["Ann", "Ann", "Bob", "Bob", "Bob"]})
PATHS = ("New > Offer > Won", "New > Won", "New > Lost", "Offer > Bad", "New")
LIGHT = theme_of("light")


@pytest.fixture
def log() -> sf.StageLog:
    return journeys_log(*PATHS, items=MANAGERS)


def points_of(chart: Any, **about: str) -> list[dict[str, Any]]:
    found = marks_of(chart, "point")
    return [one for one in found if all(one.get(name) == value for name, value in about.items())]


def test_two_kinds_are_a_hollow_and_a_filled_dot_with_the_largest_difference_first() -> None:
    chart = plots.plot_compare(sf.funnel(journeys_log(*PATHS * 6), PIPELINE, kind="both"))
    # Offer: 2 of 5 passed it, and a won one is assumed; all others are equal.
    assert title_of(chart) == "Furthest apart at Offer: 60% (with conversions), 40% (classic)"
    assert "40% → 60%, +20 points" in words_of(chart)
    names = [word for word in words_of(chart) if word in PIPELINE.labels]
    assert names == ["Offer", "New", "Won", "Lost", "Bad"]
    hollow, filled = sorted(points_of(chart, stage="Offer"), key=lambda one: one["x"])
    assert (hollow["fill"], filled["fill"]) == (LIGHT.paper, LIGHT.moved)
    assert filled["with conversions"] == "18 of 30 items"


def test_two_periods_are_compared_the_earlier_one_hollow() -> None:
    rows = [(1, "New", "2026-01-05"), (2, "Offer", "2026-01-06"), (3, "New", "2026-02-01")]
    log = sf.StageLog(frame_of(rows))
    chart = plots.plot_compare(sf.compare_periods(log, PIPELINE, "2026-02", basis="created"))
    assert "50% → 100%, +50 points" in words_of(chart)
    assert [word for word in words_of(chart) if word in ("2026-01", "2026-02")] == ["2026-01", "2026-02"]


def test_groups_are_dots_beside_all_of_them_and_small_ones_are_faint() -> None:
    paths = [*["New > Won"] * 30, "New", "New > Won"]
    items = pd.DataFrame({"item": range(1, 33), "manager": [*["Ann"] * 30, "Bob", "Bob"]})
    chart = plots.plot_compare(
        sf.funnel(journeys_log(*paths, items=items), sf.Pipeline("New", won="Won"), by="manager")
    )
    ann, bob = (points_of(chart, group=name)[0] for name in ("Ann", "Bob"))
    assert (ann["fill"], bob["fill"]) == (LIGHT.moved, LIGHT.paper)
    assert ann["x"] > bob["x"]
    words = words_of(chart)
    assert "all groups: 97% reached Won" in words
    assert {"100% of 30", "50% of 2"} <= {*words}
    assert words.index("Ann") < words.index("Bob")


@pytest.mark.parametrize("kind", ["funnel", "compare"])
def test_numbers_are_exact_up_to_99_999(kind: str) -> None:
    table = sf.funnel(journeys_log("New > Won"), PIPELINE)
    counts = ["reached", "passed", "base"]
    table[counts] = table[counts] * 99_999
    plot = plots.plot_funnel if kind == "funnel" else plots.plot_compare
    if kind == "compare":
        table = pd.concat([table.assign(group=group) for group in ("a", "b")])[["group", *table.columns]]
    assert any("99,999" in word for word in words_of(plot(table)))


def test_losses_are_bars_with_the_most_first_in_the_colour_of_lost() -> None:
    more = journeys_log(*PATHS, "New > Bad", "New > Bad")
    chart = plots.plot_losses(sf.losses(more, PIPELINE))
    # Three of four lost items were lost from New: one to Lost, two to Bad; one from Offer to Bad.
    assert title_of(chart) == "Most often lost from: New (3 of 4 lost, 75%)"
    new, offer = (
        bars_of(chart, stage=name, **{"of the lost": share})[0]
        for name, share in (("New", "75%"), ("Offer", "25%"))
    )
    assert {new["fill"], offer["fill"]} == {LIGHT.lost}
    assert new["y"] < offer["y"]
    assert length_of(new) == pytest.approx(3 * length_of(offer), abs=0.1)
    cells = {(bar["stage"], bar["into"]): bar["items"] for bar in marks_of(chart, "rect") if "into" in bar}
    assert cells == {("New", "Lost"): "1", ("New", "Bad"): "2", ("Offer", "Bad"): "1"}
    words = words_of(chart)
    assert words.index("Bad") < words.index("Lost")  # more are lost into Bad


def test_an_item_lost_before_any_stage_has_no_earlier_stage() -> None:
    log = journeys_log("Lost", "New > Lost", items=pd.DataFrame({"item": [1, 2], "why": ["price", None]}))
    chart = plots.plot_losses(sf.losses(log, PIPELINE, reason="why"))
    assert {"no earlier stage", "no reason"} <= {*words_of(chart)}
    assert "(missing)" not in " ".join([*words_of(chart), title_of(chart)])


def test_losses_by_group_have_a_panel_each(log: sf.StageLog) -> None:
    words = words_of(plots.plot_losses(sf.losses(log, PIPELINE, by="manager")))
    assert "Bob" in words
    assert "Ann" not in words


def test_a_reason_named_other_is_one_with_the_reasons_that_have_no_column() -> None:
    reasons = ["other", *(f"reason {number}" for number in range(9))]
    items = pd.DataFrame({"item": range(1, 12), "reason": ["other", *reasons]})
    log = journeys_log(*["New > Lost"] * 11, items=items)
    cells = [
        bar
        for bar in marks_of(plots.plot_losses(sf.losses(log, PIPELINE, reason="reason")), "rect")
        if "into" in bar
    ]
    assert len({bar["into"] for bar in cells}) == len(cells) == 8
    assert {bar["into"]: bar["items"] for bar in cells}["other"] == "4"  # two of that name, and two reasons


def test_skips_are_cells_of_groups_and_stages(log: sf.StageLog) -> None:
    chart = plots.plot_skips(sf.skips(log, PIPELINE, by="manager"))
    # None of Bob's items moved beyond a stage: there is no cell. Of so few items there is no rate.
    cells = {(bar["group"], bar["stage"]): bar["fill"] for bar in marks_of(chart, "rect")}
    assert cells == {("Ann", "New"): LIGHT.paper, ("Ann", "Offer"): LIGHT.paper}
    assert {"0 of 2", "1 of 2"} <= {*words_of(chart)}


def test_skips_without_groups_are_bars_with_an_outline_where_they_are_skipped() -> None:
    paths = ["New > Offer"] * 29 + ["Lost > Offer"] * 3 + ["Offer"] * 8
    chart = plots.plot_skips(sf.skips(journeys_log(*paths), PIPELINE, by=None))
    # 32 moved beyond New and did not begin beyond it, of these 3 from Lost without a visit.
    passed, ghost = bars_of(chart, stage="New")
    assert (passed["is_ghost"], ghost["is_ghost"]) == (False, True)
    assert length_of(ghost) / (length_of(passed) + length_of(ghost)) == pytest.approx(3 / 32, abs=0.01)
    assert {"9%", "3 of 32; 8 more began beyond it"} <= {*words_of(chart)}


def days_in_new(*days: int) -> sf.StageLog:
    rows = []
    for item, n in enumerate(days, start=1):
        start = pd.Timestamp("2026-01-01")
        rows += [(item, "New", str(start)), (item, "Won", str(start + pd.Timedelta(days=n)))]
    return sf.StageLog(frame_of(rows))


def test_times_are_a_box_a_line_and_a_mark_in_the_unit_that_people_read() -> None:
    table = sf.time_in_stage(days_in_new(1, 2, 3, 4, 5), PIPELINE)
    assert "q10" not in table
    chart = plots.plot_time_in_stage(table)
    mark, box = sorted(bars_of(chart, stage="New"), key=length_of)
    line = line_of(chart)
    # The quantiles are 1.4, 2, 3, 4 and 4.6 days.
    day = length_of(box) / 2
    assert (mark["x"] + mark["x2"]) / 2 == pytest.approx(box["x"] + day, abs=0.1)
    assert line["x"] == pytest.approx(box["x"] - 0.6 * day, abs=0.1)
    assert line["x2"] == pytest.approx(box["x2"] + 0.6 * day, abs=0.1)
    assert {"3 d", "5 completed"} <= {*words_of(chart)}
    assert "box: 25% to 75% of the completed; line: 10% to 90%; mark: median" in sentences_of(chart)[0]


def line_of(chart: Any) -> dict[str, Any]:
    """Return the line of the only stage."""
    lines = [one for one in marks_of(chart, "rule") if one["y"] == one["y2"]]
    (line,) = [one for one in lines if one["colour"] == LIGHT.moved]
    return line


@pytest.mark.parametrize(
    "made",
    [
        lambda log: sf.time_in_stage(log, PIPELINE, quantiles=[]),
        lambda log: sf.summary(log, PIPELINE).time_in_stage,
        lambda log: sf.time_in_stage(log, PIPELINE).query("stage == 'New'"),
        lambda log: sf.time_in_stage(log, PIPELINE, quantiles=[0.1, 0.5001]),
    ],
)
def test_a_table_knows_its_box_whatever_its_columns_are(made: Any) -> None:
    log = days_in_new(*range(11))  # quarters lie at 2.5 and 7.5 days, tenths at 1 and 9
    chart = plots.plot_time_in_stage(made(log))
    _, box = sorted(bars_of(chart, stage="New"), key=length_of)
    day = length_of(box) / 5
    line = line_of(chart)
    assert line["x"] == pytest.approx(box["x"] - 1.5 * day, abs=0.1)
    assert line["x2"] == pytest.approx(box["x2"] + 1.5 * day, abs=0.1)
    assert "line: 10% to 90%" in sentences_of(chart)[0]


def test_a_table_without_its_memory_says_where_its_line_begins() -> None:
    table = sf.time_in_stage(days_in_new(*range(11)), PIPELINE)
    changed = table.assign(completed=table["completed"] * 2)
    table.attrs.clear()
    for one in (table, changed):
        chart = plots.plot_time_in_stage(one)
        _, box = sorted(bars_of(chart, stage="New"), key=length_of)
        assert line_of(chart)["x"] == box["x"]
        assert "line: 25% to 90%" in sentences_of(chart)[0]


def test_a_box_that_has_no_end_yet_goes_on_to_the_edge() -> None:
    # One of four visits is over after a day, and three go on: 25% are over, and no median is known.
    rows = [(item, "New", "2026-01-01") for item in (1, 2, 3, 4)]
    log = sf.StageLog(frame_of([*rows, (1, "Won", "2026-01-02"), (5, "Won", "2026-01-09")]))
    chart = plots.plot_time_in_stage(sf.time_in_stage(log, PIPELINE, open_visits="censored"))
    (box,) = bars_of(chart, stage="New")
    assert box["x2"] == line_of(chart)["x2"]
    assert box["x"] < box["x2"]
    assert "A box or a line without an end: so many are not over yet" in sentences_of(chart)
    assert "all visits, open ones as far as they were seen" in sentences_of(chart)[0]


def test_one_stage_that_takes_far_longer_makes_the_axis_logarithmic() -> None:
    rows = [(1, "New", "2026-01-01 00:00"), (1, "Offer", "2026-01-01 00:10"), (1, "Won", "2026-06-01 00:00")]
    chart = plots.plot_time_in_stage(sf.time_in_stage(sf.StageLog(frame_of(rows)), PIPELINE))
    assert any("logarithmic" in line for line in sentences_of(chart))
    new, offer = (bars_of(chart, stage=name)[-1]["x"] for name in ("New", "Offer"))
    assert offer - new < 700
    assert not any(
        "logarithmic" in line
        for line in sentences_of(plots.plot_time_in_stage(sf.time_in_stage(days_in_new(1, 2), PIPELINE)))
    )


def test_moves_are_cells_from_stage_to_stage(log: sf.StageLog) -> None:
    chart = plots.plot_transitions(sf.transitions(log, PIPELINE), form="matrix")
    found = {(bar["from"], bar["to"]): bar["of those that left"] for bar in marks_of(chart, "rect")}
    assert found == {
        **{("New", stage): "33%" for stage in ("Offer", "Won", "Lost")},
        **{("Offer", stage): "50%" for stage in ("Won", "Bad")},
    }


def test_streams_are_as_thick_as_their_moves_and_moves_back_are_at_the_left() -> None:
    chart = plots.plot_transitions(
        sf.transitions(journeys_log(*["New > Offer"] * 3, "New > Offer > New"), PIPELINE)
    )
    on = [one for one in marks_of(chart, "line") if (one["from"], one["to"]) == ("New", "Offer")]
    back = [one for one in marks_of(chart, "line") if (one["from"], one["to"]) == ("Offer", "New")]
    assert on[0]["thick"] == pytest.approx(4 * back[0]["thick"])
    (node,) = {bar["x"] for bar in bars_of(chart, stage="New")}
    assert min(one["x"] for one in on) > node >= max(one["x"] for one in back)
    assert {"in 1, out 4", "in 4, out 1", "4", "1"} <= {*words_of(chart)}


def test_beyond_ten_stages_and_on_a_phone_moves_are_a_matrix() -> None:
    labels = [f"stage {number}" for number in range(11)]
    many = sf.transitions(journeys_log(" > ".join(labels)), sf.Pipeline(labels))
    assert marks_of(plots.plot_transitions(many), "line") == []
    few = sf.transitions(journeys_log("New > Offer"), PIPELINE)
    assert marks_of(plots.plot_transitions(few), "line")
    assert marks_of(plots.plot_transitions(few, width=390), "line") == []
    assert marks_of(plots.plot_transitions(few, width=390, form="sankey"), "line")


@pytest.fixture
def trend() -> pd.DataFrame:
    rows = [
        *[(1, "New", "2026-01-05"), (1, "Won", "2026-01-06"), (2, "New", "2026-01-07")],
        *[(3, "Offer", "2026-02-01"), (4, "New", "2026-02-02"), (5, "Offer", "2026-02-03")],
    ]
    items = pd.DataFrame({"item": [1, 2, 3, 4, 5], "manager": ["Ann", "Bob", "Ann", "Ann", "Ann"]})
    log = sf.StageLog(frame_of(rows), items=items)
    return sf.funnel_by_period(log, PIPELINE, basis="created", by="manager").query("manager == 'Ann'")


def values_of(chart: Any, stage: str) -> dict[str, str]:
    return {one["period"]: one["value"] for one in points_of(chart, stage=stage)}


def test_a_trend_is_a_line_a_stage_over_the_periods(trend: pd.DataFrame) -> None:
    chart = plots.plot_trend(trend, value="conversion_from_all")
    assert values_of(chart, "New") == {"2026-01": "100%", "2026-02": "33%"}
    assert values_of(chart, "Offer") == {"2026-01": "0%", "2026-02": "67%"}
    first, second = points_of(chart, stage="Won")
    assert first["x"] < second["x"]
    assert first["y"] < second["y"]  # 100% and 0%
    assert {"1", "3", "of"} <= {*words_of(chart)}  # how many each period is of


def test_a_trend_has_no_point_if_more_items_reach_a_stage_than_the_one_before(trend: pd.DataFrame) -> None:
    chart = plots.plot_trend(trend, value="conversion_from_previous")
    assert values_of(chart, "Offer") == {"2026-01": "0%"}
    chart = plots.plot_trend(trend, value="reached")
    assert values_of(chart, "Offer") == {"2026-01": "0", "2026-02": "2"}


def test_periods_of_few_items_are_faint(trend: pd.DataFrame) -> None:
    chart = plots.plot_trend(trend, value="conversion_from_all")
    assert {one["fill"] for one in points_of(chart, stage="Won")} == {LIGHT.paper}
    assert "too early to tell, or fewer than 30" in words_of(chart)


def test_won_and_lost_have_their_colours_however_many_stages_there_are() -> None:
    labels = [f"stage {number}" for number in range(12)]
    paths = [" > ".join([*labels, "Won"]), "stage 0 > Lost"]
    pipeline = sf.Pipeline(labels, won=["Won", "Renewed"], lost="Lost")
    days = pd.to_datetime("2026-01-01") + pd.to_timedelta(range(15), unit="D")
    rows = [
        (item, stage, str(days[at]))
        for item, path in enumerate(paths)
        for at, stage in enumerate(path.split(" > "))
    ]
    table = sf.funnel_by_period(sf.StageLog(frame_of(rows)), pipeline, basis="created", missing="ignore")
    chart = plots.plot_trend(table)
    colours = {one["stage"]: one["colour"] for one in marks_of(chart, "point") if "stage" in one}
    assert (colours["Won"], colours["Lost"]) == (LIGHT.won, LIGHT.lost)
    assert {colours[f"stage {number}"] for number in range(6)} == {LIGHT.skipped}
    assert "8 of 15 stages are drawn" in sentences_of(chart)
    bold = {text["text"] for text in marks_of(chart, "text") if text["weight"] == "bold"}
    assert "Won" in bold
    assert "Lost" not in bold


def test_names_of_weeks_are_their_first_days_and_do_not_overlap() -> None:
    rows = [(item, "New", str(pd.Timestamp("2025-01-06") + pd.Timedelta(weeks=item))) for item in range(60)]
    table = sf.funnel_by_period(
        sf.StageLog(frame_of(rows)), sf.Pipeline("New"), every="week", basis="created"
    )
    days = [text for text in marks_of(plots.plot_trend(table), "text") if text["text"].startswith("202")]
    assert 5 < len(days) < 20
    assert all("/" not in text["text"] for text in days)
    places = sorted(text["x"] for text in days)
    assert min(right - left for left, right in pairwise(places)) > 60


def test_a_bar_of_a_sequence_has_a_piece_for_each_fate_of_its_items() -> None:
    log = journeys_log("A > B > C", "A > B", "A > C", "A")
    chart = plots.plot_sequence(sf.sequence_funnel(log, ["A", "B", "C"]))
    parts = {step: [bar["part"] for bar in bars_of(chart, step=step)] for step in ("1. A", "2. B", "3. C")}
    assert parts == {
        "1. A": ["2 went on", "2 dropped out"],
        "2. B": ["1 went on", "1 dropped out"],
        "3. C": ["1 went on"],
    }
    words = words_of(chart)
    assert [word for word in words if "·" in word] == ["4 · 100%", "2 · 50%", "1 · 25%"]
    assert [word for word in words if "↓" in word] == ["↓ 50%", "↓ 50%"]


def test_a_sequence_has_no_conversion_if_more_items_reach_a_step_than_the_optional_one_before() -> None:
    log = journeys_log("A > C", "A > C", "A > B > C")
    words = words_of(plots.plot_sequence(sf.sequence_funnel(log, ["A", "B", "C"], optional={2})))
    assert [word for word in words if "↓" in word] == ["↓ 33%"]


def sequence_trend_of(*rows: str, **options: Any) -> pd.DataFrame:
    """Make the trend of A to B from rows like ``"1 A 01-05"``; all days are of 2026."""
    words = [row.split() for row in rows]
    log = sf.StageLog(frame_of([(int(item), stage, f"2026-{day}") for item, stage, day in words]))
    return sf.sequence_trend(log, ["A", "B"], **options)


def test_a_period_of_a_sequence_is_firm_if_its_windows_are_over_and_it_has_30() -> None:
    # The log begins inside of January, which it covers in part.
    rows = [f"{item} A 01-05" for item in range(100, 140)]
    rows += [f"{item} A 02-05" for item in range(30)] + [f"{item} B 02-06" for item in range(15)]
    rows += [f"{item} A 03-30" for item in range(40, 80)]
    chart = plots.plot_sequence_trend(sequence_trend_of(*rows, window="7D"))
    fills = {one["period"]: one["fill"] for one in marks_of(chart, "point") if "period" in one}
    assert fills == {"2026-01": LIGHT.paper, "2026-02": LIGHT.moved, "2026-03": LIGHT.paper}
    assert sentences_of(chart)[0] == "Converted within 7D, of those that entered in the period"


def test_without_a_window_a_sequence_says_that_older_periods_have_had_longer() -> None:
    chart = plots.plot_sequence_trend(sequence_trend_of("1 A 01-05", "1 B 01-06", "2 A 02-05"))
    assert {one["fill"] for one in marks_of(chart, "point")} == {LIGHT.paper}
    assert "older periods have had longer" in title_of(chart)


def test_times_to_convert_are_spans_in_which_people_count() -> None:
    table = sf.time_to_convert(days_in_new(1, 1, 2, 4), ["New", "Won"], bins=3)
    chart = plots.plot_time_to_convert(table)
    # The times are 1, 1, 2 and 4 days: spans of 6 hours from the first one on.
    found = [(bar["took"], bar["items"], bar["through by then"]) for bar in bars_of(chart)]
    assert found == [
        ("1 d – 1 d 6 h", "2", "50%"),
        ("2 d – 2 d 6 h", "1", "75%"),
        ("4 d – 4 d 6 h", "1", "100%"),
    ]
    assert "2 · 50% through" in words_of(chart)


def test_times_to_convert_of_which_most_are_short_are_in_spans_that_grow() -> None:
    table = sf.time_to_convert(days_in_new(*[2] * 50, 400), ["New", "Won"])
    took = [bar["took"] for bar in bars_of(plots.plot_time_to_convert(table))]
    assert took == ["1 d – 3 d", "365 d – 730 d"]


def test_a_part_of_the_times_to_convert_is_drawn_with_its_own_bins() -> None:
    table = sf.time_to_convert(days_in_new(1, 1, 2, 4), ["New", "Won"], bins=3)
    took = [bar["took"] for bar in bars_of(plots.plot_time_to_convert(table[:2]))]
    assert took == ["1 d – 2 d", "2 d – 3 d"]


def test_a_flow_is_a_waterfall_in_which_each_bar_begins_where_the_one_above_ends() -> None:
    rows = [
        *[(1, "New", "2026-01-05"), (1, "Won", "2026-02-05"), (2, "New", "2026-01-07")],
        *[(3, "New", "2026-02-01"), (3, "Lost", "2026-02-03"), (4, "Offer", "2026-02-03")],
    ]
    chart = plots.plot_flow(sf.flow(sf.StageLog(frame_of(rows)), PIPELINE, period="2026-02"))
    start, created, won, lost, end = bars_of(chart)
    assert [bar["part"] for bar in (start, created, won, lost, end)] == [
        *("at the start", "created", "won", "lost", "at the end")
    ]
    assert [bar["items"] for bar in (start, created, won, lost, end)] == ["2", "2", "1", "1", "2"]
    assert created["x"] == pytest.approx(start["x2"], abs=0.02)
    assert won["x2"] == pytest.approx(created["x2"], abs=0.02)
    assert lost["x2"] == pytest.approx(won["x"], abs=0.02)
    assert end["x2"] == pytest.approx(lost["x"], abs=0.02)
    assert {"+2", "−1", "2"} <= {*words_of(chart)}


def test_the_rows_of_one_stage_are_the_waterfall_of_that_stage() -> None:
    rows = [(1, "New", "2026-01-05"), (1, "Offer", "2026-02-05"), (2, "New", "2026-02-07")]
    table = sf.flow(sf.StageLog(frame_of(rows)), PIPELINE, period="2026-02", missing="ignore")
    chart = plots.plot_flow(table[table["stage"] == "New"])
    assert [bar["part"] for bar in bars_of(chart)] == [
        "at the start",
        "created here",
        "moved on",
        "at the end",
    ]
    assert title_of(chart) == "New: 1 at the start, 1 came in, 1 left, 1 at the end"


def test_win_rates_stand_beside_that_of_all_the_highest_first() -> None:
    paths = ["New > Won"] * 24 + ["New > Lost"] * 16 + ["New > Won", "New > Lost"]
    items = pd.DataFrame({"item": range(1, 43), "manager": [*["Ann"] * 40, "Bob", "Bob"]})
    table = sf.outcomes(journeys_log(*paths, items=items), PIPELINE, by="manager", missing="ignore")
    chart = plots.plot_win_rate(table)
    words = words_of(chart)
    assert {"all: 60%", "60% of 40 closed", "50% of 2 closed"} <= {*words}
    assert words.index("Ann") < words.index("Bob")
    fills = {one["group"]: one["fill"] for one in marks_of(chart, "point")}
    assert fills == {"Ann": LIGHT.moved, "Bob": LIGHT.paper}


def test_intervals_of_win_rates_are_drawn_where_the_table_has_them() -> None:
    items = pd.DataFrame({"item": range(1, 41), "manager": ["Ann"] * 40})
    paths = ["New > Won"] * 20 + ["New > Lost"] * 20
    table = sf.outcomes(journeys_log(*paths, items=items), PIPELINE, by="manager", missing="ignore")
    chart = plots.plot_win_rate(table.assign(win_rate_low=0.35, win_rate_high=0.65))
    assert "50% (35–65%) of 40 closed" in words_of(chart)
    (interval,) = [
        one for one in marks_of(chart, "rule") if one["y"] == one["y2"] and one["x2"] - one["x"] > 50
    ]
    (dot,) = marks_of(chart, "point")
    assert interval["x"] < dot["x"] < interval["x2"]


def test_variants_are_bars_of_how_they_end(log: sf.StageLog) -> None:
    log = journeys_log("New > Won", "New > Won", "New > Lost", "New")
    chart = plots.plot_variants(sf.variants(log, PIPELINE, missing="ignore"))
    won, *_ = bars_of(chart, way="New → Won")
    assert (won["fill"], won["part"]) == (LIGHT.won, "2 won")
    assert bars_of(chart, way="New")[0]["fill"] == LIGHT.open
    assert words_of(chart)[0] != "New"
    assert {"2 · 50%", "1 · 25%"} <= {*words_of(chart)}


def test_of_many_variants_the_others_are_one_outline() -> None:
    paths = [" > ".join(["New", "Offer"] * n) for n in range(1, 31)]
    chart = plots.plot_variants(sf.variants(journeys_log(*paths), PIPELINE, missing="ignore"))
    assert "other (19 more ways)" in words_of(chart)  # eleven are drawn
    assert [bar["is_ghost"] for bar in bars_of(chart)[-1:]] == [True]


def test_paths_are_bars_with_the_most_frequent_first() -> None:
    log = journeys_log("A > B > C", "A > B > C", "A > C")
    chart = plots.plot_paths(sf.sequence_paths(log, ["A", "C"]))
    first, second = bars_of(chart)
    assert (first["items"], second["items"]) == ("2", "1")
    assert length_of(first) == pytest.approx(2 * length_of(second), abs=0.1)
