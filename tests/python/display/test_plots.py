"""The funnel chart: its specification and its drawing."""

import runpy
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawings import colours_in, words_in
from helpers import ROOT, journeys_log
from stagefunnel.plots import plot_funnel

WORKED = sf.datasets.worked_example()
SHOP = sf.datasets.furniture_shop(300)
BLUE, LIGHT_BLUE, GREEN, RED = (0x00, 0x72, 0xB2), (0xA3, 0xCD, 0xE8), (0x00, 0x9E, 0x73), (0xD5, 0x5E, 0x00)


def worked_funnel(**options: Any) -> pd.DataFrame:
    return sf.funnel(WORKED.log, WORKED.pipeline, **options)


def panels_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    return plot_funnel(table).to_dict()["concat"]


def pieces_of(table: pd.DataFrame, panel: int = 0) -> list[dict[str, Any]]:
    """Return the data of a panel: a record for each piece of a bar."""
    return pieces_in(plot_funnel(table).to_dict(), panel)


def pieces_in(chart: dict[str, Any], panel: int) -> list[dict[str, Any]]:
    # A single panel has its data in the chart.
    data = chart["concat"][panel].get("data") or chart["data"]
    return chart["datasets"][data["name"]]


def stages_of(panel: dict[str, Any]) -> list[str]:
    return panel["layer"][0]["encoding"]["y"]["scale"]["domain"]


def test_stages_stand_in_the_pipelines_order() -> None:
    (panel,) = panels_of(worked_funnel())
    assert stages_of(panel) == ["New", "Discussion", "Prepayment", "Delivery", "Won", "Lost"]


def test_a_bar_is_as_long_as_the_share_of_all_items_that_reach_the_stage() -> None:
    table = worked_funnel(kind="conversions")
    ends = {piece["stage"]: piece["end"] for piece in pieces_of(table)}
    assert list(ends.values()) == pytest.approx(table["conversion_from_all"].tolist())


def test_assumed_begins_where_passed_ends() -> None:
    passed, assumed, *_ = pieces_of(worked_funnel(kind="conversions"))
    assert (passed["part"], passed["start"], passed["end"]) == ("passed", 0, pytest.approx(8 / 12))
    assert (assumed["part"], assumed["start"], assumed["end"]) == ("assumed", passed["end"], 10 / 12)


def test_the_number_stands_once_behind_the_whole_bar() -> None:
    labels = [piece["label"] for piece in pieces_of(worked_funnel(kind="conversions"))]
    assert labels[:4] == ["", "10 · 83 %", "", "7 · 58 %"]
    assert [label for label in labels if label][-2:] == ["7 · 58 %", "6 · 50 %"]


def steps_of(table: pd.DataFrame) -> dict[str, str]:
    """Return the texts between the bars of the last panel, by the stage below."""
    chart = plot_funnel(table).to_dict()
    words = [layer for layer in chart["concat"][-1]["layer"] if layer["mark"].get("baseline") == "middle"]
    steps = [step for layer in words for step in chart["datasets"][layer["data"]["name"]]]
    return {step["stage"]: step["text"] for step in steps}


def test_between_bars_stands_what_is_a_conversion() -> None:
    # Two lost items began in the second stage, which one of two won items skipped.
    log = journeys_log("New > Offer > Won", "New > Won", "Offer > Lost", "Offer > Lost")
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    assert steps_of(sf.funnel(log, pipeline, kind="furthest")) == {"Offer": "↓ 100 %", "Won": "↓ 50 %"}
    # Four items reached Offer and two New: that is not a conversion.
    assert steps_of(sf.funnel(log, pipeline, kind="conversions")) == {"Won": "↓ 50 %"}
    assert steps_of(sf.funnel(log, pipeline, kind="both")) == {"Won": "↓ 50 %"}
    assert steps_of(sf.funnel(log, pipeline)) == {}


def test_of_several_won_stages_the_first_has_the_last_stage_above_it() -> None:
    log = journeys_log("New > Won", "New > Won", "New > Renewed", "New")
    pipeline = sf.Pipeline(["New"], won=["Won", "Renewed"])
    assert steps_of(sf.funnel(log, pipeline, kind="furthest")) == {"Won": "↓ 50 %"}


def test_no_tick_beyond_a_bar_falls_on_its_number() -> None:
    # One of ten passed Offer and two skipped it: the tick at 0.2 would cross the number behind 0.1.
    paths = ["New > Offer > Won", *["New > Won"] * 2, *["New"] * 7]
    table = sf.funnel(journeys_log(*paths), sf.Pipeline(["New", "Offer"], won="Won"))
    (offer,) = [piece for piece in pieces_of(table) if piece["stage"] == "Offer"]
    assert (offer["end"], offer["label"], offer["label_at"]) == (0.1, "1 · 10 %", 0.2)
    far = sf.funnel(
        journeys_log("New > Offer > Won", *["New > Won"] * 9), sf.Pipeline(["New", "Offer"], won="Won")
    )
    (offer,) = [piece for piece in pieces_of(far) if piece["stage"] == "Offer"]
    assert offer["label_at"] == offer["end"] == 0.1  # the tick at 0.9 lies behind the number


def test_final_stages_have_colours_of_their_own() -> None:
    parts = {piece["stage"]: piece["part"] for piece in pieces_of(worked_funnel())}
    assert (parts["Delivery"], parts["Won"], parts["Lost"]) == ("passed", "won", "lost")
    scale = panels_of(worked_funnel())[0]["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == ["passed", "won", "lost", "skipped"]
    assert len(set(scale["range"])) == 4


def test_pointing_at_a_bar_shows_all_its_numbers() -> None:
    (panel,) = panels_of(worked_funnel())
    fields = [channel["field"] for channel in panel["layer"][0]["encoding"]["tooltip"]]
    counts = {"reached", "passed", "assumed", "skipped", "began_beyond", "lost_from", "open_at", "base"}
    assert counts <= set(fields)
    discussion = pieces_of(worked_funnel())[1]
    assert set(fields) <= set(discussion)
    assert (discussion["skipped"], discussion["began_beyond"], discussion["skip_rate"]) == ("9", "3", "82 %")


def test_the_findings_stand_under_the_title() -> None:
    title = plot_funnel(worked_funnel()).to_dict()["title"]
    assert title["text"] == "Funnel: classic"
    assert title["subtitle"] == [
        "13 items now: 6 won, 5 lost, 2 open; win rate 55 %; 2 won after a loss",
        *("Skipped, too few items to rank: Discussion (6 of 8), Prepayment (6 of 7), Delivery (5", "of 7)"),
        "Most often lost from: Won (2 of 5 lost, 40 %)",
        "Won: 8 ever, 6 now; Lost: 7 ever, 5 now",
    ]


def test_both_kinds_stand_side_by_side_and_share_their_stages() -> None:
    chart = plot_funnel(worked_funnel(kind="both")).to_dict()
    classic, conversions = chart["concat"]
    assert chart["columns"] == 2
    assert [classic["title"]["text"], conversions["title"]["text"]] == ["Classic", "With conversions"]
    assert "Skipped" in classic["title"]["subtitle"][0]
    assert "lost" in conversions["title"]["subtitle"][0]
    assert stages_of(classic) == stages_of(conversions)
    axes = [panel["layer"][0]["encoding"]["y"]["axis"]["labels"] for panel in (classic, conversions)]
    assert axes == [True, False]


def test_a_breakdown_gives_a_panel_per_group_with_the_groups_own_numbers() -> None:
    table = sf.funnel(SHOP.log, SHOP.pipeline, by="manager")
    chart = plot_funnel(table).to_dict()
    panels = chart["concat"]
    managers = table["manager"].unique().tolist()
    assert [panel["title"]["text"] for panel in panels] == managers
    for at, manager in enumerate(managers):
        base = int(table.loc[table["manager"] == manager, "base"].iloc[0])
        assert panels[at]["title"]["subtitle"][0].startswith(f"{base} items now: ")
        assert {piece["base"] for piece in pieces_in(chart, at)} == {str(base)}


def test_a_filtered_breakdown_keeps_its_own_groups_outcomes() -> None:
    table = sf.funnel(SHOP.log, SHOP.pipeline, by="manager")
    last = table["manager"].iloc[-1]
    alone = panels_of(table[table["manager"] == last])[0]["title"]["subtitle"]
    among_others = [panel["title"]["subtitle"] for panel in panels_of(table)]
    assert alone == among_others[-1]
    assert alone != among_others[0]


def test_a_breakdown_of_both_kinds_keeps_the_kinds_of_a_group_together() -> None:
    panels = panels_of(sf.funnel(SHOP.log, SHOP.pipeline, kind="both", by="source"))
    titles = [panel["title"]["text"] for panel in panels]
    assert titles[:2] == ["Exhibition: classic", "Exhibition: with conversions"]
    assert titles[-2:] == ["(missing): classic", "(missing): with conversions"]


def test_more_than_twelve_groups_are_refused_with_a_way_out() -> None:
    frame = pd.DataFrame({"item": range(13), "stage": "New", "time": 0})
    items = pd.DataFrame({"item": range(13), "shop": range(13)})
    table = sf.funnel(sf.StageLog(frame, items=items), sf.Pipeline("New"), by="shop")
    with pytest.raises(sf.SchemaError, match=r"12 groups, the table has 13; filter.*table\['shop'\]\.isin"):
        plot_funnel(table)
    assert len(panels_of(table[table["shop"] < 12])) == 12


def test_a_table_of_another_function_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match=r"not a table of funnel\(\): it lacks 'stage', 'outcome'"):
        plot_funnel(sf.outcomes(WORKED.log, WORKED.pipeline))
    with pytest.raises(sf.SchemaError, match="no rows to draw"):
        plot_funnel(worked_funnel()[:0])


def test_names_are_what_people_read_and_two_of_one_name_stay_apart() -> None:
    log = sf.StageLog({"item": [1, 1, 2], "stage": ["C1", "C2", "C3"], "time": [0, 1, 2]})
    names = {"C1": "Offer", "C2": "Won", "C3": "Offer"}
    table = sf.funnel(log, sf.Pipeline(["C1", "C3"], won="C2", names=names))
    assert stages_of(panels_of(table)[0]) == ["Offer (C1)", "Offer (C3)", "Won"]


def test_a_name_cannot_break_out_of_the_page() -> None:
    name = "</script><script>alert(1)</script><!--"
    frame = pd.DataFrame({"item": [1, 1], "stage": [name, "Won"], "time": [0, 1]})
    items = pd.DataFrame({"item": [1], "</script>": [name]})
    table = sf.funnel(sf.StageLog(frame, items=items), sf.Pipeline(name, won="Won"), by="</script>")
    chart = plot_funnel(table)
    assert chart.to_html().count("</script>") == plot_funnel(worked_funnel()).to_html().count("</script>")
    assert stages_of(chart.to_dict()["concat"][0])[0].replace("\N{ZERO WIDTH SPACE}", "") == name


@pytest.mark.parametrize("stages", [1, 70])
def test_any_number_of_stages_has_room(stages: int, tmp_path: Path) -> None:
    labels = [f"{number}: a name that is longer than any chart has room for" for number in range(stages)]
    log = sf.StageLog({"item": [1] * stages, "stage": labels, "time": list(range(stages))})
    chart = plot_funnel(sf.funnel(log, sf.Pipeline(labels)))
    assert stages_of(chart.to_dict()["concat"][0]) == labels
    chart.save(tmp_path / "funnel.png", scale_factor=0.5)
    assert colours_in(tmp_path / "funnel.png")[BLUE] > 100 * stages


def test_a_funnel_of_no_items_is_drawn_without_bars(tmp_path: Path) -> None:
    log = sf.StageLog(WORKED.frame[:0], empty="allow")
    table = sf.funnel(log, WORKED.pipeline, kind="both")
    pieces = pieces_of(table, 1)
    assert {(piece["start"], piece["end"], piece["label"]) for piece in pieces} == {(0, 0, "0 · –")}
    plot_funnel(table).save(tmp_path / "funnel.png", scale_factor=0.5)


def test_a_table_that_lost_its_attributes_is_drawn_still() -> None:
    table = worked_funnel()
    table.attrs.clear()
    chart = plot_funnel(table).to_dict()
    assert chart["title"]["text"] == "Funnel"
    assert chart["title"]["subtitle"][-1] == "Most often lost from: Won (2 of 4 lost from a stage, 50 %)"


def test_the_table_is_not_changed() -> None:
    table = worked_funnel(kind="both")
    before = table.copy()
    plot_funnel(table)
    pd.testing.assert_frame_equal(table, before)


def test_a_saved_picture_shows_bars_in_all_four_colours(tmp_path: Path) -> None:
    plot_funnel(worked_funnel(kind="conversions")).save(tmp_path / "funnel.png", scale_factor=0.5)
    colours = colours_in(tmp_path / "funnel.png")
    assert min(colours[colour] for colour in (BLUE, LIGHT_BLUE, GREEN, RED)) > 300
    assert colours[255, 255, 255] > sum(colours.values()) / 2


def test_a_saved_drawing_names_the_stages(tmp_path: Path) -> None:
    plot_funnel(worked_funnel()).save(tmp_path / "funnel.svg")
    drawing = (tmp_path / "funnel.svg").read_text(encoding="utf-8")
    assert drawing.startswith("<svg")
    assert all(f">{stage}</text>" in drawing for stage in WORKED.pipeline.labels)


def test_the_picture_of_the_readme_is_what_is_drawn_today(tmp_path: Path) -> None:
    runpy.run_path(str(ROOT / "docs" / "make_images.py"))["draw_two_funnels"](tmp_path)
    drawings = [folder / "two_funnels.svg" for folder in (ROOT / "docs" / "images", tmp_path)]
    kept, today = ([words.text for words in words_in(path.read_text("utf-8"))] for path in drawings)
    assert kept == today, "draw it anew: python docs/make_images.py"


def test_without_altair_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(ImportError, match=r'pip install "stagefunnel\[plots\]"'):
        plot_funnel(worked_funnel())
