"""The sentence under every table, worked out by hand from journeys that can be followed by eye."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import frame_of, journeys_log

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
    assert line(sf.outcomes(log, PIPELINE)) == "6 items: 2 won, 3 lost, 1 open; win rate 40 %"


def test_outcomes_of_groups_name_the_best_and_the_least(log: sf.StageLog) -> None:
    table = sf.outcomes(log, PIPELINE, by="manager")
    assert line(table) == ("Highest win rate: Ann (2 won, 1 lost, 67 %); lowest: Bob (0 won, 2 lost, 0 %)")
    assert line(table[table["manager"] == "Bob"]) == "No two groups have won or lost items."
    assert line(table.assign(win_rate=0.5)) == "All groups have a win rate of 50 %."


def test_times_name_the_slowest_stage(log: sf.StageLog) -> None:
    frame = frame_of([(1, "New", 0), (1, "Offer", 2), (1, "Order", 9), (1, "Won", 10)])
    assert line(sf.time_in_stage(sf.StageLog(frame), PIPELINE)) == (
        "Longest: Offer (half of the completed visits took more than 7; 0 % of all visits are still open)"
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
    assert line(table) == f"Longest: New ({half} more than {median}; 25 % of all visits are still open)"


def test_moves_name_the_most_frequent(log: sf.StageLog) -> None:
    table = sf.transitions(log, PIPELINE)
    assert line(table) == "Most frequent: New → Offer (3 moves, 50 % of those that left New)"
    assert line(table.head(0)) == "Nothing moved."


def test_losses_name_where_most_are_lost(log: sf.StageLog) -> None:
    expected = "Most often lost from: New (2 of 3 lost, 67 %)"
    assert line(sf.losses(log, PIPELINE)) == expected
    groups = sf.losses(log, PIPELINE, by="manager")
    assert line(groups) == expected
    assert line(groups[groups["manager"] == "Ann"]) == "Most often lost from: New (1 of 1 lost, 100 %)"
    assert line(groups.head(0)) == "Nothing was lost from a stage."


def test_losses_of_which_rows_were_filtered_away_say_nothing(log: sf.StageLog) -> None:
    table = sf.losses(log, PIPELINE)
    assert "Most often" not in repr(sf.show(table[table["lost_stage"] == "Bad"]))


def test_skips_name_the_worst(log: sf.StageLog) -> None:
    table = sf.skips(log, PIPELINE, by="manager")
    assert line(table) == "Most often skipped: Offer, Ann (1 of 2 that went beyond, 50 %)"
    assert line(table[table["manager"] == "Bob"]) == "No stage was skipped."
    assert line(table[table["beyond"] == 0]) == "No item went beyond a stage."


def test_a_flow_says_what_came_and_left() -> None:
    rows = ["1 New 01-05", "1 Won 02-03", "2 New 02-04", "3 Offer 02-05", "3 Lost 02-06", "4 Lost 01-01"]
    table = sf.flow(dated(*rows, "4 New 02-09"), PIPELINE, period="2026-02")
    assert line(table) == "In work: 1 at the start, 3 came, 1 won, 1 lost, 2 at the end"
    assert "In work" not in repr(sf.show(table[table["stage"] != "New"].assign(at_end=7)))


def test_a_trend_says_how_the_first_won_stage_went() -> None:
    log = dated("1 New 01-05", "1 Won 02-03", "2 New 01-04", "3 New 02-01")
    table = sf.funnel_by_period(log, PIPELINE, basis="created")
    assert line(table) == "Won: 50 % of all in 2026-01, 0 % in 2026-02"


def test_a_trend_of_groups_says_who_has_most_in_the_last_period() -> None:
    managers = pd.DataFrame({"item": [1, 2, 3, 4], "manager": ["Bob", "Ann", "Ann", "Bob"]})
    rows = ["1 New 01-05", "1 Won 01-06", "2 New 02-01", "2 Won 02-02", "3 New 02-03", "4 New 02-04"]
    table = sf.funnel_by_period(dated(*rows, items=managers), PIPELINE, basis="created", by="manager")
    assert line(table) == "Won in 2026-02: 50 % of all in Ann, the most, 0 % in Bob, the least"
    assert "the most" not in repr(sf.show(table[table["period"] == "2026-01"]))
    both = sf.funnel_by_period(dated(*rows[:1], *rows[2:3], items=managers), PIPELINE, by="manager")
    assert line(both) == "Won in 2026-02: 0 % of all in every group"


def test_a_comparison_says_where_the_periods_lie_furthest_apart() -> None:
    log = dated("1 New 01-05", "1 Offer 01-06", "2 New 02-04", "3 New 02-01")
    table = sf.compare_periods(log, PIPELINE, "2026-02", basis="created")
    assert line(table) == "Furthest apart at Offer: 0 % (2026-02), 100 % (2026-01)"


def test_a_comparison_of_groups_names_the_one_that_changed_most() -> None:
    rows = ["1 New 01-05", "1 Offer 01-06", "2 New 01-04", "3 New 02-01", "4 New 02-02"]
    managers = pd.DataFrame({"item": [1, 2, 3, 4], "manager": ["Ann", "Bob", "Ann", "Bob"]})
    log = dated(*rows, items=managers)
    table = sf.compare_periods(log, PIPELINE, "2026-02", basis="created", by="manager")
    assert line(table) == "Furthest apart at Offer, Ann: 0 % (2026-02), 100 % (2026-01)"
    assert line(table[table["manager"] == "Bob"]) == "The same share of all came to each stage."
    before = sf.compare_periods(log, PIPELINE, "2025-02", basis="created")
    assert line(before) == "No stage has a share of all in both periods."


def test_items_rows_and_stages_are_counted(log: sf.StageLog) -> None:
    assert line(sf.item_table(log, PIPELINE)) == "6 items: 2 won, 3 lost, 1 open"
    assert line(sf.row_table(log)) == "17 rows of 6 items"
    assert line(sf.row_table(log).head(1)) == "1 row of 1 item"
    assert line(log.stages) == "6 stages; most rows: New (6 of 17, 35 %)"


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


def test_sequences_by_group_name_the_best_and_the_least() -> None:
    rows = [(1, "a", 0), (1, "b", 1), (2, "a", 0), (3, "a", 0), (3, "x", 1), (3, "b", 2)]
    owners = pd.DataFrame({"item": [1, 2, 3], "who": ["Ann", "Bob", "Ann"]})
    log = sf.StageLog(frame_of(rows), items=owners)
    assert line(sf.sequence_funnel(log, ["a", "b"], by="who")) == (
        "Most of those that did step 1 came to b in Ann (2, 100 %), fewest in Bob (0, 0 %)."
    )
    assert line(sf.sequence_items(log, ["a", "b"])) == (
        "2 of 3 items came to the last step; most of the others stopped for: no_event (1)."
    )
    assert line(sf.sequence_items(log, ["a"])) == "3 of 3 items came to the last step."


def test_trends_and_times_of_sequences_by_group_name_a_group() -> None:
    rows = ["1 a 01-01", "1 b 01-03", "2 a 01-01", "2 b 01-05", "3 a 01-01", "4 a 01-01", "4 b 01-11"]
    owners = pd.DataFrame({"item": [1, 2, 3, 4, 5], "who": ["Ann", "Ann", "Ann", "Bob", "Bob"]})
    log = dated(*rows, "5 a 01-02", items=owners)
    trend = sf.sequence_trend(log, ["a", "b"], by="who")
    assert (
        line(trend) == "Over all periods most converted in Ann (2 of 3, 67 %), fewest in Bob (1 of 2, 50 %)."
    )
    assert line(trend[trend["who"] == "Bob"]) == "No two groups entered."
    assert line(trend.assign(converted=trend["entered"])) == "Of each group 100 % converted."
    shown = repr(sf.show(sf.time_to_convert(log, ["a", "b"], by="who"))).splitlines()
    assert shown[-2:] == [
        "Half of the 3 took 4 d at most, the slowest 10 d.",
        "Most of them in Ann (2).",
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
