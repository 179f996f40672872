"""Tables as people read them, on a terminal, in a notebook and in Markdown."""

import io
import json
import re
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

import stagefunnel as sf
from helpers import SMALL, journeys_log
from stagefunnel import datasets

# Worked out from the definitions, not copied from the output.
CLASSIC = """\
Funnel: classic
13 items now: 6 won, 5 lost, 2 open; win rate 55%; 2 won after a loss
                                           began   lost   open
stage        reached   of all   skipped   beyond   here   here
──────────────────────────────────────────────────────────────
New                9      69%         3        3      1      0
Discussion         2      15%         9        3      0      1
Prepayment         3      23%         8        2      1      1
Delivery           3      23%         6        1      0      0

Won                8      62%         0        0      2      0
Lost               7      54%         0        0      0      0
Skipped, too few items to rank: Discussion (6 of 8), Prepayment (6 of 7), Delivery (5 of 7)
Most often lost from: Won (2 of 5 lost, 40%)
Won: 8 ever, 6 now; Lost: 7 ever, 5 now"""

BOTH = """\
Funnel: classic and with conversions
classic: 13 items now: 6 won, 5 lost, 2 open; win rate 55%; 2 won after a loss
with conversions: 12 items now: 5 won, 5 lost, 2 open; win rate 50%; 1 left out (lost, then won); \
1 won after a loss
             classic            conversions                                 began   lost   open
stage        reached   of all       reached   assumed   of all   skipped   beyond   here   here
───────────────────────────────────────────────────────────────────────────────────────────────
New                9      69%            10         2      83%         3        3      1      0
Discussion         2      15%             7         5      58%         9        3      0      1
Prepayment         3      23%             8         5      67%         8        2      1      1
Delivery           3      23%             7         4      58%         6        1      0      0

Won                8      62%             7         0      58%         0        0      2      0
Lost               7      54%             6         0      50%         0        0      0      0
Skipped, too few items to rank: Discussion (6 of 8), Prepayment (6 of 7), Delivery (5 of 7)
Most often lost from: Won (2 of 5 lost, 40%)
Won: 8 ever, 6 now; Lost: 7 ever, 5 now"""


@pytest.fixture
def example() -> datasets.Dataset:
    return datasets.worked_example()


def test_more_items_than_came_to_an_optional_step_are_not_a_share_of_them() -> None:
    log = journeys_log("A > C", "A > C", "A > B > C")
    table = sf.sequence_funnel(log, ["A", "B", "C"], optional={2})
    assert table["conversion_from_previous"].tolist()[1:] == [1 / 3, 3.0]
    names = ["label", "reached", "dropped", "immature", "conversion_from_first", "conversion_from_previous"]
    grid = sf.show(table).grid
    places = [grid.headings.index(name.replace("_", " ")) for name in names]
    assert [[row[place] for place in places] for row in grid.rows] == [
        ["A", "3", "0", "0", "100%", "–"],
        ["B", "1", "0", "0", "33%", "33%"],
        ["C", "3", "0", "0", "100%", "–"],
    ]


def test_the_worked_example_is_shown_with_its_findings(example: datasets.Dataset) -> None:
    assert repr(sf.show(sf.funnel(example.log, example.pipeline))) == CLASSIC


def test_both_kinds_stand_side_by_side_over_the_same_journeys(example: datasets.Dataset) -> None:
    table = sf.funnel(example.log, example.pipeline, kind="both")
    assert repr(sf.show(table)) == BOTH


def test_one_kind_of_two_can_be_shown_alone(example: datasets.Dataset) -> None:
    both = sf.funnel(example.log, example.pipeline, kind="both")
    assert repr(sf.show(both[both["kind"] == "classic"])) == CLASSIC
    assert "12 items now: 5 won" in repr(sf.show(both[both["kind"] == "conversions"]))


def test_conversions_say_what_they_assume_and_leave_out(example: datasets.Dataset) -> None:
    lines = repr(sf.show(sf.funnel(example.log, example.pipeline, kind="conversions"))).splitlines()
    assert lines[0] == "Funnel: with conversions"
    assert lines[1].endswith("win rate 50%; 1 left out (lost, then won); 1 won after a loss")
    assert lines[5].split() == ["New", "10", "2", "83%", "3", "3", "1", "0"]


@pytest.mark.parametrize("kind", ["furthest", "strict"])
def test_a_conversion_from_the_previous_stage_is_shown_where_none_exceeds_all(
    example: datasets.Dataset, kind: Any
) -> None:
    shown = repr(sf.show(sf.funnel(example.log, example.pipeline, kind=kind)))
    assert "of previous" in shown
    assert "of previous" not in CLASSIC
    percents = [int(word.removesuffix("%")) for word in shown.split() if word.endswith("%")]
    assert max(percents) <= 100


@pytest.fixture
def groups() -> tuple[sf.StageLog, sf.Pipeline]:
    items = {"item": [1, 2, 3], "manager": ["Bo", "Al", None], "value": [10.0, 2.5, None]}
    return journeys_log("New > Offer > Won", "New > Lost", "Offer", items=items), SMALL


def test_groups_stand_under_each_other_with_their_findings(groups: tuple[sf.StageLog, sf.Pipeline]) -> None:
    lines = repr(sf.show(sf.funnel(*groups, by="manager"))).splitlines()
    firsts = [line.split()[:3] for line in lines if line.split()[1:2] == ["New"]]
    assert firsts == [["Al", "New", "1"], ["Bo", "New", "1"], ["(missing)", "New", "0"]]
    assert "Al: 1 item now: 0 won, 1 lost, 0 open; win rate 0%" in lines
    assert "Al: Most often lost from: New (1 of 1 lost, 100%)" in lines
    assert "Bo: Nothing was lost from a stage." in lines
    assert "(missing): Stages were skipped only by items that began beyond them." in lines


def test_a_group_that_one_kind_leaves_out_altogether_has_empty_cells_there() -> None:
    items = {"item": [1, 2], "manager": ["Al", "Bo"]}
    log = journeys_log("New > Lost > Won", "New", items=items)
    lines = repr(sf.show(sf.funnel(log, SMALL, kind="both", by="manager"))).splitlines()
    (left_out,) = (line.split() for line in lines if line.startswith("Al "))
    # Classic counts the item; with conversions the group has a base of zero.
    assert left_out == ["Al", "New", "1", "100%", "0", "0", "–", "0", "0", "0"]


def test_amounts_are_shown_beside_the_counts(groups: tuple[sf.StageLog, sf.Pipeline]) -> None:
    lines = repr(sf.show(sf.funnel(*groups, amount="value"))).splitlines()
    headings, new = (next(line for line in lines if line.startswith(word)) for word in ("stage", "New"))
    words = ["stage", "reached", "of", "all", "amount", "no", "amount", "skipped", "beyond", "here", "here"]
    assert headings.split() == words
    assert new.split() == ["New", "2", "67%", "12.50", "0", "1", "1", "1", "0"]
    offer = next(line for line in lines if line.startswith("Offer"))
    assert offer.split() == ["Offer", "2", "67%", "10", "1", "0", "0", "0", "1"]


def test_more_groups_than_a_screen_holds_are_counted() -> None:
    numbers = list(range(1, 24))
    log = journeys_log(*["New"] * 23, items={"item": numbers, "group": numbers})
    shown = repr(sf.show(sf.funnel(log, SMALL, by="group")))
    assert "… and 3 more groups" in shown
    assert "20: 1 item" in shown
    assert "21: 1 item" not in shown


@pytest.mark.parametrize(
    ("path", "sentences"),
    [
        ("New > Offer", ["No stage was skipped.", "Nothing was lost from a stage."]),
        ("Lost", ["No stage was skipped.", "Nothing was lost from a stage."]),
        (
            "Offer > Lost",
            [
                "Stages were skipped only by items that began beyond them.",
                "Most often lost from: Offer (1 of 1 lost, 100%)",
            ],
        ),
    ],
)
def test_the_two_sentences_say_what_there_is_to_say(path: str, sentences: list[str]) -> None:
    # The other item is in every stage, and neither skips one nor is lost.
    log = journeys_log(path, "Lost > New > Offer > Won")
    lines = repr(sf.show(sf.funnel(log, SMALL))).splitlines()
    assert [line for line in lines if " ever, " not in line][-2:] == sentences


CODES = sf.Pipeline(
    [1, 2], won=3, names={1: "<script>New|*</script>", 2: "[red]Offer[/red]", 3: "Won & paid"}
)


def coded() -> pd.DataFrame:
    log = sf.StageLog({"item": [1, 1, 2, 2], "stage": [1, 3, 1, 2], "time": [0, 1, 2, 3]})
    return sf.funnel(log, CODES)


def test_names_are_shown_in_place_of_codes_and_are_never_markup() -> None:
    shown = repr(sf.show(coded()))
    assert "[red]Offer[/red]" in shown
    assert "too few items to rank: [red]Offer[/red] (1 of 1" in shown
    console = Console(file=io.StringIO(), width=200, force_terminal=True)
    console.print(sf.show(coded()))
    assert "[red]Offer[/red]" in console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO


def test_names_and_groups_are_escaped_on_a_page() -> None:
    page = sf.show(coded())._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;New|*&lt;/script&gt;" in page
    assert "Won &amp; paid" in page
    items = {"item": [1], "<b>": ["<script>alert(1)</script>"]}
    log = journeys_log("New", items=items)
    page = sf.show(sf.funnel(log, SMALL, by="<b>"))._repr_html_()
    assert "<script>" not in page
    assert "<th>&lt;b&gt;</th>" in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 4


def test_names_do_not_break_a_markdown_table() -> None:
    lines = sf.show(coded()).to_markdown().splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1
    assert "New\\|\\*" in rows[2]
    assert lines[0] == "**Funnel: classic**"
    assert lines[2].startswith("2 items now: 1 won, 0 lost, 1 open")


@pytest.mark.parametrize(
    "labels",
    [
        ["جديد", "עסקה", "نجاح", "אבוד"],
        ["Prépaiement", "Évalué", "Gagné", "Perdu"],
        ["新規", "商談", "勝ち", "失注"],
    ],
)
def test_stages_of_every_script_are_counted_and_shown(labels: list[str]) -> None:
    pipeline = sf.Pipeline(labels[:2], won=labels[2], lost=labels[3])
    log = journeys_log(f"{labels[0]} > {labels[2]}", f"{labels[1]} > {labels[3]}")
    table = sf.funnel(log, pipeline)
    assert table["stage"].tolist() == labels
    assert table["reached"].tolist() == [1, 1, 1, 1]
    for text in (repr(sf.show(table)), sf.show(table)._repr_html_(), sf.show(table).to_markdown()):
        assert all(label in text for label in labels)
        assert f"Most often lost from: {labels[1]} (1 of 1 lost, 100%)" in text
    assert repr(pipeline) == f"Pipeline: {labels[0]} → {labels[1]} | won: {labels[2]} | lost: {labels[3]}"


def test_a_table_that_lost_its_attributes_is_still_shown(example: datasets.Dataset) -> None:
    table = sf.funnel(example.log, example.pipeline, kind="both")
    read_back = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    assert read_back.attrs == {}
    lines = repr(sf.show(read_back)).splitlines()
    # The rows do not hold the outcomes, nor whether all stages are there: no sentence says what they cannot.
    unknown = (" items now: ", "Most often ", " ever, ", "Skipped, ")
    assert lines == [line for line in BOTH.splitlines() if not any(words in line for words in unknown)]


def test_the_attributes_survive_being_written_as_json(example: datasets.Dataset) -> None:
    table = sf.funnel(example.log, example.pipeline, kind="both")
    table.attrs = json.loads(json.dumps(table.attrs))
    assert repr(sf.show(table)) == BOTH


def test_every_other_table_is_shown_too(example: datasets.Dataset) -> None:
    times = repr(sf.show(sf.time_in_stage(example.log, example.pipeline))).splitlines()
    assert times[0] == "Time in stage, per visit"
    assert times[1].split() == [
        *["stage", "outcome", "visits", "completed", "open", "items", "mean", "median", "q25", "q75", "q90"]
    ]
    assert times[5].split() == ["Prepayment", "open", "3", "2", "1", "3", *["1", "d"] * 5]
    moves = repr(sf.show(sf.transitions(example.log, example.pipeline))).splitlines()
    assert moves[3].split() == ["New", "Prepayment", "2", "2", "22%"]
    items = repr(sf.show(sf.item_table(example.log, example.pipeline)))
    assert "NaT" not in items
    assert "nan" not in items.lower()
    totals = repr(sf.show(sf.outcomes(example.log, example.pipeline))).splitlines()
    assert totals[-2].split() == ["13", "6", "5", "2", "55%", "0", "2"]
    quality = repr(sf.show(example.log.quality())).splitlines()
    assert quality[2].split()[:2] == ["rows", "33"]


def test_a_long_table_of_items_is_shown_in_part() -> None:
    log = journeys_log(*["New"] * 75)
    assert repr(sf.show(sf.item_table(log, SMALL))).splitlines()[-3] == "… and 15 more rows"


def test_a_narrow_terminal_does_not_cut_numbers_short(example: datasets.Dataset) -> None:
    console = Console(file=io.StringIO(), width=40)
    big = sf.funnel(example.log, example.pipeline)
    big["reached"] = 1_234_567
    console.print(sf.show(big))
    assert console.file.getvalue().count("1,234,567") == 8  # type: ignore[attr-defined]  # a StringIO


def test_only_tables_are_shown() -> None:
    with pytest.raises(sf.SchemaError, match="show takes a result table, got StageLog"):
        sf.show(journeys_log("New"))  # type: ignore[arg-type]  # wrong on purpose


def test_groups_of_a_reordered_breakdown_keep_their_own_outcomes() -> None:
    # Both groups have one item and no open one, so they differ by their names alone.
    items = pd.DataFrame({"item": [0, 1], "team": ["A", "B"]})
    rows = {"item": [0, 0, 1, 1], "stage": ["New", "Won", "New", "Lost"], "time": [0, 1, 0, 1]}
    table = sf.funnel(sf.StageLog(rows, items=items), sf.Pipeline("New", won="Won", lost="Lost"), by="team")
    turned = str(sf.show(table.sort_values("team", ascending=False, kind="stable")))
    assert "B: 1 item now: 0 won, 1 lost, 0 open; win rate 0%" in turned
    assert "A: 1 item now: 1 won, 0 lost, 0 open; win rate 100%" in turned
    assert "B: 1 item now: 0 won, 1 lost" in str(sf.show(table[table["team"] == "B"]))


def test_a_page_draws_shares_as_bars_behind_their_numbers() -> None:
    shop = sf.datasets.worked_example()
    page = sf.show(sf.funnel(shop.log, shop.pipeline))._repr_html_()
    assert 'rgba(0,114,178,.22) 69%,transparent 69%)">69%</td>' in page
    assert page.count("linear-gradient") == len(re.findall(r"\d%</td>", page))


def test_starts_that_are_unknown_are_shown_where_there_are_some() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Won"], "time": [0, 4], "unknown": [True, False]}
    known = sf.time_in_stage(sf.StageLog(rows), SMALL, missing="ignore")
    marked = sf.time_in_stage(sf.StageLog(rows, start_unknown="unknown"), SMALL, missing="ignore")
    assert "start unknown" not in str(sf.show(known))
    assert "start unknown" in str(sf.show(marked))


def test_visits_are_shown_one_by_one() -> None:
    times = pd.to_datetime(["2026-01-05", "2026-01-07"])
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Offer"], "time": times})
    lines = str(sf.show(sf.visits(log, SMALL))).splitlines()
    assert lines[0] == "Visits"
    assert "2 d" in lines[3]
    assert lines[4].split()[-1] == "yes"


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_moments_that_are_all_midnights_are_shown_as_days(zone: str | None) -> None:
    rows = {
        "item": [1, 2],
        "stage": ["New", "New"],
        "time": pd.to_datetime(["2026-01-05", "2026-07-06"]).tz_localize(zone),
    }
    pipeline = sf.Pipeline("New", won="Won")
    text = repr(sf.show(sf.item_table(sf.StageLog(rows), pipeline, missing="ignore")))
    assert "2026-01-05 " in text
    assert "00:00" not in text
    rows["time"] = rows["time"] + pd.to_timedelta(["0h", "1h"])
    text = repr(sf.show(sf.item_table(sf.StageLog(rows), pipeline, missing="ignore")))
    assert "2026-01-05 00:00:00" in text  # beside another one midnight is a moment
    assert "2026-07-06 01:00:00" in text
