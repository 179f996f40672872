"""The reference itself, on journeys that can be checked by eye and on all short journeys."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import product
from typing import Any

import pandas as pd
import pytest

import reference
from reference.kinds import Fill, Kind
from reference.stages import Row

SMALL = reference.Stages(("A", "B", "C"), ("W",), ("L",))
DOUBLE = reference.Stages(("A", "B"), ("W", "X"), ("L", "M"))
KINDS: list[tuple[Kind, Fill]] = [
    ("classic", "won"),
    ("conversions", "won"),
    ("conversions", "moves"),
    ("furthest", "won"),
    ("strict", "won"),
]


def journey(path: str) -> list[tuple[str, int]]:
    return [(stage, time) for time, stage in enumerate(path)]


def path_rows(path: str) -> list[Row]:
    """Return the rows of one item whose stages are the letters of a text."""
    return [(path, stage, time) for stage, time in journey(path)]


def every_path(longest: int) -> Iterator[str]:
    for length in range(1, longest + 1):
        yield from ("".join(letters) for letters in product("ABCWL", repeat=length))


@pytest.fixture(scope="module")
def everything() -> list[Row]:
    """Return every journey of up to four rows through a small pipeline, each of an item of its own."""
    return [row for path in every_path(4) for row in path_rows(path)]


@pytest.mark.parametrize(("kind", "fill"), KINDS)
def test_every_kind_describes_the_same_journeys(everything: list[Row], kind: Kind, fill: Fill) -> None:
    described = ["skipped", "lost_from", "open_at", "skip_rate", "loss_rate", "base"]
    options: dict[str, Any] = {"lost_then_won": "include"}
    classic = reference.funnel(everything, SMALL, **options)
    other = reference.funnel(everything, SMALL, kind=kind, fill=fill, **options)
    pd.testing.assert_frame_equal(other[described], classic[described])
    assert (other["reached"] == other["passed"] + other["assumed"]).all()
    assert other["reached"].le(other["base"]).all()


def test_classic_lies_between_strict_and_conversions_stage_by_stage() -> None:
    for path in every_path(4):
        visits = reference.visits(journey(path), SMALL)
        classic = reference.counted(visits, SMALL, "classic")
        strict = reference.counted(visits, SMALL, "strict")
        won = reference.counted(visits, SMALL, "conversions", "won")
        furthest = reference.counted(visits, SMALL, "furthest")
        assert strict.passed <= classic.passed == won.passed
        assert classic.assumed == strict.assumed == set()
        assert won.assumed <= furthest.assumed


def test_strict_counts_won_only_after_every_stage_in_order() -> None:
    in_order = reference.counted(reference.visits(journey("ABLACW"), SMALL), SMALL, "strict")
    won_too_early = reference.counted(reference.visits(journey("ABWC"), SMALL), SMALL, "strict")
    assert in_order.passed == {"A", "B", "C", "W", "L"}
    assert won_too_early.passed == {"A", "B", "C"}


def test_a_transition_backward_fills_the_stages_strictly_between() -> None:
    visits = reference.visits(journey("LCA"), SMALL)
    assert reference.counted(visits, SMALL, "conversions", "moves").assumed == {"B"}


def test_every_visited_or_skipped_stage_makes_up_the_furthest_funnel() -> None:
    for path in every_path(4):
        visits = reference.visits(journey(path), SMALL)
        furthest = reference.counted(visits, SMALL, "furthest")
        assert furthest.assumed == set(reference.skipped_stages(visits, SMALL))


def test_losses_add_up_to_all_items_now_lost(everything: list[Row]) -> None:
    table = reference.funnel(everything, SMALL)
    totals = reference.outcomes(everything, SMALL).iloc[0]
    from_nowhere = sum(set(path) == {"L"} for path in every_path(4))
    assert table["lost_from"].sum() + from_nowhere == totals["lost"]
    assert table["open_at"].sum() == totals["open"]
    assert totals["base"] == totals["won"] + totals["lost"] + totals["open"] == 5 + 25 + 125 + 625


def test_the_three_flip_rules_leave_out_more_and_more() -> None:
    rows = [row for path in ["ALW", "ALBW", "AWL", "AW", "LWW"] for row in path_rows(path)]
    left_out = {
        rule: int(reference.outcomes(rows, SMALL, lost_then_won=rule)["left_out"].iloc[0])
        for rule in ("include", "exclude", "exclude_reopened")
    }
    assert left_out == {"include": 0, "exclude": 2, "exclude_reopened": 3}
    assert reference.outcomes(rows, SMALL)["reopened_won"].iloc[0] == 3


def test_a_second_won_stage_does_not_hide_the_loss_before_the_first() -> None:
    table = reference.funnel(path_rows("ALWX"), DOUBLE, kind="conversions")
    assert list(table["left_out"]) == [1] * 6


def test_a_second_lost_stage_does_not_hide_where_the_item_was_lost_from() -> None:
    table = reference.funnel(path_rows("ALM"), DOUBLE)
    assert list(table["lost_from"]) == [1, 0, 0, 0, 0, 0]


def test_every_won_row_is_compared_with_the_last_stage_in_progress() -> None:
    rows = [row for path in ["AB", "ABW", "ABX", "BWX"] for row in path_rows(path)]
    table = reference.funnel(rows, DOUBLE)
    assert list(table["conversion_from_previous"][1:]) == [4 / 3, 2 / 4, 2 / 4, 0.0, 0.0]


def test_an_empty_selection_gives_the_whole_table_with_base_zero() -> None:
    table = reference.funnel([], SMALL, kind="conversions")
    assert list(table["stage"]) == ["A", "B", "C", "W", "L"]
    assert (table[["reached", "base"]] == 0).all(axis=None)
    assert table[["conversion_from_all", "skip_rate", "loss_rate"]].isna().all(axis=None)


def test_groups_are_sorted_with_the_missing_one_last() -> None:
    paths = ["A", "AB", "ABC", "AW", "AC", "AL"]
    rows = [row for path in paths for row in path_rows(path)]
    groups = {"A": "south", "AB": "north", "ABC": None, "AC": "west", "AL": "east"}
    table = reference.outcomes(rows, SMALL, groups=groups, by="region")
    expected = ["east", "north", "south", "west", "missing"]
    assert list(table["region"].fillna("missing")) == expected
    assert list(table["base"]) == [1, 1, 1, 1, 2]


def test_amounts_are_summed_over_the_items_that_reach_and_missing_ones_are_counted() -> None:
    rows = [row for path in ["AB", "CW", "A"] for row in path_rows(path)]
    amounts = {"AB": 0.1, "CW": 0.2, "A": None}
    table = reference.funnel(rows, SMALL, kind="conversions", amounts=amounts)
    exact = float(Fraction(0.1) + Fraction(0.2))
    assert list(table["amount"]) == [exact, exact, 0.2, 0.2, 0.0]
    assert list(table["amount_missing"]) == [1, 0, 0, 0, 0]


def test_equal_times_keep_the_input_or_follow_an_order_of_digit_texts() -> None:
    rows: list[Row] = [(1, "A", 5), (1, "B", 5), (1, "C", 4)]
    assert [stage for stage, _ in reference.journeys(rows)[1]] == ["C", "A", "B"]
    by_number = reference.journeys(rows, order=["10", "9", "11"])[1]
    assert [stage for stage, _ in by_number] == ["C", "B", "A"]


def test_unlisted_stages_are_refused_or_taken_out_before_visits_are_formed() -> None:
    with pytest.raises(ValueError, match="stages not in the pipeline"):
        reference.funnel(path_rows("AXA"), SMALL)
    rows = [*path_rows("AXAB"), *path_rows("X")]
    table = reference.item_table(rows, SMALL, unlisted="ignore")
    assert list(table["item"]) == ["AXAB"]
    assert list(table["visits"]) == [2]


def test_durations_are_summarised_per_visit_per_item_or_by_the_longest() -> None:
    rows: list[Row] = [
        (1, "A", 0),
        (1, "B", 1),
        (1, "A", 5),
        (1, "B", 10),
        (2, "A", 0),
        (2, "L", 7),
    ]
    means = {
        per: reference.time_in_stage(rows, SMALL, per=per)["mean"].iloc[0]
        for per in ("visit", "item", "longest")
    }
    assert means == {"visit": 13 / 3, "item": 13 / 2, "longest": 12 / 2}


def test_a_quantile_is_taken_as_it_is_written() -> None:
    rows: list[Row] = []
    for item, duration in enumerate([*range(10), 10**17]):
        rows += [(item, "A", 0), (item, "B", duration)]
    # The binary fraction nearest to 0.9 lies above 0.9, and the last gap is so wide that this would show.
    assert reference.time_in_stage(rows, SMALL)["q90"].iloc[0] == 9.0


@pytest.mark.parametrize(("microseconds", "rounded"), [((0, 1), 0), ((1, 2), 2), ((2, 3), 2)])
def test_half_a_microsecond_goes_to_the_even_one(microseconds: tuple[int, int], rounded: int) -> None:
    start = datetime(2026, 1, 1)
    rows: list[Row] = []
    for item, duration in enumerate(microseconds):
        rows += [(item, "A", start), (item, "B", start + timedelta(microseconds=duration))]
    table = reference.time_in_stage(rows, SMALL)
    assert table["mean"].iloc[0] == pd.Timedelta(microseconds=rounded)


def test_nanoseconds_are_kept_where_the_log_has_them() -> None:
    start = pd.Timestamp("2026-01-01").as_unit("ns")
    rows = [(1, "A", start), (1, "B", start + pd.Timedelta(3, "ns"))]
    mean = reference.time_in_stage(rows, SMALL)["mean"]
    assert mean.dtype == "timedelta64[ns]"
    assert mean.iloc[0] == pd.Timedelta(3, "ns")


def test_transitions_are_counted_between_visits_in_the_order_of_the_pipeline() -> None:
    rows = [row for path in ["ABAB", "AAC", "ABLL"] for row in path_rows(path)]
    table = reference.transitions(rows, SMALL)
    records = [tuple(row.values()) for row in table.to_dict("records")]
    assert records == [
        ("A", "B", 3, 2, 3 / 4),
        ("A", "C", 1, 1, 1 / 4),
        ("B", "A", 1, 1, 1 / 2),
        ("B", "L", 1, 1, 1 / 2),
    ]


def test_the_item_table_shows_how_every_journey_ended() -> None:
    rows = [row for path in ["ACAWL", "LB", "WW", "LL"] for row in path_rows(path)]
    table = reference.item_table(rows, SMALL).astype(object)
    records = [tuple(row.values()) for row in table.where(table.notna(), None).to_dict("records")]
    assert records == [
        ("ACAWL", "lost", 0, 3, "L", "C", "W", 5, 1, 1),
        ("LB", "open", 0, None, "B", "B", None, 2, 0, 1),
        ("WW", "won", 0, 0, "W", None, None, 1, 0, 3),
        ("LL", "lost", 0, 0, "L", None, None, 1, 0, 0),
    ]


def test_quality_counts_unusual_rows() -> None:
    rows: list[Row] = [
        *[(1, "A", 0), (1, "X", 1), (1, "A", 2), (1, "X", 3), (1, "W", 4), (1, "W", 5)],
        *[(2, "A", 0), (2, "A", 0), (2, "W", 1), (2, "L", 1), (2, "Y", 2)],
    ]
    assert reference.quality(rows, SMALL) == {
        "rows": 11,
        "items": 2,
        "exact_duplicates": 1,
        "repeats": 2,
        "ties": 2,
        "stages_alike": 0,
        "one_row_items": 0,
        "unlisted_rows": 3,
        "unlisted_stages": 2,
        "stages_without_rows": 2,  # B and C
        "bridged_visits": 1,
        "ties_deciding_outcome": 1,
    }


def test_the_types_of_an_item_table_hold_where_no_item_is_left() -> None:
    start = pd.Timestamp("2026-01-01T09:00", tz="Europe/Paris").as_unit("us")
    full = reference.item_table([("a", "A", start)], SMALL)
    empty = reference.item_table([("a", "X", start)], SMALL, unlisted="ignore")
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
