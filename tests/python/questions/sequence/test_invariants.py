"""Promises that hold for the matches of any journey."""

from typing import Any

import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
from reference.sequence_tables import ItemMatch
from sequence_cases import Question, questions


def matches(question: Question, **more: Any) -> list[ItemMatch]:
    return reference.item_matches(question.rows, question.steps, **{**question.options, **more})


def levels(question: Question, **more: Any) -> dict[Any, int]:
    return {found.item: found.match.level for found in matches(question, **more)}


def only(question: Question, *names: str) -> Question:
    """Keep some of the options."""
    return question._replace(options={k: v for k, v in question.options.items() if k in names})


@given(questions(), st.integers(-100, 100))
def test_shifting_all_times_shifts_the_answer_alone(question: Question, by: int) -> None:
    shifted = [(item, stage, time + by) for item, stage, time in question.rows]
    as_of = {"as_of": question.options["as_of"] + by} if "as_of" in question.options else {}
    expected = [
        found.match._replace(times=[None if time is None else time + by for time in found.match.times])
        for found in matches(question)
    ]
    assert [found.match for found in matches(question._replace(rows=shifted), **as_of)] == expected


@given(questions(), st.randoms())
def test_the_order_of_tied_rows_decides_nothing_but_in_strict(question: Question, random: Any) -> None:
    assume(question.options["mode"] != "strict")
    places = list(range(len(question.rows)))
    random.shuffle(places)
    options = dict(question.options)
    if "hold" in options:
        options["hold"] = [options["hold"][place] for place in places]
    other = Question([question.rows[place] for place in places], question.steps, options)
    as_ordered = {found.item: found.match[:3] for found in matches(question)}
    assert {found.item: found.match[:3] for found in matches(other)} == as_ordered


@given(questions())
def test_timing_changes_no_level_and_no_step_that_is_reached(question: Question) -> None:
    by_timing = [
        reference.sequence_funnel(question.rows, question.steps, **{**question.options, "timing": timing})
        for timing in ("last_entry", "first_entry")
    ]
    pd.testing.assert_series_equal(by_timing[0]["reached"], by_timing[1]["reached"])
    assert levels(question, timing="last_entry") == levels(question, timing="first_entry")


@given(questions(), st.integers(0, 5))
def test_a_longer_window_makes_no_match_shorter(question: Question, more: int) -> None:
    window = question.options.get("window")
    assume(window is not None and "exclude" not in question.options)
    shorter, longer = levels(question), levels(question, window=window + more)
    assert all(shorter[item] <= longer[item] for item in shorter)


@given(questions())
def test_modes_that_allow_less_reach_less(question: Question) -> None:
    plain = only(question, "window", "hold", "as_of")
    found = {mode: levels(plain, mode=mode) for mode in ("ordered", "increase", "strict", "first_entry")}
    found |= {mode: levels(plain, mode=mode) for mode in ("unordered", "hybrid")}
    for item, level in found["ordered"].items():
        assert found["increase"][item] <= level
        assert found["strict"][item] <= level
        assert found["first_entry"][item] <= level <= found["unordered"][item]
        assert found["first_entry"][item] <= found["hybrid"][item]


@given(questions())
def test_exclusions_make_no_level_deeper(question: Question) -> None:
    without = levels(question, exclude=())
    assert all(level <= without[item] for item, level in levels(question).items())


@given(questions())
def test_what_is_dropped_or_immature_is_what_the_next_step_misses(question: Question) -> None:
    assume("optional" not in question.options and question.options["mode"] != "open")
    table = reference.sequence_funnel(question.rows, question.steps, **question.options)
    missed = table["reached"] - table["reached"].shift(-1, fill_value=table["reached"].iloc[-1])
    assert list(table["dropped"] + table["immature"]) == list(missed)


@given(questions(max_rows=6))
def test_no_row_is_in_two_entries_and_none_is_deeper_than_the_best_match(question: Question) -> None:
    assume(question.options["mode"] in ("ordered", "increase", "strict"))
    every = matches(question, entries="all")
    best = levels(question)
    for item, level in best.items():
        own = [found.match for found in every if found.item == item]
        rows = [row for match in own for row in match.rows if row is not None]
        assert len(set(rows)) == len(rows)
        if "exclude" not in question.options:
            assert max(match.level for match in own) <= level


@given(questions())
def test_with_one_stage_a_step_clickhouse_reaches_the_same_levels(question: Question) -> None:
    plain = only(question, "window", "as_of")._replace(steps=list("ABCD"))
    options = {"window": plain.options.get("window", 30)}
    assert levels(plain, mode="clickhouse", **options) == levels(plain, **options)
    every_match = {"mode": "clickhouse", "modes": ("strict_increase", "strict_once")}
    assert levels(plain, **every_match, **options) == levels(plain, mode="increase", **options)


@given(questions(times="zoned"))
def test_each_match_keeps_the_rules_it_was_chosen_by(question: Question) -> None:
    window = question.options.get("window")
    for found in matches(question):
        times = [time for time in found.match.times if time is not None]
        if found.match.level == 0 or question.options["mode"] in ("open", "hybrid"):
            continue
        assert times == sorted(times)
        if window is not None:
            assert times[-1] <= reference.sequence_steps.after(times[0], window)
