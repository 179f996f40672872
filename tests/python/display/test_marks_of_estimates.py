"""Charts of what is estimated: curves, bands, intervals and steps stand where they do by hand."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import Record, bars_of, marks_of, sentences_of, title_of, words_of
from helpers import journeys_log
from stagefunnel import plots
from stagefunnel.display.charts.age_frame import FAINT
from stagefunnel.display.charts.style import theme_of

LIGHT = theme_of("light")
PIPELINE = sf.Pipeline("New", won="Won", lost="Lost")
OFFER = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def four_deals(times: int = 1) -> sf.StageLog:
    """Won after 2, lost after 4, open since 5 at the end of observation, won after 8 (definitions, 12)."""
    rows = []
    for n in range(times):
        for item, (start, end, stage) in enumerate(
            [(0, 2, "Won"), (0, 4, "Lost"), (3, 0, ""), (0, 8, "Won")]
        ):
            rows.append((4 * n + item, "New", start))
            if stage:
                rows.append((4 * n + item, stage, end))
    return sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))


def share_at(chart: Any, y: float) -> float:
    """Read a height off the shares at the left."""
    texts = marks_of(chart, "text")
    ends = [next(one["y"] for one in texts if one["text"] == text) for text in ("0%", "100%")]
    return float((y + 4 - ends[0]) / (ends[1] - ends[0]))


def edges_of(chart: Any, colour: str, *, opacity: float = 1) -> list[tuple[float, float]]:
    """Return the lower and the upper edge of the areas of a colour, as shares."""
    found = [one for one in marks_of(chart, "area") if (one["fill"], one["opacity"]) == (colour, opacity)]
    return [
        (
            pytest.approx(share_at(chart, one["y2"]), abs=0.005),
            pytest.approx(share_at(chart, one["y"]), abs=0.005),
        )
        for one in sorted(found, key=lambda one: one["x"])
    ]


def test_won_rises_from_below_lost_hangs_from_above_and_open_is_between() -> None:
    chart = plots.plot_incidence(sf.cumulative_incidence(four_deals(5), PIPELINE, times=[2, 4]))
    # By 2 a quarter is won; by 4 another quarter is lost.
    assert edges_of(chart, LIGHT.won) == [(0, 0), (0, 0.25), (0, 0.25)]
    assert edges_of(chart, LIGHT.lost) == [(1, 1), (1, 1), (0.75, 1)]
    assert edges_of(chart, LIGHT.open) == [(0, 1), (0.25, 1), (0.25, 0.75)]
    assert {"25% won", "50% open", "25% lost"} <= {*words_of(chart)}
    bold = [one["text"] for one in marks_of(chart, "text") if one["weight"] == "bold"]
    assert bold == ["25% won"]


def test_what_too_few_items_are_old_enough_for_is_faint() -> None:
    # Fewer than ten items have no horizon at all.
    chart = plots.plot_incidence(sf.cumulative_incidence(four_deals(), PIPELINE, times=[2, 4, 8]))
    assert edges_of(chart, LIGHT.won) == []
    assert edges_of(chart, LIGHT.won, opacity=FAINT)[-1] == (0, 0.75)
    assert "Faint: fewer than 10 items, or 5% of them, are old enough" in sentences_of(chart)
    assert "too few items are that old to rely on it" in title_of(chart)
    assert all(dot["fill"] == LIGHT.paper for dot in marks_of(chart, "point"))
    # Of twenty deals fifteen were created at 0, eight before the end: that is the horizon.
    firm = plots.plot_incidence(sf.cumulative_incidence(four_deals(5), PIPELINE, times=[2, 8, 9]))
    (edge,) = [
        one for one in marks_of(firm, "rule") if one["colour"] == LIGHT.quiet and one["x"] == one["x2"]
    ]
    dots = {one["age"]: one["x"] for one in marks_of(firm, "point")}
    assert edge["x"] == dots["8"]


def test_the_dotted_line_is_what_is_counted_so_far() -> None:
    chart = plots.plot_incidence(sf.cumulative_incidence(four_deals(), PIPELINE, times=[2, 4, 8]))
    dotted = [one for one in marks_of(chart, "line") if one["dash"] == 2][2:]  # the first two are of the key
    shares = [share_at(chart, one["y"]) for one in sorted(dotted, key=lambda one: one["x"])]
    assert shares == pytest.approx([0, 0.25, 0.25, 0.5], abs=0.005)
    last = max(marks_of(chart, "point"), key=lambda one: one["x"])
    assert (last["age"], last["won, counted so far"]) == ("8", "50%")
    assert last["won"].startswith("75%")


def test_bounds_are_a_band_around_each_curve() -> None:
    table = sf.cumulative_incidence(four_deals(5), PIPELINE, times=[2])
    won = table[table["cause"] == "won"].iloc[0]
    chart = plots.plot_incidence(pd.concat([table, table.assign(time=3.0)]))
    bands = [one for one in marks_of(chart, "area") if one["fill"] == LIGHT.ink]
    ends = {(share_at(chart, one["y2"]), share_at(chart, one["y"])) for one in bands}
    assert (
        pytest.approx(won["incidence_low"], abs=0.005),
        pytest.approx(won["incidence_high"], abs=0.005),
    ) in [*ends]


def test_groups_are_panels_on_one_scale_of_ages() -> None:
    items = pd.DataFrame({"item": range(4), "shop": ["a", "a", "b", "b"]})
    rows = {"item": [0, 0, 1, 1, 2, 3, 3], "stage": ["New", "Won", "New", "Lost", "New", "New", "Won"]}
    log = sf.StageLog({**rows, "time": [0, 2, 0, 4, 3, 0, 8]}, items=items)
    chart = plots.plot_incidence(sf.cumulative_incidence(log, PIPELINE, by="shop", times=[2, 4]))
    assert title_of(chart) == "Won and lost, by age, by shop"
    assert {"a", "b"} <= {*words_of(chart)}
    ends = {one["age"]: one["x"] for one in marks_of(chart, "point")}
    assert "4" in ends
    assert words_of(chart).count("100%") == 2


def test_visits_go_on_to_the_next_stages_and_the_title_names_the_most_frequent() -> None:
    paths = [*["New > Offer > Won"] * 12, *["New > Lost"] * 6, "New", "New"]
    table = sf.cumulative_incidence(journeys_log(*paths), OFFER, clock="stage", stage="New", times=[1])
    chart = plots.plot_incidence(table)
    assert title_of(chart).startswith("60% of visits of New go on to Offer")
    assert "20 visits, 2 of them open" in sentences_of(chart)
    assert edges_of(chart, LIGHT.moved)[-1] == (0, 0.6)
    assert edges_of(chart, LIGHT.lost)[-1] == (0.7, 1)


def test_of_many_next_stages_the_rarest_are_one() -> None:
    stages = [f"S{n}" for n in range(1, 10)]
    paths = [*["New > S1"] * 5, *[f"New > {stage}" for stage in stages[1:]]]
    pipeline = sf.Pipeline(["New", *stages], won="Won")
    log = journeys_log(*paths)
    table = sf.cumulative_incidence(log, pipeline, clock="stage", stage="New", times=[1], missing="ignore")
    chart = plots.plot_incidence(table)
    assert any(word.endswith("4 others") for word in words_of(chart))
    assert title_of(chart).startswith("38% of visits of New go on to S1")  # 5 of 13


def curve(chart: Any) -> list[tuple[float, float]]:
    strong = [one for one in marks_of(chart, "line") if one["colour"] == LIGHT.moved]
    return [(one["x"], share_at(chart, one["y"])) for one in sorted(strong, key=lambda one: one["x"])]


def test_a_curve_of_arrays_is_flat_until_something_ends() -> None:
    table = sf.stats.kaplan_meier([2, 4, 5, 8] * 5, [True, True, False, True] * 5)
    chart = plots.plot_survival(table)
    shares = [share for _, share in curve(chart)]
    # Down at 2, 4 and 8, and flat right up to each of them; nothing ends at 5.
    for expected in (1, 0.75, 0.5, 0):
        assert sum(share == pytest.approx(expected, abs=0.005) for share in shares) >= 2 or expected == 0
    assert title_of(chart) == "After 4 50% of all are still there (27–69%)"
    assert "half within 4" in words_of(chart)


def test_visits_that_go_on_have_bounds_and_a_dot_where_half_are_left() -> None:
    rows = [(n, "New", 0) for n in range(20)] + [(n, "Offer", 3) for n in range(12)]
    rows += [(20, "New", 5)]
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))
    table = sf.cumulative_incidence(log, OFFER, clock="stage", stage="New", times=[1, 3, 5], missing="ignore")
    chart = plots.plot_survival(table)
    # Of 20 visits seen for 3, twelve end at 3; the one that began at 5 is seen for 0.
    assert title_of(chart).startswith("After 3 40% of the visits are still in New (")
    remembered = table.attrs["stagefunnel"]
    of_arrays = sf.stats.kaplan_meier([3] * 12 + [5] * 8 + [0], [True] * 12 + [False] * 9, times=[1, 3, 5])
    assert remembered["open_low"][1] == pytest.approx(of_arrays["low"][1])
    assert remembered["open_high"][1] == pytest.approx(of_arrays["high"][1])
    assert any(area["fill"] == LIGHT.moved for area in marks_of(chart, "area"))


@pytest.mark.parametrize("by", [None, "owner"])
def test_rows_in_another_order_keep_the_bounds_of_their_ages(by: str | None) -> None:
    rows = [(n, "New", 0, "AB"[n % 2]) for n in range(40)]
    rows += [(n, "Offer", 2 + n % 5, "AB"[n % 2]) for n in range(30)] + [(40, "New", 8, "A")]
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time", "owner"]), columns=["owner"])
    options = {"clock": "stage", "stage": "New", "times": [1, 2, 3, 5, 7], "missing": "ignore"}
    table = sf.cumulative_incidence(log, OFFER, by=by, **options)
    as_it_is = plots.plot_survival(table).to_dict()
    for other in (table.sort_values("time", kind="stable"), table[::-1] if by is None else table):
        assert plots.plot_survival(other.reset_index(drop=True)).to_dict() == as_it_is
    if by is not None:
        # Groups turned round would have the bounds of each other, where these lie elsewhere.
        unlike = [("A", 6)] * 20 + [("B", 2)] * 20
        far = [(n, "New", 0, who) for n, (who, _) in enumerate(unlike)]
        far += [(n, "Offer", day, who) for n, (who, day) in enumerate(unlike) if n % 10]
        log = sf.StageLog(pd.DataFrame(far, columns=["item", "stage", "time", "owner"]), columns=["owner"])
        apart = sf.cumulative_incidence(log, OFFER, by=by, **options)
        for shown, has_bounds in ((apart, True), (apart[::-1], False)):
            areas = marks_of(plots.plot_survival(shown), "area")
            assert any(mark["fill"] == LIGHT.moved for mark in areas) is has_bounds


def test_ages_of_items_are_not_times_in_a_stage() -> None:
    with pytest.raises(
        sf.SchemaError, match=r"ages since creation, which plot_incidence draws.*clock=\"stage\""
    ):
        plots.plot_survival(sf.cumulative_incidence(four_deals(), PIPELINE))


def two_managers(of_ann: int = 100, of_bob: int = 100) -> sf.StageLog:
    """Ann wins 58% of her offers, Bob 41%; all of both got an offer."""
    won = (round(0.58 * of_ann), round(0.41 * of_bob))
    paths = [
        *["New > Offer > Won"] * won[0],
        *["New > Offer > Lost"] * (of_ann - won[0]),
        *["New > Offer > Won"] * won[1],
        *["New > Offer > Lost"] * (of_bob - won[1]),
    ]
    managers = ["Ann"] * of_ann + ["Bob"] * of_bob
    items = pd.DataFrame({"item": range(1, len(paths) + 1), "manager": managers})
    return journeys_log(*paths, items=items)


def interval_of(chart: Any, dot: Record) -> tuple[float, float]:
    """Return the ends of the interval that a dot stands on."""
    lines = [
        one for one in marks_of(chart, "rule") if one["y"] == one["y2"] == dot["y"] and one["x"] < one["x2"]
    ]
    (line,) = [one for one in lines if one["x"] <= dot["x"] <= one["x2"]]
    return line["x"], line["x2"]


def scale_of(chart: Any, tick: str) -> tuple[float, float]:
    """Return where nothing is, and how many pixels a point takes, read off a tick."""
    texts = {one["text"]: one["x"] for one in marks_of(chart, "text")}
    return texts["0"], (texts[tick] - texts["0"]) / float(tick)


def test_a_clear_difference_is_a_dot_on_its_interval_right_of_nothing() -> None:
    table = sf.compare_groups(two_managers(), OFFER, by="manager", a="Ann", b="Bob")
    chart = plots.plot_differences(table)
    assert title_of(chart) == (
        "Ann wins more of the items that got to Offer than Bob: 58% against 41% (+17 points, +3 to +30)."
    )
    (dot,) = [one for one in marks_of(chart, "point") if one["fill"] == LIGHT.won]
    zero, point = scale_of(chart, "+30")
    assert (dot["x"] - zero) / point == pytest.approx(17, abs=0.2)
    low, high = interval_of(chart, dot)
    # Newcombe's bounds of the definitions: +3 and +30 points.
    assert round((low - zero) / point) == 3
    assert round((high - zero) / point) == 30
    assert "58% of 100, 41% of 100" in words_of(chart)
    assert "+17 points (+3 to +30)" in words_of(chart)


def test_what_may_be_chance_or_is_of_few_is_hollow() -> None:
    few = plots.plot_differences(
        sf.compare_groups(two_managers(20, 20), OFFER, by="manager", a="Ann", b="Bob")
    )
    assert title_of(few) == "No step shows a clear difference."
    dots = [one for one in marks_of(few, "point") if "step to" in one]
    assert dots
    assert all(one["fill"] == LIGHT.paper for one in dots)
    assert "may be chance, or of fewer than 30" in words_of(few)


def test_differences_stand_in_order_and_of_many_the_clearest_are_drawn() -> None:
    paths = ["New > Offer > Won", "New > Offer", "New"] * 60
    items = pd.DataFrame({"item": range(1, 181), "shop": [f"s{n % 20:02d}" for n in range(180)]})
    table = sf.compare_groups(journeys_log(*paths, items=items), OFFER, by="shop", missing="ignore")
    chart = plots.plot_differences(table)
    dots = [one for one in marks_of(chart, "point") if "step to" in one]
    assert len(dots) == 24
    by_place = [one["x"] for one in sorted(dots, key=lambda one: one["y"])]
    assert by_place == sorted(by_place, reverse=True)
    assert "The 24 clearest of 40 differences are drawn" in sentences_of(chart)


def test_periods_have_the_differences_of_shares_of_all() -> None:
    log = months(30, 10)
    compared = sf.compare_periods(
        log, PIPELINE, "2026-02", against="previous", basis="created", confidence=0.95
    )
    chart = plots.plot_differences(compared)
    # 10 of 50 against 30 of 50.
    assert title_of(chart).startswith("Won: 20% of all in 2026-02, 60% in 2026-01 (-40 points, ")
    fills = {one["stage"]: one["fill"] for one in marks_of(chart, "point") if "stage" in one}
    assert fills == {"New": LIGHT.paper, "Won": LIGHT.lost, "Lost": LIGHT.won}


def months(january: int, february: int) -> sf.StageLog:
    """Make 50 deals a month of which so many are won."""
    frame = []
    for n, (month, won) in enumerate([("2026-01", january), ("2026-02", february)]):
        for at in range(50):
            frame.append((50 * n + at, "New", f"{month}-01"))
            frame.append((50 * n + at, "Won" if at < won else "Lost", f"{month}-09"))
    table = pd.DataFrame(frame, columns=["item", "stage", "time"])
    return sf.StageLog(table.assign(time=pd.to_datetime(table["time"])), observed_until="2026-04-01")


@pytest.mark.parametrize(("january", "february", "is_clear"), [(30, 10, True), (24, 20, False)])
@pytest.mark.parametrize("options", [{}, {"confidence": 0.95}], ids=str)
def test_a_table_of_periods_says_where_no_difference_is_clear(
    january: int, february: int, is_clear: bool, options: Any
) -> None:
    """30 and 10 of 50: z = 4.1; 24 and 20 of 50: z = 0.8."""
    table = sf.compare_periods(
        months(january, february), PIPELINE, "2026-02", against="previous", basis="created", **options
    )
    shown = str(sf.show(table))
    no_change = {
        "No stage shows a clear difference between 2026-02 and 2026-01.",  # beside bounds
        "No clear change between 2026-01 and 2026-02",
    }
    assert any(line in shown for line in no_change) != is_clear


def test_periods_without_bounds_are_refused_with_what_to_pass() -> None:
    shop = sf.datasets.furniture_shop(300)
    table = sf.compare_periods(shop.log, shop.pipeline, "2026-03", against="previous")
    with pytest.raises(sf.SchemaError, match=r'confidence=0\.95 and basis="created"'):
        plots.plot_differences(table)
    active = sf.compare_periods(shop.log, shop.pipeline, "2026-03", against="previous", confidence=0.95)
    chart = plots.plot_differences(active)
    assert title_of(chart) == "Not to be compared yet: 76% of 2026-03 is still open, 65% of 2026-02"
    assert any(line.endswith("so that no difference is tested.") for line in sentences_of(chart))


def test_a_waterfall_goes_from_b_to_a_step_by_step() -> None:
    """Ann: 100 deals, 50 offers, 20 wins; Bob: 80, 20 and 12 (definitions, 12)."""
    paths = [
        *["New > Offer > Won"] * 20,
        *["New > Offer > Lost"] * 30,
        *["New > Lost"] * 50,
        *["New > Offer > Won"] * 12,
        *["New > Offer > Lost"] * 8,
        *["New > Lost"] * 60,
    ]
    items = pd.DataFrame({"item": range(1, 181), "manager": ["Ann"] * 100 + ["Bob"] * 80})
    table = sf.decompose(journeys_log(*paths, items=items), OFFER, by="manager", a="Ann", b="Bob")
    chart = plots.plot_decomposition(table)
    assert title_of(chart) == (
        "Ever won: 20% in Ann, 15% in Bob (+5 points), which may be chance. The step to Offer made the "
        "largest part of it: +12 points. The step to Won works against it: -7 points, which may be chance."
    )
    ticks = {one["text"]: one["x"] for one in marks_of(chart, "text") if one["text"] in ("0%", "10%")}
    scale = (ticks["10%"] - ticks["0%"]) / 10
    ends = [((bar["x"] - ticks["0%"]) / scale, (bar["x2"] - ticks["0%"]) / scale) for bar in bars_of(chart)]
    (b, first, offer, won, a) = ends
    assert b == pytest.approx((0, 15), abs=0.1)
    assert offer == pytest.approx((15, 27.5), abs=0.1)
    assert won == pytest.approx((20, 27.5), abs=0.1)
    assert a == pytest.approx((0, 20), abs=0.1)
    assert first[0] == pytest.approx(15, abs=0.2)
    fills = [bar["fill"] for bar in bars_of(chart)]
    assert fills == [LIGHT.moved, LIGHT.won, LIGHT.won, LIGHT.lost, LIGHT.moved]
    assert {"ever won in Ann", "ever won in Bob", "50% against 25%"} <= {*words_of(chart)}


def test_the_periods_of_a_waterfall_are_its_sides_and_not_its_period() -> None:
    shop = sf.datasets.furniture_shop(300)
    chart = plots.plot_decomposition(sf.decompose(shop.log, shop.pipeline, a="2026-Q1", b="2025-Q4"))
    assert not any(sentence.startswith("Period") for sentence in sentences_of(chart))


def test_an_effect_that_may_be_chance_is_faint_and_the_title_says_so() -> None:
    paths = ["New > Offer > Won", "New > Offer", "New", "New > Offer > Won", "New > Offer > Won", "New"]
    items = pd.DataFrame({"item": range(1, 7), "manager": ["Ann"] * 3 + ["Bob"] * 3})
    table = sf.decompose(
        journeys_log(*paths, items=items), OFFER, by="manager", a="Ann", b="Bob", missing="ignore"
    )
    chart = plots.plot_decomposition(table)
    assert title_of(chart) == "Too few to compare: Ann, Bob (fewer than 30 items)"
    assert any(line.endswith("which may be chance.") for line in sentences_of(chart))
    assert {bar["opacity"] for bar in bars_of(chart, **{"step to": "Won"})} == {0.35}


def test_values_stand_by_how_they_go_with_winning() -> None:
    paths = [*["New > Won"] * 45, *["New > Lost"] * 15, *["New > Won"] * 10, *["New > Lost"] * 50]
    items = pd.DataFrame({"item": range(1, 121), "source": ["fair"] * 60 + ["web"] * 60})
    table = sf.drivers(journeys_log(*paths, items=items), PIPELINE, ["source"], static=["source"])
    chart = plots.plot_drivers(table)
    assert title_of(chart).startswith(
        "source fair goes with winning: 75% against 17% of the rest (+58 points,"
    )
    fills = {one["source"]: one["fill"] for one in marks_of(chart, "point") if "source" in one}
    assert fills == {"fair": LIGHT.won, "web": LIGHT.lost}
    words = words_of(chart)
    assert words.index("fair") < words.index("web")
    assert "← won less often than the rest" in words
