"""Sentences and titles about the largest of several equals say that others are as large."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import title_of
from helpers import frame_of
from stagefunnel import plots
from stagefunnel.display.extremes import are_largest, with_ties
from stagefunnel.words import spoken_in

PIPELINE = sf.Pipeline(["New", "Offer", "Order"], won="Won", lost="Lost")


def log_of(paths: list[tuple[str, int]], **columns: list[Any]) -> sf.StageLog:
    """Return a log of deals, some of each path, whose stages come a day after the other."""
    rows: list[tuple[int, str, int]] = []
    items: list[list[Any]] = []
    for at, (path, n) in enumerate(paths):
        for _ in range(n):
            item = len(items)
            items.append([item, *(values[at] for values in columns.values())])
            rows += [(item, stage, day) for day, stage in enumerate(path.split())]
    table = pd.DataFrame(items, columns=["item", *columns])
    return sf.StageLog(frame_of(rows), items=table)


def below(table: Any, **options: Any) -> str:
    return str(sf.show(table, **options))


def test_a_tie_stands_before_a_full_stop_and_rounding_makes_none() -> None:
    assert with_ties("Most: A.", pd.Series([2, 1, 2, 2])) == "Most: A; a tie with 2 more."
    assert with_ties("Most: A", pd.Series([2, 1])) == "Most: A"
    assert are_largest(pd.Series([0.1 + 0.2, 0.3, 0.2999])).tolist() == [True, True, False]
    assert are_largest(pd.Series([float("nan"), 0.0, -1.0])).tolist() == [False, True, False]
    # Whole numbers are as they are.
    assert are_largest(pd.Series([2**60, 2**60 - 1])).tolist() == [True, False]


def test_stages_that_are_skipped_as_often_tie() -> None:
    log = log_of([("New Order Won", 10), ("New Offer Won", 9), ("New Offer Order Won", 20)])
    text = below(sf.skips(log, PIPELINE, by=None))
    assert "Most often skipped: Offer (10 of 39 that got past it, 26%)" in text
    assert "a tie" not in text
    assert "Offer is skipped most often" in title_of(plots.plot_funnel(sf.funnel(log, PIPELINE, kind="both")))
    fair = log_of([("New Order Won", 10), ("New Offer Won", 10), ("New Offer Order Won", 20)])
    text = below(sf.skips(fair, PIPELINE, by=None))
    assert "Most often skipped: Offer (10 of 40 that got past it, 25%); a tie with 1 more" in text
    both = sf.funnel(fair, PIPELINE, kind="both")
    assert "skipped most often" not in title_of(plots.plot_funnel(both))
    assert title_of(plots.plot_skips(sf.skips(fair, PIPELINE, by=None))).endswith("; a tie with 1 more")


def test_stages_that_lose_as_many_tie_in_a_funnel_too() -> None:
    log = log_of([("New Lost", 4), ("New Offer Lost", 4), ("New Offer Order Won", 4)])
    assert "Most often lost from: New (4 of 8 lost, 50%); a tie with 1 more" in below(
        sf.funnel(log, PIPELINE)
    )


def test_bottlenecks_that_are_as_large_tie() -> None:
    # Ten each are lost in New and in Offer, and each visit takes a day.
    log = log_of([("New Lost", 10), ("New Offer Lost", 10), ("New Offer Order Won", 40)])
    text = below(sf.bottlenecks(log, PIPELINE))
    assert "Most losses are in New: 50%; a tie with 1 more." in text
    # Without the losses of New 50 of 60 reach Offer, of which 1/5 is lost: 4/5 for 2/3; of Offer: 5/6.
    assert "But most is to be gained in Offer. Without losses the win rate would rise by 17 points." in text
    # In each of two stages as many are lost as go on to the other and are won there.
    even = sf.Pipeline(["A", "B"], won="Won", lost="Lost")
    table = sf.bottlenecks(log_of([("A Won", 40), ("A Lost", 10), ("B Won", 40), ("B Lost", 10)]), even)
    text = below(table)
    assert "Most losses are in A: 50%; a tie with 1 more." in text
    assert "Without losses the win rate would rise by 10 points; a tie with 1 more." in text
    assert "50% of all time in stages is spent in A; a tie with 1 more." in text
    assert "a tie with 1 more" in title_of(plots.plot_bottlenecks(table))


def test_stages_that_follow_as_often_are_counted() -> None:
    log = log_of([("New Lost", 4), ("New Won", 4), ("New Offer Won", 4)])
    table = sf.cumulative_incidence(log, PIPELINE, clock="stage", stage="New")
    assert "2 more stages follow as often." in below(table)
    with spoken_in("fr"):
        assert "2 autres étapes suivent aussi souvent." in below(table)
    most = log_of([("New Lost", 4), ("New Won", 5), ("New Offer Won", 4)])
    assert "as often" not in below(sf.cumulative_incidence(most, PIPELINE, clock="stage", stage="New"))
    # By age, won comes first, whatever is lost.
    assert "as often" not in below(sf.cumulative_incidence(log, PIPELINE))


def test_won_stages_with_the_same_share_of_the_value_tie() -> None:
    two = sf.Pipeline("New", won=["Sold", "Leased"], lost="Lost")
    log = log_of([("New Sold", 1), ("New Leased", 1), ("New Lost", 2)], amount=[10.0, 10.0, 5.0])
    text = below(sf.funnel(log, two, amount="amount", confidence=0.9))
    assert "reached Sold; a tie with 1 more: as sure as" in text


def test_steps_with_the_same_effect_tie() -> None:
    # Of 64 each, from New to Offer and from Offer to Order 1/2 goes on in a, and all in b.
    won = "New Offer Order Won"
    paths = [("New Lost", 32), ("New Offer Lost", 16), (won, 16), (won, 64)]
    log = log_of(paths, side=["a", "a", "a", "b"])
    table = sf.decompose(log, PIPELINE, by="side", a="a", b="b")
    effects = table.set_index("stage")["effect"]
    assert effects["Offer"] == pytest.approx(effects["Order"])
    assert "; a tie with 1 more." in below(table)
    assert "a tie with 1 more" in title_of(plots.plot_decomposition(table))


def test_groups_in_which_work_grew_as_much_tie() -> None:
    log = log_of([("New", 2), ("New", 2), ("New Won", 1)], team=["a", "b", "c"])
    table = sf.flow(log, PIPELINE, by="team", period=(0, 5))
    title = title_of(plots.plot_flow(table))
    assert title == "Work in progress grew in 2 of 3 groups, most in a (+2); a tie with 1 more"


def test_each_stage_from_which_most_are_lost_counts_in_a_group() -> None:
    # In a New and Offer lose as many, in b Offer loses most: it is the one of both.
    paths = [("New Lost", 4), ("New Offer Lost", 4), ("New Won", 2), ("New Offer Lost", 5), ("New Won", 5)]
    log = log_of(paths, team=["a", "a", "a", "b", "b"])
    table = sf.funnel(log, PIPELINE, by="team", kind="conversions")
    assert title_of(plots.plot_funnel(table)) == "Most are lost from Offer in both groups"
    one = log_of([("New Lost", 4), ("New Offer Lost", 4), ("New Won", 5)], team=["a", "a", "b"])
    title = title_of(plots.plot_funnel(sf.funnel(one, PIPELINE, by="team", kind="conversions")))
    assert title == "Only a has losses, most from New; a tie with 1 more"


def test_paths_and_rows_of_stages_tie() -> None:
    log = log_of([("New Offer Won", 3), ("New Order Won", 3)])
    assert "; a tie with 1 more." in below(sf.sequence_paths(log, ["New", "Won"]))
    even = log_of([("Offer", 3), ("Order", 3)])
    assert below(even.stages).endswith("a tie with 1 more")
