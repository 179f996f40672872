"""The funnel chart: its pieces add up, its words are right, and it is drawn of any number of stages."""

import runpy
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given

import stagefunnel as sf
from drawings import colours_in, words_in
from drawn import Record, bars_of, length_of, marks_of, sentences_of, title_of, words_of
from examples import examples
from helpers import ROOT, journeys_log, log_of, pipeline_of
from stagefunnel.display.charts.style import WORDS, theme_of
from stagefunnel.plots import plot_compare, plot_funnel
from strategies import Case, cases

WORKED = sf.datasets.worked_example()
SHOP = sf.datasets.furniture_shop(300)
LIGHT = theme_of("light")
OFFER = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def worked_funnel(**options: Any) -> pd.DataFrame:
    return sf.funnel(WORKED.log, WORKED.pipeline, **options)


def pieces_of(table: pd.DataFrame, stage: str) -> dict[str, float]:
    """Return the pieces of the bar of a stage: their words and their lengths, ghosts too."""
    return {bar["part"]: length_of(bar) for bar in bars_of(plot_funnel(table), stage=stage)}


def test_stages_stand_in_the_pipelines_order() -> None:
    words = words_of(plot_funnel(worked_funnel()))
    places = [words.index(stage) for stage in WORKED.pipeline.labels]
    assert places == sorted(places)


def test_the_pieces_of_a_bar_are_what_became_of_its_items() -> None:
    # Of four in New one moved on, one is open, one is lost; one skipped Offer.
    log = journeys_log("New > Offer > Won", "New", "New > Lost", "New > Won")
    chart = plot_funnel(sf.funnel(log, OFFER))
    new = bars_of(chart, stage="New")
    assert [bar["part"] for bar in new] == ["2 moved on", "1 open here", "1 lost here"]
    assert [bar["fill"] for bar in new] == [LIGHT.moved, LIGHT.open, LIGHT.lost]
    moved, still_open, lost = map(length_of, new)
    assert moved == pytest.approx(2 * still_open, abs=0.1)
    assert still_open == pytest.approx(lost, abs=0.1)
    assert all(left["x2"] == pytest.approx(right["x"], abs=0.02) for left, right in pairwise(new))
    passed, ghost = bars_of(chart, stage="Offer")
    assert (passed["part"], ghost["part"], ghost["is_ghost"]) == ("1 moved on", "1 skipped it", True)
    assert length_of(ghost) == pytest.approx(length_of(passed), abs=3)
    assert {"1 lost, 1 open", "1 skipped it"} <= {*words_of(chart)}


def test_what_is_assumed_is_hatched_between_what_moved_on_and_what_is_open() -> None:
    chart = plot_funnel(worked_funnel(kind="conversions"))
    new = bars_of(chart, stage="New")
    # Of ten in New eight passed it, and item 5 was lost there; of three that skipped it two are assumed.
    assert [bar["part"] for bar in new] == ["7 moved on", "2 assumed", "1 lost here", "1 skipped it"]
    assumed = next(bar for bar in new if bar["part"] == "2 assumed")
    lines = [
        rule for rule in marks_of(chart, "rule") if assumed["y"] <= rule["y2"] <= rule["y"] <= assumed["y2"]
    ]
    assert len(lines) > 2
    assert all(assumed["x"] <= rule["x"] < rule["x2"] <= assumed["x2"] for rule in lines)
    assert {rule["colour"] for rule in lines} == {LIGHT.assumed}


def _numbers(row: Record) -> dict[str, int]:
    return {name: int(row[name]) for name in ("reached", "passed", "assumed", "lost_from", "open_at")}


@given(case=cases())
@examples(ci=25, night=300)
def test_pieces_add_up_to_what_reached_a_stage_whatever_the_journeys(case: Case) -> None:
    """Lost here and open here are of what really passed a stage, in all kinds but the strict one."""
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    options: list[dict[str, Any]] = [
        {"kind": "classic"},
        {"kind": "conversions"},
        {"kind": "conversions", "fill": "moves"},
        {"kind": "furthest"},
    ]
    for option in options:
        table = sf.funnel(log, pipeline, unlisted="ignore", missing="ignore", **option)
        for row in table.to_dict("records"):
            n = _numbers(row)
            assert n["lost_from"] + n["open_at"] <= n["passed"] <= n["reached"] == n["passed"] + n["assumed"]


def test_a_strict_funnel_has_bars_of_one_piece() -> None:
    # Lost from Offer, which was not passed in order: it is lost there, and no part of the bar.
    log = journeys_log("Offer > Lost", "New > Offer > Won")
    table = sf.funnel(log, OFFER, kind="strict")
    assert [bar["part"] for bar in bars_of(plot_funnel(table), stage="Offer")] == ["1 passed in order"]
    assert "1 lost" in words_of(plot_funnel(table))


def test_a_table_whose_numbers_do_not_add_up_is_drawn_in_one_piece() -> None:
    table = worked_funnel()
    table["lost_from"] = 99
    assert bars_of(plot_funnel(table), stage="New")[0]["part"].endswith("moved on")


def test_at_the_right_stands_how_many_reached_a_stage_and_their_share_of_all() -> None:
    words = words_of(plot_funnel(worked_funnel(kind="conversions")))
    assert {"10 · 83%", "7 · 58%", "6 · 50%"} <= {*words}


def steps_of(table: pd.DataFrame, **look: Any) -> list[str]:
    return [word for word in words_of(plot_funnel(table, **look)) if word.startswith("↓")]


@pytest.mark.parametrize("width", [920, 390])
def test_between_bars_stands_what_is_a_conversion(width: int) -> None:
    # Two lost items began in the second stage, which one of two won items skipped.
    log = journeys_log("New > Offer > Won", "New > Won", "Offer > Lost", "Offer > Lost")
    assert steps_of(sf.funnel(log, OFFER, kind="furthest"), width=width) == ["↓ 100%", "↓ 50%"]
    # Four items reached Offer and two New: that is not a conversion.
    assert steps_of(sf.funnel(log, OFFER, kind="conversions"), width=width) == ["↓ 50%"]
    assert steps_of(sf.funnel(log, OFFER, kind="both"), width=width) == ["↓ 50%"]
    assert steps_of(sf.funnel(log, OFFER), width=width) == []


def test_of_several_won_stages_the_first_has_the_last_stage_above_it() -> None:
    log = journeys_log("New > Won", "New > Won", "New > Renewed", "New")
    pipeline = sf.Pipeline(["New"], won=["Won", "Renewed"])
    assert steps_of(sf.funnel(log, pipeline, kind="furthest")) == ["↓ 50%"]


def test_final_stages_have_colours_of_their_own() -> None:
    chart = plot_funnel(worked_funnel())
    first = {stage: bars_of(chart, stage=stage)[0]["fill"] for stage in ("Delivery", "Won", "Lost")}
    assert first == {"Delivery": LIGHT.moved, "Won": LIGHT.won, "Lost": LIGHT.lost}


def test_the_key_has_the_meanings_that_are_drawn() -> None:
    words = words_of(plot_funnel(worked_funnel()))
    assert {"moved on", "won", "open", "lost", "skipped it"} <= {*words}
    assert WORDS["assumed"] not in words


def test_pointing_at_a_bar_shows_all_its_numbers() -> None:
    discussion = bars_of(plot_funnel(worked_funnel()), stage="Discussion")[0]
    expected = {"reached": "2", "skipped": "9", "of these, began beyond it": "3", "all items": "13"}
    assert expected.items() <= discussion.items()
    assert discussion["skipped, of those beyond"] == "82%"
    assert "reached: 2" in discussion["about"]


def test_the_title_says_the_finding_and_the_sentences_what_it_is_about() -> None:
    chart = plot_funnel(worked_funnel())
    assert title_of(chart).startswith(
        "Skipped, too few items to rank: Discussion (6 of 8), Prepayment (6 of 7)"
    )
    assert sentences_of(chart) == [
        "Classic: what was really passed",
        "13 items now: 6 won, 5 lost, 2 open; win rate 55%; 2 won after a loss",
        "Most often lost from: Won (2 of 5 lost, 40%)",
        "Won: 8 ever, 6 now; Lost: 7 ever, 5 now",
    ]


def test_the_title_of_both_kinds_says_what_is_skipped_and_where_most_are_lost() -> None:
    shop = sf.datasets.furniture_shop()
    chart = plot_funnel(sf.funnel(shop.log, shop.pipeline, kind="both"))
    assert title_of(chart) == "Discussion is skipped most often, most are lost from Prepayment invoice"
    # The words of a finding stand out at the stage that it is about, and nowhere else.
    bold = [
        text["text"]
        for text in marks_of(chart, "text")
        if text["weight"] == "bold" and "lost" in text["text"]
    ]
    assert [text.split(",")[0] for text in bold] == ["180 lost", "499 lost"]


def test_no_stage_loses_most_of_two_that_lose_alike() -> None:
    rows = {
        "item": [1, 1, 2, 2, 3],
        "stage": ["New", "Lost", "Offer", "Lost", "New"],
        "time": [0, 1, 0, 1, 0],
    }
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    table = sf.funnel(sf.StageLog(rows), pipeline, kind="both", missing="ignore")
    assert "lost from" not in title_of(plot_funnel(table))


def both_panels(width: int) -> list[Record]:
    headings = {"Classic: what was really passed", "With conversions: wins fill all stages"}
    chart = plot_funnel(worked_funnel(kind="both"), width=width)
    return [text for text in marks_of(chart, "text") if text["text"] in headings]


def test_both_kinds_stand_side_by_side_and_below_each_other_on_a_phone() -> None:
    classic, conversions = both_panels(920)
    assert classic["y"] == conversions["y"]
    assert classic["x"] < conversions["x"]
    classic, conversions = both_panels(600)
    assert classic["y"] < conversions["y"]
    names = [
        text
        for text in marks_of(plot_funnel(worked_funnel(kind="both")), "text")
        if text["text"] == "Delivery"
    ]
    assert len(names) == 1  # the left one names the stages of both


def test_two_kinds_that_are_the_same_are_drawn_once() -> None:
    table = sf.funnel(journeys_log("New > Offer > Won", "New > Offer", "New > Lost"), OFFER, kind="both")
    chart = plot_funnel(table)
    assert len([word for word in words_of(chart) if word == "Offer"]) == 1
    assert "Classic and with conversions are the same here" in sentences_of(chart)
    assert steps_of(table) == []


def test_a_breakdown_gives_a_panel_per_group_on_one_scale_of_shares() -> None:
    log = journeys_log(
        *["New > Won"] * 3, "New", items=pd.DataFrame({"item": [1, 2, 3, 4], "shop": ["a", "b", "b", "b"]})
    )
    chart = plot_funnel(sf.funnel(log, OFFER, by="shop"))
    ends = {bar["all items"]: bar["x2"] - bar["x"] for bar in bars_of(chart, stage="Won")}
    new = {bar["all items"]: 0.0 for bar in bars_of(chart, stage="New")}
    for bar in bars_of(chart, stage="New"):
        new[bar["all items"]] += length_of(bar)
    assert new["1"] == pytest.approx(new["3"], abs=0.1)  # all of each reached New
    assert ends["3"] == pytest.approx(2 / 3 * ends["1"], abs=0.1)


def test_a_filtered_breakdown_keeps_its_own_groups_outcomes() -> None:
    table = sf.funnel(SHOP.log, SHOP.pipeline, by="manager")
    last = table["manager"].iloc[-1]
    base = int(table.loc[table["manager"] == last, "base"].iloc[0])
    assert any(
        line.startswith(f"{base} items now")
        for line in sentences_of(plot_funnel(table[table["manager"] == last]))
    )


def test_beyond_six_groups_there_is_a_cell_for_each_group_and_stage() -> None:
    frame = pd.DataFrame({"item": range(7), "stage": "New", "time": 0})
    items = pd.DataFrame({"item": range(7), "shop": range(7)})
    table = sf.funnel(sf.StageLog(frame, items=items), sf.Pipeline("New"), by="shop")
    assert [bar["reached"] for bar in bars_of(plot_funnel(table), stage="New")] == ["1"] * 7
    assert words_of(plot_funnel(table)).count("100%") == 7
    assert words_of(plot_funnel(table[table["shop"] < 6])).count("1 · 100%") == 6


def test_more_than_sixty_groups_are_refused_with_a_way_out() -> None:
    frame = pd.DataFrame({"item": range(61), "stage": "New", "time": 0})
    items = pd.DataFrame({"item": range(61), "shop": range(61)})
    table = sf.funnel(sf.StageLog(frame, items=items), sf.Pipeline("New"), by="shop")
    with pytest.raises(sf.SchemaError, match=r"60 groups, the table has 61; filter.*table\['shop'\]\.isin"):
        plot_funnel(table)


def test_groups_are_compared_where_chance_does_not_explain_how_far_apart_they_are() -> None:
    paths = [*["New > Won"] * 30, *["New"] * 10, *["New > Won"] * 10, *["New"] * 30]
    items = pd.DataFrame({"item": range(1, 81), "shop": ["a"] * 40 + ["b"] * 40})
    pipeline = sf.Pipeline("New", won="Won")
    table = sf.funnel(journeys_log(*paths, items=items), pipeline, by="shop", within=None)
    # Open items of b are 75%, of a 25%: the two are not alike, and nothing is compared.
    title = "Not to be compared yet: 75% of b is still open, 25% of a"
    assert title_of(plot_funnel(table)) == title
    lost = [path if "Won" in path else "New > Lost" for path in paths]
    closed = sf.funnel(journeys_log(*lost, items=items), OFFER, by="shop", missing="ignore")
    assert title_of(plot_funnel(closed)) == "Won: 75% in a, 25% in b, 50 points apart"
    near = [*["New > Won"] * 21, *["New > Lost"] * 19, *["New > Won"] * 20, *["New > Lost"] * 20]
    alike = sf.funnel(journeys_log(*near, items=items), OFFER, by="shop", missing="ignore")
    assert title_of(plot_funnel(alike)) == "Won: 50% to 52%, no further apart than by chance"


def of_shops(**won: tuple[int, int]) -> pd.DataFrame:
    """Return the funnel by shop of groups with so many won of so many closed."""
    paths, shops = [], []
    for shop, (n, of) in won.items():
        paths += ["New > Won"] * n + ["New > Lost"] * (of - n)
        shops += [shop] * of
    items = pd.DataFrame({"item": range(1, len(paths) + 1), "shop": shops})
    return sf.funnel(journeys_log(*paths, items=items), OFFER, by="shop", missing="ignore")


def test_of_several_groups_those_that_differ_from_the_rest_are_named() -> None:
    # The example of "What stands out": Ann differs from the rest, Cid does not, after Holm.
    table = of_shops(Ann=(45, 100), Bob=(30, 100), Cid=(25, 100))
    for plot in (plot_funnel, plot_compare):
        assert title_of(plot(table)) == "Won: higher in Ann (45%, the rest 28%)"
    # Of three groups far apart both ends are named: 80 of 100, 50 of 100, 20 of 100.
    table = of_shops(a=(80, 100), b=(50, 100), c=(20, 100))
    title = "Won: higher in a (80%, the rest 35%); lower in c (20%, the rest 65%)"
    assert title_of(plot_funnel(table)) == title
    assert title_of(plot_funnel(of_shops(a=(5, 10), b=(9, 10)))) == "Most are lost from New in both groups"
    title = "Too few to compare: only a has 30 items"
    assert title_of(plot_compare(of_shops(a=(20, 40), b=(9, 10)))) == title


def test_a_width_is_a_number_of_pixels() -> None:
    for width in (100, 10_000, "wide", True, 400.0):
        with pytest.raises(
            sf.SchemaError, match=r"width=.* is not a number of pixels between 280 and 4,000"
        ) as error:
            plot_funnel(worked_funnel(), width=width)  # type: ignore[arg-type]  # wrong on purpose
        assert error.value.option == "width"
    assert plot_funnel(worked_funnel(), width=390).to_dict()["width"] < 390


def test_a_table_of_another_function_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match=r"not a table of funnel\(\): it lacks 'stage', 'outcome'"):
        plot_funnel(sf.outcomes(WORKED.log, WORKED.pipeline))
    with pytest.raises(sf.SchemaError, match="no rows to draw"):
        plot_funnel(worked_funnel()[:0])


def test_names_are_what_people_read_and_two_of_one_name_stay_apart() -> None:
    log = sf.StageLog({"item": [1, 1, 2], "stage": ["C1", "C2", "C3"], "time": [0, 1, 2]})
    names = {"C1": "Offer", "C2": "Won", "C3": "Offer"}
    words = words_of(plot_funnel(sf.funnel(log, sf.Pipeline(["C1", "C3"], won="C2", names=names))))
    assert [word for word in words if word in ("Offer (C1)", "Offer (C3)", "Won")] == [
        "Offer (C1)",
        "Offer (C3)",
        "Won",
    ]


def test_a_name_cannot_break_out_of_the_page() -> None:
    name = "</script><script>alert(1)</script><!--"
    frame = pd.DataFrame({"item": [1, 1], "stage": [name, "Won"], "time": [0, 1]})
    items = pd.DataFrame({"item": [1], "</script>": [name]})
    table = sf.funnel(sf.StageLog(frame, items=items), sf.Pipeline(name, won="Won"), by="</script>")
    chart = plot_funnel(table, width=2_000)
    assert chart.to_html().count("</script>") == plot_funnel(worked_funnel()).to_html().count("</script>")
    assert any(word.replace("\N{ZERO WIDTH SPACE}", "") == name for word in words_of(chart))
    assert "<script" not in chart._repr_mimebundle_()["text/html"]


def test_a_name_without_room_is_cut_and_shown_in_full_where_people_point_at_it() -> None:
    label = "a name that is longer than any chart has room for, whoever made it"
    log = sf.StageLog({"item": [1], "stage": [label], "time": [0]})
    (cut,) = [
        text
        for text in marks_of(plot_funnel(sf.funnel(log, sf.Pipeline(label))), "text")
        if "in full" in text
    ]
    assert cut["text"].endswith("…")
    assert cut["in full"] == label


def test_a_funnel_of_no_items_is_drawn_without_bars() -> None:
    log = sf.StageLog(WORKED.frame[:0], empty="allow")
    chart = plot_funnel(sf.funnel(log, WORKED.pipeline, kind="both"))
    assert [bar for bar in marks_of(chart, "rect") if "stage" in bar] == []
    assert words_of(chart).count("0 · –") == 6  # both kinds are the same: there is nothing


def test_a_table_that_lost_its_attributes_is_drawn_still() -> None:
    table = worked_funnel()
    table.attrs.clear()
    chart = plot_funnel(table)
    assert title_of(chart) == "Most often lost from: Won (2 of 4 lost from a stage, 50%)"
    assert sentences_of(chart)[0].startswith("Skipped, too few items to rank")


def test_the_table_is_not_changed() -> None:
    table = worked_funnel(kind="both")
    before, attrs = table.copy(), dict(table.attrs)
    plot_funnel(table)
    pd.testing.assert_frame_equal(table, before)
    assert table.attrs == attrs


def test_a_saved_picture_shows_bars_in_all_colours(tmp_path: Path) -> None:
    sf.save_chart(plot_funnel(worked_funnel()), tmp_path / "funnel.png", scale=1)
    colours = colours_in(tmp_path / "funnel.png")
    for colour in (LIGHT.moved, LIGHT.open, LIGHT.won, LIGHT.lost):
        assert colours[tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))] > 300
    assert colours[255, 255, 255] > sum(colours.values()) / 2


def test_the_picture_of_the_readme_is_what_is_drawn_today(tmp_path: Path) -> None:
    runpy.run_path(str(ROOT / "docs" / "make_images.py"))["draw"](tmp_path)
    drawn = sorted(path.name for path in tmp_path.glob("*.svg"))
    assert drawn == sorted(path.name for path in (ROOT / "docs" / "images").glob("*.svg"))
    for name in drawn:
        kept, today = (
            [words.text for words in words_in((folder / name).read_text("utf-8"))]
            for folder in (ROOT / "docs" / "images", tmp_path)
        )
        assert kept == today, "draw it anew: python docs/make_images.py"


def test_without_altair_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(ImportError, match=r'pip install "stagefunnel\[plots\]"'):
        plot_funnel(worked_funnel())
