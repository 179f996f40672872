"""The sentence under every table, worked out by hand from journeys that can be followed by eye."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import title_of
from helpers import frame_of, journeys_log
from stagefunnel import plots
from stagefunnel.words import spoken_in

PIPELINE = sf.Pipeline(["New", "Offer", "Order"], won="Won", lost=["Lost", "Bad"])
# Two won, one of them past Offer; two lost from New, one from Order; one still in Offer.
PATHS = (
    "New > Offer > Order > Won",
    "New > Order > Won",
    "New > Lost",
    "New > Bad",
    "New > Offer > Order > Lost",
    "New > Offer",
)
MANAGERS = pd.DataFrame({"item": [1, 2, 3, 4, 5, 6], "manager": ["Ann", "Ann", "Ann", "Bob", "Bob", None]})


@pytest.fixture
def log() -> sf.StageLog:
    return journeys_log(*PATHS, items=MANAGERS)


def dated(*rows: str, **options: Any) -> sf.StageLog:
    """Read rows like ``"1 New 01-05"``; all days are of 2026."""
    words = [row.split() for row in rows]
    return sf.StageLog(frame_of([(int(item), stage, f"2026-{day}") for item, stage, day in words]), **options)


def line(table: pd.DataFrame) -> str:
    """Read the last line below a table, but for the remarks about stages and the period."""
    lines = repr(sf.show(table)).splitlines()
    return [one for one in lines if not one.startswith(("Stages without rows", "Outside the log"))][-1]


def test_outcomes_say_how_the_items_stand(log: sf.StageLog) -> None:
    assert line(sf.outcomes(log, PIPELINE)) == "6 items now: 2 won, 3 lost, 1 open; win rate 40%"


def test_times_name_the_slowest_stage(log: sf.StageLog) -> None:
    frame = frame_of([(1, "New", 0), (1, "Offer", 2), (1, "Order", 9), (1, "Won", 10)])
    assert line(sf.time_in_stage(sf.StageLog(frame), PIPELINE)) == (
        "Slowest stage: Offer (half of the completed visits took 7 or more; 0% of all visits are still open)"
    )
    waiting = journeys_log("New")
    assert line(sf.time_in_stage(waiting, PIPELINE)) == "No visit of a stage in progress is completed."


@pytest.mark.parametrize(
    ("per", "half", "median"),
    [
        ("visit", "half of the completed visits took", "20"),
        ("item", "half of the items that completed a visit spent", "30"),
        ("longest", "half of the items' longest completed visits took", "25"),
    ],
)
def test_a_median_is_one_of_completed_visits(per: Any, half: str, median: str) -> None:
    # Visits of 10, 20 and 30 days, two of them of one item, and one that is open since 90.
    rows = [
        (1, "New", 0),
        (1, "Offer", 10),
        (1, "New", 11),
        (1, "Won", 31),
        (2, "New", 0),
        (2, "Won", 30),
        (3, "New", 0),
    ]
    table = sf.time_in_stage(sf.StageLog(frame_of(rows)), sf.Pipeline(["New", "Offer"], won="Won"), per=per)
    assert line(table) == f"Slowest stage: New ({half} {median} or more; 25% of all visits are still open)"


def test_times_to_a_stage_say_how_many_items_have_arrived(log: sf.StageLog) -> None:
    table = sf.time_to(log, PIPELINE, "Offer")
    assert repr(sf.show(table)).startswith("Time from creation to Offer\n")
    assert line(table) == ("3 of 6 items reached Offer, 50% (median 1); 3 were closed without it")
    table = sf.time_to(log, PIPELINE.replace(names={"Order": "Bestellung"}), "Order", start="Offer")
    assert repr(sf.show(table)).startswith("Time from Offer to Bestellung\n")
    assert line(table) == ("2 of 3 items reached Bestellung, 67% (median 1); 1 is still open")
    alone = sf.time_to(log, PIPELINE, "Lost", start="Offer")
    assert line(alone).startswith("1 of 3 items reached Lost, 33% (median 2); ")
    nowhere = sf.time_to(log, PIPELINE, "Won", start="Bad", missing="ignore")
    assert line(nowhere) == "0 of 1 item reached Won, 0%; 1 was closed without it"
    assert line(sf.time_to(journeys_log("New"), PIPELINE, "Won", start="Order")) == "No item entered Order."


def test_times_to_a_stage_by_group_name_the_groups_of_thirty_that_take_longest_and_shortest() -> None:
    frame = pd.DataFrame(
        [
            (item, stage, time)
            for item in range(90)
            for stage, time in (("New", 0), ("Offer", 4 if item < 30 else 9 if item < 60 else 99))
            if item != 89 or stage == "New"
        ],
        columns=["item", "stage", "time"],
    )
    teams = pd.DataFrame({"item": range(90), "team": ["A"] * 30 + ["B"] * 30 + ["C"] * 30})
    table = sf.time_to(sf.StageLog(frame, items=teams), PIPELINE, "Offer", by="team")
    assert repr(sf.show(table)).splitlines()[-3:-1] == [
        "89 of 90 items reached Offer, 99%; 1 is still open",
        "Longest: B (median 9 of 30 items); shortest: A (median 4 of 30 items)",
    ]
    assert line(table[table["team"] != "B"]) == "59 of 60 items reached Offer, 98%; 1 is still open"


def test_tables_of_times_name_the_paused_stages_and_unknown_starts() -> None:
    pipeline = sf.Pipeline(["New", "w1"], lost="Lost", names={"w1": "Waiting"}, paused="w1")
    frame = frame_of([(1, "New", 0), (1, "w1", 2), (1, "Lost", 9), (2, "New", 5)])
    log = sf.StageLog(frame.assign(unknown=[0, 0, 0, 1]), start_unknown="unknown")
    shown = repr(sf.show(sf.time_to(log, pipeline, "Lost")))
    assert "\nThe clock stands still in: Waiting\nStart unknown, so without a time: 1 item" in shown
    assert "\nThe clock stands still in: Waiting" in repr(sf.show(sf.losses(log, pipeline)))
    assert "stands still" not in repr(sf.show(sf.time_in_stage(log, pipeline)))
    assert "stands still" not in repr(sf.show(sf.losses(log, pipeline.replace(paused=()))))


def test_moves_name_the_most_frequent(log: sf.StageLog) -> None:
    table = sf.transitions(log, PIPELINE)
    assert line(table) == "Most frequent: New → Offer (3 moves, 50% of those that left New)"
    assert line(table.head(0)) == "Nothing moved."


def test_losses_name_where_most_are_lost(log: sf.StageLog) -> None:
    expected = "Most often lost from: New (2 of 3 lost, 67%)"
    assert line(sf.losses(log, PIPELINE)) == expected
    groups = sf.losses(log, PIPELINE, by="manager")
    assert expected in repr(sf.show(groups))
    assert line(groups) == "Fewer than 30 lost items: Ann, Bob"
    assert line(groups[groups["manager"] == "Ann"]) == "Most often lost from: New (1 of 1 lost, 100%)"
    assert line(groups.head(0)) == "Nothing was lost from a stage."


def test_losses_of_which_rows_were_filtered_away_say_nothing(log: sf.StageLog) -> None:
    table = sf.losses(log, PIPELINE)
    assert "Most often" not in repr(sf.show(table[table["lost_stage"] == "Bad"]))


def test_skips_name_the_worst(log: sf.StageLog) -> None:
    table = sf.skips(log, PIPELINE, by="manager")
    assert repr(sf.show(table)).splitlines()[-2:] == [
        "Skipped, too few items to rank: Offer, Ann (1 of 2)",
        "Fewer than 30 items beyond any stage: (missing), Ann, Bob",
    ]
    assert line(table[table["manager"] == "Bob"]) == "No stage was skipped."
    assert line(table[table["beyond"] == 0]) == "No item got past a stage."


# On their way 12 of 40 skip Offer; 20 more begin in Order. All 3 that come to Order from Lost skip New.
IMPORTS = ["New > Offer > Order"] * 25 + ["New > Order"] * 9 + ["Order"] * 20 + ["Lost > Order"] * 3
MORE = ["Offer > Order"] * 3


def skip_lines(table: pd.DataFrame) -> list[str]:
    return [words for words in repr(sf.show(table)).splitlines() if "kipped" in words and "(" in words]


def test_what_is_skipped_most_often_is_one_thing_in_every_table() -> None:
    log = journeys_log(*IMPORTS, *MORE)
    sentence = "Most often skipped: Offer (12 of 40 that got past it, 30%; 20 more began beyond it)"
    assert skip_lines(sf.funnel(log, PIPELINE)) == [sentence]
    assert skip_lines(sf.funnel(log, PIPELINE, kind="both")) == [sentence]
    assert line(sf.skips(log, PIPELINE, by=None)) == sentence
    assert sentence in repr(sf.show(sf.summary(log, PIPELINE)))
    assert title_of(plots.plot_skips(sf.skips(log, PIPELINE, by=None))) == sentence
    assert title_of(plots.plot_funnel(sf.funnel(log, PIPELINE))) == sentence


def test_whoever_imported_items_does_not_top_the_list() -> None:
    paths = [*IMPORTS, *(["New > Order"] * 3 + ["New > Offer > Order"] * 27)]
    managers = ["Ann"] * len(IMPORTS) + ["Bob"] * 30
    items = {"item": list(range(1, len(paths) + 1)), "manager": managers}
    table = sf.skips(journeys_log(*paths, items=items), PIPELINE, by="manager")
    # Ann: 12 of 37 on the way; she would be 32 of 57 with what she imported.
    assert line(table) == (
        "Most often skipped: Offer, Ann (12 of 37 that got past it, 32%; 20 more began beyond it)"
    )
    assert line(table[table["manager"] == "Bob"]) == (
        "Most often skipped: Offer, Bob (3 of 30 that got past it, 10%)"
    )


def test_the_rate_that_skips_are_ranked_by_stands_beside_them() -> None:
    grid = sf.show(sf.skips(journeys_log(*IMPORTS, *MORE), PIPELINE, by=None)).grid
    assert grid.headings[-3:] == ["began beyond", "skip rate", "rate on the way"]
    # New: 3 of 37 that came from Lost, beside 20 and 3 that began beyond it; nothing went beyond Order.
    assert [(row[0], *row[-3:]) for row in grid.rows] == [
        ("Offer", "20", "53%", "30%"),
        ("New", "23", "43%", "8%"),
        ("Order", "0", "–", "–"),
    ]


def test_a_higher_rate_of_fewer_than_thirty_is_not_named() -> None:
    few, many = ["Lost > Offer > Order"] * 3, ["New > Order"] * 3 + ["New > Offer > Order"] * 25
    # New: 3 of 31; Offer: 3 of 31. With one item less both have a base of 30, with two less of 29.
    assert skip_lines(sf.funnel(journeys_log(*few, *many), PIPELINE)) == [
        "Most often skipped: New (3 of 31 that got past it, 10%); a tie with 1 more"
    ]
    assert skip_lines(sf.funnel(journeys_log(*few, *many[:-1]), PIPELINE)) == [
        "Most often skipped: New (3 of 30 that got past it, 10%); a tie with 1 more"
    ]
    assert skip_lines(sf.funnel(journeys_log(*few, *many[:-2]), PIPELINE)) == [
        "Skipped, too few items to rank: New (3 of 29), Offer (3 of 29)"
    ]


def test_more_skips_than_a_line_holds_are_counted() -> None:
    stages = [f"S{number}" for number in range(1, 8)]
    log = journeys_log("S1 > S7", "S2 > S3 > S4 > S5 > S6")
    assert skip_lines(sf.funnel(log, sf.Pipeline(stages))) == [
        "Skipped, too few items to rank: S2 (1 of 2), S3 (1 of 2), S4 (1 of 2), S5 (1 of 2) and 1 more"
    ]


def test_skips_of_items_that_began_beyond_alone_are_named_as_such() -> None:
    log = journeys_log("Offer > Order", "Won")
    expected = "Stages were skipped only by items that began beyond them."
    assert line(sf.skips(log, PIPELINE, by=None)) == expected
    assert expected in repr(sf.show(sf.funnel(log, PIPELINE)))


def test_a_flow_says_what_came_and_left() -> None:
    rows = ["1 New 01-05", "1 Won 02-03", "2 New 02-04", "3 Offer 02-05", "3 Lost 02-06", "4 Lost 01-01"]
    table = sf.flow(dated(*rows, "4 New 02-09"), PIPELINE, period="2026-02")
    assert line(table) == "In work: 1 at the start, 3 came in, 1 won, 1 lost, 2 at the end"
    assert "In work" not in repr(sf.show(table[table["stage"] != "New"].assign(at_end=7)))


def test_periods_without_a_share_are_not_compared() -> None:
    log = dated("1 New 01-05", "1 Offer 01-06", "2 New 02-04", "3 New 02-01")
    before = sf.compare_periods(log, PIPELINE, "2025-02", basis="created")
    assert line(before) == "No stage has a share of all in both periods."


def test_items_rows_and_stages_are_counted(log: sf.StageLog) -> None:
    assert line(sf.item_table(log, PIPELINE)) == "6 items: 2 won, 3 lost, 1 open"
    assert line(sf.row_table(log)) == "17 rows of 6 items"
    assert line(sf.row_table(log).head(1)) == "1 row of 1 item"
    assert line(log.stages) == "6 stages; most rows: New (6 of 17, 35%)"


def test_an_explanation_says_where_an_item_counts(log: sf.StageLog) -> None:
    assert line(sf.explain(log, PIPELINE, item=2)) == (
        "It counts in: classic: New, Order, Won; with conversions: New, Offer, Order, Won"
    )


def test_quality_says_what_is_unusual(log: sf.StageLog) -> None:
    assert line(log.quality()) == "17 rows, 6 items, 6 stages; nothing unusual"
    twice = journeys_log("New > New > Won")
    assert line(twice.quality()) == "3 rows, 1 item, 2 stages; repeats 1"


def test_what_does_not_fit_is_counted(log: sf.StageLog) -> None:
    assert line(PIPELINE.check(log)) == "The log and the pipeline fit."
    other = sf.Pipeline(["New", "Call"], won="Won")
    assert line(other.check(log)) == "Stages that do not fit: unlisted 4, never reached 1"


def test_sequences_say_how_many_came_to_the_last_step() -> None:
    rows = [(1, "a", 0), (1, "b", 1), (2, "a", 0), (3, "a", 0), (3, "x", 1), (3, "b", 2)]
    owners = pd.DataFrame({"item": [1, 2, 3], "owner": ["Ann", "Bob", "Ann"]})
    log = sf.StageLog(frame_of(rows), items=owners)
    by_owner = sf.sequence_funnel(log, ["a", "b"], by="owner")
    assert repr(sf.show(by_owner)).splitlines()[-2:] == [
        "No rank: none of the owners has 30 items that did step 1",
        "Fewer than 30 items that did step 1: Ann, Bob",
    ]
    assert line(sf.sequence_items(log, ["a", "b"])) == (
        "2 of 3 items reached the last step; the others stopped for: no event 1."
    )
    assert line(sf.sequence_items(log, ["a"])) == "3 of 3 items reached the last step."
    strict = sf.sequence_items(log, ["a", "b"], mode="strict")
    assert (
        line(strict)
        == "1 of 3 items reached the last step; the others stopped for: no event 1, interrupted 1."
    )


def test_trends_and_times_of_sequences_by_group_name_a_group() -> None:
    rows = ["1 a 01-01", "1 b 01-03", "2 a 01-01", "2 b 01-05", "3 a 01-01", "4 a 01-01", "4 b 01-11"]
    owners = pd.DataFrame({"item": [1, 2, 3, 4, 5], "who": ["Ann", "Ann", "Ann", "Bob", "Bob"]})
    log = dated(*rows, "5 a 01-02", items=owners)
    trend = sf.sequence_trend(log, ["a", "b"], by="who", window="9D", as_of="2026-02-01")
    assert "No rank: none of the groups has 30 items that entered" in repr(sf.show(trend))
    young = sf.sequence_trend(log, ["a", "b"], by="who", window="90D", as_of="2026-02-01")
    assert line(young) == "No two groups entered in a period whose windows are all over."
    shown = repr(sf.show(sf.time_to_convert(log, ["a", "b"], by="who"))).splitlines()
    assert shown[-2:] == [
        "Half of the 3 took 4 d at most, the slowest 10 d.",
        "Most of them in Ann (2).",
    ]


CLICKS = ("1 a 01-05", "1 b 01-06", "2 a 01-07", "2 a 02-01", "2 b 02-02", "1 a 03-30")
# The same of thirty items each, from the first moment of the year on.
MANY_CLICKS = ("9 x 01-01", *(f"{copy}{row}" for copy in range(10, 40) for row in CLICKS))


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (
            {"window": "7D"},  # the log ends on 30 March
            [
                "50% of the 60 items that entered in 2026-01 converted within 7D, 100% of the 30 of 2026-02.",
                "Do not compare 2026-03 yet: 0% of its 30 converted so far, "
                "and the windows of 30 are not over.",
                "Covered only in part: 2026-03 (observed until 2026-03-30)",
            ],
        ),
        (
            {"window": "7D", "as_of": "2026-03"},
            ["50% of the 60 items that entered in 2026-01 converted within 7D, 100% of the 30 of 2026-02."],
        ),
        (
            {"window": "60D", "as_of": "2026-04"},
            [
                "100% of the 60 items that entered in 2026-01 converted within 60D.",
                "Do not compare the periods from 2026-02 on yet: their windows are not all over.",
            ],
        ),
        (
            {"window": "90D"},
            [
                "No period has had its whole window yet.",
                "Do not compare the periods from 2026-01 on yet: their windows are not all over.",
                "Covered only in part: 2026-03 (observed until 2026-03-30)",
            ],
        ),
        (
            {"window": "7D", "entries": "all", "as_of": "2026-02"},
            ["50% of the 60 entries that entered in 2026-01 converted within 7D."],
        ),
        (
            {},
            [
                "Without a window older periods have had longer to convert.",
                "Covered only in part: 2026-03 (observed until 2026-03-30)",
            ],
        ),
        (
            {"mode": "open", "as_of": "2026-02"},
            [
                "Without a window older periods have had longer to convert.",
            ],
        ),
    ],
)
def test_a_trend_of_a_sequence_compares_periods_that_had_the_same_time(
    options: dict[str, Any], lines: list[str]
) -> None:
    table = sf.sequence_trend(dated(*MANY_CLICKS), ["a", "b"], **options)
    shown = repr(sf.show(table)).splitlines()
    assert shown[-len(lines) :] == lines
    assert "compare" not in shown[-len(lines) - 1]


def test_small_and_partly_covered_periods_of_a_sequence_are_not_compared() -> None:
    table = sf.sequence_trend(dated(*CLICKS), ["a", "b"], window="7D", as_of="2026-03")
    assert repr(sf.show(table)).splitlines()[-2:] == [
        "Covered only in part: 2026-01 (observed until 2026-03-01)",
        "Fewer than 30 items: 2026-01, 2026-02",
    ]


def test_the_paths_that_are_not_listed_are_not_the_most_frequent_one() -> None:
    rows = [f"{item} {stage} 01-0{day}" for item in range(1, 6) for day, stage in enumerate("abc", 1)]
    rows = [row.replace(" b ", f" b{row.split()[0]} ") for row in rows]
    table = sf.sequence_paths(dated(*rows), ["a", "c"], top=1)
    assert table["path"].tolist() == ["b1", "other (4 paths)"]
    assert line(table) == "Most often: b1 (1, 20%)."


def test_without_a_window_a_trend_of_groups_says_that_older_periods_have_had_longer() -> None:
    owners = pd.DataFrame({"item": [1, 2], "who": ["Ann", "Bob"]})
    table = sf.sequence_trend(dated(*CLICKS, items=owners), ["a", "b"], by="who")
    assert repr(sf.show(table)).splitlines()[-3:] == [
        "No rank: none of the groups has 30 items that entered",
        "Covered only in part: 2026-01",
        "Without a window older periods have had longer to convert.",
    ]


def test_sequences_of_nothing_say_so() -> None:
    empty = sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow")
    steps, ignore = ["a", "b"], {"missing": "ignore"}
    assert line(sf.sequence_funnel(empty, steps, **ignore)) == "There are no items."
    assert line(sf.sequence_items(empty, steps, **ignore)) == "There are no items."
    assert line(sf.sequence_trend(empty, steps, **ignore)) == "No item did step 1."
    assert line(sf.time_to_convert(empty, steps, **ignore)) == "Nobody converted."
    assert line(sf.sequence_paths(empty, steps, **ignore)) == "Nobody converted."


def test_a_table_without_its_columns_is_shown_without_a_sentence(log: sf.StageLog) -> None:
    table = sf.transitions(log, PIPELINE)[["from_stage", "moves"]]
    assert "Most frequent" not in repr(sf.show(table))


def test_a_sentence_about_the_largest_of_several_equals_says_that_they_tie() -> None:
    rows = [(1, "New", 0), (1, "Offer", 2), (1, "Lost", 4), (2, "New", 0), (2, "Lost", 2), (3, "Offer", 9)]
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    log = sf.StageLog(frame_of(rows))
    # One of two was lost from New, and one from Offer; each was there for 2; each way and move came once.
    assert line(sf.losses(log, pipeline)).endswith(
        "Most often lost from: New (1 of 2 lost, 50%); a tie with 1 more"
    )
    assert line(sf.time_in_stage(log, pipeline)).endswith("still open); a tie with 1 more")
    assert line(sf.transitions(log, pipeline)).endswith("; a tie with 2 more")
    assert line(sf.variants(log, pipeline)).endswith("; a tie with 2 more")
    with spoken_in("fr"):
        assert " ; à égalité avec 2 autres\n" in repr(sf.show(sf.variants(log, pipeline)))
