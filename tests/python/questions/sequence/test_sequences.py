"""Event sequences: equal to the plain reference, and the promises that hold for any log."""

# The golden table of the definitions and the random journeys of all modes share their strategies.

import json
from itertools import combinations
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_frame_equal, frame_of, items_of
from reference.clickhouse import MODES
from sequence_cases import Question, questions


def log_of(question: Question, threads: int | None = None) -> sf.StageLog:
    frame = frame_of(question.rows)
    if "hold" not in question.options:
        return sf.StageLog(frame, invalid="keep_stage", threads=threads)
    frame = frame.assign(colour=question.options["hold"])
    return sf.StageLog(frame, invalid="keep_stage", columns="colour", threads=threads)


def options_of(question: Question) -> dict[str, Any]:
    """Write the options as the package takes them."""
    options = {name: written(value) for name, value in question.options.items()}
    if "hold" in options:
        options["hold"] = "colour"
    if "exclude" in options:
        options["exclude"] = [sf.Exclusion(*one) for one in options["exclude"]]
    return {**options, "missing": "ignore"}


def written(value: Any) -> Any:
    if isinstance(value, reference.Months):
        return f"{value.number} months"
    if isinstance(value, dict):
        return {key: written(one) for key, one in value.items()}
    return value


@given(questions())
def test_items_and_funnel_match_the_reference(question: Question) -> None:
    assert_same_tables(question)


@given(questions(times="naive"))
def test_timestamps_and_months_match_the_reference(question: Question) -> None:
    assert_same_tables(question)


@given(questions(times="zoned"))
def test_times_of_a_zone_and_its_months_match_the_reference(question: Question) -> None:
    assert_same_tables(question)


def assert_same_tables(question: Question) -> None:
    log, options = log_of(question), options_of(question)
    for function, plain in (
        (sf.sequence_items, reference.sequence_items),
        (sf.sequence_funnel, reference.sequence_funnel),
    ):
        found = function(log, question.steps, **options)
        expected = plain(question.rows, question.steps, **question.options)
        assert_frame_equal(found, expected, check_exact=True)


WINDOW_FUNNEL_MODES = [
    modes
    for size in range(len(MODES) + 1)
    for modes in combinations(MODES, size)
    if "allow_reentry" not in modes or "strict_order" in modes
]


@given(questions(max_rows=9), st.sampled_from(WINDOW_FUNNEL_MODES), st.integers(0, 30))
def test_the_levels_of_windowfunnel_match_the_reference(
    question: Question, modes: tuple[str, ...], window: int
) -> None:
    kept = {name: value for name, value in question.options.items() if name == "as_of"}
    options = {"mode": "clickhouse", "window": window, "modes": modes, **kept}
    assert_same_tables(question._replace(options=options))


@given(questions())
def test_entries_one_after_another_match_the_reference(question: Question) -> None:
    assume(question.options["mode"] in ("ordered", "increase", "strict"))
    assert_same_tables(question._replace(options={**question.options, "entries": "all"}))


@given(questions(max_items=30), st.sampled_from([2, 7]))
def test_the_number_of_threads_changes_nothing(question: Question, threads: int) -> None:
    for ask in (sf.sequence_items, sf.sequence_funnel):
        alone, together = (
            ask(log_of(question, threads=n), question.steps, **options_of(question)) for n in (1, threads)
        )
        assert_frame_equal(alone, together, check_exact=True)


ROWS = [(1, "visit", 0), (1, "cart", 2), (1, "order", 9), (2, "visit", 4), (3, "ad", 5), (4, "cart", 6)]
STEPS = ["visit", "cart", "order"]


def shop(**options: Any) -> sf.StageLog:
    return sf.StageLog(frame_of(ROWS), **options)


def test_each_group_has_the_sequence_of_its_items() -> None:
    regions = {1: "south", 2: "north", 3: "north", 4: None}
    log = shop(items=items_of(regions, "region", [1, 2]))
    table = sf.sequence_funnel(log, STEPS, by="region")
    assert list(table["region"].fillna("missing")) == ["north"] * 3 + ["south"] * 3 + ["missing"] * 3
    assert list(table["reached"]) == [1, 0, 0, 1, 1, 1, 0, 0, 0]
    assert list(table["conversion_from_all"]) == [1 / 2, 0, 0, 1, 1, 1, 0, 0, 0]
    whole = sf.sequence_funnel(shop(items=items_of(dict.fromkeys(range(1, 5), "all"), "region", [1])), STEPS)
    assert_frame_equal(whole, sf.sequence_funnel(shop(), STEPS))


def test_a_group_named_like_a_column_of_the_result_is_refused() -> None:
    log = shop(items=items_of({1: "a"}, "mean_from_first", [1]))
    with pytest.raises(sf.SchemaError, match="which is a column of the result"):
        sf.sequence_funnel(log, STEPS, by="mean_from_first")


def test_items_left_out_by_an_exclusion_are_in_no_count() -> None:
    rows = [(1, "visit", 0), (1, "refund", 1), (1, "cart", 2), (2, "visit", 0)]
    log = sf.StageLog(frame_of(rows))
    table = sf.sequence_funnel(log, ["visit", "cart"], exclude=sf.Exclusion("refund"))
    assert list(table["reached"]) == [1, 0]
    assert list(table["conversion_from_all"]) == [1, 0]
    assert table.attrs["stagefunnel"]["items"] == 2
    assert table.attrs["stagefunnel"]["left_out"] == 1
    reset = sf.sequence_funnel(log, ["visit", "cart"], exclude=sf.Exclusion("refund", effect="reset"))
    assert list(reset["conversion_from_all"]) == [1 / 2, 0]


def test_a_table_remembers_the_rules_it_was_made_by_and_they_survive_json() -> None:
    log = sf.StageLog({"item": [1], "stage": ["visit"], "time": pd.to_datetime(["2026-03-01"])})
    table = sf.sequence_funnel(
        log, {"came": "visit", "went on": "*"}, window="2 months", timing="first_entry"
    )
    rules = json.loads(json.dumps(table.attrs["stagefunnel"]))
    assert list(table["label"]) == rules["steps"] == ["came", "went on"]
    assert (rules["mode"], rules["timing"], rules["window"]) == ("ordered", "first_entry", "2 months")


def test_only_items_with_a_row_before_the_end_of_observation_are_listed() -> None:
    table = sf.sequence_items(shop(), STEPS, window=10, as_of=5)
    assert list(table["item"]) == [1, 2]
    assert list(table["stop"]) == ["immature", "immature"]


def test_a_log_without_rows_gives_the_whole_table() -> None:
    log = sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow")
    table = sf.sequence_funnel(log, STEPS, missing="ignore")
    assert list(table["reached"]) == [0, 0, 0]
    assert table["conversion_from_all"].isna().all()
    assert len(sf.sequence_items(log, STEPS, missing="ignore")) == 0


# Steps, rules, the option that the error names, and its text.
# These are wrong for any log, so that `Steps` refuse them when they are made.
WRONG_RULES: list[tuple[Any, dict[str, Any], str, str]] = [
    ([], {}, "steps", "steps= is empty"),
    ("visit", {}, "steps", "is not a list of stages"),
    ({"visit", "cart"}, {}, "steps", "is not a list of stages in order"),
    (5, {}, "steps", "is not a list of stages"),
    (["visit", []], {}, "steps", "step 2 names no stage"),
    (["visit", {}], {}, "steps", "step 2: {} is not a stage"),
    (["*"] * 65, {}, "steps", "64 at most"),
    (["*"] * 33, {"mode": "clickhouse", "window": 1}, "steps", "32 at most"),
    (STEPS, {"mode": "orderly"}, "mode", "did you mean 'ordered'"),
    (STEPS, {"timing": "last"}, "timing", "timing="),
    (STEPS, {"missing": "drop"}, "missing", "missing="),
    (STEPS, {"window": -1}, "window", "window=-1 is negative"),
    (STEPS, {"window": "7 parsecs"}, "window", "window='7 parsecs' has the unknown unit"),
    (STEPS, {"window": True}, "window", "window=True is not a length of time"),
    (STEPS, {"max_gap": -1}, "max_gap", "max_gap=-1 is negative"),
    (STEPS, {"min_gap": {3: "soon"}}, "min_gap", "min_gap='soon' is not a length of time"),
    (STEPS, {"max_gap": {1: 5}}, "max_gap", "step 1, before which there is no step"),
    (STEPS, {"max_gap": {4: 5}}, "max_gap", "numbered from 1 to 3"),
    (STEPS, {"optional": {1}}, "optional", "cannot be skipped"),
    (STEPS, {"optional": {0}}, "optional", "numbered from 1 to 3"),
    (STEPS, {"optional": 2}, "optional", "is not a set of step numbers"),
    (STEPS, {"optional": ["cart"]}, "optional", "'cart', which is not a step"),
    (STEPS, {"first_time": {True}}, "first_time", "True, which is not a step"),
    (STEPS, {"exclude": ["ad"]}, "exclude", "has 'ad'; give Exclusion("),
    (STEPS, {"exclude": "ad"}, "exclude", "has 'ad'; give Exclusion("),
    (STEPS, {"exclude": 5}, "exclude", "has 5; give Exclusion("),
    (STEPS, {"exclude": sf.Exclusion([])}, "exclude", "exclusion of [] names no stage"),
    (STEPS, {"exclude": sf.Exclusion("ad", 2, 2)}, "exclude", "lies between no two steps: after=2"),
    (STEPS, {"exclude": sf.Exclusion("ad", 1, 4)}, "exclude", "before=4 is not a step; steps are numbered"),
    (STEPS, {"exclude": sf.Exclusion("ad", 0)}, "exclude", "after=0 is not a step; steps are numbered"),
    (
        STEPS,
        {"exclude": sf.Exclusion("ad", effect="halt")},  # type: ignore[arg-type]  # wrong on purpose
        "exclude",
        "effect='halt' is not one of 'drop', 'stop', 'reset'",
    ),
    (["visit"], {"exclude": sf.Exclusion("ad")}, "exclude", "lies between no two steps"),
    (STEPS, {"modes": ["strict_order"]}, "modes", "for mode=\"clickhouse\"; this is mode='ordered'"),
    (STEPS, {"modes": "strict_order"}, "modes", "is not a list of modes"),
    (STEPS, {"mode": "clickhouse"}, "window", "needs a window of a fixed length"),
    (STEPS, {"mode": "clickhouse", "window": "1 month"}, "window", "window='1 month': mode=\"clickhouse\""),
    (STEPS, {"mode": "clickhouse", "window": 5, "modes": ["strict"]}, "modes", "modes='strict'"),
    (
        STEPS,
        {"mode": "clickhouse", "window": 5, "modes": ["allow_reentry"]},
        "modes",
        "without 'strict_order'",
    ),
    (STEPS, {"mode": "clickhouse", "window": 5, "optional": {2}}, "optional", "optional= has no meaning"),
    (STEPS, {"mode": "open", "max_gap": 5}, "max_gap", 'max_gap= has no meaning with mode="open"'),
    (STEPS, {"mode": "hybrid", "exclude": sf.Exclusion("ad")}, "exclude", "exclude= has no meaning"),
    (STEPS, {"mode": "unordered", "optional": {2}}, "optional", "optional= has no meaning"),
    (STEPS, {"mode": "unordered", "max_gap": 5}, "max_gap", "max_gap= has no meaning"),
    (
        STEPS,
        {"mode": "unordered", "exclude": [sf.Exclusion("ad", 2, 3), sf.Exclusion("ad")]},
        "exclude",
        'exclude= lies between steps 1 and 3 and 2 and 3; with mode="unordered" all',
    ),
    (STEPS, {"mode": "first_entry", "entries": "all"}, "entries", "entries= has no meaning"),
    (STEPS, {"entries": "each"}, "entries", "entries='each'"),
    (STEPS, {"hold": 5}, "hold", "hold=5 is not a list of columns"),
    (STEPS, {"hold": ["ad", "ad"]}, "hold", "names a column twice"),
    (STEPS, {"mode": "open", "hold": "colour"}, "hold", "hold= has no meaning"),
]
# These are wrong for this log.
WRONG_FOR_THE_LOG: list[tuple[Any, dict[str, Any], str, str]] = [
    (
        ["visit", "crat"],
        {"missing": "error"},
        "steps",
        "step 2: the log has no stage 'crat'; did you mean 'cart'",
    ),
    (["visit", "crat"], {"missing": "error"}, "steps", 'pass missing="ignore"'),
    (
        ["visit", "Cart"],
        {},
        "steps",
        "step 2: the log has no stage 'Cart', but has 'cart', which no step names",
    ),
    (STEPS, {"window": "7d"}, "window", "plain integers"),
    (STEPS, {"max_gap": "7d"}, "max_gap", "max_gap='7d' has a unit"),
    (STEPS, {"max_gap": 2, "min_gap": {2: 3}}, "min_gap", "min_gap= of step 2 is longer than its max_gap="),
    (
        STEPS,
        {"exclude": sf.Exclusion("add"), "missing": "error"},
        "exclude",
        "exclusion of 'add': the log has no stage 'add'; did",
    ),
    (
        STEPS,
        {"exclude": [sf.Exclusion("ad", 1, 3), sf.Exclusion(["ad", "cart"], 2, 3, "stop")]},
        "exclude",
        "contradicts itself",
    ),
    (STEPS, {"hold": "colour"}, "hold", "hold='colour' is not a column that the log keeps"),
    (STEPS, {"as_of": "soon"}, "as_of", "as_of='soon' is not a moment"),
]


@pytest.mark.parametrize(("steps", "options", "option", "message"), [*WRONG_RULES, *WRONG_FOR_THE_LOG])
def test_a_question_that_makes_no_sense_is_refused(
    steps: Any, options: Any, option: str, message: str
) -> None:
    for ask in (sf.sequence_funnel, sf.sequence_items):
        with pytest.raises(sf.SchemaError) as raised:
            ask(shop(), steps, **options)
        assert message in str(raised.value)
        assert raised.value.option == option


@pytest.mark.parametrize(("steps", "options", "option", "message"), WRONG_RULES)
def test_steps_that_are_wrong_for_any_log_are_refused_without_one(
    steps: Any, options: Any, option: str, message: str
) -> None:
    with pytest.raises(sf.SchemaError) as raised:
        sf.Steps(steps, **options)
    assert message in str(raised.value)
    assert raised.value.option == option


def test_a_stage_that_the_log_was_read_without_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match="read without stage 'ad'; name it in stages= too") as raised:
        sf.sequence_items(shop(stages=STEPS), ["visit", "ad"])
    assert raised.value.option == "steps"


def test_a_table_in_the_place_of_the_log_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match="expected a StageLog"):
        sf.sequence_items(frame_of(ROWS), STEPS)  # type: ignore[arg-type]  # wrong on purpose


def test_the_same_exclusion_twice_and_different_ones_of_other_steps_are_no_contradiction() -> None:
    twice = [sf.Exclusion("ad"), sf.Exclusion("ad")]
    apart = [sf.Exclusion("ad", 1, 2), sf.Exclusion("ad", 2, 3, "stop")]
    for exclude in (twice, apart):
        assert list(sf.sequence_funnel(shop(), STEPS, exclude=exclude)["reached"]) == [2, 1, 1]


def test_columns_whose_values_are_equal_throughout_a_match_are_columns_of_the_log() -> None:
    log = shop(items=items_of({1: "south"}, "region", [1]))
    with pytest.raises(sf.SchemaError, match=r"hold='region' is a column of the items table"):
        sf.sequence_items(log, STEPS, hold="region")
    rows = {
        "item": [1] * 3,
        "stage": STEPS,
        "time": [0, 1, 2],
        "basket": [7, 7, 8],
        "colour": ["a", "a", "a"],
    }
    log = sf.StageLog(rows, columns=["basket", "colour"])
    assert list(sf.sequence_items(log, STEPS, hold="basket")["level"]) == [2]
    assert list(sf.sequence_items(log, STEPS, hold=["colour", "basket"])["level"]) == [2]
    assert list(sf.sequence_items(log, STEPS, hold=["colour"])["level"]) == [3]


MANY = 1_000_000


@pytest.mark.parametrize(
    ("stages", "times", "options"),
    [
        (["visit"], 1, {}),
        (["visit", "cart"], 1, {"window": 1_000}),
        (["visit", "cart"], 1, {"window": 1_000, "timing": "first_entry"}),
        (["visit", "cart"], 1, {"mode": "increase", "max_gap": 1_000, "min_gap": 900}),
        (["visit", "cart"], 1, {"mode": "strict"}),
        (["visit", "cart"], 1, {"entries": "all", "window": 1_000}),
        (["visit", "order"], 1, {"entries": "all", "optional": {2}, "timing": "first_entry"}),
        (["visit", "cart", "ad"], 1, {"window": 5_000, "exclude": sf.Exclusion("ad", 1, 3, "reset")}),
        (["visit", "cart", "ad"], 1, {"window": 5_000, "exclude": sf.Exclusion("ad", 1, 3, "stop")}),
        (["visit", "cart", "ad"], 1, {"exclude": sf.Exclusion("ad")}),
        (["visit", "cart"], 1, {"optional": {2}, "window": 1_000}),
        (["visit", "cart"], 0, {"window": 1_000}),
        (["visit", "cart"], 1, {"mode": "unordered", "window": 1_000}),
        (["visit", "cart", "ad"], 1, {"mode": "unordered", "exclude": sf.Exclusion("ad", 1, 2)}),
        (["visit", "cart", "ad"], 1, {"mode": "unordered", "exclude": sf.Exclusion("ad", 2, 3), "window": 9}),
        (["visit", "cart"], 1, {"mode": "unordered", "exclude": sf.Exclusion("cart"), "window": 900}),
        (["visit", "cart"], 1, {"mode": "hybrid", "window": 1_000}),
        (["visit", "cart"], 1, {"mode": "open"}),
        (["visit", "cart"], 1, {"mode": "clickhouse", "window": 1_000}),
        (["visit", "cart"], 0, {"mode": "clickhouse", "window": 1_000, "modes": ["strict_once"]}),
        (["visit", "cart"], 1, {"hold": "row", "window": 1_000}),
        (["visit", "cart"], 1, {"hold": "row", "entries": "all", "window": 0}),
    ],
)
def test_an_item_of_many_repeats_takes_as_long_as_many_items(
    stages: list[str], times: int, options: dict[str, Any]
) -> None:
    """An item of this length would take hours if the work grew with its square.

    The time is that of the processors, which other programs of a busy machine do not add to.
    """
    frame = pd.DataFrame(
        {
            "item": 1,
            "stage": pd.Categorical.from_codes(np.arange(MANY) % len(stages), categories=stages),
            "time": np.arange(MANY) * times,
            "row": np.arange(MANY) // 2,
        }
    )
    log = sf.StageLog(frame, columns="row")
    start = process_time()
    table = sf.sequence_funnel(log, STEPS, missing="ignore", **options)
    assert list(table["step"]) == [1, 2, 3]
    assert process_time() - start < 20
