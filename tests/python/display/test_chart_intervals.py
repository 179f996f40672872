"""Charts draw the bounds that their tables have, at the places and with the words worked out by hand."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import bars_of, length_of, marks_of, sentences_of, title_of, words_of
from helpers import frame_of, journeys_log
from stagefunnel import plots

PIPELINE = sf.Pipeline("New", won="Won", lost="Lost")
# Wilson's bounds of 80 and of 20 of 100 with z = 1.96, of formula (17) of the definitions.
OF_80, OF_20 = (0.7112, 0.8666), (0.1334, 0.2888)
NOTE = "Thin lines with ends: 95% intervals"


def log_of(*, won: int = 80, lost: int = 20, groups: bool = False) -> sf.StageLog:
    paths = [*["New > Won"] * won, *["New > Lost"] * lost]
    n = len(paths)
    items = pd.DataFrame({"item": range(1, 2 * n + 1), "who": ["Ann"] * n + ["Bob"] * n})
    return journeys_log(*paths * 2, items=items) if groups else journeys_log(*paths)


def intervals_of(chart: Any, *, upright: bool = False) -> list[tuple[float, float]]:
    """Return where the thin lines with ends begin and end, from top to bottom or from left to right."""
    rules = [one for one in marks_of(chart, "rule") if one["thick"] == 1.2]
    a, b = ("x", "y") if upright else ("y", "x")
    long = [one for one in rules if one[a] == one[f"{a}2"] and abs(one[b] - one[f"{b}2"]) != 8]
    return [(one[b], one[f"{b}2"]) for one in sorted(long, key=lambda one: one[a])]


def test_a_funnel_has_the_interval_of_a_bar_below_its_end_and_that_of_a_step_in_words() -> None:
    chart = plots.plot_funnel(sf.funnel(log_of(), PIPELINE, kind="furthest", confidence=0.95))
    new, won, lost = (bars_of(chart, stage=name) for name in ("New", "Won", "Lost"))
    left, whole = new[0]["x"], sum(map(length_of, new))
    spans = [tuple((x - left) / whole for x in one) for one in intervals_of(chart)]
    assert spans[-2] == pytest.approx(OF_80, abs=0.002)
    assert spans[-1] == pytest.approx(OF_20, abs=0.002)
    assert "↓ 80% (71–87%)" in words_of(chart)
    assert NOTE in sentences_of(chart)
    assert won[0]["of all"] == "80% (71–87%)"
    assert lost[0]["of all"] == "20% (13–29%)"


def test_without_bounds_there_is_no_interval_and_no_word_of_one() -> None:
    chart = plots.plot_funnel(sf.funnel(log_of(), PIPELINE, kind="furthest"))
    assert intervals_of(chart) == []
    assert not [line for line in sentences_of(chart) if "interval" in line]
    assert "↓ 80%" in words_of(chart)


def test_a_note_below_a_bar_stands_below_its_interval() -> None:
    sure, bare = (
        plots.plot_funnel(sf.funnel(log_of(), PIPELINE, confidence=level)) for level in (0.95, None)
    )
    notes = [
        next(text["y"] for text in marks_of(chart, "text") if text["text"] == "20 lost")
        - bars_of(chart, stage="New")[0]["y2"]
        for chart in (sure, bare)
    ]
    assert notes[0] == notes[1] + 4


def test_losses_have_intervals_where_a_bar_is_one_row_of_the_table() -> None:
    log = journeys_log(*["New > Lost"] * 80, *["Offer > Lost"] * 20)
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost=["Lost", "Bad"])
    chart = plots.plot_losses(sf.losses(log, pipeline, missing="ignore", confidence=0.95))
    assert {"80 · 80% (71–87%)", "20 · 20% (13–29%)"} <= {*words_of(chart)}
    assert len(intervals_of(chart)) == 2
    # Lost into two stages: the sum of two rows has no bounds, and none are made up.
    log = journeys_log(*["New > Lost"] * 80, *["New > Bad"] * 20)
    chart = plots.plot_losses(sf.losses(log, pipeline, missing="ignore", confidence=0.95))
    assert "100 · 100%" in words_of(chart)
    assert intervals_of(chart) == []
    assert NOTE not in sentences_of(chart)


def test_skips_have_the_interval_of_the_rate_that_is_drawn_or_none() -> None:
    pipeline = sf.Pipeline(["New", "Offer"], won="Won")
    log = journeys_log(*["New > Offer > Won"] * 80, *["New > Won"] * 20)
    chart = plots.plot_skips(sf.skips(log, pipeline, by=None, confidence=0.95))
    assert "20% (13–29%)" in words_of(chart)
    passed, _ = bars_of(chart, stage="Offer")
    whole = length_of(passed) / 0.8
    low, high = ((x - passed["x"]) / whole for x in intervals_of(chart)[-1])
    assert (low, high) == pytest.approx((1 - OF_20[1], 1 - OF_20[0]), abs=0.002)
    # Ten more began beyond Offer: the bounds of the table are of all, and the bar is not.
    log = journeys_log(*["New > Offer > Won"] * 80, *["New > Won"] * 20, *["Won"] * 10)
    chart = plots.plot_skips(sf.skips(log, pipeline, by=None, confidence=0.95))
    assert "20%" in words_of(chart)
    assert bars_of(chart, stage="Offer")[0]["skipped, of all beyond"] == "27% (20–36%)"


def test_groups_have_their_intervals_in_words_and_beside_their_dots() -> None:
    log = log_of(groups=True)
    for chart in (
        plots.plot_compare(sf.funnel(log, PIPELINE, by="who", confidence=0.95)),
        plots.plot_win_rate(sf.outcomes(log, PIPELINE, by="who", confidence=0.95)),
    ):
        assert len([word for word in words_of(chart) if word.startswith("80% (71–87%) of 100")]) == 2
        assert len(intervals_of(chart)) == 2
        assert NOTE in sentences_of(chart)


def test_two_periods_have_the_interval_of_their_difference() -> None:
    rows = []
    for at in range(200):
        month, won = ("2026-01", 80) if at < 100 else ("2026-02", 20)
        end = "Won" if at % 100 < won else "Lost"
        rows += [(at, "New", f"{month}-02"), (at, end, f"{month}-03")]
    log = sf.StageLog(frame_of([*rows, (999, "New", "2026-03-05")]))
    table = sf.compare_periods(log, PIPELINE, "2026-02", basis="created", confidence=0.95)
    chart = plots.plot_compare(table)
    row = table.set_index("stage").loc["Won"]
    low, high = (100 * row[f"conversion_from_all_difference_{side}"] for side in ("low", "high"))
    assert low < -60 < high
    assert f"80% → 20%, -60 points ({low:.0f} to {high:.0f})" in words_of(chart)
    before, now = sorted(
        (one for one in marks_of(chart, "point") if one.get("stage") == "Won"), key=lambda one: -one["x"]
    )
    a_point = (before["x"] - now["x"]) / 60
    span = intervals_of(chart)[0]
    assert span == pytest.approx((before["x"] + low * a_point, before["x"] + high * a_point), abs=0.5)


def test_periods_and_steps_of_sequences_have_their_intervals() -> None:
    rows = [(at, "New", "2026-01-02") for at in range(100)] + [(at, "Won", "2026-01-03") for at in range(80)]
    log = sf.StageLog(frame_of([(999, "x", "2026-01-01"), *rows, (999, "x", "2026-03-01")]))
    trend = plots.plot_sequence_trend(sf.sequence_trend(log, ["New", "Won"], window="5d", confidence=0.95))
    (dot,) = (one for one in marks_of(trend, "point") if one.get("period") == "2026-01")
    assert dot["value"] == "80% (71–87%), of mature 80% (71–87%)"
    zero = max(one["y"] for one in marks_of(trend, "rule"))
    low, high = intervals_of(trend, upright=True)[0]
    assert high < dot["y"] < low < zero
    steps = plots.plot_sequence(sf.sequence_funnel(log, ["New", "Won"], window="5d", confidence=0.95))
    assert {"100 · 100%", "80 · 80% (71–87%)", "↓ 80% (71–87%)"} <= {*words_of(steps)}
    assert len(intervals_of(steps)) == 1
    funnels = sf.funnel_by_period(log, PIPELINE, basis="created", unlisted="ignore", confidence=0.95)
    chart = plots.plot_trend(funnels)
    assert len(intervals_of(chart, upright=True)) == 1
    assert NOTE in sentences_of(chart)
    # Periods that share items have no bounds, and then there are no lines.
    shared = sf.funnel_by_period(log, PIPELINE, unlisted="ignore", confidence=0.95)
    assert NOTE not in sentences_of(plots.plot_trend(shared, value="conversion_from_all"))


def test_moves_show_their_bounds_where_people_point() -> None:
    chart = plots.plot_transitions(sf.transitions(log_of(), PIPELINE, confidence=0.95), form="matrix")
    (cell,) = bars_of(chart, to="Won")
    assert cell["of those that left"] == "80% (71–87%)"
    assert title_of(chart).startswith("Most frequent: New → Won")


def test_periods_that_are_too_early_to_tell_have_a_shade_behind_them() -> None:
    # Windows of 20 days: those of February are over on 1 April, those of March are not.
    rows = [(100 * month + at, "New", f"2026-0{month}-15") for month in (1, 2, 3) for at in range(40)]
    log = sf.StageLog(frame_of([(999, "x", "2026-01-01"), *rows, (999, "x", "2026-04-01")]))
    early = plots.plot_sequence_trend(sf.sequence_trend(log, ["New", "Won"], window="20d"))
    none = plots.plot_sequence_trend(sf.sequence_trend(log, ["New", "Won"], window="1d"))
    shades = [one for one in marks_of(early, "rect") if one["opacity"] == 0.4]
    dots = {one["period"]: one["x"] for one in marks_of(early, "point") if "period" in one}
    assert [period for period, x in dots.items() if shades[0]["x"] < x < shades[0]["x2"]] == ["2026-03"]
    assert len(shades) == 1
    assert not [one for one in marks_of(none, "rect") if one["opacity"] == 0.4]
