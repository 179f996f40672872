"""The examples of the definitions, one by one: matches of journeys that can be followed by eye."""

from typing import Any

import pytest

import reference
from reference import Exclusion
from reference.stages import Stage, Time


def journey(text: str) -> list[tuple[Stage, Time]]:
    """Read rows like ``"A0 B5"``; ``_`` stands for a missing stage."""
    rows = [(word[0], int(word[1:])) for word in text.split()]
    return [(None if stage == "_" else stage, time) for stage, time in rows]


def shown(text: str, steps: Any = "ABC", **options: Any) -> str:
    """Write the match of a journey as the definitions do: ``"2: 0, 5"``."""
    match = reference.sequence(journey(text), steps, **{"window": 10, **options})
    if match.level == 0:
        return "0"
    times = match.times[: match.level] if "optional" not in options else match.times
    return f"{match.level}: " + ", ".join("–" if time is None else str(time) for time in times)


def stop_of(text: str, steps: Any = "ABC", **options: Any) -> str | None:
    return reference.sequence(journey(text), steps, **{"window": 10, **options}).stop


QUESTIONS = [
    ("A0 B5 C11", "ABC", "2: 0, 5", "window"),
    ("A0 B10", "ABC", "2: 0, 10", "no_event"),
    ("A0 A4 B5 C12", "ABC", "3: 4, 5, 12", "completed"),
    ("A0 B0 C0", "ABC", "3: 0, 0, 0", "completed"),
    ("B0 A0", "ABC", "2: 0, 0", "no_event"),
    ("A0", "AA", "1: 0", "no_event"),
    ("A0 X1 B2", "ABC", "2: 0, 2", "no_event"),
    ("A0 C1 B2 C3", "ABC", "3: 0, 2, 3", "completed"),
    ("A0 B1 B2 C3", "ABC", "3: 0, 2, 3", "completed"),
    ("A0 A8 B9", "ABC", "2: 8, 9", "no_event"),
]


@pytest.mark.parametrize(("rows", "steps", "match", "stop"), QUESTIONS)
def test_the_ten_questions_on_which_engines_differ_have_these_answers(
    rows: str, steps: str, match: str, stop: str
) -> None:
    assert shown(rows, steps) == match
    assert stop_of(rows, steps) == stop


@pytest.mark.parametrize(
    ("rows", "mode", "match"),
    [
        ("A0 A4 B5 C12", "first_entry", "2: 0, 5"),
        ("A0 B0 C0", "increase", "1: 0"),
        ("B0 A0", "strict", "1: 0"),
        ("A0 A1 B1", "increase", "2: 0, 1"),
        ("A0 X1 B2", "strict", "1: 0"),
        ("A0 _1 B2", "strict", "1: 0"),
        ("A0 C1 B2 C3", "strict", "1: 0"),
        ("A0 B1 B2 C3", "strict", "2: 0, 1"),
        ("A0 X0 B0", "strict", "1: 0"),
        ("X0 A0 B0 X0", "strict", "2: 0, 0"),
        ("A0 C0 B0", "strict", "1: 0"),
        ("A0 B0 C0", "strict", "3: 0, 0, 0"),
        ("C0 A2 B3", "unordered", "3: 0, 2, 3"),
        ("C0 A2 B11", "unordered", "2: 0, 2"),
        ("A0 C2 B5", "hybrid", "3: 0, 5, 2"),
        ("A0 C2 B5", "ordered", "2: 0, 5"),
        ("C0 A0 B0", "hybrid", "3: 0, 0, 0"),
        ("C0 A1 B2", "hybrid", "2: 1, 2"),
        ("A0 A5 B11 C12", "hybrid", "1: 0"),
        ("C0 B99", "open", "3: –, 99, 0"),
        ("A0 C99 A100", "open", "3: 0, –, 99"),
    ],
)
def test_each_mode_allows_its_own_matches(rows: str, mode: str, match: str) -> None:
    assert shown(rows, mode=mode) == match


def test_a_row_fills_one_step_and_leaves_the_other_to_the_row_that_can_fill_it() -> None:
    assert shown("B5 A5 B9", [["A", "B"], "A"]) == "2: 5, 5"
    assert shown("A0 B1", "ABB", mode="hybrid") == "2: 0, 1"
    assert shown("A0 B1 C2", ["A", ["B", "C"], "B"], mode="hybrid") == "3: 0, 2, 1"
    assert shown("A0 X3", ["A", "*"]) == "2: 0, 3"
    assert shown("A0 _3", ["A", "*"]) == "1: 0"


@pytest.mark.parametrize(
    ("rows", "last_entry", "first_entry"),
    [
        ("A0 A8 B9", "2: 8, 9", "2: 0, 9"),
        ("A0 B1 B2 C3", "3: 0, 2, 3", "3: 0, 1, 3"),
        ("A0 A4 B5 C12 B13 C14", "3: 4, 5, 12", "3: 4, 5, 12"),
        ("A0 A5", "1: 0", "1: 0"),
        ("A0 B1 A2 B3", "2: 0, 1", "2: 0, 1"),
    ],
)
def test_timing_chooses_among_the_deepest_matches(rows: str, last_entry: str, first_entry: str) -> None:
    assert shown(rows) == last_entry
    assert shown(rows, timing="first_entry") == first_entry


@pytest.mark.parametrize("timing", ["last_entry", "first_entry"])
def test_gaps_are_from_the_step_done_before_and_can_need_a_later_row(timing: str) -> None:
    assert shown("A0 B1 B3 C6", max_gap=3, timing=timing) == "3: 0, 3, 6"
    assert shown("A0 B1 B4", min_gap=3, timing=timing) == "2: 0, 4"
    assert shown("A0 B5 C6", max_gap={3: 1}, min_gap={2: 5}, timing=timing) == "3: 0, 5, 6"
    assert shown("A0 C4", optional={2}, max_gap={3: 3}, timing=timing) == "1: 0, –, –"


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ("A0 C1", "3: 0, –, 1"),
        ("A0 B1", "2: 0, 1, –"),
        ("A0 C1 B2 C3", "3: 0, 2, 3"),
        ("A0 B1 C11 A12 C13", "3: 12, –, 13"),
        ("A0", "1: 0, –, –"),
        ("C0 B1", "0"),
    ],
)
def test_an_optional_step_is_filled_whenever_the_level_allows_it(rows: str, match: str) -> None:
    assert shown(rows, optional={2}) == match


def test_of_two_optional_steps_that_exclude_each_other_the_lower_is_filled() -> None:
    assert shown("A0 C1 B2 D3", "ABCD", optional={2, 3}) == "4: 0, 2, –, 3"


def test_five_steps_with_two_optional_ones_count_eight_three_seven_three_four() -> None:
    paths = ["ABCDE", "ABCE", "ABC", "ACDE", "ACE", "ACD", "AC", "A"]
    rows = [(path, stage, time) for path in paths for time, stage in enumerate(path)]
    table = reference.sequence_funnel(rows, "ABCDE", window=10, optional={2, 4})
    assert list(table["reached"]) == [8, 3, 7, 3, 4]


def test_a_first_time_step_is_filled_by_the_first_such_row_only() -> None:
    assert shown("A0 B1 A5 B6 C7", first_time={2}) == "3: 0, 1, 7"
    assert shown("A0 B1 A5 B6 C7", first_time={2}, window=6) == "2: 0, 1"
    assert shown("B0 A1 B2", first_time={2}) == "1: 1"
    assert shown("A0 A0", "AA", first_time={1, 2}) == "2: 0, 0"


def test_held_values_are_equal_throughout_the_match_and_a_missing_one_equals_a_missing_one() -> None:
    assert shown("A0 B1 B2", hold=["red", "blue", "red"]) == "2: 0, 2"
    assert shown("A0 B1", hold=[None, None]) == "2: 0, 1"
    assert shown("A0 B1 C2", mode="strict", hold=["red", "blue", "red"]) == "1: 0"
    blue_x = {"hold": ["red", "blue", "red"], "exclude": [Exclusion("X")]}
    assert shown("A0 X1 B2", "AB", **blue_x) == "2: 0, 2"


EXCLUSIONS = [
    ("A0 X1 B2", ["0", "1: 0", "0", "1: 2"]),
    ("A0 X11 B12", ["1: 0", "1: 0", "1: 0", "1: 0"]),
    ("A0 X11 A12 X13 B14", ["0", "1: 0", "1: 0", "1: 0"]),
    ("A0 X1 A31", ["1: 31", "1: 0", "1: 31", "1: 31"]),
    ("A0 X1 A3 B4", ["2: 3, 4"] * 4),
    ("A0 X0 B2", ["2: 0, 2"] * 4),
    ("A0 X2 B2", ["2: 0, 2"] * 4),
    ("A0 B1 X2", ["2: 0, 1"] * 4),
]


@pytest.mark.parametrize(("rows", "matches"), EXCLUSIONS)
def test_an_exclusion_drops_stops_or_resets(rows: str, matches: list[str]) -> None:
    by_effect = [shown(rows, "AB", exclude=[Exclusion("X", effect=e)]) for e in ("drop", "stop", "reset")]
    unordered = shown(rows, "AB", exclude=[Exclusion("X")], mode="unordered")
    assert [*by_effect, unordered] == matches


UNORDERED = [
    ("A0 X1 B2 C3", (2, 3), 10, "3: 0, 2, 3"),
    ("A0 X1 B2 C3", (1, 2), 10, "2: 2, 3"),
    ("A0 B1 X2 C3", (1, 2), 10, "3: 0, 1, 3"),
    ("A0 B1 X2 C3", (2, 3), 10, "2: 1, 3"),
    ("A0 B1 X2 B3 C4", (2, 3), 10, "3: 0, 3, 4"),
    ("A0 X1", (2, 3), 10, "1: 0"),
    ("A0 B1 X1 C2", (1, 3), 10, "3: 0, 1, 2"),
    ("A0 B1 X1 B3 C4", (1, 3), 10, "3: 0, 1, 4"),
    ("A2 A3 B3 X4", (1, 3), 1, "2: 2, 3"),
]


@pytest.mark.parametrize(("rows", "between", "window", "match"), UNORDERED)
def test_an_exclusion_without_an_order_lies_between_places_in_time(
    rows: str, between: tuple[int, int], window: int, match: str
) -> None:
    exclude = [Exclusion("X", *between)]
    assert shown(rows, exclude=exclude, mode="unordered", window=window) == match


def test_a_skipped_optional_step_is_stood_for_by_the_steps_done_around_it() -> None:
    options: dict[str, Any] = {"steps": "ABCD", "optional": {2, 3}}
    before_b = [Exclusion("X", after=1, before=2)]
    after_b = [Exclusion("X", after=2, before=3)]
    assert shown("A0 X1 D2", exclude=before_b, **options) == "0"
    assert shown("A0 B1 X2 D3", exclude=before_b, **options) == "4: 0, 1, –, 3"
    assert shown("A0 X1 D2", exclude=after_b, **options) == "0"
    assert shown("A0 X1 B2 C3", exclude=after_b, **options) == "3: 0, 2, 3, –"
    assert shown("A0 X1", exclude=after_b, **options) == "1: 0, –, –, –"


def test_an_item_left_out_is_excluded_even_if_completed() -> None:
    assert stop_of("A0 X1 B2", "AB", exclude=[Exclusion("X")]) == "excluded"
    assert stop_of("A0 B1 A2 X3 B4", "AB", exclude=[Exclusion("X")]) == "completed"


def test_drop_looks_at_the_deepest_of_the_matches_that_resets_leave() -> None:
    both = [Exclusion("R", after=2, effect="reset"), Exclusion("X", before=2)]
    assert shown("A0 X1 B2 R3 C4 A5 B6", exclude=both) == "2: 5, 6"
    assert shown("A0 X1 B2 R3 C4 A5", exclude=both) == "1: 5"


@pytest.mark.parametrize(
    ("rows", "options", "stop"),
    [
        ("A0 B1 C2", {}, "completed"),
        ("A0 X1 B2", {"exclude": [Exclusion("X", effect="stop")]}, "excluded"),
        ("A0 X1", {"exclude": [Exclusion("X", effect="stop")], "observed_until": 2}, "excluded"),
        ("A0 X1", {"exclude": [Exclusion("X", effect="reset")], "observed_until": 2}, "excluded"),
        ("A0 B1", {"observed_until": 10}, "immature"),
        ("A0 B1", {"observed_until": 11}, "no_event"),
        ("A0 B1", {"observed_until": 11, "window": None}, "no_event"),
        ("A0 A9", {"observed_until": 12}, "no_event"),
        ("A0 X1 B2", {"mode": "strict"}, "interrupted"),
        ("A0 X1 B12", {"mode": "strict"}, "window"),
        ("A0 B1", {"mode": "strict", "min_gap": 2}, "gap"),
        ("A0 B1", {"min_gap": 2}, "gap"),
        ("A0 B1 B20", {"min_gap": 2}, "gap"),
        ("A0 B12", {"max_gap": 5}, "window"),
        ("A0 B12", {"max_gap": 5, "window": None}, "gap"),
        ("B0 A1", {}, "no_event"),
        ("A0 B0", {"mode": "increase"}, "no_event"),
        ("X0", {}, "no_event"),
        ("A0 B1 C11", {"optional": {2}}, "window"),
        ("A0 C12", {"optional": {2}}, "window"),
        ("A0 D12", {"optional": {2}}, "no_event"),
        ("A0 B9 C11", {"mode": "unordered"}, "window"),
        ("A0 C9 B11", {"mode": "hybrid"}, "window"),
        ("A0 B1", {"mode": "open", "observed_until": 2}, "no_event"),
    ],
)
def test_a_match_says_why_it_stopped(rows: str, options: dict[str, Any], stop: str) -> None:
    assert stop_of(rows, **options) == stop
